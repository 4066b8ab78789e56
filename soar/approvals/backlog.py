"""What was heard in a chat and answered at once, to be worked on afterwards."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from soar.model.errors import SoarError, UnavailableError

_MOST_WAITING = 200
_PAUSE = 2.0

Heard = TypeVar("Heard")


class Backlog(Generic[Heard]):
    """A bounded queue. It lies in memory: what waits can be lost with the process, and never counts twice.

    Args:
        work: works on one.
        report: told of one that failed, and why; its sender sees that nothing came of it, and tries again.
    """

    def __init__(self, work: Callable[[Heard], Awaitable[None]], report: Callable[[Heard, str], None]) -> None:
        self._work = work
        self._report = report
        self._waiting: asyncio.Queue[Heard] = asyncio.Queue(_MOST_WAITING)

    def put(self, heard: Heard) -> None:
        """Put one behind the others.

        Raises:
            UnavailableError: too much waits already.
        """
        try:
            self._waiting.put_nowait(heard)
        except asyncio.QueueFull as error:
            raise UnavailableError("too much waits already", retry_after=_PAUSE, hint="press again shortly") from error

    async def run(self) -> None:
        """Work on what waits, one after the other, until cancelled."""
        while True:
            await self._try(await self._waiting.get())

    async def work_off(self) -> None:
        """Work on everything that waits now."""
        while not self._waiting.empty():
            await self._try(self._waiting.get_nowait())

    async def _try(self, heard: Heard) -> None:
        try:
            await self._work(heard)
        except SoarError as error:
            self._report(heard, error.message)
