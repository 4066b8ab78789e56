"""What we hold is looked at again by itself: how often, how many at once, and what people hear of it."""

from datetime import timedelta

from soar.model.audit import Actor
from soar.model.process import ActionAnswer
from soar.model.response import Response, Sighting
from soar.responses.reconcile import INITIATOR, Reconciler
from soar.store import Unit
from tests.support.world import World, in_world

LOCK = """
name: Lock somebody out
owner: team:soc
on: {manual: {}}
steps:
  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto}
"""
ANN = Actor(kind="user", id="u_ann", name="ann", via="web")
DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


async def arrange(world: World, reconciler: Reconciler | None = None) -> None:
    wanted, now = reconciler or world.reconciler, world.clock.now()
    await world.write(lambda unit: wanted.arrange(unit, now))
    world.timers.kick()


async def lock(world: World, count: int = 1) -> list[Response]:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    for _ in range(count):
        await world.start(LOCK)
    await world.settle()
    return await world.held()


def answer(world: World, holds: object) -> None:
    world.host.script("crm.locked", ActionAnswer(output={"holds": holds}))


def looks(world: World) -> int:
    return sum(call.action == "crm.locked" for call in world.host.calls)


@in_world
async def test_what_nobody_has_looked_at_for_a_day_is_looked_at_and_then_once_a_day(world: World) -> None:
    await arrange(world)
    await lock(world)
    answer(world, holds=True)
    await world.pass_time(DAY - MINUTE)
    assert looks(world) == 0
    await world.pass_time(2 * MINUTE)
    assert looks(world) == 1
    await world.pass_time(3 * DAY)
    assert looks(world) == 4
    (held,) = await world.held()
    assert (held.sighting, held.gone_at) == (Sighting.STANDING, None)
    asked = await world.audit("response.check_requested")
    assert {event["actor"]["id"] for event in asked} == {"responses"}
    run = await world.run(held.check_run)
    assert run.initiator == INITIATOR


@in_world
async def test_a_look_that_somebody_asked_for_puts_the_next_one_off(world: World) -> None:
    await arrange(world)
    (held,) = await lock(world)
    answer(world, holds=True)
    await world.pass_time(DAY / 2)
    now = world.clock.now()
    await world.write(lambda unit: world.responses.check(unit, held.id, actor=ANN, initiator="user:u_ann", at=now))
    await world.pass_time(DAY - 2 * MINUTE)
    assert looks(world) == 1
    await world.pass_time(4 * MINUTE)
    assert looks(world) == 2


@in_world
async def test_no_more_are_begun_in_a_minute_than_the_settings_say(world: World) -> None:
    await lock(world, 5)
    answer(world, holds=True)
    await world.pass_time(2 * DAY)
    assert looks(world) == 0
    await arrange(world)
    await world.pass_time(MINUTE / 2)
    counts = []
    for _ in range(4):
        counts.append(looks(world))
        await world.pass_time(MINUTE)
    assert counts == [2, 4, 5, 5]


@in_world
async def test_what_is_gone_is_told_once_however_often_it_is_looked_at(world: World) -> None:
    await arrange(world)
    await lock(world)
    for holds in (False, False, "nobody knows", False):
        answer(world, holds)
        await world.pass_time(DAY + MINUTE)
    assert looks(world) == 4
    assert len(await world.audit("response.drifted")) == 1
    assert len(await world.messages()) == 1
    (held,) = await world.held()
    assert held.gone_at is not None
    assert held.checked_at is not None
    assert held.checked_at - held.gone_at > 2 * DAY
    answer(world, holds=True)
    await world.pass_time(DAY + MINUTE)
    assert (await world.held())[0].gone_at is None


@in_world
async def test_what_cannot_be_looked_at_or_is_lifted_is_left_alone(world: World) -> None:
    await arrange(world)
    (held,) = await lock(world)
    world.host.script("crm.unlock", ActionAnswer(output={}))
    await world.lift(held.id)
    await world.start(LOCK.replace("crm.lock", "crm.note").replace("undo: auto", "undo: {uses: crm.note}"))
    await world.settle()
    await world.pass_time(3 * DAY)
    assert looks(world) == 0
    assert world.reports == []


@in_world
async def test_a_look_that_never_ends_keeps_no_other_from_beginning(world: World) -> None:
    await lock(world, 3)
    answer(world, holds=True)
    first, second = world.clock.now() + 2 * DAY, world.clock.now() + 2 * DAY + MINUTE

    def wake_twice(unit: Unit) -> None:
        world.reconciler.wake(unit, {}, first)
        world.reconciler.wake(unit, {}, second)

    await world.write(wake_twice)
    await world.settle()
    assert sorted(each.check_asked_at for each in await world.held() if each.check_asked_at) == [first, first, second]
    assert looks(world) == 3


@in_world
async def test_never_is_never(world: World) -> None:
    await arrange(world)
    never = Reconciler(ids=world.ids, every=None, pace=2)
    await arrange(world, never)
    await lock(world)
    await world.write(lambda unit: never.wake(unit, {}, world.clock.now()))
    await world.pass_time(5 * DAY)
    assert looks(world) == 0
    assert not [timer for timer in await world.timers_set() if timer.id == "responses:check"]
