"""A playbook's own faults end steps and runs; they never stop the interpreter."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.engine.action import use_of
from soar.engine.commands import CancelTimer, FinishRun, HoldResponse, RequestApproval, StartAction, StartTimer
from soar.engine.events import (
    ActionSucceeded,
    AlertJoined,
    ApprovalDecided,
    CancelRequested,
    RunStarted,
    TimerFired,
    load_event,
)
from soar.engine.interpreter import advance, start
from soar.engine.replay import apply_changes
from soar.engine.retry import delay_before_next
from soar.engine.state import RunState, check_run_transition, check_step_transition
from soar.model.errors import BugError
from soar.model.run import Mode, RunStatus, StepStatus
from soar.model.step import Backoff, Retry
from soar.model.values import JsonValue
from tests.support.interpretation import START, Interpretation


def play(steps: str, **more: object) -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}\nsteps:\n{steps}", **more)


def fault_of(run: Interpretation, path: str = "steps/0") -> str:
    fault = run.state.records[path].fault
    assert fault is not None
    return fault.message


def code_of(run: Interpretation, path: str = "steps/0") -> str:
    fault = run.state.records[path].fault
    assert fault is not None
    return fault.code


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("null", "null"),
        ("[1]", "a list; did you mean `size(…) > 0`?"),
        ('{"a": 1}', "a map"),
        ('"yes"', "a text"),
        ("1", "`1`"),
        ('duration("90s")', "`1m30s`"),
    ],
)
def test_only_a_yes_or_no_is_a_condition(condition: str, said: str) -> None:
    run = Interpretation(
        "name: tried\non: {manual: {}}\ninputs: {x: {type: any}}\nsteps: [{id: a, if: inputs.x, set: {y: 1}}]\n",
        inputs={"x": None},
    )
    run = play(f"  - id: a\n    if: '{condition}'\n    set: {{y: 1}}\n") if condition != "null" else run
    assert run.finish.status is RunStatus.FAILED
    assert said in fault_of(run)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("undo: auto", "`crm.page` has no inverse"),
        ("expires: '${{ output.until }}', undo: {uses: crm.note}", "`expires` is no duration"),
        ("expires: '${{ output.word }}', undo: {uses: crm.note}", "soon"),
        ("outputs: {x: '${{ output.missing }}'}", "missing"),
    ],
)
def test_a_call_that_was_made_and_cannot_be_followed_up_says_that_it_was_made(extra: str, said: str) -> None:
    run = play(f"  - {{id: a, uses: crm.page, {extra}}}\n")
    run.answer("crm.page", {"until": 5, "word": "soon"})
    assert run.finish.status is RunStatus.FAILED
    assert fault_of(run).startswith("it was done, but")
    assert said in fault_of(run)
    assert not [command for command in run.commands if isinstance(command, HoldResponse)]


def test_a_way_back_that_needs_what_the_product_did_not_answer_is_said() -> None:
    run = play("  - {id: a, uses: crm.lock, with: {user: bob}, approve: role:analyst, undo: auto}\n")
    run.decide("approved")
    run.answer("crm.lock", {})
    assert "`output.ticket`" in fault_of(run)


def test_an_author_can_name_the_way_back_and_how_long() -> None:
    run = play(
        """
  - id: a
    uses: crm.page
    undo: {uses: crm.note, with: {text: "${{ output.id }}"}, connection: other}
    expires: ${{ duration("90s") }}
    outputs: {id: "${{ output.id }}"}
  - {id: b, set: {same: "${{ steps.a.outputs.id }}", until: "${{ steps.a.expires_at }}"}}
