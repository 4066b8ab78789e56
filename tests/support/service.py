"""The HTTP face on a loopback port, over real services with a store in memory; only the products are fake."""

import asyncio
import hashlib
import hmac
import io
import json
import socket
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from argon2 import PasswordHasher

from soar.access.allowances import Allowances
from soar.access.permissions import Permission
from soar.access.proxies import Proxies
from soar.access.roles import DEFAULT_ROLES
from soar.access.tokens import format_token, hash_token
from soar.api.hub import Hub
from soar.api.server import Running, make_application, serve_socket
from soar.api.services import AuditStanding, FirstAlert, Services
from soar.app.callee import make_caller
from soar.app.library import Checker, Library, to_revision
from soar.app.passwords import Passwords
from soar.app.serving import Serving
from soar.app.sign_on import make_sign_on
from soar.approvals.desks import Desks
from soar.approvals.discord_desk import DiscordDesk, DiscordRules, describe_discord
from soar.approvals.mattermost_desk import MattermostDesk, MattermostRules, describe_mattermost
from soar.approvals.platform import Office
from soar.approvals.rota import parse_rotas
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.approvals.teams_desk import TeamsDesk, TeamsRules, describe_teams
from soar.audit.keeper import verify_unit
from soar.audit.verify import Report
from soar.federation.bot_token import BotTokens
from soar.federation.provider import Provider
from soar.ingest.receive import Receiver
from soar.ingest.request import RunRequests
from soar.ingest.source import parse_source
from soar.model.audit import Actor, AnchorStanding, AnchorState
from soar.model.breaker import Breaker
from soar.model.catalog import Allow, Catalog, Effect, Repeat
from soar.model.errors import InputError
from soar.model.identity import Role, Token, User
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.people.accounts import Accounts
from soar.people.emergency import TIMER_KIND as EMERGENCY_OVER
from soar.people.emergency import EmergencyAccess
from soar.people.factors import SecondFactors
from soar.policy import DEFAULT_POLICY, StandingRule
from soar.responses.service import ResponseService
from soar.runtime.commit import Committer
from soar.runtime.driver import Driver
from soar.runtime.executor import Executor
from soar.runtime.plans import Planner, Surroundings
from soar.runtime.queue import RunQueue
from soar.runtime.rights import Rights
from soar.runtime.signal import Signal
from soar.runtime.timers import TimerKeeper
from soar.sdk.egress import HttpEgress
from soar.store import Store, Unit, open_store
from soar.vault import FileKeyProvider, Keyring, create_key_file
from tests.support import discord, mattermost, slack, teams
from tests.support.builders import build_connection, build_user
from tests.support.chat import make_chat_desk
from tests.support.clock import SteppedClock
from tests.support.disk import InlineDisk
from tests.support.identity_provider import CLIENT_SECRET
from tests.support.ids import SeededIds
from tests.support.inline_reader import InlineReader
from tests.support.playbooks import refresh
from tests.support.process import RecordingProcess, ScriptedHost
from tests.support.randomness import SeededRandomness
from tests.support.room import Opener
from tests.support.vault import VaultParts
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

