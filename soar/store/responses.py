"""Changes made in the world that can be taken back."""

from datetime import datetime

from sqlalchemy import Integer, bindparam, func, select

from soar.model.page import Page
from soar.model.response import Response, ResponseStatus
from soar.store.repository import Repository
from soar.store.response_tables import RESPONSES
from soar.store.rows import Moment, Rows

_RESPONSES = Rows(RESPONSES, Response)
_GET = _RESPONSES.where("id")
_OF_LIFT_RUN = _RESPONSES.where("lift_run").order_by(_RESPONSES.table.c.position.desc()).limit(1)
_OF_CHECK_RUN = _RESPONSES.where("check_run").order_by(_RESPONSES.table.c.position.desc()).limit(1)
_UPDATE = _RESPONSES.change()

_COLUMNS = _RESPONSES.table.c
_ASKED_AT = func.coalesce(_COLUMNS.check_asked_at, _COLUMNS.created_at)
_CHECKABLE = (
    _COLUMNS.status.in_((ResponseStatus.ACTIVE, ResponseStatus.OVERDUE)),
    _COLUMNS.check_action.is_not(None),
)
_UNCHECKED = (
    _RESPONSES.where()
    .where(*_CHECKABLE, bindparam("given_before", type_=Moment) >= _ASKED_AT)
    .order_by(_ASKED_AT, _COLUMNS.position)
    .limit(bindparam("given_limit", type_=Integer))
)
_LEAST_CHECKED = select(func.min(_ASKED_AT, type_=Moment)).where(*_RESPONSES.match(), *_CHECKABLE)


class Responses(Repository):
    """The active responses of a workspace."""

    __slots__ = ()

    def add(self, response: Response) -> None:
        """Add an active response.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_RESPONSES, response, f"there is an active response {response.id} already")

    def get(self, response: str) -> Response | None:
        """Return the active response with this id."""
        return self._first(_RESPONSES, _GET, given_id=response)

    def of_lift_run(self, run: str) -> Response | None:
        """Return the active response that this run takes back."""
        return self._first(_RESPONSES, _OF_LIFT_RUN, given_lift_run=run)

    def of_check_run(self, run: str) -> Response | None:
        """Return the active response that this run looks at."""
        return self._first(_RESPONSES, _OF_CHECK_RUN, given_check_run=run)

    def list_unchecked(self, before: datetime, limit: int) -> tuple[Response, ...]:
        """Return what stands, can be looked at, and nobody has asked about after a moment, the longest ago first.

        Args:
            before: the moment; what was never asked about counts as asked about when it was made.
            limit: how many at most.
        """
        return self._all(_RESPONSES, _UNCHECKED, given_before=before, given_limit=limit)

    def find_least_checked(self) -> datetime | None:
        """Return when that was last asked about, or else made, of which this is the longest ago; None if nothing is."""
        (row,) = self._run(_LEAST_CHECKED).all()
        found: datetime | None = row[0]
        return found

    def update(self, response: Response) -> None:
        """Replace the active response.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_RESPONSES, _UPDATE, response)

    def list(
        self,
        limit: int,
        cursor: str | None = None,
        status: ResponseStatus | None = None,
        run: str | None = None,
    ) -> Page[Response]:
        """Return a page of active responses, newest first."""
        return self._page(_RESPONSES, limit, cursor, (("status", status), ("run", run)))
