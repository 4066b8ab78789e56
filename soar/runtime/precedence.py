"""Lets the alert of a quiet source go first, from its request until its run has begun."""

import asyncio
from collections import deque

from soar.model.clock import Clock
from soar.runtime.company import Company

_FEW = 10  # requests within a second; who has sent more is not quiet
_SECOND = 1.0
_LONGEST = 0.1  # seconds for which others wait for one alert at most


class Precedence:
    """Knows whose alert goes first, and has others wait for it before they begin something new.

    What shares a loop, a writer and an interpreter lock with a loud source's works is later by all of them. So a source
    that has sent no more than ten requests within a second claims precedence with each, and whoever works for another
    one gives way: at most once before each piece of work, and for a tenth of a second at most, so that nobody starves.
    While two sources send, pieces of work begin in single file, one in each pass of the loop: between two of them it
    looks who has come.

    Args:
        clock: its monotonic part, and its sleep.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._requests: dict[str, deque[float]] = {}
        self._claims: dict[str, asyncio.Task[None]] = {}
        self._ended = asyncio.Event()
        self._company = Company()
        self._file: deque[asyncio.Future[None]] = deque()
        self._is_passing = False

    def claim(self, source: str) -> bool:
        """Say that a request of a source is here; return whether it goes first, because the source is quiet."""
        now, requests = self._clock.monotonic(), self._requests.setdefault(source, deque(maxlen=_FEW))
        is_quiet = len(requests) < _FEW or now - requests[0] > _SECOND
        requests.append(now)
        self._company.note(source, now)
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
        """Wait while others go first, and for one's place in the file, unless this is the source that goes first."""
        if source in self._claims:
            return
        if self._claims:
            await self._ended.wait()
        if self._company.is_there(self._clock.monotonic()):
            await self._queue_up()

    async def _queue_up(self) -> None:
        loop = asyncio.get_running_loop()
        if not self._is_passing:
            self._is_passing = True
            loop.call_soon(self._call_next)
            return
        place: asyncio.Future[None] = loop.create_future()
        self._file.append(place)
        await place

    def _call_next(self) -> None:
        """Let the next one begin, if one is there, and call the one after it in the next pass."""
        while self._file:
            place = self._file.popleft()
            if not place.done():  # else its caller has gone
                place.set_result(None)
                asyncio.get_running_loop().call_soon(self._call_next)
                return
        self._is_passing = False

    async def _expire(self, source: str) -> None:
        await self._clock.sleep(_LONGEST)
        del self._claims[source]
        self._let_go()

    def _let_go(self) -> None:
        self._ended.set()
        self._ended = asyncio.Event()