"""
    )
    run.answer("crm.page", {"id": 7})
    (held,) = [command for command in run.commands if isinstance(command, HoldResponse)]
    assert (held.undo_action, held.connection, held.undo_arguments) == ("crm.note", "other", {"text": 7})
    assert held.expires_at == run.now + timedelta(seconds=90)
    assert run.state.records["steps/1"].output == {"same": 7, "until": held.expires_at}


def test_an_action_that_is_gone_fails_its_step() -> None:
    run = play("  - {id: a, uses: crm.gone}\n")
    assert fault_of(run) == "`crm.gone` is not installed"


def test_a_retry_condition_that_cannot_be_evaluated_gives_up() -> None:
    run = play("  - {id: a, uses: crm.find, retry: {attempts: 3, when: error.nothing > 1}}\n")
    run.refuse("crm.find", "unavailable")
    assert run.finish.status is RunStatus.FAILED


@pytest.mark.parametrize(
    ("gate", "said"),
    [
        ("{by: role:analyst, quorum: '${{ 1 > 0 }}'}", "`quorum` is no whole number"),
        ("{by: role:analyst, quorum: '${{ 1 - 1 }}'}", "`quorum` is no whole number above zero"),
        ("{by: role:analyst, reason: '${{ inputs.gone }}'}", "gone"),
        ("{by: role:analyst, if: inputs.gone}", "gone"),
    ],
)
def test_a_gate_that_cannot_be_asked_fails_its_step_and_calls_nothing(gate: str, said: str) -> None:
    run = play(f"  - {{id: a, uses: crm.lock, with: {{user: bob}}, approve: {gate}}}\n")
    assert said in fault_of(run)
    assert not [command for command in run.commands if isinstance(command, StartAction | RequestApproval)]


def test_a_gate_can_be_switched_off_by_its_condition() -> None:
    run = play("  - {id: a, uses: crm.page, approve: {by: role:analyst, if: 1 > 2}}\n")
    assert run.started() == ["crm.page"]


def test_a_gate_may_fail_instead_of_denying_when_nobody_decides() -> None:
    run = play("  - {id: a, uses: crm.lock, with: {user: x}, approve: {by: role:analyst, on_timeout: fail}}\n")
    run.decide("expired")
    assert run.finish.status is RunStatus.FAILED
    assert fault_of(run) == "nobody decided in time"


def test_a_gate_alone_only_asks() -> None:
    run = play("  - {id: a, approve: role:analyst}\n  - {id: b, set: {x: 1}}\n")
    run.decide("approved")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_evidence_is_written_for_people() -> None:
    run = play(
        """
  - id: a
    uses: crm.lock
    with: {user: bob}
    approve:
      by: role:analyst
      evidence:
        When: ${{ now() }}
        Facts: "${{ {'a': 1, 'b': [true]} }}"
"""
    )
    (asked,) = [command for command in run.commands if isinstance(command, RequestApproval)]
    assert asked.evidence == (("When", "2026-11-21T09:00:00Z"), ("Facts", "a: 1, b: yes"))


def test_a_gated_group_cannot_cover_a_loop() -> None:
    run = play(
        """
  - id: g
    approve: role:analyst
    steps:
      - {foreach: "[1]", uses: crm.note}
"""
    )
    assert "repeats over a list" in fault_of(run)


def test_a_supervised_write_that_nobody_can_be_asked_about_fails() -> None:
    run = play("  - {id: a, uses: crm.note}\n", mode=Mode.SUPERVISED)
    assert "`defaults.approve`" in fault_of(run)


def test_what_fails_after_a_yes_fails_the_step() -> None:
    run = play("  - {id: a, set: {x: '${{ inputs.gone }}'}, approve: role:analyst}\n")
    run.decide("approved")
    assert "gone" in fault_of(run)
    assert code_of(run) == "expr.missing"


def test_a_loop_over_no_list_and_a_bad_element_fail_where_they_stand() -> None:
    run = play("  - {id: a, foreach: '5', uses: crm.find}\n")
    assert "gives no list" in fault_of(run)
    assert code_of(run) == "expr.type"
    run = play("  - {id: a, foreach: '[1]', uses: crm.find, with: {x: '${{ item.y }}'}}\n")
    assert run.finish.status is RunStatus.FAILED
    assert "y" in fault_of(run, "steps/0#0")
    assert code_of(run, "steps/0#0") == "expr.missing"


def test_a_loop_that_is_cancelled_ends_with_its_calls() -> None:
    run = play("  - {id: a, foreach: '[1, 2]', uses: crm.find}\n")
    run.send(CancelRequested(at=run.tick(), by="bob"))
    run.answer("crm.find")
    assert run.finish.status is RunStatus.CANCELLED
    assert run.status("a") == "cancelled"


def test_a_group_under_a_cancelled_run_is_cancelled() -> None:
    run = play("  - id: g\n    steps:\n      - {id: a, uses: crm.find}\n      - {id: b, uses: crm.note}\n")
    run.send(CancelRequested(at=run.tick(), by="bob"))
    run.answer("crm.find")
    assert (run.status("g"), run.status("b")) == ("cancelled", "pending")


def test_a_planned_attempt_is_taken_back_when_the_run_goes_another_way() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    run.refuse("crm.find", "unavailable")
    (planned,) = [command for command in run.commands if isinstance(command, StartTimer) and command.timer != "run"]
    run.send(CancelRequested(at=run.tick(), by="bob"))
    assert run.status("a") == "cancelled"
    assert run.commands[-3:-1] == [CancelTimer(timer=planned.timer), CancelTimer(timer="run")]
    assert isinstance(run.commands[-1], FinishRun)


def test_a_loop_over_groups_keeps_each_elements_steps_apart() -> None:
    run = play(
        """
  - id: each
    foreach: {in: "[10, 20]", as: n}
    steps:
      - {id: look, uses: crm.find, with: {n: "${{ n }}"}}
      - {id: twice, set: {value: "${{ steps.look.output.v * 2 }}"}}
  - {id: after, set: {seen: "${{ steps.each.items.map(i, i.status) }}"}}
