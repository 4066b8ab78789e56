"""Disks of a virtual world."""

import asyncio
import errno
import sqlite3
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from tests.support.randomness import seeded_random

T = TypeVar("T")


class InlineDisk:
    """The `Disk` that does its work at once, on the event loop; the caller waits one round, as with a real one."""

    def __init__(self) -> None:
        self._is_closed = False

    async def run(self, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise RuntimeError("the disk is closed")
        try:
            return work()
        finally:
            await asyncio.sleep(0)

    def close(self) -> None:
        self._is_closed = True


class BreakingDisk(InlineDisk):
    """A disk that fails for good once it was told to: fsync(2) says EIO, as SQLite reports it.

    Attributes:
        runs: how many pieces of work came.
    """

    def __init__(self) -> None:
        super().__init__()
        self.runs = 0
        self._last = 0
        self._is_written = False

    def break_at(self, more: int, *, is_written: bool) -> None:
        """Fail from so many pieces of work on.

        Args:
            more: how many there are until then, with the first that fails.
            is_written: whether that one reaches the disk all the same.
        """
        self._last, self._is_written = self.runs + more, is_written

    async def run(self, work: Callable[[], T]) -> T:
        self.runs += 1
        if not self._last or self.runs < self._last:
            return await super().run(work)
        if self.runs == self._last and self._is_written:
            await super().run(work)
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode, error.sqlite_errorname = sqlite3.SQLITE_IOERR_FSYNC, "SQLITE_IOERR_FSYNC"
        raise error


class FaultyDisk:
    """A `Disk` that does its work later, still in order, and fails now and then as its seed says.

    Args:
        seed: decides which pieces of work fail.
        before: share of the work that fails with EIO and is not done.
        after: share of the work that is done and then fails with EIO: the caller cannot tell it from the other.
    """

    def __init__(self, seed: int, *, before: float = 0.0, after: float = 0.0) -> None:
        self._chance = seeded_random(seed, "disk")
        self._before = before
        self._after = after
        self._queue: deque[Callable[[], None]] = deque()
        self._is_closed = False
        self.faults = 0

    async def run(self, work: Callable[[], T]) -> T:
        if self._is_closed:
            raise RuntimeError("the disk is closed")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[T] = loop.create_future()
        self._queue.append(lambda: self._settle(work, outcome))
        loop.call_soon(self._work_off_oldest)
        return await outcome

    def close(self) -> None:
        self._is_closed = True

    def _work_off_oldest(self) -> None:
        self._queue.popleft()()

    def _settle(self, work: Callable[[], T], outcome: asyncio.Future[T]) -> None:
        try:
            result = self._work_or_fail(work)
        except Exception as error:  # noqa: BLE001 -- whatever the work raises belongs to the caller
            if not outcome.done():
                outcome.set_exception(error)
        else:
            if not outcome.done():
                outcome.set_result(result)

    def _work_or_fail(self, work: Callable[[], T]) -> T:
        self._fail(self._before, "the disk failed before the work")
        result = work()
        self._fail(self._after, "the disk failed after the work")
        return result

    def _fail(self, share: float, message: str) -> None:
        if self._chance.random() < share:
            self.faults += 1
            raise OSError(errno.EIO, message)
