"""From a request at a hook to a stored alert and its requested runs, in one transaction."""

import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.audit.record import record
from soar.ingest.authentication import Bearer, Request, find_delivery_id, find_refusal
from soar.ingest.mapping import map_alert
from soar.ingest.match import Verdict, match_alert
from soar.ingest.request import Requester, RunRequests
from soar.ingest.source import LARGEST_BODY, Format, Source
from soar.ingest.strict_json import parse_json, parse_json_lines
from soar.model.alert import Alert, Delivery, Match
from soar.model.announce import Announcer
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.identity import Principal
from soar.model.ids import Ids
from soar.model.playbook import Playbook
from soar.model.secret import Secret
from soar.model.values import JsonValue, Value, print_timestamp
from soar.store import Store, Unit

MOST_ALERTS = 1_000
"""Alerts in one request at most."""

_KEPT_HEADERS = frozenset({"content-type", "user-agent", "date", "idempotency-key"})
_REFUSALS_A_MINUTE = 60
_NOBODY = Bearer(secrets=("nobody",))

Resolve = Callable[[str, str], Awaitable[Secret]]


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a sender is answered.

    Attributes:
        answer: the body of the 202.
        is_repeat: whether the same was accepted before; then nothing was stored now.
    """

    answer: JsonValue
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class Checked:
    """What would happen to an alert; nothing was stored."""

    alert: Alert
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arrival:
    """A request that has been let in."""

    source: Source
    key: str
    remote: str
    headers: Mapping[str, str]
    body: bytes
    documents: Sequence[JsonValue]
    requester: Requester


class Receiver:
    """Takes alerts in.

    Args:
        store: where they go.
        workspace: that sources belong to.
        sources: by id.
        playbooks: gives those that serve now, by id.
        resolve: opens a credential by workspace and name; raises `NotFoundError` if there is none.
        config: the server's open settings, as expressions see them.
        url: how people reach us, without a slash at the end.
        clock: for moments.
        ids: new identifiers.
        wake: told which run has something to do, after the commit.
        announcer: tells open pages.
    """

    def __init__(
        self,
        *,
        store: Store,
        workspace: str,
        sources: Mapping[str, Source],
        playbooks: Callable[[], Mapping[str, Playbook]],
        resolve: Resolve,
        config: Mapping[str, Value],
        url: str,
        clock: Clock,
        ids: Ids,
        wake: Callable[[str, str], None],
        announcer: Announcer,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._sources = sources
        self._playbooks = playbooks
        self._resolve = resolve
        self._config = config
        self._url = url
        self._clock = clock
        self._ids = ids
        self._wake = wake
        self._announcer = announcer
        self._requests = RunRequests(config=config, ids=ids)
        self._refusals = RefusalBudget(_REFUSALS_A_MINUTE)

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are set up, by id."""
        return self._sources

    @property
    def requests(self) -> RunRequests:
        """What requests runs; for those started by hand."""
        return self._requests

    async def receive(self, source_id: str, headers: Mapping[str, str], body: bytes, remote: str) -> Receipt:
        """Take a request to a hook; it is durable when this returns.

        Args:
            source_id: as in the path.
            headers: names in lower case.
            body: as received, undecoded.
            remote: address of the sender.

        Raises:
            DeniedError: code `unauthenticated`: unknown source, wrong signature or old timestamp, all told alike.
            InputError: code `too_large`, or the body is not what the source sends.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        source = await self._authenticate(source_id, headers, body, remote)
        request = Request(headers, body)
        try:
            documents = _read_documents(source, body)
        except InputError as error:
            await self._refuse(source.id, remote, error.message, kind="source")
            raise
        arrival = _Arrival(
            source=source,
            key=find_delivery_id(source.recipe, request) or headers.get("idempotency-key") or _digest(body),
            remote=remote,
            headers={name: value for name, value in headers.items() if name in _KEPT_HEADERS},
            body=body,
            documents=documents,
            requester=Requester(
                initiator=f"source:{source.id}",
                actor=Actor(kind="source", id=source.id, name=source.id, via="hook", ip=remote),
            ),
        )
        return await self._accept(arrival)

    async def receive_from(self, principal: Principal, source_id: str, body: bytes, key: str | None) -> Receipt:
        """Take an alert that a person posts as if it came from a source; whoever posts it may not approve its actions.

        Args:
            principal: the person, already allowed to send alerts.
            source_id: whose mapping applies.
            body: one document, as the source sends it.
            key: the request's idempotency key, if it has one.

        Raises:
            NotFoundError: there is no such source.
            InputError: the body is not what the source sends.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        source = self._find_source(source_id)
        actor = Actor(
            kind="user",
            id=principal.id,
            name=principal.name,
            via=principal.via,
            roles=tuple(sorted(principal.roles)),
            ip=principal.ip,
            session=principal.session,
        )
        arrival = _Arrival(
            source=source,
            key=f"{principal.id}:{key or self._ids.new('key')}",
            remote=principal.ip or "",
            headers={},
            body=body,
            documents=_read_documents(source, body),
            requester=Requester(initiator=f"user:{principal.id}", actor=actor),
        )
        return await self._accept(arrival)

    async def authenticate(self, source_id: str, headers: Mapping[str, str], body: bytes, remote: str) -> Source:
        """Return the source that signed a request.

        Raises:
            DeniedError: code `unauthenticated`.
        """
        return await self._authenticate(source_id, headers, body, remote)

    def check(self, source_id: str, body: bytes) -> list[Checked]:
        """Say what would happen to a body; nothing is stored.

        Raises:
            NotFoundError: there is no such source.
            InputError: the body is not what the source sends.
        """
        source, now = self._find_source(source_id), self._clock.now()
        checked = []
        for raw in _read_documents(source, body):
            alert = map_alert(source, raw, alert_id="al_check", delivery="dl_check", now=now)
            checked.append(Checked(alert, tuple(self.explain(alert))))
        return checked

    def explain(self, alert: Alert) -> list[Verdict]:
        """Say for each playbook that serves whether it takes an alert, and which part of its condition decides."""
        return match_alert(alert, self._playbooks().values(), config=self._config, now=self._clock.now(), has_why=True)

    def _find_source(self, source_id: str) -> Source:
        source = self._sources.get(source_id)
        if source is None:
            raise NotFoundError(f"no source {source_id}", hint="`soar source list` shows them")
        return source

    async def _authenticate(self, source_id: str, headers: Mapping[str, str], body: bytes, remote: str) -> Source:
        if len(body) > LARGEST_BODY:
            raise InputError(f"the body is larger than {LARGEST_BODY} bytes", code="too_large")
        source = self._sources.get(source_id)
        recipe = source.recipe if source else _NOBODY
        keys = [key for name in recipe.secrets if (key := await self._find_key(name)) is not None]
        refusal = find_refusal(recipe, Request(headers, body), keys, self._clock.now())
        if source is None or refusal is not None:
            await self._refuse(source_id, remote, refusal if source else "there is no such source", kind="stranger")
            raise DeniedError(
                "this source does not know you",
                code="unauthenticated",
                hint="check the source's name, its key and the clock",
            )
        return source

    async def _find_key(self, name: str) -> Secret | None:
        try:
            return await self._resolve(self._workspace, name)
        except NotFoundError:
            return None

    async def _refuse(self, source_id: str, remote: str, reason: str | None, *, kind: str) -> None:
        """Write a refusal down, a bounded number a minute, so that strangers cannot fill the disk."""
        now = self._clock.now()
        skipped = self._refusals.spend(now)
        if skipped is None:
            return
        event = AuditEvent(
            type="alert.refused",
            outcome=Outcome.DENIED,
            actor=Actor(kind=kind, id=remote, via="hook", ip=remote),
            target={"kind": "source", "id": source_id[:100]},
            reason=reason,
            context={"not_recorded_before": skipped},
        )

        def write(unit: Unit) -> None:
            record(unit, event, at=now, id=self._ids.new("ev"))

        await self._store.write(self._workspace, write)

    async def _accept(self, arrival: _Arrival) -> Receipt:
        now = self._clock.now()
        receipt, alerts, matches = await self._store.write(
            self._workspace, lambda unit: self._store_arrival(unit, arrival, now)
        )
        for alert in alerts:
            self._announcer.announce(self._workspace, "alert", alert.id)
        for run in dict.fromkeys(match.run for match in matches if match.run is not None):
            self._wake(self._workspace, run)
        return receipt

    def _store_arrival(
        self, unit: Unit, arrival: _Arrival, now: datetime
    ) -> tuple[Receipt, Sequence[Alert], Sequence[Match]]:
        known = unit.deliveries.find(arrival.source.id, arrival.key)
        if known is not None:
            return Receipt(known.answer, is_repeat=True), (), ()
        delivery_id = self._ids.new("dl")
        alerts = [
            map_alert(arrival.source, raw, alert_id=self._ids.new("al"), delivery=delivery_id, now=now)
            for raw in arrival.documents
        ]
        answer = self._write_answer(arrival.source, alerts, now)
        delivery = Delivery(
            id=delivery_id,
            source=arrival.source.id,
            key=arrival.key,
            received_at=now,
            remote=arrival.remote,
            headers=arrival.headers,
            body=arrival.body,
            answer=answer,
        )
        unit.deliveries.add(delivery)
        matches = [match for alert in alerts for match in self._store_alert(unit, alert, arrival, now)]
        return Receipt(answer, is_repeat=False), alerts, matches

    def _store_alert(self, unit: Unit, alert: Alert, arrival: _Arrival, now: datetime) -> Iterable[Match]:
        unit.alerts.add(alert)
        event = AuditEvent(
            type="alert.received",
            outcome=Outcome.SUCCESS,
            actor=arrival.requester.actor,
            target={"kind": "alert", "id": alert.id, "source": alert.source},
            context={"delivery": alert.delivery, "kind": alert.kind},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        verdicts = match_alert(alert, self._playbooks().values(), config=self._config, now=now)
        return [
            self._requests.request_for_alert(unit, verdict.playbook, alert, arrival.requester, now)
            for verdict in verdicts
            if verdict.is_match
        ]

    def _write_answer(self, source: Source, alerts: Sequence[Alert], now: datetime) -> JsonValue:
        answers: list[JsonValue] = [
            {
                "alert": alert.id,
                "received_at": print_timestamp(now),
                "duplicate_of": None,
                "see": f"{self._url}/alerts/{alert.id}",
            }
            for alert in alerts
        ]
        return answers[0] if source.format is Format.OBJECT else {"alerts": answers}


class RefusalBudget:
    """How many refusals are written down a minute.

    Args:
        limit: so many.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._minute: datetime | None = None
        self._spent = 0
        self._skipped = 0

    def spend(self, now: datetime) -> int | None:
        """Return how many were passed over since the last that was written, or None if this one is passed over."""
        if self._minute is None or now - self._minute >= timedelta(minutes=1) or now < self._minute:
            self._minute, self._spent = now, 0
        if self._spent >= self._limit:
            self._skipped += 1
            return None
        self._spent += 1
        skipped, self._skipped = self._skipped, 0
        return skipped


def _digest(body: bytes) -> str:
    return f"sha256:{hashlib.sha256(body).hexdigest()}"


def _read_documents(source: Source, body: bytes) -> Sequence[JsonValue]:
    documents = _split(source.format, body)
    if not documents or len(documents) > MOST_ALERTS:
        raise InputError(f"a request holds 1 to {MOST_ALERTS} alerts, not {len(documents)}", code="invalid_json")
    if not all(isinstance(document, dict) for document in documents):
        raise InputError("an alert is a JSON object", code="invalid_json")
    return documents


def _split(form: Format, body: bytes) -> Sequence[JsonValue]:
    match form:
        case Format.NDJSON:
            return parse_json_lines(body, limit=MOST_ALERTS)
        case Format.ARRAY:
            array = parse_json(body)
            if not isinstance(array, list):
                raise InputError("this source sends an array of objects", code="invalid_json")
            return array
        case Format.OBJECT:
            return [parse_json(body)]
