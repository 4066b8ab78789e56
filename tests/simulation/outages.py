"""A disk that takes nothing for a while."""

import asyncio
import errno
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

from tests.support.disk import InlineDisk

T = TypeVar("T")

FULL = "disk full"
BUSY = "database locked"


class OutageDisk(InlineDisk):
    """An `InlineDisk` that fails as long as an outage lasts; nothing is written meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self._outage: str | None = None
        self.faults: Counter[str] = Counter()

    async def run(self, work: Callable[[], T]) -> T:
        if self._outage is None:
            return await super().run(work)
        self.faults[self._outage] += 1
        await asyncio.sleep(0)
        raise _fail(self._outage)

    def fail(self, outage: str, seconds: float) -> None:
        """Begin an outage that ends by itself."""
        self._outage = outage
        asyncio.get_running_loop().call_later(seconds, self.heal)

    def heal(self) -> None:
        """End the outage."""
        self._outage = None


def _fail(outage: str) -> Exception:
    if outage == FULL:
        return OSError(errno.ENOSPC, outage)
    busy = sqlite3.OperationalError(outage)
    busy.sqlite_errorcode = sqlite3.SQLITE_BUSY
    busy.sqlite_errorname = "SQLITE_BUSY"
    return busy
