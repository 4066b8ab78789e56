"""Tells open pages what changed."""

import asyncio
from collections import deque
from dataclasses import dataclass

_KEPT = 1_000
_BACKLOG = 1_000


@dataclass(frozen=True, slots=True)
class Change:
    """Something that changed.

    Attributes:
        id: counts up; a page that comes back names the last one it saw.
        kind: `alert`, `run`, `approval`, `response`, `message`, `freeze`, `standing_approval` or `emergency`; `session`
            for what an account can act with.
        subject: its id.
    """

    id: int
    workspace: str
    kind: str
    subject: str


class Listener:
    """Hears of the changes of a workspace from when it was made; made by `Hub.listen`."""

    def __init__(self, workspace: str) -> None:
        self.workspace = workspace
        self._queue: asyncio.Queue[Change | None] = asyncio.Queue(_BACKLOG + 1)

    async def next(self) -> Change | None:
        """Wait for the next change; None says that there will be none, as the hub closed or this was too slow."""
        return await self._queue.get()

    def put(self, change: Change) -> bool:
        """Hand a change over; return False, and end, where too many wait already."""
        if self._queue.qsize() >= _BACKLOG:
            self.end()
            return False
        self._queue.put_nowait(change)
        return True

    def end(self) -> None:
        """Say that nothing follows."""
        self._queue.put_nowait(None)


class Hub:
    """Fans changes out to listeners of a workspace; see `soar.model.announce.Announcer`.

    It keeps the last thousand, so that a page which was away briefly misses nothing. One that was away longer is told
    to load everything again.
    """

    def __init__(self) -> None:
        self._recent: deque[Change] = deque(maxlen=_KEPT)
        self._listeners: set[Listener] = set()
        self._last = 0

    @property
    def last(self) -> int:
        """The id of the last change; 0 before the first."""
        return self._last

    def announce(self, workspace: str, kind: str, subject: str) -> None:
        """Say that something changed."""
        self._last += 1
        change = Change(self._last, workspace, kind, subject)
        self._recent.append(change)
        for listener in [listener for listener in self._listeners if listener.workspace == workspace]:
            if not listener.put(change):
                self._listeners.discard(listener)

    def missed(self, workspace: str, after: int) -> list[Change] | None:
        """Return the changes after one, or None if they are not all remembered."""
        if after > self._last or (self._recent and after < self._recent[0].id - 1):
            return None
        return [change for change in self._recent if change.id > after and change.workspace == workspace]

    def listen(self, workspace: str) -> Listener:
        """Return what hears of the workspace's changes from now on; give it back to `leave`."""
        listener = Listener(workspace)
        self._listeners.add(listener)
        return listener

    def leave(self, listener: Listener) -> None:
        """Let a listener go."""
        self._listeners.discard(listener)

    def close(self) -> None:
        """Let every listener end."""
        for listener in self._listeners:
            listener.end()
        self._listeners.clear()
