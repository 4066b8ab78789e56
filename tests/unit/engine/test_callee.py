"""Playbooks that call others."""

import pytest

from soar.engine.commands import CancelRun, FinishRun, RequestApproval, StartRun
from soar.engine.events import CancelRequested, RunEnded
from soar.model.run import Mode, RunStatus
from tests.support.interpretation import Interpretation

HEAD = "name: tried\non: {manual: {}}\n"
CALL = """
  - id: freeze
    uses: playbook.freeze-backups
    with: {host: "${{ 'srv-' + '1' }}"}
    outputs: {count: "${{ size(output.disks) }}"}
"""


def play(steps: str, tail: str = "", **more: object) -> Interpretation:
    return Interpretation(f"{HEAD}steps:{steps}{tail}", **more)


def test_a_playbook_is_started_with_its_inputs_and_gives_its_outputs() -> None:
    run = play(CALL)
    child = run.pending[-1]
    assert isinstance(child, StartRun)
    assert (child.playbook, child.call.arguments) == ("freeze-backups", {"host": "srv-1"})
    assert (run.state.status, run.state.waiting_for) == (RunStatus.WAITING, "another playbook to end: freeze")
    run.end_child("succeeded", {"disks": ["a", "b"]})
    record = run.state.records["steps/0"]
    assert (record.output, record.outputs) == ({"disks": ["a", "b"]}, {"count": 2})
    assert run.finish.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize("status", ["failed", "denied", "cancelled", "rejected", "timed_out"])
def test_a_playbook_that_does_not_end_well_fails_the_step(status: str) -> None:
    run = play(CALL)
    run.end_child(status)
    fault = run.state.records["steps/0"].fault
    assert (fault.code, fault.message) == (f"run.{status}", f"the playbook freeze-backups ended as {status}: so")
    assert run.finish.status is RunStatus.FAILED


def test_the_end_of_another_run_is_not_taken_for_it() -> None:
    run = play(CALL)
    run.send(RunEnded(at=run.tick(), path="steps/0", run="run_other", status="succeeded"))
    assert run.status("freeze") == "running"


def test_cancelling_goes_down_once_and_the_end_is_waited_for() -> None:
    run = play(CALL)
    run.send(CancelRequested(at=run.tick(), by="ann"))
    run.send(CancelRequested(at=run.tick(), by="ann"))
    assert len([command for command in run.commands if isinstance(command, CancelRun)]) == 1
    assert not run.state.status.is_final
    run.end_child("cancelled")
    assert run.finish.status is RunStatus.CANCELLED


def test_a_timeout_ends_the_playbook_that_was_called() -> None:
    run = play(CALL.rstrip() + "\n    timeout: 5m\n")
    run.fire("timeout:")
    assert isinstance(run.take(CancelRun), CancelRun)
    run.end_child("cancelled")
    assert run.finish.reason == "freeze: it took longer than 5m"


def test_a_gate_shows_the_playbook_and_its_inputs() -> None:
    run = play(CALL.rstrip() + "\n    approve: role:lead\n")
    asked = run.pending[-1]
    assert isinstance(asked, RequestApproval)
    assert [(call.action, call.arguments) for call in asked.calls] == [("playbook.freeze-backups", {"host": "srv-1"})]
    run.decide("approved")
    child = run.take(StartRun)
    assert isinstance(child, StartRun)
    assert (child.approval, child.call) == (asked.approval, asked.calls[0])


def test_a_gate_on_a_group_covers_the_playbooks_that_it_calls() -> None:
    run = play("\n  - {approve: role:lead, steps: [{uses: playbook.other, with: {a: 1}}]}\n")
    run.decide("approved")
    child = run.take(StartRun)
    assert isinstance(child, StartRun)
    assert child.approval is not None


def test_elements_of_a_loop_call_playbooks_of_their_own() -> None:
    run = play("\n  - {foreach: {in: '[1, 2]', max_parallel: 2}, uses: playbook.other, with: {n: '${{ item }}'}}\n")
    children = [command.run for command in run.pending if isinstance(command, StartRun)]
    assert len(set(children)) == 2
    run.end_child("succeeded", {"n": 1})
    run.end_child("succeeded", {"n": 2})
    assert run.state.records["steps/0"].output == [{"n": 1}, {"n": 2}]


@pytest.mark.parametrize(
    ("rollback", "ending", "is_rolled_back"),
    [
        ("manual", "fail", False),
        ("on_failure", "fail", True),
        ("on_cancel", "fail", False),
        ("on_cancel", "cancel", True),
        ("on_failure", "cancel", False),
    ],
)
def test_what_is_taken_back_at_the_end(rollback: str, ending: str, *, is_rolled_back: bool) -> None:
    run = play("\n  - {uses: crm.find}\n", f"rollback: {rollback}\n")
    if ending == "cancel":
        run.send(CancelRequested(at=run.tick(), by="ann"))
        run.answer("crm.find")
    else:
        run.refuse("crm.find")
    finish = run.take(FinishRun)
    assert isinstance(finish, FinishRun)
    assert finish.is_rolled_back is is_rolled_back


def test_a_shadow_run_has_nothing_to_take_back() -> None:
    run = play("\n  - {uses: crm.find}\n", "rollback: on_failure\n", mode=Mode.SHADOW)
    run.refuse("crm.find")
    assert run.finish.is_rolled_back is False
