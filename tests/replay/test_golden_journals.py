"""Runs recorded by earlier versions of the program: today's must fold and replay them to the letter."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from soar.engine.events import load_event
from soar.engine.interpreter import advance
from soar.engine.replay import fold
from soar.engine.state import RunState
from soar.model.run import RunStatus
from tests.replay.journal import FOLDER, Golden, read_golden

FILES: Sequence[Path] = sorted(FOLDER.glob("*.jsonl"))


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def golden(request: pytest.FixtureRequest) -> Golden:
    return read_golden(request.param)


def test_the_journal_folds_to_the_state_that_was_recorded(golden: Golden) -> None:
    assert fold(golden.entries) == golden.final
    assert golden.final.status.is_final


def test_its_events_come_to_the_same_changes_today(golden: Golden) -> None:
    plan, state = golden.setting.build_plan(), RunState()
    for entry in golden.entries:
        event = load_event(entry.event)
        assert event.at == entry.at
        decision = advance(plan, state, event)
        assert decision.changes == entry.changes, f"entry {entry.sequence}: {entry.event}"
        state = decision.state
        assert state.sequence == entry.sequence
    assert state == golden.final


def test_what_was_recorded_covers_how_runs_end() -> None:
    ends = {read_golden(file).final.status for file in FILES}
    assert {RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.DENIED, RunStatus.CANCELLED} <= ends
    kinds = {load_event(entry.event).kind for file in FILES for entry in read_golden(file).entries}
    assert kinds >= {
        "run_started",
        "action_succeeded",
        "action_failed",
        "outcome_unknown",
        "outcome_settled",
        "timer_fired",
        "approval_decided",
        "cancel_requested",
        "alert_joined",
        "lift_ended",
        "records_carried",
    }


def test_a_journal_that_is_there_is_never_written_over(golden: Golden, tmp_path: Path) -> None:
    file = tmp_path / "again.jsonl"
    golden.write(file)
    assert read_golden(file) == golden
    with pytest.raises(FileExistsError):
        golden.write(file)
