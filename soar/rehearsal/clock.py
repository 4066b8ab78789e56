"""Time that stands still while anything is left to do, and then leaps: a month of waiting takes no time."""

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Never, TypeVar

from soar.model.errors import BugError

T = TypeVar("T")

_RESOLUTION = 1e-6
"""Seconds. A nanosecond, which asyncio takes for granted, is lost in the rounding after a month, and with it a timer's
being due; a microsecond is what a `datetime` can tell, and outlasts any rehearsal.
"""


class _LeapingSelector(selectors.DefaultSelector):
    """What an event loop waits with when nothing is ready. Instead of waiting it lets that much time have passed."""

    def __init__(self) -> None:
        super().__init__()
        self.moment = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Return at once.

        Raises:
            BugError: nothing is ready and no time is waited for, so nothing would ever happen again.
        """
        if timeout is None:
            raise BugError("a rehearsal waits for something that nobody will do")
        self.moment += max(timeout, 0.0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, in seconds from 0; what is ready runs in the order it became so.

    There are no threads, so that nothing happens at a moment of its own choosing.
    """

    def __init__(self) -> None:
        self._leaping = _LeapingSelector()
        super().__init__(self._leaping)
        self._clock_resolution = _RESOLUTION

    def time(self) -> float:
        """Return the seconds that have passed."""
        return self._leaping.moment

    def run_in_executor(self, *_: object) -> Never:
        """Refuse.

        Raises:
            BugError: always.
        """
        raise BugError("a rehearsal has no threads")


class VirtualClock:
    """The `Clock` of a virtual loop.

    Args:
        start: the moment at which the loop's time begins.
    """

    def __init__(self, start: datetime) -> None:
        self._start = start

    def now(self) -> datetime:
        """Return the moment, exact to the microsecond."""
        return self._start + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Return the seconds since the beginning."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Let time pass."""
        await asyncio.sleep(seconds)

    async def sleep_until(self, moment: datetime) -> None:
        """Let time pass up to a moment; one that has passed is not waited for."""
        await self.sleep(max((moment - self.now()).total_seconds(), 0.0))


def run_virtual(main: Coroutine[object, object, T]) -> T:
    """Run a coroutine to its end in virtual time and return its result; what it leaves under way is cancelled."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
