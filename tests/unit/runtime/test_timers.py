"""Timers are rows: each fires once, at its moment or as soon as somebody is there to fire it."""

import asyncio
from datetime import datetime, timedelta

import pytest

from soar.engine.events import TimerFired, dump_event
from soar.model.errors import UnavailableError
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus, Timer
from soar.runtime.timers import TimerKeeper
from tests.support.builders import build_run
from tests.support.clock import START
from tests.support.world import WORKSPACE, World, at, play

TIMER = dump_event(TimerFired(at=START, timer="run"))


async def set_timers(world: World, *minutes: float) -> None:
    """Set timers for a run that is over, so that nothing comes of them but their firing."""

    def add(unit: object) -> None:
        if unit.runs.get("run_old") is None:
            unit.runs.add(build_run(id="run_old"))
        for minute in minutes:
            unit.timers.set(Timer(id=f"tm_{minute}", run="run_old", due_at=at(minute), event=TIMER))

    await world.write(add)


async def count_fired(world: World) -> int:
    return len(await world.read(lambda unit: unit.inbox.peek("run_old")))


def test_what_is_due_is_fired_once_and_what_is_not_stays() -> None:
    async def scenario(world: World) -> None:
        await set_timers(world, -60, 0, 1)
        world.queue._is_draining = True
        assert await world.timers.fire_due() == 2
        assert await world.timers.fire_due() == 0
        assert await count_fired(world) == 2
        assert [timer.id for timer in await world.timers_set()] == ["tm_1"]

    play(scenario, has_timers=False)


def test_the_keeper_sleeps_until_the_next_timer_and_wakes_for_an_earlier_one() -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        await world.pass_time(timedelta(seconds=5))
        await set_timers(world, 50 / 60)
        world.timers.kick()
        await world.pass_time(timedelta(seconds=1))
        await set_timers(world, 10 / 60)
        world.timers.kick()
        await world.pass_time(timedelta(seconds=3.9))
        assert await count_fired(world) == 0
        await world.pass_time(timedelta(seconds=0.1))
        assert await count_fired(world) == 1
        await world.pass_time(timedelta(seconds=40))
        assert await count_fired(world) == 2

    play(scenario)


def test_the_keeper_looks_for_a_timer_at_once_only_if_it_is_due_before_the_one_slept_for() -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        looks, look = [], world.store.due_timers

        async def count(until: datetime) -> object:
            looks.append(until)
            return await look(until)

        world.store.due_timers = count
        await set_timers(world, 50 / 60)
        world.timers.kick(at(50 / 60))
        await world.pass_time(timedelta(seconds=1))
        looks.clear()
        await set_timers(world, 55 / 60, 2)
        world.timers.kick(at(55 / 60))
        world.timers.kick(at(2))
        await world.pass_time(timedelta(seconds=1))
        assert looks == []
        await set_timers(world, 10 / 60)
        world.timers.kick(at(10 / 60))
        await world.pass_time(timedelta(seconds=8))
        assert await count_fired(world) == 1
        await world.pass_time(timedelta(seconds=40))
        assert await count_fired(world) == 2

    play(scenario)


def test_more_timers_than_one_look_holds_all_fire() -> None:
    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        await set_timers(world, *(number / 600 for number in range(1_201)))
        world.timers.kick()
        await world.pass_time(timedelta(minutes=3))
        assert await count_fired(world) == 1_201

    play(scenario)


def test_a_store_that_takes_nothing_now_delays_a_timer_and_skips_none() -> None:
    class Shut:
        def __init__(self, world: World, refusals: int) -> None:
            self.store, self.refusals = world.store, refusals

        def __getattr__(self, name: str) -> object:
            return getattr(self.store, name)

        async def write(self, workspace: str, work: object) -> object:
            if self.refusals:
                self.refusals -= 1
                raise UnavailableError("busy", retry_after=3.0)
            return await self.store.write(workspace, work)

    async def scenario(world: World) -> None:
        world.queue._is_draining = True
        await set_timers(world, 1, 1.5)
        world.timers._store = Shut(world, 2)
        world.timers.kick()
        await world.pass_time(timedelta(seconds=65.9))
        assert await count_fired(world) == 0
        await world.pass_time(timedelta(seconds=0.2))
        assert await count_fired(world) == 1
        await world.pass_time(timedelta(seconds=30))
        assert await count_fired(world) == 2

    play(scenario)


SLOW = (
    "name: Tried\non: {manual: {}}\ntimeout: 10m\nsteps: [{uses: crm.note, approve: {by: role:analyst, reason: r}}]\n"
)


@pytest.mark.parametrize("is_down", [False, True])
def test_a_run_that_takes_too_long_ends_and_takes_its_question_back(is_down: bool) -> None:  # noqa: FBT001 -- a table's column
    async def scenario(world: World) -> None:
        world.host.script("crm.note", ActionAnswer(output={}))
        run = await world.start(SLOW)
        await world.settle()
        after = world
        if is_down:
            await world.stop()
            await world.clock.sleep(700)
            after = await world.restart()
        await after.pass_time(timedelta(minutes=10))
        assert (await after.run(run)).status is RunStatus.TIMED_OUT
        assert (await after.approval(run)).status == "cancelled"
        assert await after.timers_set() == []
        assert (WORKSPACE, "run", run) in after.announcer.heard
        await after.stop()

    play(scenario)


def test_what_two_processes_find_due_at_once_fires_once() -> None:
    async def scenario(world: World) -> None:
        await set_timers(world, -60, 0)
        world.queue._is_draining = True
        other = TimerKeeper(
            store=world.store,
            clock=world.clock,
            approvals=world.approvals,
            responses=world.responses,
            announcer=world.announcer,
            report=world._report,
        )
        await asyncio.gather(world.timers.fire_due(), other.fire_due())
        assert await count_fired(world) == 2
        assert await world.timers_set() == []

    play(scenario, has_timers=False)
