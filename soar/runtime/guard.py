"""What stands between runs and products: each connection has its own calls and rate, each of its hosts a breaker."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TypeAlias

from soar.model.breaker import Breaker
from soar.model.clock import Clock
from soar.model.errors import ActionCode, ActionError, UnavailableError
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.process import ActionAnswer, ActionCall, ActionHost, Refusal
from soar.model.rate import Rate
from soar.model.standing import Standing
from soar.runtime.breaker import BreakerRule, Result
from soar.runtime.bucket import Bucket
from soar.runtime.bulkhead import Bulkhead
from soar.runtime.circuits import Circuits, Place
from soar.runtime.exchange import Lesson, find_host, judge_error, judge_response

KeepBreaker: TypeAlias = Callable[[str, Breaker], Awaitable[None]]
"""Is told the workspace and breaker that opened or closed, and keeps it for the next start. It does not raise."""

ExplainStop: TypeAlias = Callable[[ActionCall], Awaitable[str | None]]
"""Says in words why a call that has waited for its turn may not be sent any more; None if it may.

It raises `UnavailableError` where that cannot be known now.
"""

_NOTICEABLE = 0.1  # seconds after which a call counts as having waited
_FAILURES = frozenset({ActionCode.TIMEOUT, ActionCode.UNAVAILABLE, ActionCode.UNKNOWN_OUTCOME})


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """What a connection may ask of its product.

    Attributes:
        calls: how many calls at once.
        rate: how many requests in which time; None where nobody says.
        credential: who asks, in the product's eyes; connections that are the same one share the rate.
        hosts: those it may call.
    """

    calls: int
    rate: Rate | None
    credential: str
    hosts: frozenset[str]


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
    """An `ActionHost` whose calls wait their turn, keep to the product's rate, and leave a dead host alone.

    Waiting is not part of a call's timeout. A call that is refused here was not sent: it fails with `unavailable` or
    `rate_limited` and says when to come back. The engine comes back then, and does not count it as a try.

    Args:
        host: makes the calls.
        find_allowance: what each connection may ask for.
        rule: what holds for all of them.
        clock: for windows and rates.
        keep: told of each breaker that opens or closes.
        explain_stop: asked about each call that has waited, since something may have been frozen meanwhile.
    """

    def __init__(
        self,
        host: ActionHost,
        *,
        find_allowance: FindAllowance,
        rule: GuardRule,
        clock: Clock,
        keep: KeepBreaker,
        explain_stop: ExplainStop,
    ) -> None:
        self._host = host
        self._find_allowance = find_allowance
        self._rule = rule
        self._clock = clock
        self._keep = keep
        self._explain_stop = explain_stop
        self._circuits = Circuits(rule.breaker, clock)
        self._bulkheads: dict[Place, Bulkhead] = {}
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def restore(self, workspace: str, breakers: Iterable[Breaker]) -> None:
        """Take up the breakers that an earlier process has left, of hosts that their connections still ask."""
        for breaker in breakers:
            allowance = self._find_allowance(workspace, breaker.connection)
            if allowance is not None and breaker.host in allowance.hosts:
                self._circuits.restore(workspace, breaker)

    def find_breaker(self, workspace: str, connection: str) -> Breaker | None:
        """Return the breaker of that host of a connection which is worst off.

        It is None if nothing was called over the connection yet, or it asks no product.
        """
        return self._circuits.find_worst((workspace, connection))

    def count_calls(self, workspace: str, connection: str) -> tuple[int, int]:
        """Return how many calls of a connection are under way, and how many wait for their turn."""
        bulkhead = self._bulkheads.get((workspace, connection))
        return (bulkhead.calling, bulkhead.waiting) if bulkhead else (0, 0)

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make the call when its turn comes, or say why not; see `soar.model.process.ActionHost`."""
        allowance = self._find_allowance(call.workspace, call.connection)
        if allowance is None:
            return await self._host.call(call)
        bulkhead = self._open_bulkhead((call.workspace, call.connection), allowance)
        refusal = self._refuse(call, allowance)
        if refusal is not None:
            return refusal
        came = self._clock.monotonic()
        try:
            turn = await bulkhead.enter(call.standing)
        except ActionError as error:
            return _hold_back(error.action_code, error.message, error.retry_after)
        sent = 1  # what becomes of a call that is let go of nobody can tell
        try:
            has_waited = self._clock.monotonic() - came >= _NOTICEABLE
            stopped = await self._stop(call) if has_waited else None
            answer = stopped or await self._try(call, allowance, bulkhead)
            sent = answer.requests
        finally:
            bulkhead.leave(turn, sent)
        return answer

    async def send(self, workspace: str, connection: str, egress: Egress, request: EgressRequest) -> EgressResponse:
        """Send one request of a trigger when its turn comes.

        It waits as a call does, and keeps no place while it is answered: a product that is asked to wait with its
        answer until it has something would hold up the calls.

        Raises:
            ActionError: it was not sent, as a call would not have been, and says when to come back; or what the egress
                raises.
        """
        place, host = (workspace, connection), find_host(request)
        allowance = self._find_allowance(workspace, connection)
        if allowance is None or host not in allowance.hosts:
            return await egress.send(request)
        self._circuits.check(place, host)
        bulkhead = self._open_bulkhead(place, allowance)
        bulkhead.leave(await bulkhead.enter(Standing()), 1)
        self._circuits.check(place, host)
        trials = self._circuits.begin(place, {host})
        lesson = Lesson()
        try:
            response = await egress.send(request)
            lesson = judge_response(response, host, self._clock.now())
        except ActionError as error:
            lesson = judge_error(error)
            raise
        finally:
            await self._learn(place, host, trials, lesson)
        if lesson.wanted is not None:
            bulkhead.pause(lesson.wanted)
        return response

    async def _learn(self, place: Place, host: str, trials: Collection[str], lesson: Lesson) -> None:
        wanted = timedelta(seconds=lesson.wanted or 0)
        changed = self._circuits.end(place, trials, {host: lesson.result}, reason=lesson.reason, wanted=wanted)
        for breaker in changed:
            await self._keep(place[0], breaker)

    async def _stop(self, call: ActionCall) -> ActionAnswer | None:
        """Return the answer to a call that was allowed when it came, and is not any more."""
        try:
            reason = await self._explain_stop(call)
        except UnavailableError as error:
            return _hold_back(
                ActionCode.UNAVAILABLE, f"nobody can tell whether it is frozen: {error.message}", error.retry_after
            )
        return _hold_back(ActionCode.FROZEN, f"not called: {reason}", None) if reason else None

    def _open_bulkhead(self, place: Place, allowance: Allowance) -> Bulkhead:
        bulkhead = self._bulkheads.get(place)
        if bulkhead is None:
            bucket = self._buckets.setdefault(
                (place[0], allowance.credential), Bucket(allowance.rate, self._clock.monotonic())
            )
            bulkhead = self._bulkheads[place] = Bulkhead(
                calls=allowance.calls,
                queue=self._rule.queue,
                patience=self._rule.patience.total_seconds(),
                bucket=bucket,
                clock=self._clock,
            )
        return bulkhead

    def _refuse(self, call: ActionCall, allowance: Allowance) -> ActionAnswer | None:
        """Return the answer to a call that nothing could come of, since every host is left alone."""
        refusals = self._circuits.list_refusals((call.workspace, call.connection), allowance.hosts)
        return _leave_alone(refusals, allowance.hosts)

    async def _try(self, call: ActionCall, allowance: Allowance, bulkhead: Bulkhead) -> ActionAnswer:
        """Make a call, to those hosts that are not left alone, and learn from how it ends."""
        place = (call.workspace, call.connection)
        refusals = self._circuits.list_refusals(place, allowance.hosts)
        refused = _leave_alone(refusals, allowance.hosts)
        if refused is not None:
            return refused
        trials = self._circuits.begin(place, allowance.hosts - refusals.keys())
        results: Mapping[str, Result] = {}
        reason, wanted = "", timedelta()
        try:
            answer = await self._host.call(replace(call, refusals=refusals) if refusals else call)
            results = _judge(answer, allowance.hosts, refusals)
            reason, wanted = answer.message, timedelta(seconds=answer.retry_after or 0)
        finally:
            changed = self._circuits.end(place, trials, results, reason=reason, wanted=wanted)
        is_ours = bool(answer.hosts) and answer.hosts[-1] in refusals
        if answer.requests and answer.retry_after is not None and not is_ours:
            bulkhead.pause(answer.retry_after)
        for breaker in changed:
            await self._keep(call.workspace, breaker)
        return answer


