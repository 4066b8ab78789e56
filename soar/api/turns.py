"""Who of those inside is stored now. What waits costs the loop nothing, so that others find it sooner."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from soar.model.clock import Clock
from soar.runtime.company import Company

_ALONE = 32  # turns of a source that delays nobody else: some are written while as many are read
_IN_COMPANY = 6  # what has begun is not stopped, and is a piece of a pass and of a commit that others wait for
_CROWD = 8  # requests; who has more of them here at the same time is loud


class Turns:
    """Gives each source's requests their turns to be stored, a few at the same time, in the order they came.

    A loud source has fewer of them while another one sends: what it has under way is what the other's request meets.

    Args:
        clock: its monotonic part.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._company = Company()
        self._held: Counter[str] = Counter()
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}

    @asynccontextmanager
    async def take(self, source: str) -> AsyncIterator[None]:
        """Hold a turn of a source, once there is one."""
        self._company.note(source, self._clock.monotonic())
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(source, deque()).append(turn)
        self._give()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():  # it was given, be it to somebody who has gone since
                self._held[source] -= 1
            self._give()

    def _give(self) -> None:
        """Give away what turns there are."""
        has_company = self._company.is_there(self._clock.monotonic())
        for source, line in list(self._waiting.items()):
            is_loud = self._held[source] + len(line) > _CROWD
            most = _IN_COMPANY if has_company and is_loud else _ALONE
            while line and self._held[source] < most:
                turn = line.popleft()
                if not turn.cancelled():
                    turn.set_result(None)
                    self._held[source] += 1
            if not line:
                del self._waiting[source]
