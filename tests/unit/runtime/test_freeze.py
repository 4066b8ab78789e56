"""Frozen writes: none begins, reads go on, what is under way ends, and two people lift it."""

from datetime import timedelta

import pytest

from soar.approvals.freezer import Freezer, Lift
from soar.model.audit import Actor
from soar.model.errors import DeniedError, NotFoundError
from soar.model.freeze import Freeze, FreezeKind
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from tests.support.world import SlowHost, World, play

WHY = "the playbooks run wild"
TEXT = """
name: Tried
on: {manual: {}}
steps:
  - {id: found, uses: crm.find}
  - {id: noted, uses: crm.note, with: {user: web-1}}
"""
LOCKING = """
name: Tried
on: {manual: {}}
steps:
  - {id: locked, uses: crm.lock, with: {user: web-1}, undo: auto}
"""
EVERYTHING = (FreezeKind.EVERYTHING, "")


def actor(name: str) -> Actor:
    return Actor(kind="user", id=f"u_{name}", name=name, via="web")


async def freeze(world: World, kind: FreezeKind, name: str, *, by: str = "ann") -> Freeze:
    at = world.clock.now()
    return await world.write(lambda unit: Freezer(ids=world.ids).freeze(unit, kind, name, WHY, actor=actor(by), at=at))


async def lift(world: World, id_: str, by: str) -> Lift:
    at = world.clock.now()
    return await world.write(lambda unit: Freezer(ids=world.ids).lift(unit, id_, "looked", actor=actor(by), at=at))


async def run_through(world: World, text: str = TEXT) -> str:
    for action in ("crm.find", "crm.note", "crm.lock", "crm.unlock"):
        world.host.script(action, ActionAnswer(output={"ticket": "t"}))
    run = await world.start(text)
    await world.settle()
    return run


def called(world: World) -> list[str]:
    return [call.action for call in world.host.calls]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        EVERYTHING,
        (FreezeKind.ACTION, "crm.note"),
        (FreezeKind.CONNECTOR, "crm"),
        (FreezeKind.CONNECTION, "crm"),
    ],
)
def test_a_frozen_write_is_not_made_and_reads_go_on(kind: FreezeKind, name: str) -> None:
    async def scenario(world: World) -> None:
        await freeze(world, kind, name)
        run = await run_through(world)
        what = "every write is" if kind is FreezeKind.EVERYTHING else f"writes of the {kind} {name} are"
        ended = await world.run(run)
        assert (ended.status, ended.reason) == (
            RunStatus.FAILED,
            f"noted: not called: {what} frozen by u_ann: {WHY}",
        )
        assert (await world.state(run)).records["steps/1"].fault.code == "frozen"
        assert called(world) == ["crm.find"]
        denied = [event for event in await world.audit("action.started") if event["outcome"] == "denied"]
        assert [event["target"]["id"] for event in denied] == ["crm.note"]
        assert await world.read(lambda unit: unit.deeds.get(run, "steps/1")) is None

    play(scenario)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(FreezeKind.ACTION, "crm.wipe"), (FreezeKind.CONNECTOR, "cr"), (FreezeKind.CONNECTION, "crm-two")],
)
def test_what_is_not_frozen_goes_on(kind: FreezeKind, name: str) -> None:
    async def scenario(world: World) -> None:
        await freeze(world, kind, name)
        assert (await world.run(await run_through(world))).status is RunStatus.SUCCEEDED

    play(scenario)


def test_two_people_lift_it_and_the_record_tells_all() -> None:
    async def scenario(world: World) -> None:
        frozen = await freeze(world, *EVERYTHING)
        assert not (await lift(world, frozen.id, "ann")).is_lifted
        with pytest.raises(DeniedError) as refused:
            await lift(world, frozen.id, "ann")
        assert refused.value.code == "second_person"
        assert (await world.run(await run_through(world))).status is RunStatus.FAILED
        assert (await lift(world, frozen.id, "bob")).is_lifted
        assert (await world.run(await run_through(world))).status is RunStatus.SUCCEEDED
        told = await world.audit("freeze.")
        assert [(event["type"], event["actor"]["id"]) for event in told] == [
            ("freeze.set", "u_ann"),
            ("freeze.lift_requested", "u_ann"),
            ("freeze.lifted", "u_bob"),
        ]
        with pytest.raises(NotFoundError):
            await lift(world, frozen.id, "bob")

    play(scenario)


def test_who_freezes_again_withdraws_what_was_asked_and_records_nothing_otherwise() -> None:
    async def scenario(world: World) -> None:
        frozen = await freeze(world, *EVERYTHING)
        assert await freeze(world, *EVERYTHING, by="bob") == frozen
        await lift(world, frozen.id, "ann")
        assert await freeze(world, *EVERYTHING, by="carol") == frozen
        assert not (await lift(world, frozen.id, "bob")).is_lifted
        assert len(await world.audit("freeze.set")) == 2

    play(scenario)


def test_what_is_under_way_ends_and_the_next_write_is_stopped() -> None:
    text = TEXT + "  - {id: again, uses: crm.page}\n"

    async def scenario(world: World) -> None:
        assert isinstance(world.host, SlowHost)
        world.host.seconds = 5.0
        for action in ("crm.find", "crm.note", "crm.page"):
            world.host.script(action, ActionAnswer(output={}))
        run = await world.start(text)
        await world.clock.sleep(7.0)
        assert called(world) == ["crm.find", "crm.note"]
        await freeze(world, *EVERYTHING)
        await world.settle()
        assert called(world) == ["crm.find", "crm.note"]
        records = (await world.state(run)).records
        assert (records["steps/1"].status.value, records["steps/2"].fault.code) == ("succeeded", "frozen")

    play(scenario, host=SlowHost())


def test_a_write_that_was_under_way_when_the_process_died_is_not_sent_again() -> None:
    async def scenario(world: World) -> None:
        assert isinstance(world.host, SlowHost)
        world.host.seconds = 5.0
        for action in ("crm.find", "crm.note"):
            world.host.script(action, ActionAnswer(output={}))
        run = await world.start(TEXT)
        await world.clock.sleep(7.0)
        await freeze(world, *EVERYTHING)
        after = await world.restart()
        await after.settle()
        for _ in range(4):
            await after.pass_time(timedelta(minutes=5))
        assert called(world) == ["crm.find", "crm.note"]
        assert (await after.run(run)).status is RunStatus.FAILED
        await after.stop()

    play(scenario, host=SlowHost())


def test_a_change_is_not_taken_back_while_that_is_frozen_and_is_overdue_instead() -> None:
    async def scenario(world: World) -> None:
        await run_through(world, LOCKING)
        (held,) = await world.held()
        await freeze(world, FreezeKind.ACTION, "crm.unlock")
        await world.lift(held.id)
        (overdue,) = await world.held()
        assert (overdue.status.value, called(world)) == ("overdue", ["crm.lock"])
        for name in ("ann", "bob"):
            await lift(world, "action:crm.unlock", name)
        await world.lift(held.id)
        assert called(world) == ["crm.lock", "crm.unlock"]

    play(scenario)
