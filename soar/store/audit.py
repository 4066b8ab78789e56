"""The audit record. There is one chain for the installation; its order does not know workspaces."""

from collections.abc import Mapping
from typing import TypeAlias

from sqlalchemy import Connection, or_, select, update

from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.audit_query import Facets, Query
from soar.model.errors import BugError, ConflictError, NotFoundError
from soar.model.page import Page
from soar.model.values import JsonValue
from soar.store.audit_search import build_conditions, count_facets, select_facets
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.statement import Batch, change, fetch
from soar.store.tables import AUDIT, AUDIT_HEAD, CHECKPOINTS

_RECORDS = Rows(AUDIT, AuditRecord, key=("sequence",), position="sequence")
_TABLE = _RECORDS.table
_RANGE = (
    select(*(_TABLE.c[name] for name in _RECORDS.names))
    .where(_TABLE.c.sequence >= given("start"), _TABLE.c.sequence < given("stop"))
    .order_by(_TABLE.c.sequence)
)
_GET = _RECORDS.where("sequence")
_CHANGE = _RECORDS.change()
_LEAVES = (
    select(_TABLE.c.leaf)
    .where(_TABLE.c.sequence >= given("start"), _TABLE.c.sequence < given("stop"))
    .order_by(_TABLE.c.sequence)
)

_LONGEST_WORD = 300  # of what is searched by; PostgreSQL's indexes hold no row beyond 2,704 bytes

_HEAD = AUDIT_HEAD
_GET_HEAD = select(_HEAD.c.size, _HEAD.c.last, _HEAD.c.range)
_MOVE_HEAD = update(_HEAD).where(_HEAD.c.size == given("expected"))

_CHECKPOINTS = Rows(CHECKPOINTS, Checkpoint, key=("size",), position="size")
_SIZE = _CHECKPOINTS.table.c.size
_ALL_CHECKPOINTS = select(*(_CHECKPOINTS.table.c[name] for name in _CHECKPOINTS.names)).order_by(_SIZE)
_NEXT_CHECKPOINTS = _ALL_CHECKPOINTS.where(_CHECKPOINTS.table.c.size > given("after")).limit(given("limit"))
_COSIGN = update(_CHECKPOINTS.table).where(_CHECKPOINTS.table.c.size == given("signed"))
_LATEST_CHECKPOINT = _ALL_CHECKPOINTS.order_by(None).order_by(_SIZE.desc()).limit(1)


EndMark: TypeAlias = tuple[AuditHead | None, tuple[int, int]]
"""How far the record has come within a transaction."""


class AuditEnd:
    """Where the record ends, for all works of one transaction: read once, moved on in memory, and written once.

    The new events are written with it, in one statement, or before, when somebody reads the record.

    Within the transaction nobody else can move it: SQLite has one writer, and PostgreSQL's take turns at this row.

    Args:
        connection: inside the transaction.
    """

    __slots__ = ("_connection", "_head", "_rows", "_stored")

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._stored: AuditHead | None = None
        self._head: AuditHead | None = None
        self._rows = Batch(connection, _RECORDS.add.on(connection))

    @property
    def head(self) -> AuditHead:
        """Where the record ends now."""
        if self._head is None:
            [found] = fetch(self._connection, _GET_HEAD, {})
            self._stored = self._head = AuditHead(*found)
        return self._head

    def add(self, row: Mapping[str, object], head: AuditHead) -> None:
        """Take up the next event, and where the record ends with it."""
        self._rows.add(row)
        self._head = head

    def mark(self) -> EndMark:
        """Return how far this has come, for `go_back`."""
        return self._head, self._rows.mark()

    def go_back(self, mark: EndMark) -> None:
        """Let the record end where it did, after the database has undone everything since."""
        head, rows = mark
        self._head = head or self._stored
        self._rows.go_back(rows)

    def write_events(self) -> None:
        """Write the events that were taken up, for somebody who reads the record within the transaction.

        Raises:
            ConflictError: the record has events behind its end.
        """
        if self._rows.send():
            raise ConflictError("there are audit events already where the next ones belong")

    def save(self) -> None:
        """Write down the events and where the record ends, as the last thing before the commit.

        Raises:
            ConflictError: the record does not end any more where it did when this was read.
        """
        self.write_events()
        head, stored = self._head, self._stored
        if head is None or stored is None or head is stored:
            return
        moved = {"given_expected": stored.size, "size": head.size, "last": head.last, "range": head.range}
        if change(self._connection, _MOVE_HEAD, moved) != 1:
            raise ConflictError(f"the audit record does not end before event {stored.size} any more")


