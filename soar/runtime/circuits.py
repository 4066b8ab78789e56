"""The circuits of all hosts that are called: each is left alone by itself."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import TypeAlias

from soar.model.breaker import Breaker, BreakerStatus
from soar.model.clock import Clock
from soar.model.process import Refusal
from soar.runtime.breaker import BreakerRule, Circuit, Result, begin_call, close_circuit, end_call, end_trial, find_wait
from soar.sdk.errors import TransientError

Place: TypeAlias = tuple[str, str]
"""A workspace, and the id of one of its connections."""

_BAD_FIRST = (BreakerStatus.OPEN, BreakerStatus.HALF_OPEN, BreakerStatus.CLOSED)


class Circuits:
    """What is known of the hosts behind each connection. The rules are in `soar.runtime.breaker`.

    Args:
        rule: what holds for all of them.
        clock: for windows and pauses.
    """

    def __init__(self, rule: BreakerRule, clock: Clock) -> None:
        self._rule = rule
        self._clock = clock
        self._circuits: dict[Place, dict[str, Circuit]] = {}

    def restore(self, workspace: str, breaker: Breaker) -> None:
        """Take up a breaker that an earlier process has left."""
        self._circuits.setdefault((workspace, breaker.connection), {})[breaker.host] = Circuit(breaker=breaker)

    def find_worst(self, place: Place) -> Breaker | None:
        """Return the breaker of that host of a connection which is worst off; None if nothing was called yet."""
        breakers = [circuit.breaker for _, circuit in sorted(self._circuits.get(place, {}).items())]
        return min(breakers, key=lambda breaker: _BAD_FIRST.index(breaker.status), default=None)

    def list_refusals(self, place: Place, hosts: Collection[str]) -> dict[str, Refusal]:
        """Return which of these hosts are left alone now, and why."""
        refusals, now = {}, self._clock.now()
        for host in hosts:
            circuit = self._get(place, host)
            wait = find_wait(circuit, now, self._rule)
            if wait is not None:
                refusals[host] = _refuse(circuit.breaker, wait)
        return refusals

    def check(self, place: Place, host: str) -> None:
        """Refuse a request to a host that is left alone now.

        Raises:
            TransientError: it is; nothing was sent.
        """
        for refusal in self.list_refusals(place, {host}).values():
            raise TransientError(refusal.message, retry_after=refusal.retry_after)

    def begin(self, place: Place, hosts: Collection[str]) -> frozenset[str]:
        """Note that a call begins which may ask these hosts; return those that it is the trial for."""
        trials = set()
        for host in hosts:
            before = self._get(place, host)
            after = begin_call(before)
            if after is not before:
                self._circuits[place][host] = after
                trials.add(host)
        return frozenset(trials)

    def end(
        self,
        place: Place,
        trials: Collection[str],
        results: Mapping[str, Result],
        *,
        reason: str,
        wanted: timedelta,
    ) -> list[Breaker]:
        """Learn from how a call ended; return the breakers that opened or closed by that.

        Args:
            place: of the call.
            trials: what `begin` returned for it.
            results: what its end says of the hosts it asked; nothing of the others.
            reason: why it failed.
            wanted: how long the product asked to be left alone.
        """
        now = self._clock.now()
        changed = []
        for host in sorted({*trials, *results}):
            before = self._get(place, host)
            end = end_trial if host in trials else end_call
            result = results.get(host, Result.NOTHING)
            after = self._circuits[place][host] = end(before, result, now, self._rule, reason=reason, wanted=wanted)
            if _is_shut(after) != _is_shut(before):
                changed.append(after.breaker)
        return changed

    def _get(self, place: Place, host: str) -> Circuit:
        circuits = self._circuits.setdefault(place, {})
        circuit = circuits.get(host)
        if circuit is None:
            circuit = circuits[host] = close_circuit(place[1], host, self._clock.now())
        return circuit


def _refuse(breaker: Breaker, wait: timedelta) -> Refusal:
    return Refusal(
        message=f"{breaker.host} is left alone for now, because it failed again and again: {breaker.reason}",
        retry_after=wait.total_seconds(),
    )


def _is_shut(circuit: Circuit) -> bool:
    return circuit.breaker.status is not BreakerStatus.CLOSED
