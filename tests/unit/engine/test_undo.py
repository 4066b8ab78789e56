"""`core.undo`: what steps of the same run hold, taken back in order, and what expressions see of it."""

import pytest

from soar.engine.commands import CancelRun, LiftResponse, RequestApproval, StartTimer
from soar.engine.events import ActionFailed, CancelRequested, LiftEnded
from soar.engine.interpreter import recover
from soar.model.run import Mode, RunStatus
from tests.support.interpretation import Interpretation

HEAD = "name: tried\non: {manual: {}}\n"
LOCK = "{id: %s, uses: crm.lock, with: {user: %s}, undo: auto}"
GROUP = f"""
  - id: contain
    steps:
      - {LOCK % ("first", "ann")}
      - {{id: told, uses: crm.note}}
      - {LOCK % ("second", "bob")}
"""
UNDO = "\n  - {id: back, uses: core.undo, with: {step: contain, reason: a false alarm}}\n"
SEEN = "outputs: {first: '${{ steps.first.status }}', second: '${{ steps.second.status }}'}\n"


def play(steps: str, tail: str = "", **more: object) -> Interpretation:
    return Interpretation(f"{HEAD}steps:{steps}{tail}", **more)


def contain(run: Interpretation) -> Interpretation:
    """Let the group end well."""
    run.answer("crm.lock", {"ticket": "T-1"})
    run.answer("crm.note")
    run.answer("crm.lock", {"ticket": "T-2"})
    return run


def lifts(run: Interpretation) -> list[str]:
    return [command.held for command in run.commands if isinstance(command, LiftResponse)]


def test_what_a_group_holds_is_taken_back_the_latest_first_and_one_at_a_time() -> None:
    run = contain(play(GROUP + UNDO, SEEN))
    assert lifts(run) == ["steps/0/steps/2"]
    assert (run.state.status, run.state.waiting_for) == (RunStatus.WAITING, "what was done to be taken back: back")
    run.lift()
    assert lifts(run) == ["steps/0/steps/2", "steps/0/steps/0"]
    assert (run.status("first"), run.status("second")) == ("succeeded", "undone")
    run.lift()
    assert run.state.records["steps/1"].output == {"lifted": 2, "failed": []}
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.finish.outputs == {"first": "undone", "second": "undone"}


def test_it_is_asked_for_with_the_reason_that_is_given_or_with_the_step_that_asks() -> None:
    (command,) = [c for c in contain(play(GROUP + UNDO)).commands if isinstance(c, LiftResponse)]
    assert (command.reason, command.asked.call.action) == ("a false alarm", "core.undo")
    unnamed = contain(play(GROUP + UNDO.replace(", reason: a false alarm", "")))
    (command,) = [c for c in unnamed.commands if isinstance(c, LiftResponse)]
    assert command.reason == "undone by back"


def test_a_lift_that_fails_is_reported_and_the_others_go_on() -> None:
    run = contain(play(GROUP + UNDO, SEEN))
    run.lift("the product says no")
    run.lift()
    assert run.state.records["steps/1"].output == {
        "lifted": 1,
        "failed": [{"step": "second", "message": "the product says no"}],
    }
    assert run.finish.outputs == {"first": "undone", "second": "succeeded"}


def test_only_the_named_step_is_undone() -> None:
    run = contain(play(GROUP + UNDO.replace("step: contain", "step: first"), SEEN))
    run.lift()
    assert run.finish.outputs == {"first": "undone", "second": "succeeded"}


@pytest.mark.parametrize(
    "step",
    [
        "{id: contain, if: 'false', uses: crm.lock, with: {user: ann}, undo: auto}",
        "{id: contain, steps: [{uses: crm.note}]}",
    ],
)
def test_a_step_that_holds_nothing_is_no_error(step: str) -> None:
    run = play(f"\n  - {step}{UNDO}")
    if run.started():
        run.answer("crm.note")
    assert run.state.records["steps/1"].output == {"lifted": 0, "failed": []}
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_failed_step_holds_nothing() -> None:
    run = play(f"\n  - {{id: contain, uses: crm.lock, with: {{user: ann}}, undo: auto, on_failure: continue}}{UNDO}")
    run.refuse("crm.lock")
    assert run.state.records["steps/1"].output == {"lifted": 0, "failed": []}


