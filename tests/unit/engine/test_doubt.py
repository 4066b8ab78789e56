"""Calls of which nobody knows what they did: who waits, and what a finding leads to."""

from datetime import timedelta

import pytest

from soar.engine.carry import list_uncertain
from soar.engine.commands import CancelTimer, HoldResponse, RequestApproval, StartAction, StartTimer, TellDoubt
from soar.engine.events import CancelRequested
from soar.engine.interpreter import recover
from soar.engine.need import NeedKind, list_needs
from soar.model.catalog import Catalog
from soar.model.run import Finding, RunStatus
from tests.support.interpretation import Interpretation

HALF_AN_HOUR = 1800.0
PAGE = "  - {id: a, uses: crm.page}\n  - {id: b, uses: crm.find}\n"
LOCK = "  - {id: a, uses: crm.lock, with: {user: eve}, undo: auto}\n"
GATED = "  - {id: a, uses: crm.page, approve: {by: role:analyst, reason: r, timeout: 1h}}\n"


def play(steps: str, more: str = "") -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}\nsteps:\n{steps}{more}")


def lose(steps: str, action: str = "crm.page", more: str = "") -> Interpretation:
    """Return a run that waits for somebody to find out what its first call did."""
    run = play(steps, more)
    run.lose(action, patience=HALF_AN_HOUR)
    return run


def sent(run: Interpretation) -> list[StartAction]:
    return [command for command in run.commands if isinstance(command, StartAction)]


def test_a_run_waits_for_people_and_says_so() -> None:
    run = lose(PAGE)
    assert (run.status("a"), run.state.status) == ("waiting", RunStatus.WAITING)
    assert run.state.waiting_for == "somebody to find out whether it happened: a"
    told = run.take(TellDoubt)
    assert isinstance(told, TellDoubt)
    assert (told.call.action, told.attempt, told.doubt) == ("crm.page", 1, "cut off")
    timer = next(c for c in run.commands if isinstance(c, StartTimer) and c.timer.startswith("settle:"))
    assert timer.due_at - run.now == timedelta(minutes=30)
    assert run.state.records["steps/0"].settle_by == timer.due_at
    assert recover(run.plan, run.state, run.now) == ()
    (need,) = [need for need in list_needs(run.plan, run.state, run.now) if need.id.startswith("settle:")]
    assert (need.kind, need.timer) == (NeedKind.TIMER, timer)
    assert list_uncertain(run.plan.program, run.state.records, Catalog({})) == ("steps/0",)


def test_what_happened_goes_on_with_the_output_that_is_given() -> None:
    run = lose(PAGE)
    run.find_out("steps/0", Finding.HAPPENED, output={"ticket": "T-1"})
    record = run.state.records["steps/0"]
    assert (run.status("a"), record.output, record.doubt, record.settle_by) == (
        "succeeded",
        {"ticket": "T-1"},
        None,
        None,
    )
    assert record.reason == "carol says that it happened: seen there"
    assert CancelTimer(timer="settle:steps/0:1") in run.commands
    run.answer("crm.find")
    assert run.finish.status is RunStatus.SUCCEEDED
    assert len(sent(run)) == 2


def test_what_happened_can_be_taken_back() -> None:
    run = lose(LOCK, "crm.lock")
    run.find_out("steps/0", Finding.HAPPENED, output={"ticket": "T-7"})
    held = run.take(HoldResponse)
    assert isinstance(held, HoldResponse)
    assert held.undo_arguments == {"user": "eve", "ticket": "T-7"}


def test_an_output_without_what_the_way_back_needs_fails_the_step_and_says_that_it_was_done() -> None:
    run = lose(LOCK, "crm.lock")
    run.find_out("steps/0", Finding.HAPPENED, output={})
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert fault.message.startswith("it was done, but")


def test_what_did_not_happen_fails_as_known_and_the_author_goes_on() -> None:
    run = lose(PAGE, more="on_failure:\n  - {id: told, uses: crm.note}\n")
    run.find_out("steps/0", Finding.DID_NOT)
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert (fault.code, fault.message) == ("timeout", "carol says that it did not happen: seen there")
    assert run.started() == ["crm.note"]
    assert list_uncertain(run.plan.program, run.state.records, Catalog({}), ["on_failure/0"]) == ()


def test_it_is_tried_again_only_where_somebody_says_so_and_under_the_same_key() -> None:
    run = lose(PAGE)
    run.find_out("steps/0", Finding.AGAIN)
    first, second = sent(run)
    assert (first.effect_key, first.call) == (second.effect_key, second.call)
    assert (run.status("a"), second.attempt) == ("running", 2)
    run.lose("crm.page", patience=HALF_AN_HOUR)
    assert run.status("a") == "waiting"
    run.find_out("steps/0", Finding.AGAIN, attempt=1)
    assert len(sent(run)) == 2, "a finding about the first attempt says nothing of the second"
    run.find_out("steps/0", Finding.HAPPENED, attempt=2)
    assert run.status("a") == "succeeded"


def test_another_try_has_the_attempts_of_a_first_one() -> None:
    run = lose("  - {id: a, uses: crm.page, retry: {attempts: 2, on: [conflict]}}\n")
    run.find_out("steps/0", Finding.AGAIN)
    run.refuse("crm.page", "conflict")
    assert run.status("a") == "retrying"


