import asyncio
from datetime import timedelta

from tests.support.clock import START, SteppedClock, VirtualClock
from tests.support.loop import run_virtual


def test_the_virtual_clock_goes_with_the_loop() -> None:
    async def look() -> tuple[timedelta, float]:
        clock = VirtualClock()
        await clock.sleep(90)
        return clock.now() - START, clock.monotonic()

    assert run_virtual(look()) == (timedelta(seconds=90), 90.0)


def test_a_jump_of_the_wall_clock_leaves_deadlines_alone() -> None:
    async def look() -> tuple[timedelta, float]:
        clock = VirtualClock()
        sleeper = asyncio.create_task(clock.sleep(10))
        await clock.sleep(1)
        clock.jump(timedelta(days=-3650))
        await sleeper
        return clock.now() - START, clock.monotonic()

    assert run_virtual(look()) == (timedelta(days=-3650, seconds=10), 10.0)


async def test_the_stepped_clock_wakes_those_who_have_slept_long_enough(clock: SteppedClock) -> None:
    short = asyncio.create_task(clock.sleep(10))
    long = asyncio.create_task(clock.sleep(11))
    await clock.sleep(0)
    clock.advance(timedelta(seconds=10))
    await short
    assert not long.done()
    assert clock.now() - START == timedelta(seconds=10)
    clock.advance(timedelta(seconds=1))
    await long
    assert clock.monotonic() == 11.0


def test_the_stepped_clock_jumps_without_time_passing(clock: SteppedClock) -> None:
    clock.jump(timedelta(hours=-1))
    assert clock.now() - START == timedelta(hours=-1)
    assert clock.monotonic() == 0.0
