"""What a run that is tried again brings along."""

import pytest

from soar.engine.carry import choose_carried, find_start, list_uncertain, write_carried
from soar.engine.commands import LiftResponse, RequestApproval, StartAction
from soar.engine.events import RunStarted, load_event
from soar.engine.interpreter import advance
from soar.engine.replay import fold
from soar.engine.state import RunState
from soar.model.errors import BugError, InputError
from soar.model.run import RunStatus, StepStatus
from tests.support.interpretation import ACTIONS, START, Interpretation
from tests.support.world import build_actions_catalog

CATALOG = build_actions_catalog(tuple(ACTIONS.values()))
LINE = """
name: A line
on: {manual: {}}
steps:
  - {id: look, uses: crm.find}
  - id: contain
    approve: role:analyst
    steps:
      - {id: lock, uses: crm.lock, with: {user: bob}, undo: auto}
  - {id: tolerated, uses: crm.note, on_failure: continue}
  - {id: page, uses: crm.page}
  - {id: last, uses: crm.note, with: {text: "${{ steps.look.output.n + 1 }}"}}
  - {id: back, uses: core.undo, with: {step: contain}}
"""


def fail_at_page() -> Interpretation:
    run = Interpretation(LINE)
    run.answer("crm.find", {"n": 1})
    run.decide("approved")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.refuse("crm.note")
    run.refuse("crm.page")
    assert run.state.status is RunStatus.FAILED
    return run


def try_again(first: Interpretation, named: str | None = None) -> Interpretation:
    """Return the run that takes the place of one that is over, begun."""
    program, records = first.plan.program, first.state.records
    carried = choose_carried(program, records, find_start(program, records, named), "run_0")
    again = Interpretation(LINE)
    again.state, again.entries, again.commands, again.pending = RunState(), [], [], []
    again.send(load_event(write_carried(carried, "run_0", START).event))
    assert again.state.status is RunStatus.QUEUED
    again.send(RunStarted(at=START))
    return again


def test_what_is_over_and_done_with_is_not_done_again_and_is_seen_by_what_follows() -> None:
    again = try_again(fail_at_page())
    assert again.started() == ["crm.page"]
    assert {name: again.status(name) for name in ("look", "contain", "lock", "tolerated")} == {
        "look": "succeeded",
        "contain": "succeeded",
        "lock": "succeeded",
        "tolerated": "failed",
    }
    again.answer("crm.page")
    note = again.take(StartAction, "crm.note")
    assert isinstance(note, StartAction)
    assert note.call.arguments == {"text": 2}


def test_the_steps_from_the_named_one_on_are_done_anew_and_their_gates_asked() -> None:
    again = try_again(fail_at_page(), "contain")
    assert again.status("contain") == "waiting"
    assert [type(command) for command in again.commands].count(RequestApproval) == 1
    assert again.started() == []


def test_nothing_that_is_carried_names_an_approval() -> None:
    first = fail_at_page()
    assert first.state.records["steps/1"].approval is not None
    again = try_again(first)
    carried = [record for record in again.state.records.values() if record.carried]
    assert {record.path for record in carried} == {"steps/0", "steps/1", "steps/1/steps/0", "steps/2"}
    assert all(record.approval is None for record in carried)
    assert again.state.records["steps/1"].outcome == "approved"


def test_what_is_carried_twice_still_names_the_run_that_did_it() -> None:
    again = try_again(fail_at_page())
    again.refuse("crm.page")
    third = choose_carried(again.plan.program, again.state.records, 3, "run_1")
    assert {record.carried for record in third.values()} == {"run_0"}


def test_what_another_run_holds_is_not_taken_back_by_this_one() -> None:
    again = try_again(fail_at_page())
    again.answer("crm.page")
    again.answer("crm.note")
    assert again.status("back") == "failed"
    assert "run_0" in str(again.state.records["steps/5"].fault)
    assert not any(isinstance(command, LiftResponse) for command in again.commands)


def test_the_first_step_that_is_left_is_found() -> None:
    first = fail_at_page()
    program, records = first.plan.program, first.state.records
    assert find_start(program, records, None) == 3
    assert find_start(program, records, "contain") == 1
    assert find_start(program, records, "steps/3") == 3


def test_nothing_that_is_not_done_is_left_out() -> None:
    first = fail_at_page()
    with pytest.raises(InputError, match="page comes before last and is not done") as caught:
        find_start(first.plan.program, first.state.records, "last")
    assert (caught.value.code, caught.value.hint) == ("retry.step", "begin at page or before it")


@pytest.mark.parametrize(("handler", "start"), [("crm.note", 1), ("crm.page", 0)])
def test_a_failure_is_done_with_if_its_handler_has_ended_well(handler: str, start: int) -> None:
    run = Interpretation(
        "name: A\non: {manual: {}}\nsteps:\n"
        f"  - {{id: a, uses: crm.lock, with: {{user: x}}, on_failure: [{{id: told, uses: {handler}}}]}}\n"
        "  - {id: b, uses: crm.find}\n"
    )
    run.refuse("crm.lock")
    if start:
        run.answer(handler)
        run.refuse("crm.find")
    else:
        run.refuse(handler)
    assert run.state.status is RunStatus.FAILED
    assert find_start(run.plan.program, run.state.records, None) == start


