"""`wait`, `ask`, `poll`: what a run waits for, and what it means that it waits in vain."""

from datetime import timedelta

import pytest

from soar.engine.commands import CancelApproval, CancelTimer, ForgetEvents, StartAction, StartTimer, WatchEvents
from soar.engine.events import CancelRequested, EventArrived
from soar.model.run import RunStatus
from tests.support.interpretation import START, Interpretation

HEAD = "name: tried\non: {manual: {}}\n"


def play(steps: str, tail: str = "", **more: object) -> Interpretation:
    return Interpretation(f"{HEAD}steps:{steps}{tail}", **more)


def test_a_wait_ends_when_its_time_is_over() -> None:
    run = play("\n  - {id: nap, wait: 10m}\n  - {uses: crm.find}\n")
    assert (run.state.status, run.state.waiting_for) == (RunStatus.WAITING, "its time: nap")
    run.fire("wait:")
    assert run.now == START + timedelta(minutes=10)
    assert run.started() == ["crm.find"]


def test_a_wait_until_a_moment_that_has_passed_is_none() -> None:
    run = play('\n  - {id: nap, wait: {until: now() - duration("1h")}}\n')
    assert (run.status("nap"), run.finish.status) == ("succeeded", RunStatus.SUCCEEDED)


def test_a_wait_until_a_moment_lasts_until_then() -> None:
    run = play('\n  - {id: nap, wait: {until: now() + duration("1h")}}\n')
    run.fire("wait:")
    assert (run.now, run.finish.status) == (START + timedelta(hours=1), RunStatus.SUCCEEDED)


def test_a_wait_for_no_moment_fails() -> None:
    run = play("\n  - {id: nap, wait: {until: 5}}\n")
    assert run.finish.reason == "nap: `5` gives no moment"


def test_cancelling_ends_a_wait() -> None:
    run = play("\n  - {id: nap, wait: 10m}\n")
    commands = run.send(CancelRequested(at=run.tick(), by="ann"))
    assert CancelTimer(timer="wait:steps/0") in commands
    assert (run.status("nap"), run.finish.status) == ("cancelled", RunStatus.CANCELLED)


EVENT = """
  - id: seen
    wait: {for: {event: run.failed, match: event.data.playbook == "other"}, timeout: 1h, on_timeout: %s}
"""


def arrive(run: Interpretation, kind: str = "run.failed", **data: object) -> None:
    run.send(EventArrived(at=run.tick(), path="steps/0", type=kind, subject="run_9", data=data))


def test_an_event_is_waited_for_and_those_that_do_not_match_are_not_it() -> None:
    run = play(EVENT % "stop")
    assert WatchEvents(path="steps/0", type="run.failed") in run.commands
    arrive(run, playbook="mine")
    arrive(run)
    arrive(run, "run.succeeded", playbook="other")
    assert run.state.waiting_for == "the event run.failed: seen"
    arrive(run, playbook="other")
    assert run.state.records["steps/0"].output["subject"] == "run_9"
    assert run.commands[-4:-1] == [
        CancelTimer(timer="wait:steps/0"),
        ForgetEvents(path="steps/0"),
        CancelTimer(timer="run"),
    ]
    assert run.finish.status is RunStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("on_timeout", "step", "ended"),
    [
        ("stop", "cancelled", RunStatus.TIMED_OUT),
        ("continue", "skipped", RunStatus.SUCCEEDED),
        ("fail", "failed", RunStatus.FAILED),
    ],
)
def test_an_event_that_never_comes(on_timeout: str, step: str, ended: RunStatus) -> None:
    run = play(EVENT % on_timeout)
    run.fire("wait:")
    assert (run.status("seen"), run.finish.status) == (step, ended)
    assert ForgetEvents(path="steps/0") in run.commands


QUESTION = """
  - id: owner
    ask: {to: ann@corp.example, question: "Was it you, ${{ 1 + 1 }}?", fields: {mine: {type: bool}}, on_timeout: %s}
  - id: next
    set: {mine: "${{ default(steps.owner.output.mine, \'nobody knows\') }}"}
"""


def test_facts_are_asked_for_and_become_the_output() -> None:
    run = play(QUESTION % "stop")
    asked = run.pending[-1]
    assert (asked.to, asked.question, run.state.waiting_for) == (
        "user:ann@corp.example",
        "Was it you, 2?",
        "an answer to: owner",
    )
    run.reply(mine=True)
    assert run.state.records["steps/1"].output == {"mine": True}


@pytest.mark.parametrize(
    ("on_timeout", "step", "ended"),
    [
        ("stop", "cancelled", RunStatus.TIMED_OUT),
        ("continue", "skipped", RunStatus.SUCCEEDED),
        ("fail", "failed", RunStatus.FAILED),
    ],
)
def test_a_question_that_nobody_answers(on_timeout: str, step: str, ended: RunStatus) -> None:
    run = play(QUESTION % on_timeout)
    run.reply("expired")
    assert (run.status("owner"), run.finish.status) == (step, ended)


