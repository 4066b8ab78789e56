"""Makes audit events findable by their terms: after they are recorded, so that recording stays as quick as it is."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, delete, select, update

from soar.model.audit import AuditRecord
from soar.model.values import JsonValue
from soar.store.audit import AuditEnd
from soar.store.audit_tables import AUDIT_INDEX, AUDIT_POSTINGS, BLOCK_BITS
from soar.store.audit_terms import find_terms
from soar.store.repository import Repository
from soar.store.rows import PerDialect, given
from soar.store.statement import change_all
from soar.store.tables import AUDIT

_AUDIT = AUDIT
_POSITION = AUDIT_INDEX
_GET = select(_POSITION.c.size)
_MOVE = update(_POSITION).values(size=given("moved"))
_NEXT = (
    select(_AUDIT.c.workspace, _AUDIT.c.sequence, _AUDIT.c.document)
    .where(_AUDIT.c.sequence >= given("start"))
    .order_by(_AUDIT.c.sequence)
    .limit(given("limit"))
)
_POSTINGS = AUDIT_POSTINGS
_PLACE = _POSTINGS.c.block
_EVENTS = _POSTINGS.c.events
_REMOVE = (
    update(_POSTINGS)
    .where(_POSTINGS.c.workspace == given("workspace"), _POSTINGS.c.term == given("term"), given("block") == _PLACE)
    .values(events=_EVENTS.bitwise_and(given("others")))
)
_SWEEP = delete(_POSTINGS).where(
    _POSTINGS.c.workspace == given("workspace"),
    _POSTINGS.c.term == given("term"),
    given("block") == _PLACE,
    _EVENTS == 0,
)
_IN_BLOCK = (1 << BLOCK_BITS) - 1
_ALL = (1 << (1 << BLOCK_BITS)) - 1


def _join(insert: Any) -> Any:  # noqa: ANN401 -- each dialect has an `insert` of its own
    statement = insert(_POSTINGS)
    return statement.on_conflict_do_update(
        index_elements=("workspace", "term", "block"),
        set_={"events": _EVENTS.bitwise_or(statement.excluded.events)},
    )


_ADD = PerDialect(_join)


class AuditIndex(Repository):
    """How far the audit can be searched; one for all workspaces.

    Args:
        connection: inside a transaction.
        workspace: whose rows are seen.
        end: where the record ends.
    """

    __slots__ = ("_end",)

    def __init__(self, connection: Connection, workspace: str, end: AuditEnd) -> None:
        super().__init__(connection, workspace)
        self._end = end

    def advance(self, limit: int) -> int:
        """Make the next events findable, whichever workspace's they are, and return how many these were.

        Args:
            limit: at most so many.
        """
        self._end.write_events()
        [(size,)] = self._fetch(_GET)
        found = self._fetch(_NEXT, given_start=size, given_limit=limit)
        if found:
            change_all(self._connection, _ADD.on(self._connection), _list_postings(found))
            self._send(_MOVE, given_moved=found[-1][1] + 1)
        return len(found)

    def forget(self, before: AuditRecord, after: AuditRecord) -> None:
        """Let an event of the workspace be found no more by what was erased from it.

        Args:
            before: the event as it was.
            after: the same without what was erased.
        """
        others = _ALL ^ (1 << (before.sequence & _IN_BLOCK))
        for term in sorted({*find_terms(before.document)} - {*find_terms(after.document)}):
            place = {"given_term": term, "given_block": before.sequence >> BLOCK_BITS}
            self._send(_REMOVE, given_others=others, **place)
            self._send(_SWEEP, **place)  # a term that nothing has any more is gone from the files, too


def _list_postings(found: Iterable[tuple[str, int, dict[str, JsonValue]]]) -> list[dict[str, object]]:
    """Return a row for each term of a block of events, in the order in which the table keeps them."""
    postings: dict[tuple[str, str, int], int] = {}
    for workspace, sequence, document in found:
        block, event = sequence >> BLOCK_BITS, 1 << (sequence & _IN_BLOCK)
        for term in find_terms(document):
            place = (workspace, term, block)
            postings[place] = postings.get(place, 0) | event
    return [
        {"workspace": workspace, "term": term, "block": block, "events": postings[workspace, term, block]}
        for workspace, term, block in sorted(postings)
    ]
