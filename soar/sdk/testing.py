"""The checks that every connector's own test runs, at the wire.

::

    BENCH = Bench(VirusTotal, hosts={"www.virustotal.com"}, credentials={"api_key": SECRET})

    async def test_every_failure_has_its_code() -> None:
        await check_failures(BENCH, "url_report", {"url": "https://evil.example/"})
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

import httpx

from soar.model.alert import Raised, RaisedAlert
from soar.model.catalog import Effect, Repeat
from soar.model.errors import ActionCode
from soar.model.lists import ListEntry
from soar.model.network import Egress, EgressRequest, EgressResponse
from soar.model.poll import Batch
from soar.model.process import ActionAnswer
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.sdk.action import Connector
from soar.sdk.client import Client
from soar.sdk.context import Context, Feed, Settings
from soar.sdk.errors import PermanentError, UnknownOutcomeError
from soar.sdk.invocation import invoke
from soar.sdk.lists import Added
from soar.sdk.redaction import Redactor
from soar.sdk.simulation import Ledger, MemoryLedger, SimulatedEgress, Simulator
from soar.sdk.stream import LINE_LIMIT, Dialer, NoDialer, Prepare, Stream
from soar.sdk.target import parse_target
from soar.sdk.trigger import list_triggers

__all__ = [
    "NOW",
    "SECRET",
    "ActionAnswer",
    "Bench",
    "Ledger",
    "MemoryAlerts",
    "MemoryLedger",
    "MemoryLists",
    "MemoryMessages",
    "StillClock",
    "WireDialer",
    "WireEgress",
    "check_double_call",
    "check_failures",
    "check_lost_answer",
]

SECRET = "s3cret/V4lue+with=odd&parts"  # noqa: S105 made up, of characters that encodings change
"""A credential that every encoding writes differently."""

NOW = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
"""The moment at which a bench's calls happen."""

Handler: TypeAlias = (
    Callable[[httpx.Request], httpx.Response] | Callable[[httpx.Request], Coroutine[None, None, httpx.Response]]
)
"""Answers requests: a function, or the `async_handler` of a respx router."""


