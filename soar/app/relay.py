"""What one process does, told to those that share its database: changes for open pages, and runs handed out."""

import asyncio
from collections.abc import Callable

import orjson

from soar.api.hub import Hub
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.store import Store

_MOST_WAITING = 1_000
_PATIENCE = 1.0  # seconds of one wait; ending takes as long


class SharedHub(Hub):
    """A hub whose changes reach the hubs of all other processes too, as long as the server is there to carry them.

    Args:
        store: carries what is said.
        worker: names this process among all of them.
    """

    def __init__(self, store: Store, worker: str) -> None:
        super().__init__()
        self._store = store
        self._worker = worker
        self._waiting: asyncio.Queue[str] = asyncio.Queue(_MOST_WAITING)

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        """Say that something changed, here and elsewhere."""
        super().announce(workspace, kind, subject)
        if not self._waiting.full():
            self._waiting.put_nowait(orjson.dumps([self._worker, workspace, kind, subject]).decode())

    def take_in(self, notice: str) -> None:
        """Say here what another process said."""
        worker, workspace, kind, subject = orjson.loads(notice)
        if worker != self._worker:
            super().announce(workspace, kind, subject)

    async def keep_telling(self) -> None:
        """Tell the other processes until cancelled. While the server is not reached, they miss it."""
        while True:
            notices = [await self._waiting.get()]
            while not self._waiting.empty():
                notices.append(self._waiting.get_nowait())
            try:
                await self._store.publish(list(dict.fromkeys(notices)))
            except UnavailableError:
                continue


async def keep_hearing(store: Store, hub: SharedHub, kick: Callable[[], None], clock: Clock) -> None:
    """Take in what other processes say until cancelled.

    Args:
        store: carries what is said.
        hub: told what changed.
        kick: called when a run was handed out.
        clock: for the pause when the server is not reached.
    """
    hearing = store.listen_around()
    try:
        while True:
            try:
                heard = await hearing.hear(_PATIENCE)
            except UnavailableError as error:
                await clock.sleep(max(error.retry_after, _PATIENCE))
                continue
            for notice in heard.notices:
                hub.take_in(notice)
            if heard.is_handed_out:
                kick()
    finally:
        await hearing.close()