class Audit(Repository):
    """The audit record, seen from a workspace.

    `list` shows the workspace's events alone; head, range and checkpoints are those of the one chain.

    Args:
        connection: inside a transaction.
        workspace: whose rows are seen.
        end: where the record ends.
    """

    __slots__ = ("_end",)

    def __init__(self, connection: Connection, workspace: str, end: AuditEnd) -> None:
        super().__init__(connection, workspace)
        self._end = end

    def head(self) -> AuditHead:
        """Return where the record ends."""
        return self._end.head

    def append(self, record: AuditRecord, head: AuditHead) -> None:
        """Append the next event.

        Args:
            record: the event in its place.
            head: where the record ends from now on.

        Raises:
            ConflictError: the record does not end where this event begins.
            InputError: the event is nested too deep (`store.depth`).
            BugError: the new head does not end with this event.
        """
        if head.size != record.sequence + 1:
            raise BugError(f"after audit event {record.sequence} the record cannot have size {head.size}")
        if self._end.head.size != record.sequence:
            raise ConflictError(f"the audit record does not end before event {record.sequence}")
        values = {"workspace": self._workspace, **_RECORDS.dump(record), **_find_words(record.document)}
        self._end.add(values, head)

    def replace(self, record: AuditRecord) -> None:
        """Put an event of the workspace into its own place again, without what was erased from it.

        Raises:
            NotFoundError: the workspace has no such event.
            BugError: it would have another leaf.
        """
        known = self.get(record.sequence)
        if known is None:
            raise NotFoundError(f"there is no event {record.sequence}")
        if known.leaf != record.leaf:
            raise BugError(f"audit event {record.sequence} cannot become another one")
        values = {**_RECORDS.dump_change(record), **_find_words(record.document)}
        self._send(_CHANGE, **values)

    def range(self, start: int, stop: int) -> tuple[AuditRecord, ...]:
        """Return the events of all workspaces from sequence `start` up to, but without, `stop`."""
        self._end.write_events()
        found = self._connection.execute(_RANGE, {"given_start": start, "given_stop": stop})
        return tuple(map(_RECORDS.load, found))

    def get(self, sequence: int) -> AuditRecord | None:
        """Return one event of the workspace."""
        self._end.write_events()
        return self._first(_RECORDS, _GET, given_sequence=sequence)

    def leaves(self, start: int, stop: int) -> tuple[str, ...]:
        """Return the leaf hashes of those events, in hex."""
        self._end.write_events()
        return tuple(self._connection.execute(_LEAVES, {"given_start": start, "given_stop": stop}).scalars())

    def list(
        self,
        limit: int,
        cursor: str | None = None,
        type_prefix: str | None = None,
        actor: str | None = None,
        target: str | None = None,
        query: Query | None = None,
    ) -> Page[AuditRecord]:
        """Return a page of the workspace's events, newest first.

        Args:
            limit: how many at most.
            cursor: from the page before.
            type_prefix: how the type begins, such as `approval.`.
            actor: id or name of the actor.
            target: id of the target.
            query: what else has to hold.
        """
        self._end.write_events()
        found = _RECORDS.where()
        if query is not None:
            found = found.where(*build_conditions(query))
        if type_prefix:
            found = found.where(_TABLE.c.type.startswith(type_prefix, autoescape=True))
        if actor is not None:
            word = actor[:_LONGEST_WORD]
            found = found.where(or_(_TABLE.c.actor == word, _TABLE.c.actor_name == word))
        wanted = None if target is None else target[:_LONGEST_WORD]
        return self._page(_RECORDS, limit, cursor, (("target", wanted),), found)

    def walk(self, query: Query, start: int, stop: int, limit: int) -> tuple[AuditRecord, ...]:
        """Return the first of the workspace's events that are asked for, oldest first.

        Args:
            query: what has to hold.
            start: from this sequence on,
            stop: and up to, but without, this one.
            limit: how many at most.
        """
        self._end.write_events()
        found = _RECORDS.where().where(*build_conditions(query))
        found = found.where(_TABLE.c.sequence >= start, _TABLE.c.sequence < stop)
        return tuple(map(_RECORDS.load, self._run(found.order_by(_TABLE.c.sequence).limit(limit))))

    def facets(self, query: Query) -> Facets:
        """Count the newest of the workspace's events that are asked for."""
        self._end.write_events()
        return count_facets(map(tuple, self._run(select_facets(query))))

    def add_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a signed checkpoint.

        Raises:
            ConflictError: there is one of this size.
        """
        if self._connection.execute(_CHECKPOINTS.add.on(self._connection), _CHECKPOINTS.dump(checkpoint)).rowcount != 1:
            raise ConflictError(f"there is a checkpoint of size {checkpoint.size} already")

    def latest_checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint of the largest size."""
        row = self._connection.execute(_LATEST_CHECKPOINT).first()
        return None if row is None else _CHECKPOINTS.load(row)

    def next_checkpoints(self, after: int, limit: int) -> tuple[Checkpoint, ...]:
        """Return the first checkpoints that are larger, smallest size first."""
        found = self._connection.execute(_NEXT_CHECKPOINTS, {"given_after": after, "given_limit": limit})
        return tuple(map(_CHECKPOINTS.load, found))

    def cosign(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint's note with the signatures that witnesses have added.

        Raises:
            NotFoundError: there is none of this size.
        """
        changed = self._connection.execute(_COSIGN, {"given_signed": checkpoint.size, "note": checkpoint.note})
        if changed.rowcount != 1:
            raise NotFoundError(f"there is no checkpoint of size {checkpoint.size}")

    def checkpoints(self) -> tuple[Checkpoint, ...]:
        """Return all checkpoints, smallest size first."""
        return tuple(map(_CHECKPOINTS.load, self._connection.execute(_ALL_CHECKPOINTS)))


def _find_words(document: Mapping[str, JsonValue]) -> dict[str, str]:
    """Return what events are searched by."""
    actor, target = document.get("actor"), document.get("target")
    return {
        "type": _cut(document.get("type")),
        "actor": _cut(actor.get("id")) if isinstance(actor, dict) else "",
        "actor_name": _cut(actor.get("name")) if isinstance(actor, dict) else "",
        "target": _cut(target.get("id")) if isinstance(target, dict) else "",
    }


def _cut(found: JsonValue) -> str:
    return found[:_LONGEST_WORD] if isinstance(found, str) else ""
