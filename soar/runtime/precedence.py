"""Lets the alert of a quiet source go first, from its request until its run has begun."""

import asyncio
from collections import deque

from soar.model.clock import Clock

_FEW = 10  # requests within a second; who has sent more is not quiet
_SECOND = 1.0
_LONGEST = 0.1  # seconds for which others wait for one alert at most


class Precedence:
    """Knows whose alert goes first, and has others wait for it before they begin something new.

    What shares a loop, a writer and an interpreter lock with a loud source's works is later by all of them. So a source
    that has sent no more than ten requests within a second claims precedence with each, and whoever works for another
    one gives way: at most once before each piece of work, and for a tenth of a second at most, so that nobody starves.

    Args:
        clock: its monotonic part, and its sleep.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: dict[str, deque[float]] = {}
        self._claims: dict[str, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()

    def claim(self, source: str) -> bool:
        """Say that a request of a source is here; return whether it goes first, because the source is quiet."""
        now, requests = self._clock.monotonic(), self._requests.setdefault(source, deque(maxlen=_FEW))
        is_quiet = len(requests) < _FEW or now - requests[0] > _SECOND
        requests.append(now)
        if is_quiet and source not in self._claims:
            self._claims[source] = asyncio.create_task(self._expire(source), name=f"precedence:{source}")
        return is_quiet

    def end(self, source: str) -> None:
        """Say that a source's run has begun, or that there will be none; nobody gives way to it any more."""
        claim = self._claims.pop(source, None)
        if claim is not None:
            claim.cancel()
            self._let_go()

    async def give_way(self, source: str) -> None:
        """Wait while others go first, unless they are this source's own."""
        if self._claims and source not in self._claims:
            await self._ended.wait()

    async def _expire(self, source: str) -> None:
        await self._clock.sleep(_LONGEST)
        del self._claims[source]
        self._let_go()

    def _let_go(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()
