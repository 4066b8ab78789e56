"""`verify`: a step has succeeded once what it did is seen, and what was done is held whatever is seen."""

from collections.abc import Mapping
from datetime import timedelta

import pytest

from soar.engine.carry import list_uncertain
from soar.engine.commands import CancelTimer, HoldResponse, LiftResponse, StartAction, StartTimer
from soar.engine.events import CancelRequested, LiftEnded
from soar.engine.interpreter import recover
from soar.engine.replay import fold
from soar.model.catalog import ActionSpec, Effect, Repeat
from soar.model.run import Finding, Mode, RunStatus, StepRecord
from tests.support.interpretation import ACTIONS, Interpretation, spec
from tests.support.world import build_actions_catalog

CHECKED: Mapping[str, ActionSpec] = {
    **ACTIONS,
    "crm.lock": spec(
        "crm.lock",
        Effect.DESTRUCTIVE,
        Repeat.UNSAFE,
        undo="unlock",
        undo_arguments={"user": "with.user"},
        check="is_locked",
        check_arguments={"user": "with.user", "ticket": "output.ticket"},
        targets="user",
    ),
    "crm.is_locked": spec("crm.is_locked"),
    "dir.find": spec("dir.find"),
}
OWN = """
steps:
  - id: lock
    uses: crm.lock
    connection: crm-eu
    with: {user: bob}
    undo: auto
    expires: 1h
    verify: %s
%s  - {id: after, uses: crm.note}
"""


def play_steps(steps: str, **more: object) -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}{steps}", actions=CHECKED, **more)


def play(verify: str = "auto", tail: str = "", **more: object) -> Interpretation:
    return play_steps(OWN % (verify, tail), **more)


def look(run: Interpretation, output: object, action: str = "crm.is_locked") -> None:
    run.answer(action, output)


def started(run: Interpretation) -> list[str]:
    return [command.call.action for command in run.commands if isinstance(command, StartAction)]


def record(run: Interpretation) -> StepRecord:
    return run.state.records["steps/0"]


def test_a_step_has_succeeded_once_what_it_did_is_seen() -> None:
    run = play()
    run.answer("crm.lock", {"ticket": "T-1"})
    assert (run.status("lock"), run.state.status) == ("running", RunStatus.RUNNING)
    command = run.take(StartAction)
    assert isinstance(command, StartAction)
    assert (command.call.action, command.call.connection) == ("crm.is_locked", "crm-eu")
    assert command.call.arguments == {"user": "bob", "ticket": "T-1"}
    assert (command.approval, command.attempt) == (None, 2)
    run.pending.append(command)
    look(run, {"holds": True})
    assert (run.status("lock"), record(run).done_at, record(run).output) == ("succeeded", None, {"ticket": "T-1"})
    assert run.started()[-1] == "crm.note"


def test_what_is_done_is_held_before_it_is_looked_for() -> None:
    run = play()
    commands = run.answer("crm.lock", {"ticket": "T-1"})
    assert [type(command) for command in commands] == [HoldResponse, StartAction]
    assert record(run).expires_at == run.now + timedelta(hours=1)


def test_what_is_not_seen_yet_is_looked_for_again_after_a_while() -> None:
    run = play("{every: 30s}")
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    assert (run.status("lock"), record(run).looks) == ("retrying", 1)
    assert record(run).reason == "it was done and is not seen yet: `output.holds` is not true"
    assert run.state.waiting_for == "what it did to be seen: lock"
    before = run.now
    run.fire("retry:")
    assert run.now == before + timedelta(seconds=30)
    look(run, {"holds": True})
    assert (run.status("lock"), record(run).reason) == ("succeeded", None)


def test_what_is_never_seen_fails_with_a_code_of_its_own_and_stays_held() -> None:
    run = play("{attempts: 2, every: 1s}")
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    run.fire("retry:")
    look(run, {"holds": False})
    fault = record(run).fault
    assert fault is not None
    assert (run.status("lock"), fault.code, fault.attempts) == ("failed", "unverified", 2)
    assert fault.message == (
        "`crm.lock` says that it was done, but 2 looks within 5m did not show it: `output.holds` is not true; it is "
        "held all the same, and can be taken back"
    )
    assert run.finish.status is RunStatus.FAILED
    assert sum(isinstance(command, HoldResponse) for command in run.commands) == 1
    assert started(run).count("crm.lock") == 1


def test_no_look_begins_after_the_limit() -> None:
    run = play("{every: 2m, timeout: 3m}")
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    run.fire("retry:")
    look(run, {"holds": False})
    assert (run.status("lock"), started(run).count("crm.is_locked")) == ("failed", 2)


def test_a_look_that_fails_is_one_that_saw_nothing() -> None:
    run = play("{attempts: 2}")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.refuse("crm.is_locked", "rate_limited", retry_after=60.0)
    timer = run.take(StartTimer, "")
    while not timer.timer.startswith("retry:"):
        timer = run.take(StartTimer, "")
    assert timer.due_at == run.now + timedelta(minutes=1)
    run.pending.append(timer)
    run.fire("retry:")
    run.refuse("crm.is_locked", "auth")
    assert record(run).fault is not None
    assert "did not show it: auth" in record(run).fault.message


