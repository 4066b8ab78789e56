"""Somebody who votes in somebody else's place for a while."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """One person's say over questions, lent to another.

    Attributes:
        id: `dg_…`.
        giver: id of the person who lends their say; they keep it, too.
        receiver: id of the person who may vote for them.
        expires_at: from then on it counts no more.
        ended_at: when somebody took it back before; None if nobody did.
    """

    id: str
    giver: str
    receiver: str
    created_at: datetime
    expires_at: datetime
    ended_at: datetime | None = None

    def is_active(self, at: datetime) -> bool:
        """Whether it counts at this moment."""
        return self.ended_at is None and self.created_at <= at < self.expires_at
