"""Clocks that tests command."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
"""The moment at which made-up worlds begin: a Sunday morning."""


class VirtualClock:
    """The `Clock` of a virtual loop: the wall clock goes with the loop's time, plus whatever it was made to jump."""

    def __init__(self, start: datetime = START) -> None:
        self._wall_at_zero = start

    def now(self) -> datetime:
        return self._wall_at_zero + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def jump(self, delta: timedelta) -> None:
        """Set the wall clock forward or back; deadlines do not notice."""
        self._wall_at_zero += delta


class SteppedClock:
    """A `Clock` that stands still until a test moves it; works on any loop and without one."""

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._elapsed = 0.0
        self._sleepers: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        until = asyncio.get_running_loop().create_future()
        self._sleepers.append((self._elapsed + seconds, until))
        await until

    @property
    def has_sleepers(self) -> bool:
        """Whether anybody sleeps on it."""
        return bool(self._sleepers)

    def advance(self, delta: timedelta) -> None:
        """Let time pass and wake who has slept long enough."""
        self._now += delta
        self._elapsed += delta.total_seconds()
        due = [until for moment, until in self._sleepers if moment <= self._elapsed]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self._elapsed]
        for until in due:
            if not until.done():
                until.set_result(None)

    def jump(self, delta: timedelta) -> None:
        """Set the wall clock forward or back; deadlines do not notice."""
        self._now += delta
