"""What is on record of an alert, found again."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.approval import ApprovalStatus
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.values import JsonValue
from soar.rehearsal.history import Historian, History, PastCall, PastDecision, is_same
from tests.support.builders import build_alert, build_approval, build_card, build_run
from tests.support.loop import run_virtual
from tests.support.process import ScriptedHost
from tests.support.world import World, open_world

PLAYBOOK = """\
name: Tried
on: {alert: {source: siem}}
steps:
  - id: look
    uses: crm.find
    with: {user: ann, since: "${{ now() - duration('1h') }}"}
  - uses: crm.note
    on_failure: continue
    with: {text: seen}
  - id: wipe
    uses: crm.wipe
    with: {user: ann}
    approve: {by: role:analyst, on_deny: continue}
"""
SOME = timedelta(minutes=5)
NONE = timedelta()


async def open_handled(vote: str) -> World:
    """Return a world in which the alert was handled: two calls answered, one question decided."""
    host = ScriptedHost()
    host.script("crm.find", ActionAnswer(output={"risk": 7}))
    host.script("crm.note", ActionAnswer(code=ActionCode.CONFLICT, message="there already"))
    host.script("crm.wipe", ActionAnswer(output={}))
    world = await open_world(host=host)
    await world.start(PLAYBOOK, alert=build_alert())
    await world.settle()
    await world.pass_time(timedelta(minutes=4))
    asked = await world.pending()
    await world.vote("bob", vote, confirm=asked.confirm)
    return world


def call(action: str, **arguments: JsonValue) -> JsonValue:
    return {"step": "steps/2", "action": action, "connection": "crm", "arguments": arguments}


def recall(vote: str = "approve") -> tuple[History, Sequence[JsonValue]]:
    """Return the history of the handled alert, and the arguments of its calls."""

    async def handle() -> tuple[History, Sequence[JsonValue]]:
        world = await open_handled(vote)
        history = await world.read(lambda unit: Historian().recall(unit, build_alert().id))
        await world.stop()
        return history, [call.arguments for call in world.host.calls]

    return run_virtual(handle())


def test_calls_are_answered_as_they_were_and_failures_fail_again() -> None:
    history, (looked, noted, wiped) = recall()
    assert history.find_answer("crm.find", looked, NONE) == ActionAnswer(output={"risk": 7})
    refused = ActionAnswer(code=ActionCode.CONFLICT, message="there already")
    assert history.find_answer("crm.note", noted, NONE) == refused
    assert history.find_answer("crm.wipe", wiped, NONE) == ActionAnswer(output={})


def test_another_action_and_other_arguments_were_not_answered() -> None:
    history, (looked, *_) = recall()
    assert history.find_answer("crm.note", looked, NONE) is None
    assert history.find_answer("crm.find", {"user": "bob"}, NONE) is None


def test_a_call_that_was_denied_was_not_answered() -> None:
    history, _ = recall("deny")
    assert [call.action for call in history.calls] == ["crm.find", "crm.note"]


def test_decisions_come_with_how_long_they_took() -> None:
    for vote, status in (("approve", ApprovalStatus.APPROVED), ("deny", ApprovalStatus.DENIED)):
        history, _ = recall(vote)
        (decision,) = history.decisions
        assert decision.approval.status is status
        assert timedelta(minutes=4) <= decision.waited < SOME
        assert history.find_decision(decision.approval, NONE) == decision
        moved = replace(decision.approval, step="steps/9")
        assert history.find_decision(moved, NONE) == decision
        other = replace(decision.approval, card=build_card(arguments=[call("crm.wipe", user="bob")]))
        assert history.find_decision(other, NONE) is None


def test_a_question_about_nothing_is_known_by_its_step() -> None:
    asked = build_approval(card=build_card(action="", arguments=[]), step="steps/1")
    history = History(decisions=(PastDecision(approval=asked, waited=NONE, length=NONE),))
    assert history.find_decision(asked, NONE) is not None
    assert history.find_decision(replace(asked, step="steps/2"), NONE) is None


def test_an_alert_that_nobody_handled_has_no_history() -> None:
    async def ask() -> tuple[History, History]:
        world = await open_world()
        await world.write(lambda unit: unit.runs.add(build_run(id="run_lost", alert="al_lost")))
        lost = await world.read(lambda unit: Historian().recall(unit, "al_lost"))
        none = await world.read(lambda unit: Historian().recall(unit, "al_none"))
        await world.stop()
        return lost, none

    assert run_virtual(ask()) == (History(), History())


def test_a_moment_may_lie_as_far_off_as_either_run_went_on() -> None:
    known = PastCall(
        action="crm.find", arguments={"at": "2026-11-21T09:00:00Z"}, answer=ActionAnswer(output=1), length=NONE
    )
    later: JsonValue = {"at": "2026-11-21T09:04:00.5Z"}
    assert History((known,)).find_answer("crm.find", later, NONE) is None
    assert History((known,)).find_answer("crm.find", later, SOME) == known.answer
    assert History((replace(known, length=SOME),)).find_answer("crm.find", later, NONE) == known.answer


@pytest.mark.parametrize(
    ("one", "other", "is_equal"),
    [
        ({"a": [1, "x", None]}, {"a": [1, "x", None]}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ([1], [1, 1], False),
        (1, True, False),
        (1, 1.0, False),
        ("9", "2026-11-21T09:00:00Z", False),
        ("2026-11-21T09:00:00Z", "2026-11-21T09:05:00Z", True),
        ("2026-11-21T09:00:00Z", "2026-11-21T09:05:01Z", False),
    ],
)
def test_documents_are_the_same_but_for_near_moments(one: JsonValue, other: JsonValue, is_equal: bool) -> None:  # noqa: FBT001 -- a case of the table
    assert is_same(one, other, SOME) is is_equal
    assert is_same(other, one, SOME) is is_equal
