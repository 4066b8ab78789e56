"""Tells open pages what changed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

_KEPT = 1_000
_BACKLOG = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed.

    Attributes:
        id: counts up; a page that comes back names the last one it saw.
        kind: `alert`, `run`, `approval`, `response` or `message`.
        subject: its id.
    """

    id: int
    workspace: str
    kind: str
    subject: str


class Hub:
    """Fans changes out to listeners of a workspace; see `soar.model.announce.Announcer`.

    It keeps the last thousand, so that a page which was away briefly misses nothing. One that was away longer, or reads
    too slowly, is told to load everything again.
    """

    def __init__(self) -> None:
        self._recent: deque[Change] = deque(maxlen=_KEPT)
        self._listeners: set[asyncio.Queue[Change | None]] = set()
        self._last = 0

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        """Say that something changed."""
        self._last += 1
        change = Change(self._last, workspace, kind, subject)
        self._recent.append(change)
        for listener in list(self._listeners):
            if listener.full():
                self._listeners.discard(listener)
                listener.get_nowait()
                listener.put_nowait(None)
            else:
                listener.put_nowait(change)

    def missed(self, workspace: str, after: int) -> list[Change] | None:
        """Return the changes after one, or None if they are not all remembered."""
        if after > self._last or (self._recent and after < self._recent[0].id - 1):
            return None
        return [change for change in self._recent if change.id > after and change.workspace == workspace]

    async def listen(self, workspace: str) -> AsyncIterator[Change]:
        """Yield the changes of a workspace from now on; it ends when the listener cannot keep up."""
        queue: asyncio.Queue[Change | None] = asyncio.Queue(_BACKLOG)
        self._listeners.add(queue)
        try:
            while (change := await queue.get()) is not None:
                if change.workspace == workspace:
                    yield change
        finally:
            self._listeners.discard(queue)

    def close(self) -> None:
        """Let every listener end."""
        for listener in list(self._listeners):
            self._listeners.discard(listener)
            if listener.full():
                listener.get_nowait()
            listener.put_nowait(None)
