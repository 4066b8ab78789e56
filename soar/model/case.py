"""What people work on: alerts and runs that belong together."""

from dataclasses import dataclass
from datetime import datetime

from soar.model.alert import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A case.

    Attributes:
        id: `c_…`.
        key: runs that name the same key share the open case.
        team: whose it is: that of the playbook that opened it, if it has one.
    """

    id: str
    key: str
    title: str
    severity: Severity
    opened_at: datetime
    closed_at: datetime | None = None
    team: str | None = None