"""
    )
    run.answer("crm.find", {"v": 1})
    run.answer("crm.find", {"v": 2})
    assert run.state.records["steps/0#0/steps/1"].output == {"value": 2}
    assert run.state.records["steps/0#1/steps/1"].output == {"value": 4}
    assert run.state.records["steps/1"].output == {"seen": ["succeeded", "succeeded"]}


def test_items_show_outputs_and_errors() -> None:
    run = play(
        """
  - {id: a, foreach: "[1, 2]", uses: crm.page, on_failure: continue}
  - {id: b, set: {code: "${{ steps.a.items[0].error.code }}", got: "${{ steps.a.items[1].output }}"}}
"""
    )
    run.refuse("crm.page", "conflict")
    run.answer("crm.page", "fine")
    assert run.state.records["steps/1"].output == {"code": "conflict", "got": "fine"}


def test_variables_are_rendered_once_and_their_fault_ends_the_run() -> None:
    good = Interpretation(
        "name: t\non: {manual: {}}\nvars: {at: '${{ now() }}'}\nsteps: [{id: a, set: {x: '${{ vars.at }}'}}]\n"
    )
    assert good.state.records["steps/0"].output == {"x": START}
    bad = Interpretation("name: t\non: {manual: {}}\nvars: {x: '${{ inputs.gone }}'}\nsteps: [{set: {y: 1}}]\n")
    assert bad.finish.status is RunStatus.FAILED
    assert (bad.finish.reason or "").startswith("vars: ")


def test_outputs_of_a_run_that_went_wrong_are_those_that_can_be_worked_out() -> None:
    run = Interpretation(
        """
