"""Disks of a virtual world."""

import asyncio
import errno
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
