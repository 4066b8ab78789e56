"""What a step of a run takes back of its own run: through lifts as people start them, over restarts, audited."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.catalog import Repeat
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from soar.model.run import Mode, RunStatus
from soar.model.step import Assurance
from soar.policy import GateRule, Policy
from tests.support.loop import run_virtual
from tests.support.world import (
    ACTIONS,
    SlowHost,
    World,
    at,
    build_actions_catalog,
    check_record,
    in_world,
    open_world,
    play,
)

CONTAIN = """
name: Contain and let go
on: {manual: {}}
steps:
  - id: contain
    steps:
      - {id: first, uses: crm.lock, with: {user: ann}, undo: auto}
      - {id: second, uses: crm.lock, with: {user: bob}, undo: auto, expires: 1h}
%s
  - id: back
    uses: core.undo
    with: {step: contain, reason: a false alarm}
outputs:
  first: ${{ steps.first.status }}
  second: ${{ steps.second.status }}
  back: ${{ steps.back.output }}
"""
AT_ONCE = CONTAIN % ""
LATER = CONTAIN % "  - {id: paused, wait: 2h}"


def script(world: World) -> None:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}), ActionAnswer(output={"ticket": "T-2"}))
    world.host.script("crm.unlock", ActionAnswer(output={}))


def undone(world: World) -> list[object]:
    return [call.arguments for call in world.host.calls if call.action == "crm.unlock"]


@in_world
async def test_a_step_takes_back_what_its_run_did_the_latest_first(world: World) -> None:
    script(world)
    run = await world.start(AT_ONCE)
    await world.settle()
    ended = await world.run(run)
    assert ended.status is RunStatus.SUCCEEDED
    assert ended.outputs == {"first": "undone", "second": "undone", "back": {"lifted": 2, "failed": []}}
    assert undone(world) == [{"user": "bob", "ticket": "T-2"}, {"user": "ann", "ticket": "T-1"}]
    assert {each.status for each in await world.held()} == {ResponseStatus.LIFTED}
    assert await world.timers_set() == []


@in_world
async def test_who_asked_and_why_is_in_the_record(world: World) -> None:
    script(world)
    run = await world.start(AT_ONCE)
    await world.settle()
    asked = await world.audit("response.lift_requested")
    assert [(event["actor"]["kind"], event["actor"]["id"], event["reason"]) for event in asked] == [
        ("playbook", "tried", "a false alarm")
    ] * 2
    lift = await world.run((await world.held())[0].lift_run)
    assert lift.initiator == f"run:{run}"
    assert [event["outcome"] for event in await world.audit("response.lifted")] == ["success", "success"]


def test_the_next_begins_when_the_one_before_is_over() -> None:
    async def scenario(world: World) -> None:
        script(world)
        await world.start(AT_ONCE)
        await world.settle()
        first, second = await world.held()
        assert (second.lifted_at, first.lifted_at) == (at(0) + timedelta(seconds=90), at(0) + timedelta(seconds=120))

    play(scenario, host=SlowHost(30))


@in_world
async def test_one_that_fails_is_reported_and_stays_for_people(world: World) -> None:
    script(world)
    world.host.script("crm.unlock", ActionAnswer(code=ActionCode.FORBIDDEN, message="no"), ActionAnswer(output={}))
    run = await world.start(AT_ONCE)
    await world.settle()
    back = {"lifted": 1, "failed": [{"step": "second", "message": "lift: no"}]}
    assert (await world.run(run)).outputs == {"first": "undone", "second": "succeeded", "back": back}
    assert [each.status for each in await world.held()] == [ResponseStatus.LIFTED, ResponseStatus.OVERDUE]


@in_world
async def test_what_has_expired_or_was_lifted_by_hand_is_undone_in_the_open_run(world: World) -> None:
    script(world)
    run = await world.start(LATER)
    await world.settle()
    await world.lift((await world.held())[0].id)
    await world.pass_time(timedelta(hours=1))
    assert (await world.statuses(run))["steps/0/steps/0"] == "undone"
    assert (await world.statuses(run))["steps/0/steps/1"] == "undone"
    await world.pass_time(timedelta(hours=1))
    assert (await world.run(run)).outputs["back"] == {"lifted": 0, "failed": []}
    assert len(undone(world)) == 2


def test_a_lift_that_somebody_has_begun_is_waited_for_and_not_begun_again() -> None:
    async def scenario(world: World) -> None:
        script(world)
        run = await world.start(LATER)
        await world.settle()
        await world.clock.sleep(2 * 3600 - 30)
        await world.lift((await world.held())[0].id)
        await world.pass_time(timedelta(hours=1))
        assert (await world.run(run)).outputs["back"] == {"lifted": 1, "failed": []}
        assert len(undone(world)) == 2

    play(scenario, host=SlowHost(60))


@in_world
async def test_a_shadow_run_takes_nothing_back(world: World) -> None:
    run = await world.start(AT_ONCE.partition("outputs:")[0], mode=Mode.SHADOW)
    await world.settle()
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    assert (world.host.calls, await world.held()) == ([], [])


def test_a_policy_that_wants_a_gate_before_an_undo_has_it() -> None:
    rule = GateRule(name="ask", when='action.id == "core.undo"', by=("role:analyst",), assurance=Assurance.LINKED)

    async def scenario(world: World) -> None:
        script(world)
        run = await world.start(AT_ONCE)
        await world.settle()
        assert "policy `ask` wants an approval" in (await world.run(run)).reason
        assert undone(world) == []
        denied = [event for event in await world.audit("action.started") if event["outcome"] == "denied"]
        assert [event["target"]["id"] for event in denied] == ["core.undo"]
        gated = AT_ONCE.replace("    uses: core.undo", "    approve: role:analyst\n    uses: core.undo")
        script(world)
        asking = await world.start(gated)
        await world.settle()
        await world.vote("ann")
        assert (await world.run(asking)).outputs["back"] == {"lifted": 2, "failed": []}

    play(scenario, policy=Policy(gates=(rule,)))


KEYED = build_actions_catalog(
    [replace(each, repeat=Repeat.KEYED) if each.full_name == "crm.lock" else each for each in ACTIONS]
)


async def take_back(last: int, *, is_written: bool) -> int:
    """Undo two changes with a process that ends at its `last` write, and another that goes on; return the writes."""
    world = await open_world(host=SlowHost(0.25), catalog=KEYED, last=last, is_written=is_written)
    try:
        world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
        world.host.script("crm.unlock", ActionAnswer(output={}))
        run = await world.start(AT_ONCE)
        await world.settle()
        writes = world.mortal.writes
        if world.mortal.died.is_set():
            world = await world.restart()
            await world.pass_time(timedelta(minutes=5))
        assert (await world.run(run)).outputs["back"] == {"lifted": 2, "failed": []}
        asked = [event["target"]["id"] for event in await world.audit("response.lift_requested")]
        assert len(asked) == len(set(asked)) == 2
        assert len({call.effect_key for call in world.host.calls if call.action == "crm.unlock"}) == 2
        await check_record(world)
        return writes
    finally:
        await world.stop()


@pytest.mark.parametrize("is_written", [True, False], ids=["after", "before"])
def test_an_undo_survives_a_crash_at_every_write(is_written: bool) -> None:  # noqa: FBT001 -- a table's column
    writes = run_virtual(take_back(0, is_written=is_written))
    assert writes >= 9
    for last in range(1, writes + 1):
        run_virtual(take_back(last, is_written=is_written))
