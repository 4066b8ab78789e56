"""A secret that whoever sends can make us open."""

import asyncio
from collections.abc import Awaitable, Callable

from soar.model.clock import Clock
from soar.model.secret import Secret

LONGEST = 1.0
"""Seconds for which a secret that was opened is used."""


class RecentSecret:
    """Opens a secret at most once a second, however many requests come that are to be held against it.

    Args:
        open_: opens it.
        clock: real or virtual.
    """

    def __init__(self, open_: Callable[[], Awaitable[Secret]], clock: Clock) -> None:
        self._open = open_
        self._clock = clock
        self._known: tuple[float, Secret] | None = None
        self._lock = asyncio.Lock()

    async def get(self) -> Secret:
        """Return the secret as it is, or was a moment ago.

        Raises:
            SoarError: it cannot be opened; the next call tries again.
        """
        async with self._lock:
            if self._known is None or self._clock.monotonic() - self._known[0] >= LONGEST:
                self._known = None
                secret = await self._open()
                self._known = (self._clock.monotonic(), secret)
            return self._known[1]
