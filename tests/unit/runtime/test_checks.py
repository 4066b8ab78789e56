"""Calls whose answer was lost, and whose connector can ask what became of them."""

import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.approvals.freezer import Freezer
from soar.model.catalog import Effect, Repeat
from soar.model.errors import ActionCode
from soar.model.freeze import FreezeKind
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from tests.support.builders import build_actor
from tests.support.loop import run_virtual
from tests.support.world import (
    ACTIONS,
    SlowHost,
    World,
    build_actions_catalog,
    build_spec,
    check_record,
    open_world,
)

RESULT = {"properties": {"user": {"type": "string"}, "was_shut": {"default": None}}}
SHUT = build_spec(
    "crm.shut",
    Effect.WRITE,
    Repeat.CHECKABLE,
    check="shut_out",
    check_arguments={"user": "with.user"},
    undo="open",
    undo_arguments={"user": "output.user"},
    targets="user",
    result=RESULT,
)
CATALOG = build_actions_catalog((*ACTIONS, SHUT, build_spec("crm.shut_out"), build_spec("crm.open", Effect.WRITE)))
TEXT = "name: Tried\non: {manual: {}}\nsteps:\n  - {id: shut, uses: crm.shut, with: {user: eve}, undo: auto}\n"
LOST = ActionAnswer(code=ActionCode.UNKNOWN_OUTCOME, message="the line was cut")
DONE = ActionAnswer(output={"user": "eve", "was_shut": False})
YES = ActionAnswer(output={"user": "eve", "holds": True})
NO = ActionAnswer(output={"user": "eve", "holds": False})
MUTE = ActionAnswer(code=ActionCode.UNAVAILABLE, message="503")


async def open_checkable(*, last: int = 0, is_written: bool = True) -> World:
    return await open_world(host=SlowHost(0.25), catalog=CATALOG, last=last, is_written=is_written)


async def lose_process() -> World:
    """Return a world whose process ends with the answer to the first call."""
    return await open_checkable(last=2, is_written=False)


async def freeze(world: World) -> None:
    actor = build_actor(id="u_ann", name="ann")
    stop = Freezer(ids=world.ids).freeze
    await world.write(lambda unit: stop(unit, FreezeKind.EVERYTHING, "", "r", actor=actor, at=world.clock.now()))


async def play(world: World, shut: tuple[ActionAnswer, ...], check: ActionAnswer) -> str:
    world.host.script("crm.shut", *shut)
    world.host.script("crm.shut_out", check)
    run = await world.start(TEXT)
    await world.settle()
    await world.pass_time(timedelta(minutes=1))
    return run


def list_calls(world: World) -> list[str]:
    return [call.action.removeprefix("crm.") for call in world.host.calls]


def test_what_the_check_finds_done_has_succeeded_and_can_be_taken_back() -> None:
    async def scenario() -> None:
        world = await open_checkable()
        run = await play(world, (LOST,), YES)
        record = (await world.state(run)).records["steps/0"]
        assert (record.status, record.output) == ("succeeded", {"user": "eve", "was_shut": None})
        assert record.reason == "its answer was lost; crm.shut_out says that it happened"
        assert list_calls(world) == ["shut", "shut_out"]
        (held,) = await world.held()
        assert held.undo_arguments == {"user": "eve"}
        (end,) = await world.audit("action.finished")
        assert (end["outcome"], end["reason"]) == ("success", record.reason)
        asked = world.host.calls[1]
        assert (asked.arguments, asked.effect_key) == ({"user": "eve"}, world.host.calls[0].effect_key)
        await world.stop()

    run_virtual(scenario())


def test_what_the_check_finds_undone_is_sent_again_under_the_same_key() -> None:
    async def scenario() -> None:
        world = await open_checkable()
        run = await play(world, (LOST, DONE), NO)
        assert (await world.run(run)).status is RunStatus.SUCCEEDED
        assert list_calls(world) == ["shut", "shut_out", "shut"]
        first, _, second = world.host.calls
        assert (first.effect_key, first.attempt, second.attempt) == (second.effect_key, 1, 2)
        await world.stop()

    run_virtual(scenario())