def test_in_shadow_mode_nothing_is_held_and_nothing_taken_back() -> None:
    run = play(f"\n  - {LOCK % ('contain', 'ann')}{UNDO}", mode=Mode.SHADOW)
    assert lifts(run) == []
    assert run.state.records["steps/1"].reason == "shadow: this would have been called"
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_step_that_is_not_there_fails_the_undo() -> None:
    run = play(UNDO)
    assert run.finish.reason == "back: there is no step `contain` to undo"


def test_what_people_or_time_have_taken_back_is_undone_too_and_not_done_again() -> None:
    run = contain(play(f"{GROUP}\n  - {{id: paused, wait: 1h}}{UNDO}", SEEN))
    run.send(LiftEnded(at=run.tick(), path="steps/0/steps/2", is_lifted=True))
    assert run.status("second") == "undone"
    run.fire("wait:")
    assert lifts(run) == ["steps/0/steps/0"]
    run.lift()
    assert run.state.records["steps/2"].output == {"lifted": 1, "failed": []}


def test_the_end_of_another_lift_is_not_taken_for_the_one_that_is_waited_for() -> None:
    run = contain(play(GROUP + UNDO))
    run.send(LiftEnded(at=run.tick(), path="steps/0/steps/0", is_lifted=True))
    assert run.status("back") == "running"
    run.lift()
    assert run.state.records["steps/1"].output == {"lifted": 1, "failed": []}
    assert lifts(run) == ["steps/0/steps/2"]


def test_a_failed_lift_changes_no_step_and_may_be_told_twice() -> None:
    run = contain(play(f"{GROUP}\n  - {{id: paused, wait: 1h}}\n"))
    for _ in range(2):
        run.send(LiftEnded(at=run.tick(), path="steps/0/steps/2", is_lifted=False, reason="no"))
    assert run.status("second") == "succeeded"
    for _ in range(2):
        run.send(LiftEnded(at=run.tick(), path="steps/0/steps/2", is_lifted=True))
    assert run.status("second") == "undone"


PARALLEL = f"""
  - id: contain
    parallel:
      left: [{LOCK % ("first", "ann")}]
      right: [{LOCK % ("second", "bob")}]
"""
CHOICE = f"""
  - id: contain
    choose: [{{when: 'true', steps: [{LOCK % ("first", "ann")}, {LOCK % ("second", "bob")}]}}]
"""


@pytest.mark.parametrize(
    ("steps", "order"),
    [
        (PARALLEL, ["steps/0/parallel/right/0", "steps/0/parallel/left/0"]),
        (CHOICE, ["steps/0/choose/0/steps/1", "steps/0/choose/0/steps/0"]),
    ],
)
def test_everything_inside_a_step_of_any_kind_is_undone(steps: str, order: list[str]) -> None:
    run = play(steps + UNDO)
    for ticket in ("T-1", "T-2"):
        run.answer("crm.lock", {"ticket": ticket})
    run.lift()
    run.lift()
    assert lifts(run) == order
    assert run.finish.status is RunStatus.SUCCEEDED


LOOP = """
  - id: contain
    foreach: {in: '["ann", "bob", "eve"]', as: user, max_parallel: 3}
    uses: crm.lock
    with: {user: "${{ user }}"}
    undo: auto
"""


def test_the_elements_of_a_loop_are_undone_and_then_the_loop_itself() -> None:
    run = play(LOOP + UNDO)
    for ticket in ("T-1", "T-2", "T-3"):
        run.answer("crm.lock", {"ticket": ticket})
    run.lift()
    run.lift("no")
    assert run.status("contain") == "succeeded"
    run.lift()
    assert lifts(run) == ["steps/0#2", "steps/0#1", "steps/0#0"]
    assert run.state.records["steps/1"].output == {"lifted": 2, "failed": [{"step": "contain#1", "message": "no"}]}
    assert run.status("contain") == "succeeded"
    after = play(LOOP + UNDO)
    for ticket in ("T-1", "T-2", "T-3"):
        after.answer("crm.lock", {"ticket": ticket})
    for _ in range(3):
        after.lift()
    assert after.status("contain") == "undone"


