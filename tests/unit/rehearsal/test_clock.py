import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from soar.model.errors import BugError
from soar.rehearsal.clock import VirtualClock, VirtualLoop, run_virtual

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)


def test_a_year_passes_at_once_and_to_the_microsecond() -> None:
    clock = VirtualClock(START)

    async def wait() -> datetime:
        for _ in range(365):
            await clock.sleep(86_400)
        return clock.now()

    assert run_virtual(wait()) == START + timedelta(days=365)


def test_a_moment_that_has_passed_is_not_waited_for() -> None:
    clock = VirtualClock(START)

    async def wait() -> list[datetime]:
        await clock.sleep_until(START + timedelta(microseconds=1_500_001))
        first = clock.now()
        await clock.sleep_until(START)
        return [first, clock.now()]

    assert run_virtual(wait()) == [START + timedelta(microseconds=1_500_001)] * 2


def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock, woken = VirtualClock(START), []

    async def sleep(seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(seconds)

    async def wait() -> None:
        await asyncio.gather(sleep(3), sleep(1), sleep(2))

    run_virtual(wait())
    assert woken == [1, 2, 3]


def test_waiting_for_nobody_is_a_fault_and_not_a_hang() -> None:
    async def wait() -> None:
        await asyncio.get_running_loop().create_future()

    loop = VirtualLoop()
    waiting = loop.create_task(wait())
    with pytest.raises(BugError, match="nobody will do"):
        loop.run_until_complete(waiting)
    waiting.cancel()
    loop.run_until_complete(asyncio.gather(waiting, return_exceptions=True))
    loop.close()


def test_there_are_no_threads() -> None:
    async def leave() -> None:
        await asyncio.to_thread(print, "elsewhere")

    with pytest.raises(BugError, match="no threads"):
        run_virtual(leave())
