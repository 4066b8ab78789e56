"""What people work on."""

from soar.model.case import Case
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import CASES

_CASES = Rows(CASES, Case)
_GET = _CASES.where("id")
_FIND_OPEN = (
    _CASES.where("key").where(_CASES.table.c.closed_at.is_(None)).order_by(_CASES.table.c.position.desc()).limit(1)
)


class Cases(Repository):
    """The cases of a workspace."""

    __slots__ = ()

    def add(self, case: Case) -> None:
        """Add a case.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_CASES, case, f"there is a case {case.id} already")

    def get(self, case: str) -> Case | None:
        """Return the case with this id."""
        return self._first(_CASES, _GET, given_id=case)

    def find_open(self, key: str) -> Case | None:
        """Return the newest open case with this key."""
        return self._first(_CASES, _FIND_OPEN, given_key=key)

    def list(self, limit: int, cursor: str | None = None) -> Page[Case]:
        """Return a page of cases, newest first."""
        return self._page(_CASES, limit, cursor)
