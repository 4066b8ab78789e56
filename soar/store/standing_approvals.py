"""What two people have approved beforehand."""

from datetime import datetime

from soar.model.page import Page
from soar.model.standing_approval import StandingApproval
from soar.store.approval_tables import STANDING_APPROVALS
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_STANDING = Rows(STANDING_APPROVALS, StandingApproval)
_TABLE = _STANDING.table
_GET = _STANDING.where("id")
_GOOD = (
    _STANDING.where("action", "playbook")
    .where(_TABLE.c.signed_by.is_not(None), _TABLE.c.revoked_at.is_(None), _TABLE.c.expires_at > given("at"))
    .order_by(_TABLE.c.position)
)
_UPDATE = _STANDING.change()


class StandingApprovals(Repository):
    """The standing approvals of a workspace; those that are over stay."""

    __slots__ = ()

    def add(self, standing: StandingApproval) -> None:
        """Add one.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_STANDING, standing, f"there is a standing approval {standing.id} already")

    def get(self, standing: str) -> StandingApproval | None:
        """Return the one with this id."""
        return self._first(_STANDING, _GET, given_id=standing)

    def find_good(self, action: str, playbook: str, at: datetime) -> tuple[StandingApproval, ...]:
        """Return those that answer questions about an action of a playbook at a moment, the oldest first."""
        return self._all(_STANDING, _GOOD, given_action=action, given_playbook=playbook, given_at=at)

    def update(self, standing: StandingApproval) -> None:
        """Replace the one with this id.

        Raises:
            NotFoundError: there is none.
        """
        self._replace(_STANDING, _UPDATE, standing)

    def list(self, limit: int, cursor: str | None = None) -> Page[StandingApproval]:
        """Return a page of them, newest first."""
        return self._page(_STANDING, limit, cursor)
