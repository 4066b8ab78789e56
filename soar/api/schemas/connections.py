"""Connections, and whether calls over them are let through."""

from dataclasses import dataclass
from datetime import datetime

from soar.model.breaker import Breaker, BreakerStatus
from soar.model.catalog import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """A connection and the circuit breaker of that of its hosts which is worst off.

    Of one that was never called, it is closed; host and since when are null.
    `calling` is how many calls are under way, `waiting` how many wait for their turn.
    """

    id: str
    connector: str
    simulate: bool
    status: BreakerStatus
    host: str | None
    since: datetime | None
    reason: str
    retry_at: datetime | None
    calling: int
    waiting: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPage:
    """All connections, by id."""

    items: tuple[ConnectionState, ...]
    next: str | None


def view_state(connection: Connection, breaker: Breaker | None, calls: tuple[int, int]) -> ConnectionState:
    """Return a connection with its breaker, its calls under way and its calls that wait."""
    calling, waiting = calls
    return ConnectionState(
        id=connection.id,
        connector=connection.connector,
        simulate=connection.simulate,
        status=breaker.status if breaker else BreakerStatus.CLOSED,
        host=breaker.host if breaker else None,
        since=breaker.since if breaker else None,
        reason=breaker.reason if breaker else "",
        retry_at=breaker.retry_at if breaker else None,
        calling=calling,
        waiting=waiting,
    )
