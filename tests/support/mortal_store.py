"""A store whose process ends in the middle of its work."""

import asyncio
from collections.abc import Callable
from typing import Never, TypeVar

from soar.model.standing import Standing
from soar.store import Store, Unit

T = TypeVar("T")


class MortalStore:
    """The store as a process sees it that ends at its `last` write: just before that is durable, or just after.

    From then on nobody hears from it again.

    Args:
        store: outlives the process.
        last: number of the write at which the process ends, from 1; 0 for never.
        is_written: whether that write becomes durable.
    """

    def __init__(self, store: Store, last: int, *, is_written: bool) -> None:
        self._store = store
        self._last = last
        self._is_written = is_written
        self.writes, self.glance = 0, self.read
        self.died = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)

    async def write(self, workspace: str, work: Callable[[Unit], T], *, goes_first: bool = False) -> T:
        if self.died.is_set():
            await self._hang()
        self.writes += 1
        if self.writes != self._last:
            return await self._store.write(workspace, work, goes_first=goes_first)
        if self._is_written:
            await self._store.write(workspace, work, goes_first=goes_first)
        self.died.set()
        return await self._hang()

    async def read(self, workspace: str, work: Callable[[Unit], T]) -> T:
        if self.died.is_set():
            await self._hang()
        return await self._store.read(workspace, work)

    async def told_runs(self, first: int, limit: int) -> list[tuple[tuple[str, str], Standing]]:
        if self.died.is_set():
            await self._hang()
        return await self._store.told_runs(first, limit)

    async def _hang(self) -> Never:
        while True:
            await asyncio.get_running_loop().create_future()
