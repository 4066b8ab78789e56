"""Worlds by seed in which everything that can go wrong does, and nothing is lost or done twice."""

import gc
import os
import subprocess
import sys
from collections import Counter, deque
from collections.abc import Iterator

import pytest

from soar.playbook.check import validate_text
from soar.policy import DEFAULT_POLICY
from tests.simulation import scenario
from tests.simulation.kills import Ended, KillFailedError, compare, drive, kill_everywhere
from tests.simulation.playbooks import CATALOG, MAIN, TICKING, write_playbook
from tests.simulation.products import Products
from tests.simulation.scenario import FailedSeedError, play_seed
from tests.simulation.trials import Trial, list_trials
from tests.support.repository import ROOT

SEEDS = 1000
"""How many worlds every change is held against; `make simulate` plays ten thousand."""
_PARTS = 20
_STRIDE = 11


@pytest.fixture(scope="module", autouse=True)
def frozen() -> Iterator[None]:
    """Spare the collector all that was imported: looking at it again and again takes a tenth of a world's time."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("part", range(_PARTS))
def test_whatever_happens_nothing_that_was_promised_is_broken(part: int) -> None:
    played = [play_seed(seed) for seed in range(1 + part, SEEDS + 1, _PARTS)]
    assert sum(each.events for each in played) > 10 * len(played)
    assert sum(each.deaths for each in played) > 0
    assert sum(each.effects for each in played) > len(played)
    assert {"disk full", "database locked", "clock back", "clock forward"} <= sum(
        (each.faults for each in played), Counter[str]()
    ).keys()


def _trace(hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--traces", "--first", "41", "--seeds", "4"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, check=True, text=True).stdout


def test_a_seed_is_the_same_world_in_every_process() -> None:
    first, second = _trace("1"), _trace("2")
    assert len({line.split()[1] for line in first.splitlines()}) == 4
    assert first == second


def test_a_seed_that_breaks_a_promise_says_which_and_how_to_see_it_again(monkeypatch: pytest.MonkeyPatch) -> None:
    class Doubling(Products):
        """Products in which everything happens twice."""

        def arrive(self, call: object) -> None:
            super().arrive(call)
            super().arrive(call)

    monkeypatch.setattr(scenario, "Products", Doubling)
    seeds = iter(range(1, 30))
    with pytest.raises(FailedSeedError, match=r"(?s)Written by chance.*happened 2 times.*SEEDS=1 FIRST=\d+"):
        deque(map(play_seed, seeds), maxlen=0)
    assert next(seeds) < 30


@pytest.mark.parametrize("seed", range(7))
def test_the_checker_has_nothing_against_a_written_playbook(seed: int) -> None:
    text = write_playbook(seed)
    playbook, _ = validate_text(text, playbook_id=MAIN, file="main.yaml", catalog=CATALOG, policy=DEFAULT_POLICY)
    assert playbook is not None


def test_the_written_playbooks_use_the_whole_language() -> None:
    texts = "".join(write_playbook(seed, name) for seed in range(40) for name in (MAIN, TICKING))
    words = (
        "needs",
        "foreach",
        "parallel",
        "choose",
        "ask",
        "wait",
        "poll",
        "retry",
        "verify",
        "undo",
        "expires",
        "stop",
    )
    more = (
        "fail",
        "rollback",
        "schedule",
        "concurrency",
        "dedupe",
        "finally",
        "on_failure",
        "on_deny",
        "per",
        "if",
        "core.undo",
    )
    assert [word for word in (*words, *more) if f'"{word}"' not in texts] == []
    assert '"playbook.called"' in texts


def test_thirty_playbooks_are_tried() -> None:
    assert len({trial.name for trial in list_trials()}) == 30


@pytest.mark.parametrize("trial", list_trials(), ids=lambda trial: trial.name.replace(" ", "-"))
def test_a_process_that_ends_changes_nothing(trial: Trial) -> None:
    seen = kill_everywhere(trial, stride=_STRIDE, offset=len(trial.name))
    assert seen["deaths"] > 0


def test_a_run_that_came_to_another_end_is_noticed() -> None:
    trial = next(trial for trial in list_trials() if trial.name == "undone")
    undisturbed = drive(trial)
    other = Ended(
        steps=undisturbed.steps,
        faults={},
        held=undisturbed.held,
        runs=undisturbed.runs,
        unknown=frozenset(),
        settled=frozenset(),
        effects=undisturbed.effects + Counter({("crm.page", "steps/0"): 1}),
        writes=undisturbed.writes,
    )
    with pytest.raises(KillFailedError, match="undone"):
        compare(trial, undisturbed, other)
