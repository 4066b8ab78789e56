"""Whether calls over a connection are let through to a host."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BreakerStatus(StrEnum):
    """Where a circuit breaker stands."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """The circuit breaker of one of the hosts that a connection calls.

    Attributes:
        connection: its id.
        host: its name.
        status: `closed` lets every call through, `open` none, `half_open` waits for how the one trial call ends.
        since: when it came to this; for `half_open`, when it opened.
        reason: the last failure that opened it, in words; empty once it is closed.
        retry_at: when it lets a trial call through; None while it is closed.
    """

    connection: str
    host: str
    status: BreakerStatus
    since: datetime
    reason: str = ""
    retry_at: datetime | None = None
