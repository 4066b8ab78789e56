"""What a run holds, taken back because the run has not ended well: the latest first, one at a time, exactly once."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.catalog import Repeat
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from soar.model.run import Mode, RunStatus
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

ROLLED_BACK = """
name: Lock and fail
on: {manual: {}}
rollback: %s
notify: {channel: "chat:#soc"}
steps:
  - {id: first, uses: crm.lock, with: {user: ann}, undo: auto}
  - {id: second, uses: crm.lock, with: {user: bob}, undo: auto, expires: 8h}
  - {id: third, uses: crm.lock, with: {user: eve}, undo: auto}
  - %s
"""
FAILING = ROLLED_BACK % ("on_failure", '{fail: "it is no good"}')
WAITING = ROLLED_BACK % ("on_cancel", "{wait: 2h}")
SLOW_TO_FAIL = ROLLED_BACK % ("on_failure", '{if: "true", steps: [{wait: 2h}, {fail: "it is no good"}]}')
TAKEN_BACK = ["eve", "bob", "ann"]


def script(world: World, *unlocked: ActionAnswer) -> None:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    world.host.script("crm.unlock", *unlocked, ActionAnswer(output={}))


def undone(world: World) -> list[object]:
    calls = [call.arguments for call in world.host.calls if call.action == "crm.unlock"]
    return [arguments["user"] for arguments in calls if isinstance(arguments, dict)]


async def told(world: World) -> list[str]:
    return [message.text for message in await world.messages("#soc")]


@in_world
async def test_a_run_that_failed_takes_back_all_it_did_the_latest_first(world: World) -> None:
    script(world)
    run = await world.start(FAILING)
    await world.settle()
    assert (await world.run(run)).status is RunStatus.FAILED
    assert undone(world) == TAKEN_BACK
    held = await world.held()
    assert {each.status for each in held} == {ResponseStatus.LIFTED}
    assert {(await world.run(each.lift_run)).initiator for each in held} == {f"rollback:{run}"}
    assert await world.timers_set() == []


@in_world
async def test_the_record_and_the_channel_say_that_and_why_it_was_rolled_back(world: World) -> None:
    script(world)
    run = await world.start(FAILING)
    await world.settle()
    asked = await world.audit("response.lift_requested")
    assert [(event["actor"]["id"], event["reason"]) for event in asked] == [
        ("tried", "rolled back: the run failed")
    ] * 3
    assert await told(world) == [
        f"{run} (tried) rolled back: the run failed. 3 changes are taken back, the latest first.",
        f"{run} (tried) rolled back: the run failed. Everything is taken back.",
    ]
    ids = {each.id for each in await world.held()}
    assert {subject for _, kind, subject in world.announcer.heard if kind == "response"} == ids


def test_the_next_begins_when_the_one_before_is_over() -> None:
    async def scenario(world: World) -> None:
        script(world)
        await world.start(FAILING)
        await world.settle()
        lifted = [each.lifted_at for each in await world.held()]
        assert lifted == [at(6 * 0.5), at(5 * 0.5), at(4 * 0.5)]

    play(scenario, host=SlowHost(30))


@in_world
async def test_one_that_fails_is_told_and_the_others_go_on(world: World) -> None:
    script(world, ActionAnswer(output={}), ActionAnswer(code=ActionCode.FORBIDDEN, message="no"))
    await world.start(FAILING)
    await world.settle()
    assert undone(world) == TAKEN_BACK
    first, second, third = await world.held()
    assert [each.status for each in (first, second, third)] == ["lifted", "overdue", "lifted"]
    assert (await told(world))[-1].endswith(f"Could not be taken back: crm.lock ({second.id}).")


@in_world
async def test_a_cancelled_run_is_rolled_back_where_that_is_wanted(world: World) -> None:
    script(world)
    run = await world.start(WAITING)
    await world.settle()
    await world.cancel(run)
    assert undone(world) == TAKEN_BACK
    (asked, *_) = await world.audit("response.lift_requested")
    assert asked["reason"] == "rolled back: the run was cancelled"


@pytest.mark.parametrize("rollback", ["manual", "on_cancel"])
@in_world
async def test_a_failure_alone_takes_nothing_back(world: World, rollback: str) -> None:
    script(world)
    await world.start(FAILING.replace("on_failure", rollback))
    await world.settle()
    assert undone(world) == []
    assert {each.status for each in await world.held()} == {ResponseStatus.ACTIVE}
    assert await told(world) == []


@in_world
async def test_a_shadow_run_takes_nothing_back(world: World) -> None:
    run = await world.start(FAILING, mode=Mode.SHADOW)
    await world.settle()
    assert (await world.run(run)).status is RunStatus.FAILED
    assert (world.host.calls, await world.held(), await told(world)) == ([], [], [])


@in_world
async def test_what_was_lifted_before_is_left_alone_and_what_could_not_be_is_tried_again(world: World) -> None:
    script(world, ActionAnswer(output={}), ActionAnswer(code=ActionCode.FORBIDDEN, message="no"))
    await world.start(SLOW_TO_FAIL)
    await world.settle()
    first, _second, third = await world.held()
    await world.lift(third.id)
    await world.lift(first.id)
    await world.pass_time(timedelta(hours=2))
    assert undone(world) == ["eve", "ann", "bob", "ann"]
    assert {each.status for each in await world.held()} == {ResponseStatus.LIFTED}


def test_what_somebody_is_lifting_is_left_to_them() -> None:
    async def scenario(world: World) -> None:
        script(world)
        await world.start(SLOW_TO_FAIL)
        await world.settle()
        await world.clock.sleep(2 * 3600 - 10)
        await world.lift((await world.held())[1].id)
        await world.pass_time(timedelta(hours=1))
        assert undone(world) == ["bob", "eve", "ann"]
        assert (await world.run((await world.held())[1].lift_run)).initiator == "user:u_ann"

    play(scenario, host=SlowHost(60))


@in_world
async def test_a_run_that_holds_nothing_has_nothing_to_say(world: World) -> None:
    await world.start("name: n\non: {manual: {}}\nrollback: on_failure\nsteps: [{fail: no}]\n")
    await world.settle()
    assert await told(world) == []


@in_world
async def test_a_lift_that_breaks_within_ourselves_does_not_end_the_rollback(world: World) -> None:
    script(world)
    await world.start(FAILING.replace("crm.lock, with: {user: eve}, undo: auto", BROKEN))
    await world.settle()
    assert undone(world) == ["bob", "ann"]
    assert [each.status for each in await world.held()] == ["lifted", "lifted", "overdue"]


BROKEN = "crm.lock, with: {user: eve}, undo: {uses: crm.gone, with: {}}"
KEYED = build_actions_catalog(
    [replace(each, repeat=Repeat.KEYED) if each.full_name == "crm.lock" else each for each in ACTIONS]
)


async def roll_back(last: int, *, is_written: bool) -> int:
    """Fail with a process that ends at its `last` write, and another that goes on; return the writes."""
    world = await open_world(host=SlowHost(0.25), catalog=KEYED, last=last, is_written=is_written)
    try:
        script(world)
        run = await world.start(FAILING)
        await world.settle()
        writes = world.mortal.writes
        if world.mortal.died.is_set():
            world = await world.restart()
            await world.pass_time(timedelta(minutes=5))
        assert (await world.run(run)).status is RunStatus.FAILED
        assert {each.status for each in await world.held()} == {ResponseStatus.LIFTED}
        assert list(dict.fromkeys(undone(world))) == TAKEN_BACK
        asked = [event["target"]["id"] for event in await world.audit("response.lift_requested")]
        assert len(asked) == len(set(asked)) == 3
        assert len({call.effect_key for call in world.host.calls if call.action == "crm.unlock"}) == 3
        assert len(await told(world)) == 2
        await check_record(world)
        return writes
    finally:
        await world.stop()


@pytest.mark.parametrize("is_written", [True, False], ids=["after", "before"])
def test_a_rollback_survives_a_crash_at_every_write(is_written: bool) -> None:  # noqa: FBT001 -- a table's column
    writes = run_virtual(roll_back(0, is_written=is_written))
    assert writes >= 10
    for last in range(1, writes + 1):
        run_virtual(roll_back(last, is_written=is_written))
