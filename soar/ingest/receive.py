"""Lets in what reports alerts: a request to a hook, a person, a run, a product that was asked."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import orjson

from soar.audit.actor import describe_principal, describe_run
from soar.audit.record import record
from soar.ingest.acceptance import Acceptance, Receipt
from soar.ingest.amazon import SnsVerifier
from soar.ingest.arrival import Arrival, clean, keep_headers, make_errand, read_item
from soar.ingest.authentication import Request, Sns
from soar.ingest.bodies.rule import LARGEST_BODY, ONE_OBJECT, Format, Rule
from soar.ingest.bodies.sns import NOTIFICATION, read_envelope
from soar.ingest.door import Door
from soar.ingest.handshake import Greeting, greet_known, greet_openly
from soar.ingest.mapping import map_alert
from soar.ingest.match import Verdict, match_alert
from soar.ingest.raised import build_source, write_document
from soar.ingest.reading import BodyReader, Reading, is_heavy, list_documents
from soar.ingest.refusals import RefusalBudget
from soar.ingest.repeat import list_keys
from soar.ingest.request import Requester, RunRequests
from soar.ingest.source import Source
from soar.ingest.suppression import Rules
from soar.model.alert import Alert, Delivery, Raised, RaisedAlert
from soar.model.announce import Announcer
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import DeniedError, InputError, NotFoundError
from soar.model.identity import Principal
from soar.model.ids import Ids
from soar.model.network import Egress
from soar.model.playbook import Playbook
from soar.model.poll import Item
from soar.model.run import Run
from soar.model.secret import Secret
from soar.model.values import Value
from soar.store import Store, Unit

_REFUSALS_A_MINUTE = 20
_MANY = 8  # requests under way
_KEY_SECONDS = 1.0
_UNKNOWN = ""

Resolve = Callable[[str, str], Awaitable[Sequence[Secret]]]


@dataclass(frozen=True, slots=True)
class Checked:
    """What would happen to an alert; nothing was stored."""

    alert: Alert
    verdicts: tuple[Verdict, ...]


class Receiver:
    """Takes alerts in.

    Args:
        store: where they go.
        workspace: that sources belong to.
        sources: by id.
        playbooks: gives those that serve now, by id.
        resolve: opens a credential by workspace and name: its value, and the former one while that is still good;
            raises `NotFoundError` if there is none.
        egress: the one way out, for what a source's product has to be asked.
        config: the server's open settings, as expressions see them.
        url: how people reach us, without a slash at the end.
        reader: reads bodies that may cost much.
        clock: for moments.
        ids: new identifiers.
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
        egress: Egress,
        config: Mapping[str, Value],
        url: str,
        reader: BodyReader,
        clock: Clock,
        ids: Ids,
        announcer: Announcer,
    ) -> None:
        self._store = store
        self._workspace = workspace
        self._sources = sources
        self._playbooks = playbooks
        self._resolve = resolve
        self._config = config
        self._clock = clock
        self._ids = ids
        self._requests = RunRequests(config=config, ids=ids)
        self._sns = SnsVerifier(egress, clock.now)
        self._door = Door(sources=sources, open_keys=self._open_keys, sns=self._sns, reader=reader, clock=clock)
        self._refusals = RefusalBudget(_REFUSALS_A_MINUTE)
        self._reader = reader
        self._arriving = 0
        self._keys: dict[str, tuple[float, Sequence[Secret]]] = {}
        self._rules = Rules(store, workspace, clock)
        self._acceptance = Acceptance(
            store=store,
            workspace=workspace,
            playbooks=playbooks,
            requests=self._requests,
            rules=self._rules,
            config=config,
            url=url,
            clock=clock,
            ids=ids,
            announcer=announcer,
        )

    @property
    def sources(self) -> Mapping[str, Source]:
        """The sources that are set up, by id."""
        return self._sources

    @property
    def requests(self) -> RunRequests:
        """What requests runs; for those started by hand."""
        return self._requests

    @property
    def rules(self) -> Rules:
        """The rules under which alerts start nothing; to be forgotten when they are changed."""
        return self._rules

    def greet_openly(self, source_id: str, query: Mapping[str, str]) -> Greeting | None:
        """Answer what a product asks before it has anything to prove itself with; None if it does not ask."""
        source = self._sources.get(source_id)
        return greet_openly(source.handshake, query) if source else None

    async def greet(
        self, source_id: str, headers: Mapping[str, str], remote: str, *, certificate: str | None = None
    ) -> Greeting:
        """Answer what a product asks without a body.

        Raises:
            DeniedError: code `unauthenticated`, as for `receive`.
            NotFoundError: it asks nothing that this source's product asks.
        """
        source = await self.authenticate(source_id, headers, b"", remote, certificate=certificate)
        greeting = greet_known(source.handshake, headers, b"")
        if greeting is None:
            raise NotFoundError("there is nothing to see here", hint="send alerts with POST")
        return greeting

    async def receive(
        self,
        source_id: str,
        headers: Mapping[str, str],
        body: bytes,
        remote: str,
        *,
        certificate: str | None = None,
        goes_first: bool = False,
    ) -> Receipt | Greeting:
        """Take a request to a hook; it is durable when this returns.

        Args:
            source_id: as in the path.
            headers: names in lower case.
            body: as received, undecoded.
            remote: address of the sender.
            certificate: as in `soar.ingest.authentication.Request`.
            goes_first: store it before all that waits to be written.

        Raises:
            DeniedError: code `unauthenticated`: unknown source, wrong signature or old timestamp, all told alike.
            InputError: code `too_large` or `key_reused`, or the body is not what the source sends.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        source = await self.authenticate(source_id, headers, body, remote, certificate=certificate)
        return await self._receive(source, headers, body, remote, goes_first=goes_first)

    @contextmanager
    def expect(self) -> Iterator[None]:
        """Count a request to a hook as under way: it is here, and `receive` is called once its turn has come."""
        self._arriving += 1
        try:
            yield
        finally:
            self._arriving -= 1

    @property
    def is_pressed(self) -> bool:
        """Whether so many requests to hooks are under way that what they are to start should wait for them."""
        return self._arriving >= _MANY

    async def _receive(
        self, source: Source, headers: Mapping[str, str], body: bytes, remote: str, *, goes_first: bool
    ) -> Receipt | Greeting:
        try:
            greeting = await self._greet_known(source, headers, body, remote)
            if greeting is not None:
                return greeting
            reading = await self._read(source, source.body, headers, body)
        except InputError as error:
            await self._refuse(source.id, remote, error.message, kind="source")
            raise
        arrival = Arrival(
            source=source,
            keys=list_keys(source.recipe, Request(headers, body), self._clock.now()),
            remote=remote,
            headers=keep_headers(source, headers),
            body=body,
            reading=reading,
            requester=Requester(
                initiator=f"source:{source.id}",
                actor=Actor(kind="source", id=source.id, name=source.id, via="hook", ip=remote),
            ),
            grouping=source.grouping,
            goes_first=goes_first,
        )
        return await self._acceptance.accept(arrival)

    async def receive_from(self, principal: Principal, source_id: str, body: bytes, key: str | None) -> Receipt:
        """Take an alert that a person posts as if it came from a source; whoever posts it may not approve its actions.

        Args:
            principal: the person, already allowed to send alerts.
            source_id: whose mapping applies.
            body: one document in JSON; where the source sends JSON objects, as it sends it.
            key: the request's idempotency key, if it has one.

        Raises:
            NotFoundError: there is no such source.
            InputError: the body is not what the source sends.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        source = self._find_source(source_id)
        arrival = Arrival(
            source=source,
            keys=(f"{principal.id}:{clean(key) if key else self._ids.new('key')}",),
            remote=principal.ip or "",
            headers={},
            body=body,
            reading=await self._read(source, source.body if source.format is Format.OBJECT else ONE_OBJECT, {}, body),
            requester=Requester(initiator=f"user:{principal.id}", actor=describe_principal(principal, kind="user")),
        )
        return await self._acceptance.accept(arrival)

    async def replay(self, principal: Principal, delivery: Delivery) -> Receipt:
        """Take a delivery again that was accepted before: the same bytes, as the source is mapped today.

        Its alerts are new ones, whatever they repeat; whoever replays it may not approve their actions.

        Args:
            principal: the person, already allowed to send alerts.
            delivery: what was accepted.

        Raises:
            NotFoundError: its source is not there any more, or it is what a run has raised.
            InputError: the body is not what the source sends today.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        source = self._find_source(delivery.source)
        arrival = Arrival(
            source=source,
            keys=(f"replay:{delivery.id}:{self._ids.new('key')}",),
            remote=principal.ip or "",
            headers=delivery.headers,
            body=delivery.body,
            reading=await self._read(source, source.body, delivery.headers, delivery.body),
            requester=Requester(initiator=f"user:{principal.id}", actor=describe_principal(principal, kind="user")),
        )
        return await self._acceptance.accept(arrival)

    async def receive_polled(self, source_id: str, items: Sequence[Item], keep: Callable[[Unit], None]) -> None:
        """Take in what a source had when it was asked, as if it had sent each item; all of it or nothing.

        What cannot be an alert is refused, as it would be at a hook, and is in the audit.

        Args:
            source_id: whose mapping applies.
            items: those that came before, unchanged, are not stored again.
            keep: puts down, in the same transaction, how far the source has come.

        Raises:
            NotFoundError: there is no such source.
            UnavailableError: the store takes nothing now; nothing was accepted.
            Exception: what `keep` raised; nothing was accepted.
        """
        source = self._find_source(source_id)
        arrivals = []
        for item in items:
            try:
                arrivals.append(read_item(source, item))
            except InputError as error:
                await self._refuse(source.id, "", f"{clean(item.key)}: {error.message}", kind="source")
        await self._acceptance.accept_all(arrivals, keep)

    async def raise_alert(self, run: Run, step: str, raised: RaisedAlert, key: str) -> Raised:
        """Take an alert that a run raises, as if it came from the source `soar`.

        Whoever set off the run counts as the initiator of what the alert starts, and may not approve it either.

        Args:
            run: who raises it.
            step: the path of its step.
            raised: what is reported.
            key: a second alert with the same key is not stored.

        Raises:
            ConflictError: alerts have raised alerts too often in a row.
            UnavailableError: the store takes nothing now; nothing was accepted.
        """
        cause = await self._store.read(
            self._workspace, lambda unit: None if run.alert is None else unit.alerts.get(run.alert)
        )
        document = write_document(raised, run=run, step=step, cause=cause)
        arrival = Arrival(
            source=build_source(raised),
            keys=(f"effect:{key}",),
            remote="",
            headers={},
            body=orjson.dumps(document),
            reading=Reading([document]),
            requester=Requester(initiator=run.initiator, actor=describe_run(run)),
            raised=raised,
        )
        receipt = await self._acceptance.accept(arrival)
        answer = receipt.answer if isinstance(receipt.answer, dict) else {}
        duplicate = answer["duplicate_of"]
        return Raised(alert=str(answer["alert"]), duplicate_of=None if duplicate is None else str(duplicate))

    async def authenticate(
        self, source_id: str, headers: Mapping[str, str], body: bytes, remote: str, *, certificate: str | None = None
    ) -> Source:
        """Return the source that signed a request.

        Raises:
            DeniedError: code `unauthenticated`: unknown source, wrong signature or old timestamp, all told alike.
            InputError: code `too_large`.
            UnavailableError: it cannot be said now who has signed.
        """
        if len(body) > LARGEST_BODY:
            raise InputError(
                f"the body is larger than {LARGEST_BODY} bytes", code="too_large", hint="send fewer alerts at once"
            )
        answer = await self._door.ask(source_id, Request(headers, body, remote, certificate))
        source = answer.source
        if source is None or answer.refusal is not None:
            await self._refuse(source_id, remote, answer.refusal, kind="stranger")
            raise DeniedError(
                "this source does not know you",
                code="unauthenticated",
                hint="check the source's name, its key and the clock",
            )
        return source

    async def check(self, source_id: str, headers: Mapping[str, str], body: bytes) -> list[Checked]:
        """Say what would happen to a body; nothing is stored.

        Raises:
            NotFoundError: there is no such source.
            InputError: the body is not what the source sends.
        """
        source, now = self._find_source(source_id), self._clock.now()
        rules = await self._rules.find()
        checked = []
        for raw, guess in (await self._read(source, source.body, headers, body)).pair():
            mapped = map_alert(source, raw, alert_id="al_check", delivery="dl_check", now=now, guess=guess)
            alert = self._acceptance.mark(mapped, rules, now)
            checked.append(Checked(alert, tuple(self.explain(alert))))
        return checked

    def explain(self, alert: Alert) -> list[Verdict]:
        """Say for each playbook that serves whether it takes an alert, and which part of its condition decides."""
        return match_alert(alert, self._playbooks().values(), config=self._config, now=self._clock.now(), has_why=True)

    async def _read(self, source: Source, rule: Rule, headers: Mapping[str, str], body: bytes) -> Reading:
        """Read a body; one that may cost much elsewhere, so that nobody else waits for it.

        Raises:
            InputError: the body is not what the source sends.
            UnavailableError: it could not be read now.
        """
        errand = make_errand(source, rule, headers, body)
        if is_heavy(errand.parcel):
            return await self._reader.read(errand)
        return Reading(list_documents(errand))

    def _find_source(self, source_id: str) -> Source:
        source = self._sources.get(source_id)
        if source is None:
            raise NotFoundError(f"no source {source_id}", hint="`soar source list` shows them")
        return source

    async def _open_keys(self, name: str) -> Sequence[Secret]:
        """Open a key, or return what it was a second ago: many alerts come at once, and keys change seldom."""
        now = self._clock.monotonic()
        opened, keys = self._keys.get(name, (-_KEY_SECONDS, ()))
        if keys and now - opened < _KEY_SECONDS:
            return keys
        try:
            keys = await self._resolve(self._workspace, name)
        except NotFoundError:
            self._keys.pop(name, None)
            return ()
        self._keys[name] = (now, keys)
        return keys

    async def _greet_known(
        self, source: Source, headers: Mapping[str, str], body: bytes, remote: str
    ) -> Greeting | None:
        """Answer what a product asks that has proved itself; None if it sends alerts."""
        if not isinstance(source.recipe, Sns):
            return greet_known(source.handshake, headers, body)
        envelope = read_envelope(body)
        if envelope.type == NOTIFICATION:
            return None
        await self._sns.confirm(envelope)
        event = AuditEvent(
            type="source.confirmed",
            outcome=Outcome.SUCCESS,
            actor=Actor(kind="source", id=source.id, name=source.id, via="hook", ip=remote),
            target={"kind": "source", "id": source.id},
            context={"topic": envelope.topic, "type": envelope.type},
        )
        now = self._clock.now()
        await self._store.write(self._workspace, lambda unit: record(unit, event, at=now, id=self._ids.new("ev")))
        return Greeting(b"", "text/plain")

    async def _refuse(self, source_id: str, remote: str, reason: str | None, *, kind: str) -> None:
        """Write a refusal down, a bounded number a minute, so that strangers cannot fill the disk."""
        now, named = self._clock.now(), clean(source_id)
        skipped = self._refusals.spend(source_id if source_id in self._sources else _UNKNOWN, now)
        if skipped is None:
            return
        event = AuditEvent(
            type="alert.refused",
            outcome=Outcome.DENIED,
            actor=Actor(kind=kind, id=named if kind == "source" else remote, via="hook", ip=remote),
            target={"kind": "source", "id": named},
            reason=reason,
            context={"not_recorded_before": skipped},
        )

        def write(unit: Unit) -> None:
            record(unit, event, at=now, id=self._ids.new("ev"))

        await self._store.write(self._workspace, write)