def test_a_look_that_was_never_sent_is_not_counted() -> None:
    run = play("{attempts: 1}")
    run.answer("crm.lock", {"ticket": "T-1"})
    run.refuse("crm.is_locked", "unavailable", is_unsent=True)
    assert (run.status("lock"), record(run).looks) == ("retrying", 0)


def test_an_answer_that_cannot_be_judged_shows_nothing() -> None:
    run = play("{attempts: 1}")
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"held": True})
    assert run.status("lock") == "failed"


def test_another_action_looks_with_the_answer_at_hand() -> None:
    verify = "{uses: dir.find, with: {ticket: '${{ output.ticket }}'}, until: output.state == 'locked'}"
    run = play(verify)
    run.answer("crm.lock", {"ticket": "T-1"})
    command = next(each for each in run.pending if isinstance(each, StartAction))
    assert (command.call.connection, command.call.arguments) == ("dir", {"ticket": "T-1"})
    look(run, {"state": "locked"}, "dir.find")
    assert run.status("lock") == "succeeded"


@pytest.mark.parametrize(
    ("verify", "why"),
    [
        ("{uses: crm.note, until: 'true'}", "`crm.note` does more than look"),
        ("{uses: crm.gone, until: 'true'}", "`crm.gone` is not installed"),
        ("{uses: dir.find, with: {x: '${{ output.gone }}'}, until: 'true'}", "gone"),
    ],
)
def test_what_cannot_be_looked_for_is_not_seen_and_held_all_the_same(verify: str, why: str) -> None:
    run = play(verify)
    commands = run.answer("crm.lock", {"ticket": "T-1"})
    fault = record(run).fault
    assert fault is not None
    assert (fault.code, why in fault.message) == ("unverified", True)
    assert isinstance(commands[0], HoldResponse)


def test_a_shadow_run_looks_for_nothing() -> None:
    run = play(mode=Mode.SHADOW)
    assert (run.status("lock"), run.started()) == ("succeeded", [])


def test_cancelling_ends_the_looking_and_what_was_done_can_still_be_undone() -> None:
    run = play()
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    commands = run.send(CancelRequested(at=run.tick(), by="ann"))
    assert CancelTimer(timer="retry:steps/0:2") in commands
    assert run.finish.status is RunStatus.CANCELLED


def test_a_look_that_is_under_way_when_the_run_is_cancelled_is_waited_for() -> None:
    run = play()
    run.answer("crm.lock", {"ticket": "T-1"})
    run.send(CancelRequested(at=run.tick(), by="ann"))
    look(run, {"holds": False})
    assert run.status("lock") == "cancelled"
    assert record(run).reason is not None
    assert record(run).reason.startswith("it was done, and the run ended before it was seen")


def test_a_handler_takes_back_what_was_not_seen() -> None:
    handler = "    on_failure:\n      - {id: back, uses: core.undo, with: {step: lock}}\n"
    run = play("{attempts: 1}", handler)
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    assert isinstance(run.take(LiftResponse), LiftResponse)
    run.send(LiftEnded(at=run.tick(), path="steps/0", is_lifted=True))
    assert (run.status("lock"), run.status("back"), record(run).done_at) == ("failed", "succeeded", None)
    assert run.started()[-1] == "crm.note"


def test_a_crash_repeats_the_look_and_not_the_change() -> None:
    run = play()
    run.answer("crm.lock", {"ticket": "T-1"})
    (command,) = recover(run.plan, fold(run.entries), run.now)
    assert command == next(each for each in run.pending if isinstance(each, StartAction))
    assert command.call.action == "crm.is_locked"


def test_each_element_is_looked_for_on_its_own() -> None:
    steps = """
steps:
  - id: locks
    foreach: {in: '["ann", "bob"]', as: user, max_parallel: 2, fail_fast: false}
    uses: crm.lock
    with: {user: "${{ user }}"}
    undo: auto
    verify: {attempts: 1}
    on_failure: continue
"""
    run = play_steps(steps)
    run.answer("crm.lock", {"ticket": "T-1"})
    run.answer("crm.lock", {"ticket": "T-2"})
    look(run, {"holds": False})
    look(run, {"holds": True})
    assert run.state.records["steps/0"].output == [{"ticket": "T-2"}]
    assert run.state.records["steps/0#0"].status == "failed"


def test_trying_again_what_was_not_seen_needs_somebodys_word() -> None:
    run = play("{attempts: 1}")
    run.answer("crm.lock", {"ticket": "T-1"})
    look(run, {"holds": False})
    catalog = build_actions_catalog(list(CHECKED.values()))
    assert list_uncertain(run.plan.program, run.state.records, catalog) == ("steps/0",)


def test_what_somebody_says_has_happened_is_looked_for_too() -> None:
    run = play()
    run.lose("crm.lock", patience=1800.0)
    run.find_out("steps/0", Finding.HAPPENED, output={"ticket": "T-1"})
    assert (run.status("lock"), started(run)[-1]) == ("running", "crm.is_locked")
    look(run, {"holds": True})
    assert run.status("lock") == "succeeded"