Serve: TypeAlias = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Speaks with one connection until it ends."""


class StillClock:
    """A clock that stands at `NOW`."""

    def now(self) -> datetime:
        """Return `NOW`."""
        return NOW

    def monotonic(self) -> float:
        """Return zero."""
        return 0.0

    async def sleep(self, seconds: float) -> None:
        """Return at once, having let others run."""
        await asyncio.sleep(0 * seconds)


class WireEgress:
    """A way out that ends at a handler.

    Args:
        handler: answers each request whose host is allowed.
    """

    def __init__(self, handler: Handler) -> None:
        self._transport = httpx.MockTransport(handler)

    async def send(self, request: EgressRequest) -> EgressResponse:
        """Answer one request."""
        parse_target(request.url, request.hosts, request.private_hosts)
        sent = httpx.Request(request.method, request.url, headers=list(request.headers), content=request.body)
        answer = await self._transport.handle_async_request(sent)
        return EgressResponse(
            status=answer.status_code, headers=tuple(answer.headers.multi_items()), body=await answer.aread()
        )

    async def close(self) -> None:
        """Nothing is held open."""


class WireDialer:
    """Connects to a product in small on the loopback address, whatever host and port are asked for.

    Args:
        serve: speaks with one connection, as the product would.
    """

    def __init__(self, serve: Serve) -> None:
        self._serve = serve
        self.opened: list[tuple[str, int, bool]] = []

    @asynccontextmanager
    async def open(
        self, host: str, port: int, *, is_secure: bool, has_greeting: bool = False, prepare: Prepare | None = None
    ) -> AsyncIterator[Stream]:
        """Return a connection to the product in small, without TLS; its greeting is awaited if it has one."""
        self.opened.append((host, port, is_secure))
        served: list[asyncio.Task[None]] = []

        def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            served.append(asyncio.create_task(self._answer(reader, writer), name="product in small"))

        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        try:
            address = server.sockets[0].getsockname()
            reader, writer = await asyncio.open_connection(address[0], address[1], limit=LINE_LIMIT)
            try:
                stream = Stream(reader, writer, host, await reader.readline() if has_greeting else b"")
                if prepare is not None:
                    await prepare(stream)
                yield stream
            finally:
                writer.close()
                with suppress(OSError):
                    await writer.wait_closed()
                await asyncio.gather(*served)
        finally:
            server.close()
            await server.wait_closed()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # the other side has gone, as it may
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class MemoryMessages:
    """A chat that remembers what was posted, once for each key."""

    def __init__(self) -> None:
        self.posted: dict[str, tuple[str, str]] = {}
        self.opened: dict[str, tuple[str, tuple[str, ...]]] = {}

    async def post(self, channel: str, text: str, key: str) -> str:
        """Remember a message and return its id."""
        self.posted.setdefault(key, (channel, text))
        return f"msg_{list(self.posted).index(key)}"

    async def open_channel(self, channel: str, invited: Sequence[str], key: str) -> None:
        """Remember a room and who was invited to it."""
        self.opened.setdefault(key, (channel, tuple(invited)))


class MemoryLists:
    """Lists that remember their entries, and compare values as they are written.

    Args:
        names: of the lists that there are.
    """

    def __init__(self, *names: str) -> None:
        self.entries: dict[str, dict[str, ListEntry]] = {name: {} for name in names}

    async def find(self, name: str, value: str) -> ListEntry | None:
        """Return the entry with this value."""
        return self._open(name).get(value)

    async def add(self, name: str, value: str, *, key: str, note: str, lasts: timedelta | None) -> Added:
        """Remember an entry, unless there is one with this value."""
        entry = ListEntry(
            id=f"le_{key}",
            list=name,
            value=value,
            note=note,
            added_by="run:run_1",
            added_at=NOW,
            expires_at=None if lasts is None else NOW + lasts,
        )
        stands = self._open(name).setdefault(value, entry)
        return Added(entry.id, is_new=stands.id == entry.id)

    async def remove(self, name: str, value: str, *, only: str | None) -> bool:
        """Forget an entry."""
        entry = self._open(name).get(value)
        if entry is None or only not in (None, entry.id):
            return False
        del self.entries[name][value]
        return True

    def _open(self, name: str) -> dict[str, ListEntry]:
        if name not in self.entries:
            raise PermanentError(f"there is no list {name}", action_code=ActionCode.NOT_FOUND)
        return self.entries[name]


class MemoryAlerts:
    """A way in that remembers what was raised, once for each key."""

    def __init__(self) -> None:
        self.raised: dict[str, RaisedAlert] = {}

    async def raise_alert(self, raised: RaisedAlert, key: str) -> Raised:
        """Remember an alert; an earlier one with the same kind and dedupe text stands for it."""
        for number, (known_key, known) in enumerate(self.raised.items()):
            if known_key == key:
                return Raised(alert=f"al_{number}", duplicate_of=None)
            if raised.dedupe is not None and (known.kind, known.dedupe) == (raised.kind, raised.dedupe):
                return Raised(alert=f"al_{number}", duplicate_of=f"al_{number}")
        self.raised[key] = raised
        return Raised(alert=f"al_{len(self.raised) - 1}", duplicate_of=None)


@dataclass(frozen=True, slots=True)
class Bench:
    """A connector with a made-up connection.

    Attributes:
        connector: the class under test.
        hosts: those its connection may call.
        settings: all of them; the manifest's defaults are not read.
        credentials: by secret field.
        messages: the chat it posts to.
        lists: those it looks values up in.
        alerts: where it raises alerts.
    """

    connector: type[Connector]
    hosts: Collection[str] = ()
    settings: Mapping[str, JsonValue] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    messages: MemoryMessages = field(default_factory=MemoryMessages)
    lists: MemoryLists = field(default_factory=MemoryLists)
    alerts: MemoryAlerts = field(default_factory=MemoryAlerts)

    async def call(
        self, name: str, arguments: Mapping[str, Any], handler: Handler, *, key: str = "key-1", seconds: float = 5.0
    ) -> ActionAnswer:
        """Call an action whose requests the handler answers."""
        return await self._invoke(name, arguments, WireEgress(handler), key, seconds)

    async def send(
        self, name: str, arguments: Mapping[str, Any], dial: Dialer, *, key: str = "key-1", seconds: float = 5.0
    ) -> ActionAnswer:
        """Call an action that opens connections of its own."""
        return await self._invoke(name, arguments, WireEgress(_answer(404)), key, seconds, dial)

    async def simulate(
        self, name: str, arguments: Mapping[str, Any], simulator: Simulator, *, key: str = "key-1"
    ) -> ActionAnswer:
        """Call an action against the product's simulator."""
        return await self._invoke(name, arguments, SimulatedEgress(simulator), key, 5.0)

    async def poll(
        self, name: str, arguments: Mapping[str, Any], handler: Handler, cursor: JsonValue = None, *, most: int = 100
    ) -> list[Batch]:
        """Return what a trigger yields until it ends, or so many batches, each of which it takes for stored."""
        return await self._collect(name, arguments, cursor, most, WireEgress(handler), NoDialer())

    async def listen(
        self, name: str, arguments: Mapping[str, Any], dial: Dialer, cursor: JsonValue = None, *, most: int = 100
    ) -> list[Batch]:
        """Return what a trigger yields that opens connections of its own; see `poll`."""
        return await self._collect(name, arguments, cursor, most, WireEgress(_answer(404)), dial)

    async def _collect(
        self, name: str, arguments: Mapping[str, Any], cursor: JsonValue, most: int, egress: Egress, dial: Dialer
    ) -> list[Batch]:
        hosts = frozenset(self.hosts)
        feed = Feed(
            http=Client(egress, hosts=hosts, private_hosts=frozenset(), idempotency_key=name, timeout=5.0),
            settings=Settings(self.settings),
            credentials={field: Secret(text) for field, text in self.credentials.items()},
            clock=StillClock(),
            dial=dial,
        )
        trigger = list_triggers(self.connector)[name]
        batches = trigger.method(self.connector(), feed, trigger.takes.model_validate(arguments), cursor)
        found: list[Batch] = []
        async with aclosing(batches):  # type: ignore[type-var]  # an async generator, as the decorator wants
            async for batch in batches:
                found.append(batch)
                if len(found) == most:
                    break
        return found

    async def _invoke(
        self,
        name: str,
        arguments: Mapping[str, Any],
        egress: Egress,
        key: str,
        seconds: float,
        dial: Dialer | None = None,
    ) -> ActionAnswer:
        credentials = {field: Secret(text) for field, text in self.credentials.items()}
        hosts = frozenset(self.hosts)
        context = Context(
            http=Client(egress, hosts=hosts, private_hosts=frozenset(), idempotency_key=key, timeout=seconds),
            settings=Settings(self.settings),
            credentials=credentials,
            idempotency_key=key,
            deadline=NOW + timedelta(seconds=seconds),
            messages=self.messages,
            lists=self.lists,
            alerts=self.alerts,
            dial=dial or NoDialer(),
            clock=StillClock(),
        )
        action = self.connector.actions[name]
        redactor = Redactor(credentials.values())
        return await invoke(self.connector(), action, context, dict(arguments), seconds=seconds, redactor=redactor)


