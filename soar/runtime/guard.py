"""What stands between runs and products: each connection has its own calls, its own rate and its own breaker."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias

from soar.model.breaker import Breaker, BreakerStatus
from soar.model.clock import Clock
from soar.model.errors import ActionCode, ActionError
from soar.model.process import ActionAnswer, ActionCall, ActionHost
from soar.model.rate import Rate
from soar.runtime.breaker import BreakerRule, Circuit, Result, begin_call, close_circuit, end_call, end_trial, find_wait
from soar.runtime.bucket import Bucket
from soar.runtime.bulkhead import Bulkhead

KeepBreaker: TypeAlias = Callable[[str, Breaker], Awaitable[None]]
"""Is told the workspace and breaker that opened or closed, and keeps it for the next start. It does not raise."""

_FAILURES = frozenset({ActionCode.TIMEOUT, ActionCode.UNAVAILABLE, ActionCode.UNKNOWN_OUTCOME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a connection may ask of its product.

    Attributes:
        calls: how many calls at once.
        rate: how many requests in which time; None where nobody says.
        credential: who asks, in the product's eyes; connections that are the same one share the rate.
    """

    calls: int
    rate: Rate | None
    credential: str


FindAllowance: TypeAlias = Callable[[str, str], Allowance | None]
"""Returns the allowance of a workspace's connection; None for one that asks no product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRule:
    """What holds for every connection.

    Attributes:
        queue: how many calls may wait for one connection.
        patience: how long a call may have to wait for the product's rate.
    """

    breaker: BreakerRule = field(default_factory=BreakerRule)
    queue: int = 1000
    patience: timedelta = timedelta(minutes=1)


class GuardedHost:
    """An `ActionHost` whose calls wait their turn, keep to the product's rate, and leave a dead product alone.

    Waiting is not part of a call's timeout. A call that is refused here was not sent: it fails with `unavailable` or
    `rate_limited` and says when to come back, which the engine's retries go by.

    Args:
        host: makes the calls.
        find_allowance: what each connection may ask for.
        rule: what holds for all of them.
        clock: for windows and rates.
        keep: told of each breaker that opens or closes.
    """

    def __init__(
        self, host: ActionHost, *, find_allowance: FindAllowance, rule: GuardRule, clock: Clock, keep: KeepBreaker
    ) -> None:
        self._host = host
        self._find_allowance = find_allowance
        self._rule = rule
        self._clock = clock
        self._keep = keep
        self._circuits: dict[tuple[str, str], Circuit] = {}
        self._bulkheads: dict[tuple[str, str], Bulkhead] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def restore(self, workspace: str, breakers: Iterable[Breaker]) -> None:
        """Take up the breakers that an earlier process has left, of connections that still ask a product."""
        for breaker in breakers:
            if self._find_allowance(workspace, breaker.connection) is not None:
                self._circuits[workspace, breaker.connection] = Circuit(breaker=breaker)

    def find_breaker(self, workspace: str, connection: str) -> Breaker | None:
        """Return a connection's breaker; None if nothing was called over it yet, or it asks no product."""
        circuit = self._circuits.get((workspace, connection))
        return circuit.breaker if circuit else None

    def count_calls(self, workspace: str, connection: str) -> tuple[int, int]:
        """Return how many calls of a connection are under way, and how many wait for their turn."""
        bulkhead = self._bulkheads.get((workspace, connection))
        return (bulkhead.calling, bulkhead.waiting) if bulkhead else (0, 0)

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make the call when its turn comes, or say why not; see `soar.model.process.ActionHost`."""
        allowance = self._find_allowance(call.workspace, call.connection)
        if allowance is None:
            return await self._host.call(call)
        bulkhead = self._open_bulkhead(call, allowance)
        refusal = self._refuse(call)
        if refusal is not None:
            return refusal
        try:
            turn = await bulkhead.enter(call.standing)
        except ActionError as error:
            return ActionAnswer(
                code=error.action_code, message=error.message, retry_after=error.retry_after, requests=0
            )
        sent = 1  # what becomes of a call that is let go of nobody can tell
        try:
            answer = self._refuse(call) or await self._try(call)
            sent = answer.requests
            if sent and answer.retry_after is not None:
                bulkhead.pause(answer.retry_after)
        finally:
            bulkhead.leave(turn, sent)
        return answer

    def _open_bulkhead(self, call: ActionCall, allowance: Allowance) -> Bulkhead:
        key = (call.workspace, call.connection)
        bulkhead = self._bulkheads.get(key)
        if bulkhead is None:
            bucket = self._buckets.setdefault(
                (call.workspace, allowance.credential), Bucket(allowance.rate, self._clock.monotonic())
            )
            bulkhead = self._bulkheads[key] = Bulkhead(
                calls=allowance.calls,
                queue=self._rule.queue,
                patience=self._rule.patience.total_seconds(),
                bucket=bucket,
                clock=self._clock,
            )
            self._circuits.setdefault(key, close_circuit(call.connection, self._clock.now()))
        return bulkhead

    def _refuse(self, call: ActionCall) -> ActionAnswer | None:
        """Return the answer of a breaker that lets nothing through, without a word to the product."""
        circuit = self._circuits[call.workspace, call.connection]
        wait = find_wait(circuit, self._clock.now(), self._rule.breaker)
        if wait is None:
            return None
        return ActionAnswer(
            code=ActionCode.UNAVAILABLE,
            message=f"{call.connection} is left alone for now, because it failed again and again:"
            f" {circuit.breaker.reason}",
            retry_after=wait.total_seconds(),
            requests=0,
        )

    async def _try(self, call: ActionCall) -> ActionAnswer:
        """Make a call that nothing stands against, and learn from how it ends."""
        key, rule = (call.workspace, call.connection), self._rule.breaker
        before = self._circuits[key]
        self._circuits[key] = begin_call(before)
        end = end_call if self._circuits[key] is before else end_trial
        result, reason, wanted = Result.NOTHING, "", timedelta()
        try:
            answer = await self._host.call(call)
            result, reason, wanted = _judge(answer), answer.message, timedelta(seconds=answer.retry_after or 0)
        finally:
            left, now = self._circuits[key], self._clock.now()
            found = self._circuits[key] = end(left, result, now, rule, reason=reason, wanted=wanted)
        if _is_shut(found) != _is_shut(left):
            await self._keep(call.workspace, found.breaker)
        return answer


def _judge(answer: ActionAnswer) -> Result:
    """Say what an answer tells of the product; where nothing was sent, it had no say."""
    if answer.requests == 0:
        return Result.NOTHING
    return Result.FAILED if answer.code in _FAILURES else Result.ALIVE


def _is_shut(circuit: Circuit) -> bool:
    return circuit.breaker.status is not BreakerStatus.CLOSED
