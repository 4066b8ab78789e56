"""The HTTP face on a loopback port, over real services with a store in memory; only the products are fake."""

import asyncio
import hashlib
import hmac
import io
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from argon2 import PasswordHasher

from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.access.tokens import format_token, hash_token
from soar.api.hub import Hub
from soar.api.server import Running, make_application, serve_socket
from soar.api.services import FirstAlert, Services
from soar.app.library import Checker, Library, to_revision
from soar.app.passwords import Passwords
from soar.approvals.service import ApprovalService
from soar.audit.verify import Report, verify_unit
from soar.ingest.receive import Receiver
from soar.ingest.source import Source, parse_source
from soar.model.audit import Actor
from soar.model.catalog import Effect, Repeat
from soar.model.identity import Role, Token
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.policy import DEFAULT_POLICY
from soar.responses.service import ResponseService
from soar.runtime.commit import Committer
from soar.runtime.driver import Driver
from soar.runtime.executor import Executor
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.queue import RunQueue
from soar.runtime.timers import TimerKeeper
from soar.store import Store, Unit, open_store
from soar.vault.keys import FileKeyProvider, create_key_file
from soar.vault.service import Vault
from tests.support.builders import build_connection, build_user
from tests.support.clock import SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.process import RecordingProcess, ScriptedHost
from tests.support.randomness import SeededRandomness
from tests.support.world import build_actions_catalog, build_spec

T = TypeVar("T")

WORKSPACE = "default"
PASSWORD = "correct horse battery staple"
HOOK_KEY = "the key of the probe's hook"
PEOPLE: Mapping[str, Role] = {
    "ann": Role.ANALYST,
    "bob": Role.ANALYST,
    "carol": Role.SOC_LEAD,
    "vera": Role.VIEWER,
    "olga": Role.AUDITOR,
    "root": Role.ADMIN,
}
"""Who is there: ids `u_ann` and so on, all `@corp.example`, all with the same password."""

SOURCES = {
    "probe": {
        "description": "A probe",
        "auth": {"hmac": {"header": "X-Signature", "prefix": "sha256=", "secret": "probe_hook"}},
        "alert": {"kind": "raw.kind", "title": "raw.title", "entities": {"emails": "[raw.from]"}},
    },
}
PLAYBOOK = """
name: Purge what was reported
owner: team:soc
tags: [mail]
saves: 10m
on:
  alert: {source: probe, match: 'alert.kind == "mail" && alert.title != "harmless"'}
  manual: {}
inputs:
  messages: {type: list<string>, from: alert.raw.messages}
notify: {channel: "chat:#soc"}
steps:
  - id: links
    foreach: {in: inputs.messages, as: message}
    uses: virustotal.url_report
    with: {url: "${{ message }}"}
  - id: purge
    name: Purge every copy
    uses: exchange.purge_messages
    with: {messages: "${{ inputs.messages }}"}
    approve: {by: "role:analyst", reason: "reported", comment: required_on_deny}
    undo: auto
  - id: tell
    uses: chat.dm
    with: {user: ann@corp.example, text: done}
outputs:
  purged: ${{ steps.purge.status == "succeeded" }}
"""
TEXT: JsonValue = {"type": "string"}
ACTIONS = (
    build_spec("virustotal.url_report", parameters={"type": "object", "properties": {"url": TEXT}}),
    build_spec(
        "exchange.purge_messages",
        Effect.DESTRUCTIVE,
        undo="restore_messages",
        undo_arguments={"messages": "with.messages"},
        targets="messages",
        parameters={"type": "object", "properties": {"messages": {"type": "array", "items": TEXT}}},
    ),
    build_spec("exchange.restore_messages", Effect.WRITE),
    build_spec(
        "chat.dm", Effect.WRITE, Repeat.KEYED, parameters={"type": "object", "properties": {"user": TEXT, "text": TEXT}}
    ),
)
CHEAP_HASH = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
"""What is verified with the costs it was made with, and so at once."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: Mapping[str, Any] = field(default_factory=dict)

    @property
    def json(self) -> Any:  # noqa: ANN401 -- whatever the server said
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The problem's code, of an answer that is one."""
        assert self.headers["Content-Type"] == "application/problem+json; charset=utf-8"
        return str(self.json["code"])


