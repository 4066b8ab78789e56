"""What happened to runs, and what is yet to be told them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, insert

from soar.model.errors import ConflictError
from soar.model.run import InboxEvent, JournalEntry
from soar.model.values import JsonValue
from soar.store.blobs import Blobs
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.statement import change
from soar.store.tables import INBOX, JOURNAL

_ENTRIES = Rows(JOURNAL, JournalEntry)
_LOAD = _ENTRIES.where("run").order_by(_ENTRIES.table.c.sequence)

_EVENTS = Rows(INBOX, InboxEvent)
_ADD_EVENT = insert(_EVENTS.table).inline()
_PEEK = _EVENTS.where("run").order_by(_EVENTS.table.c.id)
_REMOVE = delete(_EVENTS.table).where(*_EVENTS.match("id"))


class Journal(Repository):
    """The journals of a workspace's runs."""

    __slots__ = ()

    def append(self, run: str, entries: Sequence[JournalEntry]) -> None:
        """Append entries to a run's journal; large values in them are kept as blobs.

        Raises:
            ConflictError: an entry with one of these sequences is there: another writer was faster.
        """
        for entry in Blobs(self._connection, self._workspace).take_out(run, entries):
            if not self._insert(_ENTRIES, entry, run=run):
                raise ConflictError(f"the journal of run {run} has moved on past entry {entry.sequence}")

    def load(self, run: str) -> tuple[JournalEntry, ...]:
        """Return the run's journal from its first entry on, as it was appended.

        Raises:
            BugError: a large value is not there any more.
        """
        entries = self._all(_ENTRIES, _LOAD, given_run=run)
        return Blobs(self._connection, self._workspace).put_back(run, entries)


class Inbox(Repository):
    """What waits to be told to a workspace's runs.

    Args:
        connection: inside a transaction.
        workspace: whose rows are seen.
        told: takes the id of each run that something was put in for.
    """

    __slots__ = ("_told",)

    def __init__(self, connection: Connection, workspace: str, told: Callable[[str], None]) -> None:
        super().__init__(connection, workspace)
        self._told = told

    def add(self, run: str, event: JsonValue, at: datetime) -> None:
        """Put an event behind those that wait; the run is woken once this is on the disk."""
        change(self._connection, _ADD_EVENT, {"workspace": self._workspace, "run": run, "event": event, "at": at})
        self._told(run)

    def peek(self, run: str) -> tuple[InboxEvent, ...]:
        """Return the run's events in the order they came, and leave them there."""
        return self._all(_EVENTS, _PEEK, given_run=run)

    def remove(self, events: Iterable[int]) -> None:
        """Remove the events with these ids; those that are gone already do not matter."""
        for event in events:
            self._send(_REMOVE, given_id=event)