@pytest.mark.parametrize("check", [MUTE, ActionAnswer(output={}), ActionAnswer(output={"holds": "maybe"})])
def test_what_the_check_cannot_tell_is_for_people(check: ActionAnswer) -> None:
    async def scenario() -> None:
        world = await open_checkable()
        run = await play(world, (LOST,), check)
        record = (await world.state(run)).records["steps/0"]
        assert record.status == "waiting"
        assert record.doubt is not None
        assert record.doubt.startswith("the line was cut; crm.shut_out ")
        assert list_calls(world) == ["shut", "shut_out"]
        await world.stop()

    run_virtual(scenario())


@pytest.mark.parametrize(
    ("check", "calls", "status"),
    [
        (YES, ["shut", "shut_out"], RunStatus.SUCCEEDED),
        (NO, ["shut", "shut_out", "shut"], RunStatus.SUCCEEDED),
        (MUTE, ["shut", "shut_out"], RunStatus.WAITING),
    ],
)
def test_after_a_crash_the_product_is_asked_first(check: ActionAnswer, calls: list[str], status: RunStatus) -> None:
    async def scenario() -> None:
        world = await lose_process()
        run = await play(world, (DONE,), check)
        assert world.mortal.died.is_set()
        world = await world.restart()
        await world.settle()
        await world.pass_time(timedelta(minutes=1))
        assert (await world.run(run)).status is status
        assert list_calls(world) == calls
        assert len({call.effect_key for call in world.host.calls}) == 1
        await check_record(world)
        await world.stop()

    run_virtual(scenario())


def test_what_a_crash_left_undone_meets_a_freeze() -> None:
    async def scenario() -> None:
        world = await lose_process()
        run = await play(world, (DONE,), NO)
        world = await world.restart()
        await freeze(world)
        await world.settle()
        await world.pass_time(timedelta(minutes=1))
        fault = (await world.state(run)).records["steps/0"].fault
        assert fault is not None
        assert fault.code == "frozen"
        assert list_calls(world) == ["shut", "shut_out"]
        await world.stop()

    run_virtual(scenario())


def test_a_crash_at_every_write_sends_nothing_twice_that_arrived() -> None:
    async def drive(last: int) -> tuple[str, Counter[str], int]:
        world = await open_checkable(last=last)
        arrived: list[str] = []

        def arrive(call: object) -> ActionAnswer:
            arrived.append(str(call))
            return DONE

        world.host.script("crm.shut", arrive)
        world.host.script("crm.shut_out", lambda _: YES if arrived else NO)
        run = await world.start(TEXT)
        await world.settle()
        writes = world.mortal.writes
        if world.mortal.died.is_set():
            world = await world.restart()
            await world.settle()
        await world.pass_time(timedelta(minutes=1))
        status = (await world.run(run)).status.value
        held = await world.held()
        assert [each.status for each in held] == ["active"]
        await asyncio.sleep(0)
        await world.stop()
        return status, Counter({"shut": len(arrived)}), writes

    status, effects, writes = run_virtual(drive(0))
    assert (status, effects) == ("succeeded", Counter({"shut": 1}))
    for last in range(1, writes + 1):
        assert run_virtual(drive(last))[:2] == (status, effects), last


def test_an_action_that_names_no_check_is_for_people() -> None:
    async def scenario() -> None:
        shut = replace(SHUT, check=None)
        catalog = build_actions_catalog((*ACTIONS, shut, build_spec("crm.open", Effect.WRITE)))
        world = await open_world(host=SlowHost(0.25), catalog=catalog)
        run = await play(world, (LOST,), YES)
        assert (await world.run(run)).status is RunStatus.WAITING
        assert list_calls(world) == ["shut"]
        await world.stop()

    run_virtual(scenario())