def test_a_question_that_nobody_may_answer_fails() -> None:
    run = play(QUESTION % "continue")
    run.reply("refused")
    assert (run.status("owner"), run.finish.status) == ("failed", RunStatus.FAILED)


def test_a_question_to_nobody_fails() -> None:
    run = play("\n  - {id: q, ask: {to: \"${{ 'nobody' }}\", question: Well?, fields: {a: {}}}}\n")
    assert run.finish.reason == "q: `ask.to` names nobody"


def test_cancelling_takes_a_question_back() -> None:
    run = play(QUESTION % "stop")
    run.send(CancelRequested(at=run.tick(), by="ann"))
    assert isinstance(run.take(CancelApproval), CancelApproval)
    assert run.finish.status is RunStatus.CANCELLED


def test_a_gate_before_a_question_is_another_question() -> None:
    run = play("\n  - {id: q, approve: role:lead, ask: {to: role:analyst, question: Well?, fields: {a: {}}}}\n")
    run.decide("approved")
    run.reply(a="yes")
    assert run.state.records["steps/0"].output == {"a": "yes"}
    assert run.finish.status is RunStatus.SUCCEEDED


POLL = """
  - id: package
    uses: crm.note
    poll: {every: 30s, until: output.status == "done", timeout: 2m}
    retry: {attempts: 2, delay: 1s}
    outputs: {link: "${{ output.link }}"}
"""


def key_of(run: Interpretation) -> str:
    (command,) = [command for command in run.pending if isinstance(command, StartAction)]
    return command.effect_key


def test_an_action_is_called_again_until_it_is_done_and_all_polls_are_one_intent() -> None:
    run = play(POLL)
    first = key_of(run)
    run.answer("crm.note", {"status": "pending"})
    assert (run.status("package"), run.state.status) == ("retrying", RunStatus.WAITING)
    run.fire("retry:")
    assert key_of(run) == first
    run.answer("crm.note", {"status": "done", "link": "here"})
    assert (run.state.records["steps/0"].outputs, run.finish.status) == ({"link": "here"}, RunStatus.SUCCEEDED)


def test_each_poll_has_all_its_attempts() -> None:
    run = play(POLL)
    for _ in range(2):
        run.refuse("crm.note", "unavailable")
        run.fire("retry:")
        run.answer("crm.note", {"status": "pending"})
        run.fire("retry:")
    run.refuse("crm.note", "unavailable")
    run.fire("retry:")
    run.refuse("crm.note", "unavailable")
    assert (run.status("package"), run.finish.status) == ("failed", RunStatus.FAILED)


def test_polling_ends_with_its_time() -> None:
    run = play(POLL)
    for _ in range(3):
        run.answer("crm.note", {"status": "pending"})
        run.fire("retry:")
    run.answer("crm.note", {"status": "pending"})
    assert run.finish.reason == 'package: `output.status == "done"` did not come true within 2m'
    assert not [command for command in run.pending if isinstance(command, StartTimer) and "retry" in command.timer]


def test_the_time_that_people_take_to_approve_is_none_of_the_polling_time() -> None:
    run = play(POLL.replace("retry:", "approve: {by: role:lead, timeout: 1h}\n    retry:"))
    run.tick(minutes=30)
    run.decide("approved")
    run.answer("crm.note", {"status": "pending"})
    assert run.status("package") == "retrying"


def test_a_poll_that_cannot_be_judged_fails() -> None:
    run = play(POLL)
    run.answer("crm.note", {"state": "pending"})
    assert run.status("package") == "failed"


def test_cancelling_ends_polling() -> None:
    run = play(POLL)
    run.send(CancelRequested(at=run.tick(), by="ann"))
    run.answer("crm.note", {"status": "pending"})
    assert (run.status("package"), run.finish.status) == ("cancelled", RunStatus.CANCELLED)


GATED = {
    "wait: 10m": "its time: nap",
    'wait: {until: now() + duration("1h")}': "its time: nap",
    "wait: {for: {event: run.failed}, timeout: 1h}": "the event run.failed: nap",
}


@pytest.mark.parametrize(("wait", "waiting_for"), GATED.items())
def test_a_wait_behind_a_gate_is_no_question_once_that_is_answered(wait: str, waiting_for: str) -> None:
    run = play(f"\n  - id: nap\n    approve: role:lead\n    {wait}\n")
    assert run.state.waiting_for == "role:lead to decide: nap"
    run.decide("approved")
    assert run.state.waiting_for == waiting_for
    commands = run.send(CancelRequested(at=run.tick(), by="ann"))
    assert CancelTimer(timer="wait:steps/0") in commands
    assert [type(command) for command in commands].count(ForgetEvents) == ("event" in wait)
    assert not [command for command in commands if isinstance(command, CancelApproval)]
