"""All that a run holds, taken back by a person: the latest first, the next when that is over."""

from datetime import timedelta

from soar.model.audit import Actor
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from tests.support.world import SlowHost, World, at, in_world, play

THREE = """
name: Lock three out
on: {manual: {}}
steps:
  - {id: first, uses: crm.lock, with: {user: ann}, undo: auto}
  - {id: second, uses: crm.lock, with: {user: bob}, undo: auto, expires: 8h}
  - {id: third, uses: crm.lock, with: {user: eve}, undo: auto}
"""
CAROL = Actor(kind="user", id="u_carol", name="carol", via="web")


async def hold(world: World, *unlocked: ActionAnswer) -> str:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    world.host.script("crm.unlock", *unlocked, ActionAnswer(output={}))
    run = await world.start(THREE)
    await world.settle()
    return run


async def undo(world: World, run_id: str) -> int:
    run, now = await world.run(run_id), world.clock.now()
    lifting = await world.write(
        lambda unit: world.responses.undo(unit, run, actor=CAROL, initiator="user:u_carol", at=now)
    )
    await world.settle()
    return len(lifting)


def undone(world: World) -> list[object]:
    calls = [call.arguments for call in world.host.calls if call.action == "crm.unlock"]
    return [arguments["user"] for arguments in calls if isinstance(arguments, dict)]


def test_the_next_begins_when_the_one_before_is_over() -> None:
    async def scenario(world: World) -> None:
        run = await hold(world)
        host.seconds = 30
        assert await undo(world, run) == 3
        assert undone(world) == ["eve", "bob", "ann"]
        ended = [each.lifted_at for each in await world.held()]
        assert ended == [at(1.5), at(1), at(0.5)]
        assert await undo(world, run) == 0

    host = SlowHost()
    play(scenario, host=host)


@in_world
async def test_what_cannot_be_taken_back_stays_and_the_others_go_on(world: World) -> None:
    run = await hold(world, ActionAnswer(output={}), ActionAnswer(code=ActionCode.FORBIDDEN, message="no"))
    await undo(world, run)
    assert undone(world) == ["eve", "bob", "ann"]
    assert [each.status for each in await world.held()] == [
        ResponseStatus.LIFTED,
        ResponseStatus.OVERDUE,
        ResponseStatus.LIFTED,
    ]
    assert await undo(world, run) == 1
    assert [each.status for each in await world.held()] == [ResponseStatus.LIFTED] * 3


def test_a_server_that_ends_amid_an_undo_goes_on_with_it() -> None:
    async def scenario(world: World) -> None:
        run = await hold(world)
        host.seconds = 60
        now = world.clock.now()
        found = await world.run(run)
        await world.write(lambda unit: world.responses.undo(unit, found, actor=CAROL, initiator="user:u_carol", at=now))
        await world.clock.sleep(90)
        await world.stop()
        host.seconds = 0
        after = await world.restart()
        await after.pass_time(timedelta(hours=1))
        assert {each.status for each in await after.held()} == {ResponseStatus.LIFTED}
        assert list(dict.fromkeys(undone(after))) == ["eve", "bob", "ann"]
        await after.stop()

    host = SlowHost()
    play(scenario, host=host)
