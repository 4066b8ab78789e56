"""Who votes in whose place."""

from datetime import datetime

from soar.model.delegation import Delegation
from soar.store.approval_tables import DELEGATIONS
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_DELEGATIONS = Rows(DELEGATIONS, Delegation)
_TABLE = _DELEGATIONS.table
_GET = _DELEGATIONS.where("id")
_ACTIVE = (
    _DELEGATIONS.where()
    .where(_TABLE.c.ended_at.is_(None), _TABLE.c.expires_at > given("at"))
    .order_by(_TABLE.c.position)
)
_UPDATE = _DELEGATIONS.change()


class Delegations(Repository):
    """The delegations of a workspace."""

    __slots__ = ()

    def add(self, delegation: Delegation) -> None:
        """Add a delegation.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_DELEGATIONS, delegation, f"there is a delegation {delegation.id} already")

    def get(self, delegation: str) -> Delegation | None:
        """Return the delegation with this id."""
        return self._first(_DELEGATIONS, _GET, given_id=delegation)

    def update(self, delegation: Delegation) -> None:
        """Replace the delegation.

        Raises:
            NotFoundError: it is not there.
        """
        self._replace(_DELEGATIONS, _UPDATE, delegation)

    def active(self, at: datetime) -> tuple[Delegation, ...]:
        """Return those that count at this moment, the oldest first."""
        return self._all(_DELEGATIONS, _ACTIVE, given_at=at)