HOOKS_URL = "https://hooks.soar.example"
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
        Repeat.UNSAFE,
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
            method,
            self.url + path,
            data=None if data is None else io.BytesIO(data),
            headers={**given, **self.headers, **(headers or {})},
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
    breakers: dict[str, Breaker]
    timers: TimerKeeper

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
        """Return a person with a fresh token for all they may, or with one for these scopes."""
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
            authenticated_at=self.clock.now() if scopes is None else None,
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
            await asyncio.wait(list(self.queue._works))

    async def events(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the audit events of a kind, oldest first."""
        page = await self.read(lambda unit: unit.audit.list(1_000, type_prefix=kind))
        return [event.document for event in reversed(page.items)]


def sign(body: bytes) -> str:
    """Return the signature of a body at the probe's hook."""
    return f"sha256={hmac.digest(HOOK_KEY.encode(), body, hashlib.sha256).hex()}"


POLICY = replace(
    DEFAULT_POLICY,
    standing=(StandingRule(action="exchange.purge_messages", by=("role:soc-lead",), longest=timedelta(days=7)),),
)
"""What stands above the playbooks of an installation."""

ROTAS = parse_rotas(
    {
        "rotas": {
            "night": {"shifts": {"from": "2026-03-02", "people": ["carol@corp.example", "gone@corp.example"]}},
            "empty": {},
            "incident-commander": {"shifts": {"from": "2026-01-05", "people": ["bob@corp.example"]}},
        }
    }
)
"""Who is on call in an installation: carol in the even weeks."""


@asynccontextmanager
async def open_face(
    folder: Path,
    passwords: Passwords,
    *,
    url: str = "",
    pages: Path | None = None,
    unready: tuple[str, ...] = (),
    provider: Provider | None = None,
    clock: SteppedClock | None = None,
    catalog: Catalog | None = None,
    playbooks: Mapping[str, str] | None = None,
    sources: Mapping[str, JsonValue] = SOURCES,
) -> AsyncIterator[Face]:
    """Serve an installation with people, a source and a playbook in it, and take it all down again."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = url or f"http://127.0.0.1:{listener.getsockname()[1]}"
    disk = InlineDisk()
    store = open_store(
        "sqlite://", disk=disk, process=RecordingProcess(), readers=InlineDisk, randomness=SeededRandomness(5)
    )
    await store.migrate()
    catalog = catalog or build_actions_catalog(ACTIONS)
    texts = {"purge": PLAYBOOK} if playbooks is None else playbooks
    wiring = _Wiring(
        store,
        folder,
        url,
        unready,
        provider,
        clock or SteppedClock(),
        catalog=catalog,
        playbooks=texts,
        sources=sources,
    )
    await wiring.settle_in()
    services = wiring.make_services(passwords, pages)
    faults = wiring.reports
    application = make_application(services, report=lambda _, error: faults.append(error))
    running = await serve_socket(application, listener, drain=1.0)
    keeper = asyncio.create_task(wiring.timers.run())
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield Face(
                services, running, http, wiring.queue, wiring.host, wiring.clock, faults, wiring.breakers, wiring.timers
            )
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        await running.close()
        await wiring.queue.drain(1.0)
        await wiring.egress.close()
        await store.close()


class _Wiring:
    """Every part of an installation, made from the parts before it.

    Args:
        store: migrated.
        folder: where its files may be written.
    """

    def __init__(
        self,
        store: Store,
        folder: Path,
        url: str,
        unready: tuple[str, ...],
        provider: Provider | None,
        clock: SteppedClock,
        *,
        catalog: Catalog,
        playbooks: Mapping[str, str],
        sources: Mapping[str, JsonValue],
    ) -> None:
        self.store, self.url, self.unready, self.provider = store, url, unready, provider
        self.egress = HttpEgress()
        self.clock, self.ids, self.randomness = clock, SeededIds(), SeededRandomness(7)
        self.hub, self.host = Hub(), ScriptedHost()
        self.catalog = catalog
        self.sources = {name: parse_source(document, name) for name, document in sources.items()}
        checker = Checker(catalog=self.catalog, policy=POLICY, sources=tuple(self.sources))
        self.allowances = Allowances({"exchange": Allow(playbooks=("purge",))})
        self.library = Library(_write_playbooks(folder, playbooks), checker)
        create_key_file(folder / "vault.key", self.randomness)
        keyring = Keyring([FileKeyProvider(folder / "vault.key", self.randomness)])
        self.vaults = VaultParts(store, keyring, self.ids, self.randomness, self.clock)
        self.vault = self.vaults.vault
        self.approvals = ApprovalService(ids=self.ids, policy=POLICY, rotas=ROTAS)
        self.responses = ResponseService(ids=self.ids)
        self.reports: list[Exception] = []
        self.breakers: dict[str, Breaker] = {}
        self.queue = RunQueue(drive=self._drive, clock=self.clock, report=self._report)
        store.listen(self.queue.wake)
        self.emergency = EmergencyAccess(ids=self.ids, randomness=self.randomness, roles=DEFAULT_ROLES)
        self.timers = TimerKeeper(
            store=store,
            clock=self.clock,
            approvals=self.approvals,
            responses=self.responses,
            announcer=self.hub,
            report=self._report,
            wakers={EMERGENCY_OVER: self.emergency.wake},
        )
        self.driver = self._make_driver()

    async def _drive(self, workspace: str, run: str, signal: Signal) -> None:
        await self.driver.drive(workspace, run, signal)

    def _report(self, _workspace: str, _run: str, error: Exception) -> None:
        self.reports.append(error)

    def _make_driver(self) -> Driver:
        return Driver(
            store=self.store,
            planner=Planner(Surroundings(catalog=self.catalog, config={}, url=self.url)),
            committer=Committer(
                approvals=self.approvals,
                responses=self.responses,
                policy=POLICY,
                ids=self.ids,
                call=make_caller(self.library.current, RunRequests(config={}, ids=self.ids)),
                rights=Rights(roles=DEFAULT_ROLES, allowances=self.allowances),
            ),
            executor=Executor(host=self.host, clock=self.clock, randomness=self.randomness),
            timers=self.timers,
            clock=self.clock,
            announcer=self.hub,
        )

    def _make_receiver(self) -> Receiver:
        return Receiver(
            store=self.store,
            workspace=WORKSPACE,
            sources=self.sources,
            playbooks=self.library.current,
            resolve=lambda workspace, name: self.vault.resolve_all(workspace, name, self.clock.now()),
            egress=self.egress,
            config={},
            url=self.url,
            reader=InlineReader(),
            clock=self.clock,
            ids=self.ids,
            announcer=self.hub,
        )

    async def _resolve(self, workspace: str, name: str) -> Secret:
        return await self.vault.resolve(workspace, name)

    def make_desks(self) -> Desks:
        """Return what hears chats; the calls that it makes are scripted as every product's."""
        office = Office(
            store=self.store,
            workspace=WORKSPACE,
            host=self.host,
            clock=self.clock,
            ids=self.ids,
            randomness=self.randomness,
            announcer=self.hub,
            url=self.url,
            report=lambda _approval, _message: None,
        )
        desk = make_chat_desk(describe_slack(slack.TEAM), office, self.approvals)
        rules = SlackRules(team=slack.TEAM, application=slack.APPLICATION, resolve=Opener(slack.KEY))
        second = make_chat_desk(describe_mattermost(mattermost.TEAM, self.url), office, self.approvals)
        pinned = MattermostRules(
            team=mattermost.TEAM, key=Opener(mattermost.KEY), token=Opener(mattermost.COMMAND_TOKEN)
        )
        third = make_chat_desk(describe_discord(discord.GUILD), office, self.approvals)
        signed = DiscordRules(guild=discord.GUILD, application=discord.APPLICATION, public_key=discord.PUBLIC_KEY)
        fourth = make_chat_desk(describe_teams(teams.TENANT), office, self.approvals)
        tokens = BotTokens(teams.APPLICATION, egress=teams.FakeTeams().egress, clock=self.clock)
        return Desks(
            known=(desk, second, third, fourth),
            slack=SlackDesk(rules, office, desk),
            mattermost=MattermostDesk(pinned, office, second),
            discord=DiscordDesk(signed, office, third),
            teams=TeamsDesk(TeamsRules(tenant=teams.TENANT, verify=tokens.verify), office, fourth),
        )

    async def _find_unready(self) -> tuple[str, ...]:
        return self.unready

    def make_services(self, passwords: Passwords, pages: Path | None) -> Services:
        return Services(
            workspace=WORKSPACE,
            url=self.url,
            hooks_url=HOOKS_URL,
            is_demo=True,
            pages=pages,
            store=self.store,
            receiver=self._make_receiver(),
            approvals=self.approvals,
            responses=self.responses,
            vault=self.vault,
            key_rotation=self.vaults.rotation,
            rewrapper=self.vaults.rewrapper,
            policy=POLICY,
            roles=DEFAULT_ROLES,
            catalog=self.catalog,
            connections={"exchange": build_connection(id="exchange", connector="exchange")},
            find_breaker=lambda _, connection: self.breakers.get(connection),
            count_calls=lambda _, connection: (2, 3) if connection == "exchange" else (0, 0),
            library=self.library,
            refresh_library=Serving(self.library, store=self.store, workspace=WORKSPACE, clock=self.clock).refresh,
            config={},
            passwords=passwords,
            sign_on=make_sign_on(
                self.provider,
                egress=self.egress,
                resolve=lambda name: self._resolve(WORKSPACE, name),
                clock=self.clock,
                url=self.url,
            ),
            accounts=Accounts(ids=self.ids, randomness=self.randomness, roles=DEFAULT_ROLES),
            factors=SecondFactors(self.store, self.vault, ids=self.ids, randomness=self.randomness, url=self.url),
            emergency=self.emergency,
            hub=self.hub,
            proxies=Proxies((ip_network("127.0.0.0/28"), ip_network("10.0.0.0/28"))),
            precedence=self.driver.precedence,
            clock=self.clock,
            ids=self.ids,
            randomness=self.randomness,
            desks=self.make_desks(),
            verify_audit=lambda: _verify(self.store),
            describe_audit=_describe_audit,
            is_ready=self._find_unready,
            first_alert=_find_first_alert,
            read_output=_read_output,
        )

    async def settle_in(self) -> None:
        """Put people, the hook's key and the playbook's text into the store."""
        at, setup = self.clock.now(), Actor(kind="system", id="setup")
        checked = refresh(self.library)
        assert all(found.playbook for found in checked), [finding for found in checked for finding in found.findings]
        revisions = [revision for found in checked if (revision := to_revision(found, at)) is not None]

        def add(unit: Unit) -> None:
            for name, role in PEOPLE.items():
                unit.users.add(_make_person(name, role))
            for revision in revisions:
                unit.revisions.put(revision)

        await self.store.write(WORKSPACE, add)
        await self.vault.set_credential(WORKSPACE, "probe_hook", Secret(HOOK_KEY), actor=setup, now=at)
        if self.provider is not None:
            secret = Secret(CLIENT_SECRET)
            await self.vault.set_credential(WORKSPACE, "provider_secret", secret, actor=setup, now=at)


def _write_playbooks(folder: Path, texts: Mapping[str, str]) -> Path:
    playbooks = folder / "playbooks"
    playbooks.mkdir()
    for name, text in texts.items():
        (playbooks / f"{name}.yaml").write_text(text, "utf-8")
    return playbooks


def _make_person(name: str, role: Role) -> User:
    return build_user(
        id=f"u_{name}",
        name=name,
        email=f"{name}@corp.example",
        roles=frozenset({role.value}),
        password_hash=CHEAP_HASH,
    )


async def _verify(store: Store) -> Report:
    return await store.read(WORKSPACE, lambda unit: verify_unit(unit, []))


async def _describe_audit() -> AuditStanding:
    state = AnchorState(name="far.txt", size=1, error="no space left")
    return AuditStanding((), (AnchorStanding(state, 2, is_late=True),))


def _read_output(action: str, output: JsonValue) -> JsonValue:
    """Take what products here answer: any object."""
    if not isinstance(output, dict):
        raise InputError(f"{action} answers otherwise: the whole: no object", code="settle.output")
    return output


async def _find_first_alert() -> FirstAlert:
    return FirstAlert(curl="curl …", cli="soar alert send probe mail.json")
