"""Emergency access: who broke the glass, why, and who looked at it afterwards."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """One hour of emergency access.

    Attributes:
        id: `bg_…`.
        user: id of the account that was made for it.
        opened_by: what the machine calls whoever opened it.
        expires_at: when it ends in any case.
        closed_at: when it ended; None while it is open.
        closed_by: who ended it; empty if its hour was over.
        reviewed_at: when somebody looked at what was done; None until then.
    """

    id: str
    user: str
    reason: str
    opened_by: str
    opened_at: datetime
    expires_at: datetime
    closed_at: datetime | None = None
    closed_by: str = ""
    reviewed_at: datetime | None = None
    reviewed_by: str = ""
    review: str = ""
