"""Rules under which alerts start nothing."""

from datetime import datetime

from sqlalchemy import delete, func, select

from soar.model.suppression import Suppression
from soar.store.intake_tables import SUPPRESSIONS
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.tables import ALERTS

_RULES = Rows(SUPPRESSIONS, Suppression)
_GET = _RULES.where("id")
_LIVING = _RULES.where().where(_RULES.table.c.expires_at > given("at")).order_by(_RULES.table.c.position)
_REMOVE = delete(_RULES.table).where(*_RULES.match("id"))

_ALERTS = ALERTS
_COUNTS = (
    select(_ALERTS.c.suppressed_by, func.count())
    .where(_ALERTS.c.workspace == given("workspace"), _ALERTS.c.suppressed_by.is_not(None))
    .group_by(_ALERTS.c.suppressed_by)
)


class Suppressions(Repository):
    """The suppression rules of a workspace."""

    __slots__ = ()

    def add(self, rule: Suppression) -> None:
        """Add a rule.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_RULES, rule, f"there is a rule {rule.id} already")

    def get(self, rule: str) -> Suppression | None:
        """Return the rule with this id, expired or not."""
        return self._first(_RULES, _GET, given_id=rule)

    def list(self, at: datetime) -> tuple[Suppression, ...]:
        """Return the rules that have not expired, the oldest first."""
        return self._all(_RULES, _LIVING, given_at=at)

    def counts(self) -> dict[str, int]:
        """Return how many stored alerts each rule has taken; one that took none is left out."""
        return {row[0]: row[1] for row in self._fetch(_COUNTS)}

    def remove(self, rule: str) -> None:
        """Remove a rule, if it is there."""
        self._send(_REMOVE, given_id=rule)