def _leave_alone(refusals: Mapping[str, Refusal], hosts: Collection[str]) -> ActionAnswer | None:
    """Return the answer to a call all of whose hosts are left alone, or None if it may ask one of them."""
    if not refusals or len(refusals) < len(hosts):
        return None
    soonest = min(refusals.values(), key=lambda refusal: refusal.retry_after)
    return _hold_back(ActionCode.UNAVAILABLE, soonest.message, soonest.retry_after)


def _hold_back(code: ActionCode, message: str, retry_after: float | None) -> ActionAnswer:
    """Return the answer to a call that is not sent now."""
    return ActionAnswer(code=code, message=message, retry_after=retry_after, requests=0, is_unsent=True)


def _judge(answer: ActionAnswer, hosts: Collection[str], refusals: Collection[str]) -> Mapping[str, Result]:
    """Say what an answer tells of the hosts that were asked: what failed is the one that was asked last.

    Where nothing was sent, no host had a say.
    """
    asked = answer.hosts if len(hosts) > 1 else tuple(hosts)
    if answer.requests == 0 or not asked:
        return {}
    last = Result.FAILED if answer.code in _FAILURES else Result.ALIVE
    results = {**dict.fromkeys(asked, Result.ALIVE), asked[-1]: last}
    return {host: result for host, result in results.items() if host not in refusals}
