"""Makes audit events findable by their terms: after they are recorded, so that recording stays as quick as it is."""

from collections.abc import Iterator
from typing import Any

from sqlalchemy import delete, insert, select, update

from soar.model.audit import AuditRecord
from soar.store.audit_tables import AuditIndexRow, AuditTermRow
from soar.store.audit_terms import find_terms
from soar.store.repository import Repository
from soar.store.rows import given
from soar.store.statement import change_all
from soar.store.tables import AuditRow, table_of

_AUDIT = table_of(AuditRow)
_POSITION = table_of(AuditIndexRow)
_GET = select(_POSITION.c.size)
_MOVE = update(_POSITION).values(size=given("moved"))
_NEXT = (
    select(_AUDIT.c.workspace, _AUDIT.c.sequence, _AUDIT.c.document)
    .where(_AUDIT.c.sequence >= given("start"))
    .order_by(_AUDIT.c.sequence)
    .limit(given("limit"))
)
_TERMS = table_of(AuditTermRow)
_ADD = insert(_TERMS)
_REMOVE = delete(_TERMS).where(
    _TERMS.c.workspace == given("workspace"),
    _TERMS.c.term == given("term"),
    _TERMS.c.sequence == given("sequence"),
)


class AuditIndex(Repository):
    """How far the audit can be searched; one for all workspaces."""

    __slots__ = ()

    def advance(self, limit: int) -> int:
        """Make the next events findable, whichever workspace's they are, and return how many these were.

        Args:
            limit: at most so many.
        """
        [(size,)] = self._fetch(_GET)
        found = self._fetch(_NEXT, given_start=size, given_limit=limit)
        if found:
            change_all(self._connection, _ADD, list(_list_rows(found)))
            self._send(_MOVE, given_moved=found[-1][1] + 1)
        return len(found)

    def forget(self, before: AuditRecord, after: AuditRecord) -> None:
        """Let an event of the workspace be found no more by what was erased from it.

        Args:
            before: the event as it was.
            after: the same without what was erased.
        """
        for term in sorted({*find_terms(before.document)} - {*find_terms(after.document)}):
            self._send(_REMOVE, given_term=term, given_sequence=before.sequence)


def _list_rows(found: list[tuple[Any, ...]]) -> Iterator[dict[str, object]]:
    for workspace, sequence, document in found:
        for term in find_terms(document):
            yield {"workspace": workspace, "term": term, "sequence": sequence}