def test_an_element_that_is_undone_while_its_loop_goes_on_keeps_its_place_in_the_output() -> None:
    run = play(LOOP)
    run.answer("crm.lock", {"ticket": "T-1"})
    run.send(LiftEnded(at=run.tick(), path="steps/0#0", is_lifted=True))
    run.answer("crm.lock", {"ticket": "T-2"})
    run.answer("crm.lock", {"ticket": "T-3"})
    assert [each["ticket"] for each in run.state.records["steps/0"].output] == ["T-1", "T-2", "T-3"]


def test_inside_a_loop_only_the_same_element_is_undone() -> None:
    run = play("""
  - foreach: {in: '["ann", "bob"]', as: user}
    steps:
      - {id: lock, uses: crm.lock, with: {user: "${{ user }}"}, undo: auto}
      - {id: back, uses: core.undo, with: {step: lock}}
""")
    for _ in range(2):
        run.answer("crm.lock", {"ticket": "T"})
        run.lift()
    assert lifts(run) == ["steps/0#0/steps/0", "steps/0#1/steps/0"]
    assert run.finish.status is RunStatus.SUCCEEDED


def test_cancelling_waits_for_the_lift_that_is_under_way_and_begins_no_other() -> None:
    run = contain(play(GROUP + UNDO))
    run.send(CancelRequested(at=run.tick(), by="ann"))
    assert not run.state.status.is_final
    assert [command for command in run.commands if isinstance(command, CancelRun)] == []
    run.lift()
    assert run.finish.status is RunStatus.CANCELLED
    assert (run.status("back"), run.status("first"), run.status("second")) == ("cancelled", "succeeded", "undone")


def test_a_timeout_fails_the_step_once_the_lift_under_way_is_over() -> None:
    run = contain(play(GROUP + UNDO.replace("{id: back", "{timeout: 5m, id: back")))
    run.fire("timeout:")
    assert run.status("back") == "running"
    run.lift()
    assert run.finish.reason == "back: it took longer than 5m"
    assert lifts(run) == ["steps/0/steps/2"]


def test_a_lift_that_may_not_be_made_fails_the_step_and_a_later_end_does_not_disturb() -> None:
    run = contain(play(GROUP + UNDO.replace("}}", "}, on_failure: continue}") + "  - {id: paused, wait: 1h}\n"))
    refused = run.take(LiftResponse)
    assert isinstance(refused, LiftResponse)
    run.send(ActionFailed(at=run.tick(), path="steps/1", attempt=1, code="forbidden", message="not called: frozen"))
    assert run.status("back") == "failed"
    run.send(LiftEnded(at=run.tick(), path=refused.held, is_lifted=True))
    assert (run.status("back"), run.status("second")) == ("failed", "undone")


def test_a_gate_asks_before_anything_is_taken_back() -> None:
    run = contain(play(GROUP + UNDO.replace("{id: back", "{approve: role:analyst, id: back")))
    asked = run.pending[-1]
    assert isinstance(asked, RequestApproval)
    assert [call.arguments for call in asked.calls] == [{"step": "contain", "reason": "a false alarm"}]
    assert lifts(run) == []
    run.decide("approved")
    command = run.take(LiftResponse)
    assert isinstance(command, LiftResponse)
    assert (command.asked.approval, command.asked.call) == (asked.approval, asked.calls[0])


def test_a_handler_takes_back_what_the_step_did_that_failed() -> None:
    run = play(f"""
  - id: contain
    steps:
      - {LOCK % ("first", "ann")}
      - {{uses: crm.page}}
    on_failure:
      - {{id: back, uses: core.undo, with: {{step: contain}}}}
""")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.refuse("crm.page")
    run.lift()
    assert run.status("first") == "undone"
    assert run.state.records["steps/0/on_failure/0"].output == {"lifted": 1, "failed": []}
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_lift_that_is_waited_for_is_no_call_to_recover() -> None:
    run = contain(play(GROUP + UNDO))
    assert recover(run.plan, run.state, run.now) == ()


def test_its_own_outputs_are_named() -> None:
    undo = UNDO.replace("}}", "}, outputs: {all: '${{ output.failed == [] }}'}}")
    run = contain(play(GROUP + undo, "outputs: {all: '${{ steps.back.outputs.all }}'}\n"))
    run.lift()
    run.lift()
    assert run.finish.outputs == {"all": True}


def test_no_timer_is_left_behind_by_an_undo_without_a_timeout() -> None:
    run = contain(play(GROUP + UNDO))
    assert [c.timer for c in run.commands if isinstance(c, StartTimer) and c.timer != "run"] == []
