"""When sources were last heard of, told from what they have delivered."""

from datetime import datetime

from sqlalchemy import func, literal, select

from soar.store.repository import Repository
from soar.store.rows import given
from soar.store.tables import DELIVERIES

_TABLE = DELIVERIES
_END = select(func.max(_TABLE.c.position))
_LATEST = (
    select(_TABLE.c.received_at)
    .where(_TABLE.c.position > given("after"))
    .where(_TABLE.c.workspace + literal("") == given("workspace"))  # no index but that of the position is of use here
    .where(_TABLE.c.source + literal("") == given("source"))
    .order_by(_TABLE.c.position.desc())
    .limit(1)
)


class Arrivals(Repository):
    """The deliveries of a workspace, as those see them who wait for a source to be heard of.

    Taking an alert in costs nothing more for it: who asks looks from the newest delivery back to where they looked
    last.
    """

    __slots__ = ()

    def end(self) -> int:
        """Return the place of the newest delivery of all; 0 if there is none."""
        [(end,)] = self._fetch(_END)
        return end or 0

    def find_latest(self, source: str, after: int) -> datetime | None:
        """Return when a source's newest delivery behind a place came; None if there is none."""
        found = self._fetch(_LATEST, given_source=source, given_after=after)
        return found[0][0] if found else None