def test_the_first_finding_counts() -> None:
    run = lose(PAGE)
    run.find_out("steps/0", Finding.HAPPENED)
    before = run.state.records
    run.find_out("steps/0", Finding.AGAIN)
    assert run.state.records == before
    assert len(sent(run)) == 2  # the page, and what comes after it


def test_with_nobody_to_find_out_it_fails_as_unknown() -> None:
    run = lose(PAGE)
    run.fire("settle:")
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert (fault.code, fault.message, run.finish.status) == ("unknown_outcome", "cut off", RunStatus.FAILED)
    assert run.state.records["steps/0"].doubt is None


def test_a_moment_that_comes_late_says_nothing_of_another_attempt() -> None:
    run = lose(PAGE)
    run.find_out("steps/0", Finding.AGAIN)
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.fire("settle:steps/0:1")
    assert run.status("a") == "waiting"


@pytest.mark.parametrize(
    "steps",
    [
        "  - {id: a, uses: crm.page, on_failure: continue}\n",
        "  - {steps: [{id: a, uses: crm.page}], on_failure: continue}\n",
        "  - {id: a, foreach: '[1]', uses: crm.page, on_failure: continue}\n",
    ],
)
def test_a_run_whose_author_goes_on_anyway_waits_for_nobody(steps: str) -> None:
    run = lose(steps)
    assert run.finish.status is RunStatus.SUCCEEDED
    codes = {record.fault.code for record in run.state.records.values() if record.fault}
    assert codes == {"unknown_outcome"}


def test_a_run_that_is_on_its_way_out_waits_for_nobody() -> None:
    run = play(PAGE)
    run.send(CancelRequested(at=run.tick(), by="ann"))
    run.lose("crm.page", patience=HALF_AN_HOUR)
    assert run.finish.status is RunStatus.CANCELLED
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert fault.code == "unknown_outcome"


def test_a_cancelled_run_leaves_the_outcome_unknown() -> None:
    run = lose(PAGE)
    run.send(CancelRequested(at=run.tick(), by="ann"))
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert (fault.code, run.finish.status) == ("unknown_outcome", RunStatus.CANCELLED)
    assert CancelTimer(timer="settle:steps/0:1") in run.commands


def test_a_failure_in_the_same_list_ends_the_waiting() -> None:
    run = play("  - {id: a, uses: crm.page}\n  - {id: b, uses: crm.find, needs: []}\n")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.refuse("crm.find")
    fault = run.state.records["steps/0"].fault
    assert fault is not None
    assert (fault.code, run.finish.status) == ("unknown_outcome", RunStatus.FAILED)


def test_branches_wait_for_their_own() -> None:
    run = play("  - parallel:\n      x: [{id: a, uses: crm.page}]\n      y: [{id: b, uses: crm.find}]\n")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.refuse("crm.find")
    assert run.status("a") == "waiting"
    run.find_out(run.plan.program.paths["a"], Finding.HAPPENED)
    assert (run.status("a"), run.finish.status) == ("succeeded", RunStatus.FAILED)


def test_an_element_in_question_does_not_hold_back_the_others() -> None:
    run = play("  - {id: a, foreach: {in: '[1, 2]', max_parallel: 2}, uses: crm.page}\n")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.answer("crm.page", "two")
    assert run.status("a") == "running"
    run.find_out("steps/0#0", Finding.HAPPENED, output="one")
    assert run.state.records["steps/0"].output == ["one", "two"]


def test_an_approval_that_still_stands_covers_another_try() -> None:
    run = play(GATED)
    run.decide("approved")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    assert run.state.waiting_for == "somebody to find out whether it happened: a"
    run.find_out("steps/0", Finding.AGAIN)
    first, second = sent(run)
    assert first.approval is not None
    assert first.approval == second.approval


def test_an_approval_that_is_too_old_is_asked_for_anew() -> None:
    run = play(GATED)
    asked = next(command for command in run.commands if isinstance(command, RequestApproval))
    run.decide("approved")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.find_out("steps/0", Finding.AGAIN, is_asked_anew=True)
    assert (run.status("a"), len(sent(run))) == ("waiting", 1)
    assert run.state.waiting_for == "role:analyst to decide: a"
    again = run.pending[-1]
    assert isinstance(again, RequestApproval)
    assert (again.supersedes, again.calls) == (asked.approval, asked.calls)
    run.decide("approved")
    assert (sent(run)[1].approval, sent(run)[1].attempt) == (again.approval, 2)
    run.answer("crm.page")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_no_to_another_try_is_a_no() -> None:
    run = play(GATED)
    run.decide("approved")
    run.lose("crm.page", patience=HALF_AN_HOUR)
    run.find_out("steps/0", Finding.AGAIN, is_asked_anew=True)
    run.decide("denied")
    assert (run.status("a"), run.finish.status, len(sent(run))) == ("denied", RunStatus.DENIED, 1)


def test_a_finding_about_what_is_not_in_question_changes_nothing() -> None:
    run = play(PAGE)
    before = run.state.records
    run.find_out("steps/0", Finding.HAPPENED)
    assert run.state.records == before
