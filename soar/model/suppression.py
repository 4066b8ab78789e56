"""Rules under which alerts are kept and start nothing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A rule: alerts that it takes are stored with its id, and start nothing.

    Attributes:
        id: `sup_…`.
        match: an expression over `alert` and `config`; where it has no value for an alert, it does not take it.
        reason: why, for people.
        created_by: principal: `user:…`.
        expires_at: from then on it is as if it were not there.
    """

    id: str
    match: str
    reason: str
    created_by: str
    created_at: datetime
    expires_at: datetime
