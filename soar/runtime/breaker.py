"""When a product is left alone, as a pure state machine: moments and results in, the next state out."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import assert_never

from soar.model.breaker import Breaker, BreakerStatus

_TRIAL = timedelta(seconds=5)  # a trial is soon over, and if it went well nobody should stay away any longer


class Result(StrEnum):
    """What the end of a call says of the product."""

    ALIVE = "alive"
    FAILED = "failed"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerRule:
    """When a breaker opens, and for how long.

    Attributes:
        failures: so many failed calls in a row open it.
        window: failures longer ago than this do not count.
        pause: how long it stays open before it lets a trial call through.
    """

    failures: int = 5
    window: timedelta = timedelta(minutes=1)
    pause: timedelta = timedelta(seconds=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A breaker and what it remembers.

    Attributes:
        breaker: as people see it.
        failures: the moments of the failures in a row, the oldest first; of no interest unless it is closed.
    """

    breaker: Breaker
    failures: tuple[datetime, ...] = ()


def close_circuit(connection: str, host: str, at: datetime) -> Circuit:
    """Return the circuit of a connection's host that nothing is known against."""
    return Circuit(breaker=Breaker(connection=connection, host=host, status=BreakerStatus.CLOSED, since=at))


def find_wait(circuit: Circuit, now: datetime, rule: BreakerRule) -> timedelta | None:
    """Return how long a call has to stay away, or None if it may be made.

    A clock that was set back to before the breaker opened ends the pause, so that it never lasts longer than meant.
    """
    breaker = circuit.breaker
    match breaker.status:
        case BreakerStatus.CLOSED:
            return None
        case BreakerStatus.HALF_OPEN:
            return min(rule.pause, _TRIAL)
        case BreakerStatus.OPEN:
            if breaker.retry_at is None or now >= breaker.retry_at or now < breaker.since:
                return None
            return breaker.retry_at - now
        case _:
            assert_never(breaker.status)


def begin_call(circuit: Circuit) -> Circuit:
    """Return the circuit once a call has begun that may be made: that of an open one is its trial."""
    if circuit.breaker.status is not BreakerStatus.OPEN:
        return circuit
    return replace(circuit, breaker=replace(circuit.breaker, status=BreakerStatus.HALF_OPEN))


def end_trial(
    circuit: Circuit, result: Result, now: datetime, rule: BreakerRule, *, reason: str, wanted: timedelta = timedelta()
) -> Circuit:
    """Return the circuit once its trial call has ended.

    Args:
        circuit: half open.
        result: what the end says of the product; one that says nothing lets the next call be the trial.
        now: the moment.
        rule: what holds for it.
        reason: why the call failed.
        wanted: how long the product asked to be left alone.
    """
    breaker = circuit.breaker
    match result:
        case Result.ALIVE:
            return close_circuit(breaker.connection, breaker.host, now)
        case Result.FAILED:
            retry_at = now + max(rule.pause, wanted)
            return replace(
                circuit, breaker=replace(breaker, status=BreakerStatus.OPEN, reason=reason, retry_at=retry_at)
            )
        case Result.NOTHING:
            return replace(circuit, breaker=replace(breaker, status=BreakerStatus.OPEN, retry_at=now))
        case _:
            assert_never(result)


def end_call(
    circuit: Circuit, result: Result, now: datetime, rule: BreakerRule, *, reason: str, wanted: timedelta = timedelta()
) -> Circuit:
    """Return the circuit once a call has ended that was no trial; only a closed one learns from it."""
    if circuit.breaker.status is not BreakerStatus.CLOSED or result is Result.NOTHING:
        return circuit
    if result is Result.ALIVE:
        return replace(circuit, failures=()) if circuit.failures else circuit
    recent = (*(moment for moment in circuit.failures if now - rule.window < moment <= now), now)
    if len(recent) < rule.failures:
        return replace(circuit, failures=recent)
    opened = Breaker(
        connection=circuit.breaker.connection,
        host=circuit.breaker.host,
        status=BreakerStatus.OPEN,
        since=now,
        reason=reason,
        retry_at=now + max(rule.pause, wanted),
    )
    return Circuit(breaker=opened)