async def check_failures(
    bench: Bench, name: str, arguments: Mapping[str, Any], *, on_server_error: ActionCode = ActionCode.UNAVAILABLE
) -> None:
    """Check that the product's failures get the codes that all connectors share, and that none tells the secret.

    Args:
        bench: the connector and its connection.
        name: the action.
        arguments: such that the action sends at least one request.
        on_server_error: what a 5xx means to this action.

    Raises:
        AssertionError: a failure has another code, or shows the secret.
    """
    is_read = bench.connector.actions[name].promise.effect is Effect.READ
    cut_off = ActionCode.UNAVAILABLE if is_read else ActionCode.UNKNOWN_OUTCOME
    timed_out = ActionCode.TIMEOUT if is_read else ActionCode.UNKNOWN_OUTCOME
    cases: list[tuple[str, Handler, ActionCode]] = [
        ("401", _answer(401), ActionCode.AUTH),
        ("403", _answer(403), ActionCode.FORBIDDEN),
        ("400", _answer(400), ActionCode.INVALID),
        ("409", _answer(409), ActionCode.CONFLICT),
        ("429", _answer(429), ActionCode.RATE_LIMITED),
        ("500", _answer(500), on_server_error),
        ("503", _answer(503), on_server_error),
        ("a broken connection", _cut_off, cut_off),
        ("silence", _hang, timed_out),
    ]
    for title, handler, code in cases:
        answer = await bench.call(name, arguments, handler, seconds=0.05 if handler is _hang else 5.0)
        _expect(answer.code is code, f"{title}: {answer.code} instead of {code}: {answer.message}")
        _expect_no_secret(bench, answer)
        if code is ActionCode.RATE_LIMITED:
            _expect(answer.retry_after == _PATIENCE, f"{title}: Retry-After was not read")