def test_a_no_is_done_with_if_the_playbook_goes_on_after_it() -> None:
    gate = "approve: {by: role:analyst, reason: r, on_deny: continue}"
    run = Interpretation(
        f"name: A\non: {{manual: {{}}}}\nsteps: [{{id: a, uses: crm.page, {gate}}}, {{id: b, uses: crm.find}}]\n"
    )
    run.decide("denied")
    run.refuse("crm.find")
    program, records = run.plan.program, run.state.records
    assert find_start(program, records, None) == 1
    carried = choose_carried(program, records, 1, "run_0")["steps/0"]
    assert (carried.status, carried.outcome, carried.approval) == (StepStatus.DENIED, "denied", None)


@pytest.mark.parametrize(
    ("named", "said", "hint"),
    [
        ("lock", "lock stands inside contain, which is tried again as a whole", "name contain"),
        ("steps/1/steps/0", "steps/1/steps/0 stands inside contain, which is tried again as a whole", "name contain"),
        (
            "nowhere",
            "nowhere is none of the playbook's steps",
            "name one of: look, contain, tolerated, page, last, back",
        ),
    ],
)
def test_only_the_playbooks_own_steps_can_be_named(named: str, said: str, hint: str) -> None:
    first = fail_at_page()
    with pytest.raises(InputError) as caught:
        find_start(first.plan.program, first.state.records, named)
    assert (caught.value.code, caught.value.message, caught.value.hint) == ("retry.step", said, hint)


def test_where_every_step_came_to_its_end_one_has_to_be_named() -> None:
    run = Interpretation("name: T\non: {manual: {}}\nsteps: [{id: one, set: {a: 1}}]\noutputs: {x: '${{ 1 / 0 }}'}\n")
    assert run.state.status is RunStatus.FAILED
    with pytest.raises(InputError) as caught:
        find_start(run.plan.program, run.state.records, None)
    assert (caught.value.code, caught.value.message, caught.value.hint) == (
        "retry.step",
        "every step came to its end; what failed came after them",
        "name the step to begin at: one",
    )
    assert find_start(run.plan.program, run.state.records, "one") == 0


def test_a_run_whose_steps_all_went_well_has_no_first_step_left() -> None:
    run = Interpretation(
        "name: A\non: {manual: {}}\nsteps: [{id: a, uses: crm.find}]\noutputs: {x: '${{ nowhere }}'}\n"
    )
    run.answer("crm.find")
    with pytest.raises(InputError, match="every step came to its end"):
        find_start(run.plan.program, run.state.records, None)


def test_a_stop_decides_again() -> None:
    text = """
name: Stopped
on: {manual: {}}
steps:
  - {id: look, uses: crm.find}
  - id: group
    steps:
      - {id: halt, if: steps.look.output.n > 0, stop: {status: denied, reason: enough}}
  - {id: page, uses: crm.page}
"""
    run = Interpretation(text)
    run.answer("crm.find", {"n": 1})
    assert run.state.status is RunStatus.DENIED
    program, records = run.plan.program, run.state.records
    assert find_start(program, records, None) == 1
    with pytest.raises(InputError, match="group comes before page"):
        find_start(program, records, "page")


def test_a_lost_write_is_uncertain_and_a_lost_read_is_not() -> None:
    run = Interpretation("name: A\non: {manual: {}}\nsteps: [{id: a, uses: crm.find}, {id: b, uses: crm.page}]\n")
    assert list_uncertain(run.plan.program, run.state.records, CATALOG) == ()
    run.answer("crm.find")
    assert run.state.records["steps/1"].status is StepStatus.RUNNING
    assert list_uncertain(run.plan.program, run.state.records, CATALOG) == ("steps/1",)
    run.lose("crm.page")
    assert list_uncertain(run.plan.program, run.state.records, CATALOG) == ("steps/1",)
    assert list_uncertain(run.plan.program, run.state.records, CATALOG, {"steps/1"}) == ()


def test_a_lost_write_that_was_to_be_tolerated_is_not_carried() -> None:
    text = (
        "name: A\non: {manual: {}}\nsteps: [{id: a, uses: crm.page, on_failure: continue}, {id: b, uses: crm.find}]\n"
    )
    run = Interpretation(text)
    run.lose("crm.page")
    run.refuse("crm.find")
    assert find_start(run.plan.program, run.state.records, None) == 0


def test_the_first_entry_is_what_its_event_comes_to_and_nothing_can_come_before_it() -> None:
    first = fail_at_page()
    carried = choose_carried(first.plan.program, first.state.records, 3, "run_0")
    entry = write_carried(carried, "run_0", START)
    event = load_event(entry.event)
    decision = advance(first.plan, RunState(), event)
    assert (decision.changes, decision.commands) == (entry.changes, ())
    assert fold([entry]) == decision.state
    assert dict(decision.state.records) == dict(carried)
    with pytest.raises(BugError, match=r"\Arecords are carried into a run before anything else\Z"):
        advance(first.plan, decision.state, event)
