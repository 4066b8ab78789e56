import asyncio
from datetime import UTC, timedelta

import pytest

from soar.app.clock import SystemClock


def test_now_is_in_utc() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert timedelta(0) <= second - first < timedelta(minutes=1)


async def test_sleeping_takes_at_least_as_long_as_said_by_the_clock_that_never_goes_back() -> None:
    clock = SystemClock()
    began = clock.monotonic()
    await clock.sleep(0.01)
    assert clock.monotonic() - began >= 0.009


async def test_a_sleeper_can_be_cancelled() -> None:
    sleeper = asyncio.create_task(SystemClock().sleep(3600))
    await asyncio.sleep(0)
    sleeper.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sleeper
