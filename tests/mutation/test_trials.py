"""A trial has no verdict from a machine that was too busy for it."""

import os
import resource
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.mutation.mutants import list_mutants
from tests.mutation.trials import Trials, Verdict, _gather
from tests.support.repository import ROOT


def begin(work: Callable[[], object]) -> int:
    """Start a process that does this and nothing else."""
    process = os.fork()
    if process == 0:
        try:
            work()
        finally:
            os._exit(Verdict.KILLED)
    return process


def loop() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (1, 2))
    while True:
        pass


def survive() -> None:
    os._exit(Verdict.SURVIVED)


@pytest.mark.parametrize(
    ("work", "seconds", "verdict"),
    [
        (survive, 60.0, Verdict.SURVIVED),
        (lambda: signal.raise_signal(signal.SIGKILL), 60.0, Verdict.KILLED),
        (lambda: 1 / 0, 60.0, Verdict.KILLED),
        (loop, 60.0, Verdict.TIMED_OUT),
        (signal.pause, 0.0, None),
    ],
)
def test_only_what_uses_up_its_processor_time_will_not_end(
    work: Callable[[], object], seconds: float, verdict: Verdict | None
) -> None:
    running = {begin(work): ("trial", time.monotonic() + seconds)}
    while not (ended := [*_gather(running)]):
        pass
    assert ended == [("trial", verdict)]
    assert not running


@dataclass(frozen=True)
class Named:
    """All that is asked of a test here."""

    nodeid: str


@pytest.mark.parametrize(
    ("costs", "chosen"),
    [
        ({"a": 5.0, "b": 1.0, "c": 15.0}, ["b", "a"]),
        ({"a": 19.0, "b": 1.0}, ["b", "a"]),
        ({"a": 21.0}, ["a"]),
        ({"elsewhere": 1.0}, []),
    ],
)
def test_the_cheapest_tests_are_chosen_as_long_as_there_is_time(costs: dict[str, float], chosen: list[str]) -> None:
    mutant = list_mutants(ROOT / "soar/access/freshness.py")[0]
    trials = Trials([mutant], 1, lambda *_: None, lambda *_: None)
    trials._costs.update(costs)
    reach = {(mutant.path, line): {*costs} - {"elsewhere"} for line in mutant.lines}
    items: Any = [Named(name) for name in costs]
    assert [item.nodeid for item in trials._choose(mutant, items, reach)] == chosen
