"""From what has been let in to a stored alert and its requested runs, in one transaction."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from soar.audit.record import record
from soar.ingest.arrival import Arrival
from soar.ingest.grouping import Grouping, join_burst
from soar.ingest.mapping import map_alert
from soar.ingest.match import match_alert
from soar.ingest.request import Requester, RunRequests
from soar.ingest.source import Source
from soar.ingest.suppression import Rule, Rules, find_rule
from soar.model.alert import Alert, Delivery
from soar.model.announce import Announcer
from soar.model.audit import AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import InputError
from soar.model.event import EventType
from soar.model.ids import Ids
from soar.model.playbook import Playbook
from soar.model.values import JsonValue, Value, print_timestamp
from soar.store import Store, Unit

_RAISED_WINDOW = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is answered.

    Attributes:
        answer: the body of the 202.
        is_repeat: whether the same was accepted before; then nothing was stored now.
        has_runs: whether playbooks were asked for a run.
    """

    answer: JsonValue
    is_repeat: bool
    has_runs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What an arrival means: everything that can be found out without holding the writer up.

    Attributes:
        alerts: each with the playbooks that take it.
    """

    delivery: Delivery
    alerts: tuple[tuple[Alert, tuple[Playbook, ...]], ...]


class Acceptance:
    """Stores what has been let in.

    Args:
        store: where it goes.
        workspace: that sources belong to.
        playbooks: gives those that serve now, by id.
        requests: requests their runs.
        rules: under which alerts start nothing.
        config: the server's open settings, as expressions see them.
        url: how people reach us, without a slash at the end.
        clock: for moments.
        ids: new identifiers.
        announcer: tells open pages.
    """

    def __init__(
        self,
        *,
        store: Store,
        workspace: str,
        playbooks: Callable[[], Mapping[str, Playbook]],
        requests: RunRequests,
        rules: Rules,
        config: Mapping[str, Value],
        url: str,
        clock: Clock,
        ids: Ids,
        announcer: Announcer,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._playbooks = playbooks
        self._requests = requests
        self._rules = rules
        self._config = config
        self._url = url
        self._clock = clock
        self._ids = ids
        self._announcer = announcer

    async def accept(self, arrival: Arrival) -> Receipt:
        """Store an arrival and what it starts; it is durable when this returns.

        Raises:
            InputError: another body came under the same key (`key_reused`).
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        now, rules = self._clock.now(), await self._rules.find()
        if arrival.is_small:
            return await self._store_arrival(arrival, self._prepare(arrival, rules, now), now)
        intake = await self._store.read(
            self._workspace, lambda unit: self._find_repeat(unit, arrival, now) or self._prepare(arrival, rules, now)
        )
        return intake if isinstance(intake, Receipt) else await self._store_arrival(arrival, intake, now)

    async def accept_all(self, arrivals: Sequence[Arrival], keep: Callable[[Unit], None]) -> None:
        """Store many arrivals and what they start, all of it or nothing.

        Args:
            arrivals: those that came before are not stored again.
            keep: puts down more in the same transaction.

        Raises:
            UnavailableError: the store takes nothing now; nothing was accepted.
            Exception: what `keep` raised; nothing was accepted.
        """
        now, rules = self._clock.now(), await self._rules.find()
        intakes = await self._store.read(
            self._workspace, lambda _: [self._prepare(arrival, rules, now) for arrival in arrivals]
        )

        def write(unit: Unit) -> list[Receipt | Intake]:
            keep(unit)
            pairs = zip(arrivals, intakes, strict=True)
            return [self._store_intake(unit, arrival, intake, now) for arrival, intake in pairs]

        for stored in await self._store.write(self._workspace, write):
            if not isinstance(stored, Receipt):
                self._announce(stored)

    async def _store_arrival(self, arrival: Arrival, intake: Intake, now: datetime) -> Receipt:
        stored = await self._store.write(
            self._workspace,
            lambda unit: self._store_intake(unit, arrival, intake, now),
            goes_first=arrival.goes_first,
        )
        if isinstance(stored, Receipt):
            return stored
        self._announce(stored)
        return Receipt(stored.delivery.answer, is_repeat=False, has_runs=any(taken for _, taken in stored.alerts))

    def _announce(self, stored: Intake) -> None:
        for alert, _ in stored.alerts:
            self._announcer.announce(self._workspace, "alert", alert.id)

    def _find_repeat(self, unit: Unit, arrival: Arrival, now: datetime) -> Receipt | None:
        """Return what an arrival was answered before, if it came before, or if a run has raised its like.

        Raises:
            InputError: another body came under the same key (`key_reused`).
        """
        for key in arrival.keys:
            known = unit.deliveries.find(arrival.source.id, key)
            if known is not None and known.body != arrival.body:
                raise InputError(
                    "another alert came under the same delivery id",
                    code="key_reused",
                    hint="give each alert an id of its own, and send a repeat unchanged",
                )
            if known is not None:
                return Receipt(known.answer, is_repeat=True)
        raised = arrival.raised
        if raised is None or raised.dedupe is None:
            return None
        like = unit.alerts.find_raised(raised.kind, raised.dedupe, now - _RAISED_WINDOW)
        return None if like is None else Receipt(self._answer(like.id, like.received_at, like.id), is_repeat=True)

    def mark(self, alert: Alert, rules: Sequence[Rule], now: datetime) -> Alert:
        """Return an alert with the rule that takes it, if one does."""
        rule = find_rule(rules, alert, config=self._config, now=now)
        return alert if rule is None else replace(alert, suppressed_by=rule)

    def _prepare(self, arrival: Arrival, rules: Sequence[Rule], now: datetime) -> Intake:
        """Map and match; more than one small alert where the store reads, so that nobody else waits for it."""
        delivery_id, playbooks = self._ids.new("dl"), self._playbooks().values()
        mapped = [
            map_alert(arrival.source, raw, alert_id=self._ids.new("al"), delivery=delivery_id, now=now, guess=guess)
            for raw, guess in arrival.reading.pair()
        ]
        alerts = [self.mark(alert, rules, now) for alert in mapped] if rules else mapped
        delivery = Delivery(
            id=delivery_id,
            source=arrival.source.id,
            key=arrival.keys[0],
            received_at=now,
            remote=arrival.remote,
            headers=arrival.headers,
            body=arrival.body,
            answer=self._write_answer(arrival.source, alerts),
        )
        taken = [
            tuple(
                verdict.playbook
                for verdict in match_alert(alert, playbooks, config=self._config, now=now)
                if verdict.is_match
            )
            if alert.suppressed_by is None
            else ()
            for alert in alerts
        ]
        return Intake(delivery=delivery, alerts=tuple(zip(alerts, taken, strict=True)))

    def _store_intake(self, unit: Unit, arrival: Arrival, intake: Intake, now: datetime) -> Receipt | Intake:
        """Store everything at once and return it, unless the same came in meanwhile: then what that was answered."""
        known = self._find_repeat(unit, arrival, now)
        if known is not None:
            return known
        if arrival.grouping is not None:
            intake = self._fold(unit, arrival.source, arrival.grouping, intake, now)
        unit.deliveries.add(intake.delivery)
        for alert, playbooks in intake.alerts:
            self._store_alert(unit, alert, playbooks, arrival.requester, now)
        return intake

    def _fold(self, unit: Unit, source: Source, grouping: Grouping, intake: Intake, now: datetime) -> Intake:
        """Leave out alerts that count as repeats of others, and answer with the ids of those."""
        firsts = [join_burst(unit, grouping, alert, now) for alert, _ in intake.alerts]
        alerts = [alert for alert, _ in intake.alerts]
        return Intake(
            delivery=replace(intake.delivery, answer=self._write_answer(source, alerts, firsts)),
            alerts=tuple(pair for pair, first in zip(intake.alerts, firsts, strict=True) if first is None),
        )

    def _store_alert(
        self, unit: Unit, alert: Alert, playbooks: Sequence[Playbook], requester: Requester, now: datetime
    ) -> None:
        unit.alerts.add(alert)
        event = AuditEvent(
            type="alert.received",
            outcome=Outcome.SUCCESS,
            actor=requester.actor,
            target={"kind": "alert", "id": alert.id, "source": alert.source},
            context={"delivery": alert.delivery, "kind": alert.kind, **_describe_suppression(alert)},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        if alert.suppressed_by is None:
            unit.happenings.add(EventType.ALERT_RECEIVED, alert.id, alert.to_value(), now)
        for playbook in playbooks:
            self._requests.request_for_alert(unit, playbook, alert, requester, now)

    def _write_answer(
        self, source: Source, alerts: Sequence[Alert], firsts: Sequence[str | None] | None = None
    ) -> JsonValue:
        known = firsts or [None] * len(alerts)
        answers = [
            self._answer(first or alert.id, alert.received_at, first)
            for alert, first in zip(alerts, known, strict=True)
        ]
        return {"alerts": answers} if source.body.has_several else answers[0]

    def _answer(self, alert: str, received_at: datetime, duplicate_of: str | None) -> JsonValue:
        return {
            "alert": alert,
            "received_at": print_timestamp(received_at),
            "duplicate_of": duplicate_of,
            "see": f"{self._url}/alerts/{alert}",
        }


def _describe_suppression(alert: Alert) -> dict[str, JsonValue]:
    return {} if alert.suppressed_by is None else {"suppressed_by": alert.suppressed_by}