async def check_double_call(
    bench: Bench, name: str, arguments: Mapping[str, Any], simulator: Callable[[Ledger], Simulator]
) -> ActionAnswer:
    """Check that a second call with the same key changes nothing more in the product, and return the answer.

    Args:
        bench: the connector and its connection.
        name: the action, a write.
        arguments: such that it changes something.
        simulator: makes the product in small over a ledger.

    Raises:
        AssertionError: the first call failed or changed nothing, or the second changed more or answered otherwise.
    """
    ledger = MemoryLedger()
    first = await bench.simulate(name, arguments, simulator(ledger))
    _expect(first.code is None, f"the first call failed: {first.message}")
    entries = ledger.read()
    _expect(bool(entries), "the first call wrote nothing")
    second = await bench.simulate(name, arguments, simulator(ledger))
    _expect(second == first, f"the second call answered {second} instead of {first}")
    _expect(ledger.read() == entries, "the second call wrote again")
    return first


async def check_lost_answer(
    bench: Bench, name: str, arguments: Mapping[str, Any], simulator: Callable[[Ledger], Simulator]
) -> JsonValue:
    """Check that a checkable action's check tells whether a call has happened, and return what stands for its output.

    Args:
        bench: the connector and its connection.
        name: the action, whose `repeat` is checkable.
        arguments: such that it changes something.
        simulator: makes the product in small over a ledger.

    Raises:
        AssertionError: the check says yes before the call or no after it, writes itself, or does not know what the
            output needs.
    """
    promise, gives = bench.connector.actions[name].promise, bench.connector.actions[name].gives
    _expect(promise.repeat is Repeat.CHECKABLE and promise.check is not None, f"{name} is not checkable")
    asked = {name: arguments[source.removeprefix("with.")] for name, source in promise.check_arguments.items()}
    ledger = MemoryLedger()
    before = await bench.simulate(str(promise.check), asked, simulator(ledger))
    _expect(_holds(before) is False, f"before the call the check says {before}")
    _expect(not ledger.read(), "the check wrote")
    await bench.simulate(name, arguments, simulator(ledger))
    after = await bench.simulate(str(promise.check), asked, simulator(ledger))
    _expect(_holds(after) is True, f"after the call the check says {after}")
    known = after.output if isinstance(after.output, dict) else {}
    fields = {field: known[field] for field in gives.model_fields if field in known}
    return gives.model_validate(fields).model_dump(mode="json", by_alias=True)


def _holds(answer: ActionAnswer) -> JsonValue:
    return answer.output.get("holds") if isinstance(answer.output, dict) else None


_PATIENCE = 7.0


def _answer(status: int) -> Handler:
    """Answer with a status and with everything the request said, as a careless product would."""

    def handle(request: httpx.Request) -> httpx.Response:
        echo = json.dumps({"url": str(request.url), "headers": dict(request.headers)})
        return httpx.Response(status, text=echo, headers={"Retry-After": f"{_PATIENCE:g}"})

    return handle


def _cut_off(request: httpx.Request) -> httpx.Response:
    raise UnknownOutcomeError(f"the exchange with {request.url.host} broke off")


async def _hang(_request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    return httpx.Response(200)


def _expect_no_secret(bench: Bench, answer: ActionAnswer) -> None:
    text = json.dumps(answer.output) + answer.message
    leaked = Redactor(map(Secret, bench.credentials.values())).mask_text(text) != text
    _expect(not leaked, "the answer shows the secret")


def _expect(is_so: bool, message: str) -> None:  # noqa: FBT001 reads like the statement it stands for
    if not is_so:
        raise AssertionError(message)
