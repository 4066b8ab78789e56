"""The embedded hand-out: which runs are driven now, in this one process."""

import asyncio
from collections.abc import Awaitable, Callable

from soar.model.clock import Clock
from soar.model.errors import UnavailableError

Drive = Callable[[str, str, asyncio.Event], Awaitable[None]]
Report = Callable[[str, str, Exception], None]

_LONGEST_PAUSE = 30.0


class RunQueue:
    """Drives each woken run, one driver a run and so many at once. Losing it loses nothing: recovery wakes anew.

    Args:
        drive: drives one run.
        clock: for pauses after a failure.
        report: told of what went wrong while driving, for the log.
        limit: how many runs are driven at once.
    """

    def __init__(self, *, drive: Drive, clock: Clock, report: Report, limit: int = 200) -> None:
        self._drive = drive
        self._clock = clock
        self._report = report
        self._slots = asyncio.Semaphore(limit)
        self._signals: dict[tuple[str, str], asyncio.Event] = {}
        self._drivers: set[asyncio.Task[None]] = set()
        self._is_draining = False

    def wake(self, workspace: str, run: str) -> None:
        """Say that a run has something to do: drive it, or tell the one who does. After `drain` it is left to rest."""
        key = (workspace, run)
        signal = self._signals.get(key)
        if signal is not None:
            signal.set()
            return
        if self._is_draining:
            return
        signal = self._signals[key] = asyncio.Event()
        driver = asyncio.create_task(self._keep_driving(key, signal), name=f"drive:{run}")
        self._drivers.add(driver)
        driver.add_done_callback(self._drivers.discard)

    async def _keep_driving(self, key: tuple[str, str], signal: asyncio.Event) -> None:
        pause = 0.0
        try:
            while True:
                async with self._slots:
                    if self._is_draining:
                        return
                    pause = await self._drive_once(key, signal, pause)
                if pause and not self._is_draining:
                    await self._clock.sleep(pause)
                elif not signal.is_set() or self._is_draining:
                    return
        finally:
            del self._signals[key]

    async def _drive_once(self, key: tuple[str, str], signal: asyncio.Event, pause: float) -> float:
        """Drive a run; return how long to pause before the next try, or 0 if it went well."""
        signal.clear()
        try:
            await self._drive(*key, signal)
        except UnavailableError as error:
            self._report(*key, error)
            return max(error.retry_after, min(pause * 2, _LONGEST_PAUSE))
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one run is said, and harms no other
            self._report(*key, error)
            return 0.0
        return 0.0

    async def drain(self, seconds: float) -> None:
        """Start nothing more and give what is driven so many seconds to come to rest, then let go of it."""
        self._is_draining = True
        if self._drivers:
            await asyncio.wait(self._drivers, timeout=seconds)
        for driver in list(self._drivers):
            driver.cancel()
        await asyncio.gather(*self._drivers, return_exceptions=True)

    @property
    def size(self) -> int:
        """How many runs are driven or wait for a slot."""
        return len(self._drivers)