name: t
on: {manual: {}}
steps: [{id: a, uses: crm.page}]
outputs: {bad: "${{ steps.a.output.x }}", good: 1}
"""
    )
    run.refuse("crm.page")
    assert (run.finish.status, run.finish.outputs) == (RunStatus.FAILED, {"good": 1})
    assert run.finish.reason == "a: no"


def test_events_for_what_is_not_there_change_nothing() -> None:
    run = play("  - {id: a, uses: crm.find}\n  - {id: q, needs: [], uses: crm.page, approve: role:analyst}\n")
    before = run.state.records
    for timer in ("retry:steps/9:1", "timeout:steps/9", "timeout:steps/1", "retry:steps/0:1", "other:steps/0"):
        run.send(TimerFired(at=run.tick(), timer=timer))
    run.send(TimerFired(at=run.tick(), timer="timeout:steps/0"))  # it may take as long as it takes
    wrong = ApprovalDecided(at=run.tick(), path="steps/1", approval="ap_x", outcome="approved", digest="d")
    run.send(wrong)
    run.send(replace(wrong, path="steps/0"))
    assert dict(run.state.records) == dict(before)


def test_an_alert_that_joins_is_remembered_and_shown_as_the_alert_it_started_with() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    run.send(AlertJoined(at=run.tick(), alert="al_2"))
    assert run.state.alerts == ("al_2",)


def test_a_run_begins_once() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    again = advance(run.plan, run.state, RunStarted(at=run.tick()))
    assert again.changes is None
    assert again.state is run.state


def test_the_alert_is_there_for_runs_that_one_started() -> None:
    run = play("  - {id: a, set: {x: 1}}\n")
    plan = replace(run.plan, alert={"title": "hello"})
    shown = Interpretation("name: t\non: {manual: {}}\nsteps: [{id: a, set: {x: '${{ alert.title }}'}}]\n")
    decision = start(replace(shown.plan, alert=plan.alert), START)
    assert decision.state.records["steps/0"].output == {"x": "hello"}


def test_a_second_ending_of_the_same_list_does_not_count() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    run.send(CancelRequested(at=run.tick(), by="bob"))
    run.send(CancelRequested(at=run.tick(), by="eve"))
    run.answer("crm.find")
    assert run.finish.reason == "cancelled by bob"


def test_impossible_transitions_and_unknown_events_are_bugs() -> None:
    with pytest.raises(BugError):
        check_step_transition("steps/0", StepStatus.SUCCEEDED, StepStatus.RUNNING)
    with pytest.raises(BugError):
        check_run_transition(RunStatus.SUCCEEDED, RunStatus.RUNNING)
    with pytest.raises(BugError):
        load_event({"kind": "nothing_known"})
    run = play("  - {id: a, set: {x: 1}}\n")
    with pytest.raises(BugError):
        use_of(run.plan.program.step("steps/0"))


@pytest.mark.parametrize(
    "changes",
    [
        None,
        {"run": {}},
        {"run": {}, "records": {}, "more": 1},
        {"run": {"status": "napping"}, "records": {}},
        {"run": {"alerts": "al_1"}, "records": {}},
        {"run": {"ending": {"status": "failed"}}, "records": {}},
        {"run": {"unheard_of": 1}, "records": {}},
        {"run": {}, "records": {"steps/0": {"status": "succeeded", "fault": "text"}}},
        {"run": {}, "records": {"steps/0": {"status": "succeeded", "output": {"$soar": "potion", "v": 1}}}},
    ],
)
def test_a_journal_entry_that_cannot_be_read_is_a_bug_and_nothing_is_guessed(changes: JsonValue) -> None:
    with pytest.raises(BugError):
        apply_changes(RunState(), changes)


def test_a_fixed_delay_without_jitter_is_what_the_author_wrote() -> None:
    retry = Retry(attempts=9, delay=timedelta(seconds=7), backoff=Backoff.FIXED, has_jitter=False)
    delays = {
        delay_before_next(retry, attempt=attempt, code="timeout", retry_after=None, jitter=0.3) for attempt in (1, 5)
    }
    assert delays == {timedelta(seconds=7)}


def test_an_answer_to_a_step_that_is_not_under_way_changes_nothing() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    before = dict(run.state.records)
    run.send(ActionSucceeded(at=run.tick(), path="steps/7", attempt=1, output=None))
    run.send(ActionSucceeded(at=run.tick(), path="steps/0", attempt=9, output=None))
    assert dict(run.state.records) == before


def test_a_run_that_is_cancelled_before_it_has_begun_does_nothing_not_even_its_last_steps() -> None:
    run = Interpretation("name: tried\non: {manual: {}}\nsteps: [{uses: crm.find}]\nfinally: [{uses: crm.note}]\n")
    decision = advance(run.plan, RunState(), CancelRequested(at=run.now, by="ann"))
    assert decision.state.status is RunStatus.CANCELLED
    assert not decision.state.records
    assert decision.commands[:-1] == (CancelTimer(timer="run"),)
    assert isinstance(decision.commands[-1], FinishRun)


def test_a_run_that_has_not_begun_notes_an_alert_down_and_begins_all_the_same() -> None:
    run = Interpretation("name: tried\non: {manual: {}}\nvars: {x: 1}\nsteps: [{uses: crm.find}]\n")
    joined = advance(run.plan, RunState(), AlertJoined(at=run.now, alert="al_1"))
    assert (joined.state.status, joined.state.alerts, joined.commands) == (RunStatus.QUEUED, ("al_1",), ())
    begun = advance(run.plan, joined.state, RunStarted(at=run.now)).state
    assert (begun.status, begun.variables, begun.sequence) == (RunStatus.RUNNING, {"x": 1}, 2)
