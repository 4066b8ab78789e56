"""A trial has no verdict from a machine that was too busy for it."""

import os
import resource
import signal
import time
from collections.abc import Callable

import pytest

from tests.mutation.trials import Verdict, _gather


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
