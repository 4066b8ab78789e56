"""Changes made in the world that can be taken back."""

from soar.model.page import Page
from soar.model.response import Response, ResponseStatus
from soar.store.repository import Repository
from soar.store.response_tables import ResponseRow
from soar.store.rows import Rows
from soar.store.tables import table_of

_RESPONSES = Rows(table_of(ResponseRow), Response)
_GET = _RESPONSES.where("id")
_OF_LIFT_RUN = _RESPONSES.where("lift_run").order_by(_RESPONSES.table.c.position.desc()).limit(1)
_OF_CHECK_RUN = _RESPONSES.where("check_run").order_by(_RESPONSES.table.c.position.desc()).limit(1)
_UPDATE = _RESPONSES.change()


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
