"""Hours of emergency access."""

from soar.model.opening import Opening
from soar.store.people_tables import OPENINGS
from soar.store.repository import Repository
from soar.store.rows import Rows

_OPENINGS = Rows(OPENINGS, Opening)
_GET = _OPENINGS.where("id")
_UPDATE = _OPENINGS.change()
_UNREVIEWED = _OPENINGS.where().where(_OPENINGS.table.c.reviewed_at.is_(None)).order_by(_OPENINGS.table.c.position)
_LIST = _OPENINGS.where().order_by(_OPENINGS.table.c.position.desc())


class Openings(Repository):
    """The hours of emergency access of a workspace."""

    __slots__ = ()

    def add(self, opening: Opening) -> None:
        """Add an opening.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_OPENINGS, opening, f"there is an opening {opening.id} already")

    def get(self, opening: str) -> Opening | None:
        """Return the opening with this id."""
        return self._first(_OPENINGS, _GET, given_id=opening)

    def update(self, opening: Opening) -> None:
        """Replace the opening.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_OPENINGS, _UPDATE, opening)

    def unreviewed(self) -> tuple[Opening, ...]:
        """Return those that nobody has looked at yet, the oldest first."""
        return self._all(_OPENINGS, _UNREVIEWED)

    def list(self) -> tuple[Opening, ...]:
        """Return all of them, newest first; there are few."""
        return self._all(_OPENINGS, _LIST)