class Person:
    """Somebody at the API: a stranger, or with headers that say who."""

    def __init__(self, http: aiohttp.ClientSession, url: str, headers: Mapping[str, str] | None = None) -> None:
        self.http, self.url, self.headers = http, url, dict(headers or {})

    async def send(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send JSON, or bytes as they are."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"Content-Type": "application/json"} if data is not None else {}
        async with self.http.request(
            method, self.url + path, data=None if data is None else io.BytesIO(data), headers={**given, **self.headers, **(headers or {})}
        ) as answer:
            return Answer(answer.status, answer.headers, await answer.read(), answer.cookies)

    async def get(self, path: str) -> Answer:
        return await self.send("GET", f"/api/v1{path}")

    async def post(self, path: str, body: object = None) -> Answer:
        return await self.send("POST", f"/api/v1{path}", {} if body is None else body)


@dataclass
class Face:
    """A served installation."""

    services: Services
    running: Running
    http: aiohttp.ClientSession
    queue: RunQueue
    host: ScriptedHost
    clock: SteppedClock
    faults: list[Exception]
    tokens: dict[str, str] = field(default_factory=dict)

    @property
    def store(self) -> Store:
        return self.services.store

    @property
    def stranger(self) -> Person:
        return Person(self.http, self.running.url)

    async def read(self, work: Callable[[Unit], T]) -> T:
        return await self.store.read(WORKSPACE, work)

    async def write(self, work: Callable[[Unit], T]) -> T:
        return await self.store.write(WORKSPACE, work)

    async def person(self, name: str, *, scopes: frozenset[str] | None = None) -> Person:
        """Return a person with a token for all they may, or for these scopes."""
        text = await self.make_token(name, scopes=scopes)
        return Person(self.http, self.running.url, {"Authorization": f"Bearer {text}"})

    async def make_token(self, name: str, *, scopes: frozenset[str] | None = None) -> str:
        token_id = self.services.ids.new("t")
        text = format_token(token_id, self.services.randomness.bytes(32))
        token = Token(
            id=token_id,
            key=hash_token(text),
            user=f"u_{name}",
            name="test",
            scopes=scopes if scopes is not None else frozenset(Permission),
            created_at=self.clock.now(),
            expires_at=self.clock.now() + timedelta(days=1),
        )
        await self.write(lambda unit: unit.tokens.add(token))
        return text

    async def log_in(self, name: str) -> Person:
        """Return a person in a browser: with the cookie of a login, its token against forgery, and an origin."""
        answer = await self.stranger.post("/session", {"name": name, "password": PASSWORD})
        assert answer.status == 200, answer.body
        cookie = answer.cookies["soar_session"].value
        headers = {
            "Cookie": f"soar_session={cookie}",
            "X-CSRF-Token": answer.json["csrf"],
            "Origin": self.running.url,
            "Sec-Fetch-Site": "same-origin",
        }
        return Person(self.http, self.running.url, headers)

    async def report_mail(self, **changes: object) -> Answer:
        """Send an alert through the hook, signed, and wait until nothing is driven."""
        body = json.dumps({"kind": "mail", "title": "Invoice", "from": "eve@evil.test", **changes}).encode()
        answer = await self.stranger.send("POST", "/hooks/probe", body, {"X-Signature": sign(body)})
        await self.settle()
        return answer

    async def settle(self) -> None:
        """Wait until nothing is driven."""
        while self.queue.size:
            await asyncio.wait(list(self.queue._drivers))

    async def events(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the audit events of a kind, oldest first."""
        page = await self.read(lambda unit: unit.audit.list(1_000, type_prefix=kind))
        return [event.document for event in reversed(page.items)]


def sign(body: bytes) -> str:
    """Return the signature of a body at the probe's hook."""
    return f"sha256={hmac.digest(HOOK_KEY.encode(), body, hashlib.sha256).hex()}"


@asynccontextmanager
async def open_face(folder: Path, passwords: Passwords, *, url: str = "", pages: Path | None = None) -> AsyncIterator[Face]:
    """Serve an installation with people, a source and a playbook in it, and take it all down again."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = url or f"http://127.0.0.1:{listener.getsockname()[1]}"
    disk = InlineDisk()
    store = open_store("sqlite://", disk=disk, process=RecordingProcess(), readers=InlineDisk)
    await store.migrate()
    services, queue, timers, host = _wire(store, folder, passwords, url, pages)
    await _settle_in(services)
    faults: list[Exception] = []
    application = make_application(services, report=lambda _, error: faults.append(error))
    running = await serve_socket(application, listener, drain=1.0)
    keeper = asyncio.create_task(timers.run())
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Face(services, running, http, queue, host, services.clock, faults)
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await running.close()
        await queue.drain(1.0)
        await store.close()


def _wire(
    store: Store, folder: Path, passwords: Passwords, url: str, pages: Path | None
) -> tuple[Services, RunQueue, TimerKeeper, ScriptedHost]:
    clock, ids, randomness, hub, host = SteppedClock(), SeededIds(), SeededRandomness(7), Hub(), ScriptedHost()
    catalog = build_actions_catalog(ACTIONS)
    sources = {name: parse_source(document, name) for name, document in SOURCES.items()}
    library = Library(_write_playbooks(folder), Checker(catalog=catalog, policy=DEFAULT_POLICY, sources=tuple(sources)))
    approvals, responses = ApprovalService(ids=ids, policy=DEFAULT_POLICY), ResponseService(ids=ids)
    create_key_file(folder / "vault.key", randomness)
    vault = Vault(FileKeyProvider(folder / "vault.key", randomness), ids=ids, randomness=randomness)
    reports: list[Exception] = []
    queue = RunQueue(
        drive=lambda workspace, run, signal: driver.drive(workspace, run, signal),
        clock=clock,
        report=lambda _workspace, _run, error: reports.append(error),
    )
    timers = TimerKeeper(
        store=store, clock=clock, approvals=approvals, responses=responses, announcer=hub, wake=queue.wake
    )
    driver = Driver(
        store=store,
        planner=Planner(Surroundings(catalog=catalog, config={}, url=url)),
        committer=Committer(approvals=approvals, responses=responses, policy=DEFAULT_POLICY, ids=ids),
        executor=Executor(host=host, clock=clock, randomness=randomness),
        timers=timers,
        clock=clock,
        announcer=hub,
    )
    services = Services(
        workspace=WORKSPACE,
        url=url,
        is_demo=True,
        pages=pages,
        store=store,
        receiver=_make_receiver(store, sources, library, vault, url, clock, ids, queue, hub),
        approvals=approvals,
        responses=responses,
        vault=vault,
        policy=DEFAULT_POLICY,
        roles=DEFAULT_ROLES,
        catalog=catalog,
        connections={"exchange": build_connection(id="exchange", connector="exchange")},
        library=library,
        config={},
        passwords=passwords,
        hub=hub,
        clock=clock,
        ids=ids,
        randomness=randomness,
        wake=queue.wake,
        verify_audit=lambda: _verify(store),
        is_ready=_find_nothing,
        first_alert=_find_first_alert,
    )
    return services, queue, timers, host


def _write_playbooks(folder: Path) -> Path:
    playbooks = folder / "playbooks"
    playbooks.mkdir()
    (playbooks / "purge.yaml").write_text(PLAYBOOK, "utf-8")
    return playbooks


def _make_receiver(
    store: Store,
    sources: Mapping[str, Source],
    library: Library,
    vault: Vault,
    url: str,
    clock: SteppedClock,
    ids: SeededIds,
    queue: RunQueue,
    hub: Hub,
) -> Receiver:
    async def resolve(workspace: str, name: str) -> Secret:
        return await store.read(workspace, lambda unit: vault.resolve(unit, name))

    return Receiver(
        store=store,
        workspace=WORKSPACE,
        sources=sources,
        playbooks=library.current,
        resolve=resolve,
        config={},
        url=url,
        clock=clock,
        ids=ids,
        wake=queue.wake,
        announcer=hub,
    )


async def _verify(store: Store) -> Report:
    return await store.read(WORKSPACE, lambda unit: verify_unit(unit, []))


async def _find_nothing() -> tuple[str, ...]:
    return ()


async def _find_first_alert() -> FirstAlert:
    return FirstAlert(curl="curl …", cli="soar alert send probe mail.json")


async def _settle_in(services: Services) -> None:
    """Put people, the hook's key and the playbook's text into the store."""
    at, setup = services.clock.now(), Actor(kind="system", id="setup")
    checked = services.library.refresh()
    assert all(found.playbook for found in checked), [finding for found in checked for finding in found.findings]
    revisions = [revision for found in checked if (revision := to_revision(found, at)) is not None]
    people = [
        build_user(
            id=f"u_{name}",
            name=name,
            email=f"{name}@corp.example",
            roles=frozenset({role.value}),
            password_hash=CHEAP_HASH,
        )
        for name, role in PEOPLE.items()
    ]

    def add(unit: Unit) -> None:
        for person in people:
            unit.users.add(person)
        for revision in revisions:
            unit.revisions.put(revision)
        services.vault.set_credential(unit, "probe_hook", Secret(HOOK_KEY), actor=setup, now=at)

    await services.store.write(WORKSPACE, add)
