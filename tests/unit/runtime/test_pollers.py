"""Sources that are polled, in virtual time: a real store, receiver and connector; only the product is fake."""

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from soar.ingest.receive import Receiver
from soar.ingest.source import parse_source
from soar.model.alert import Alert
from soar.model.breaker import Breaker, BreakerStatus
from soar.model.catalog import Connection
from soar.model.errors import ActionCode, UnavailableError
from soar.model.network import EgressRequest, EgressResponse
from soar.model.poll import Item, Poller
from soar.model.process import ActionCall
from soar.model.rate import Rate
from soar.model.secret import BoundSecret, Secret
from soar.model.values import JsonValue
from soar.playbook.document import read_document
from soar.registry.discover import Found
from soar.registry.host import InProcessHost, Surroundings
from soar.registry.load import load_connectors
from soar.runtime.breaker import BreakerRule
from soar.runtime.feeds import GuardedTriggers
from soar.runtime.guard import Allowance, GuardedHost, GuardRule
from soar.runtime.pollers import Keep, PollKeeper
from soar.sdk.simulation import MemoryLedger
from soar.sdk.testing import MemoryAlerts, MemoryLists, MemoryMessages
from soar.store import Store
from tests.support.builders import build_action_call
from tests.support.clock import VirtualClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.inline_reader import InlineReader
from tests.support.loop import run_virtual
from tests.support.network import VirtualEgress
from tests.support.repository import ROOT
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store

HOST = "api.shop.example"
SECOND = timedelta(seconds=1)
EVENTS: JsonValue = {
    "poll": {
        "uses": "http.pages",
        "with": {"url": f"https://{HOST}/events", "items": "data", "cursor": "next"},
        "every": "1m",
    },
    "alert": {"kind": "raw.kind", "title": "raw.title"},
}


@dataclass
class Product:
    """A list of events that grows, and that is shown two at a time."""

    events: list[JsonValue] = field(default_factory=list)
    cursors: list[str | None] = field(default_factory=list)
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()

    def add(self, count: int, **more: JsonValue) -> None:
        self.events += [{"id": f"e{len(self.events) + n}", "kind": "login", **more} for n in range(count)]

    def answer(self, request: EgressRequest) -> EgressResponse:
        cursor = parse_qs(urlsplit(request.url).query).get("cursor", [None])[0]
        self.cursors.append(cursor)
        begin = int(cursor or 0)
        page = self.events[begin : begin + 2]
        body = json.dumps({"data": page, "next": str(begin + len(page))}).encode()
        return EgressResponse(status=self.status, headers=self.headers, body=body)


def read_yaml(text: str, name: str) -> JsonValue:
    node, findings = read_document(text, name)
    assert node is not None, findings
    return node.to_plain()


class Scene:
    """A store with one source that is polled, and any number of nodes over it."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.clock = VirtualClock()
        self.ids = SeededIds(1)
        self.product = Product()
        self.reports: list[Exception] = []
        self.announcer = RecordingAnnouncer()
        self.source = parse_source(EVENTS, "shop")
        self.nodes: list[asyncio.Task[None]] = []
        self.secret: str | None = None
        self.allowance: Allowance | None = None
        self.kept: list[Breaker] = []
        egress = self.egress = VirtualEgress()
        egress.route(HOST, self.product.answer)
        self.receiver = Receiver(
            store=store,
            workspace=WORKSPACE,
            sources={"shop": self.source},
            playbooks=dict,
            resolve=self._resolve_plain,
            egress=egress,
            config={},
            url="https://soar.example",
            reader=InlineReader(),
            clock=self.clock,
            ids=self.ids,
            announcer=self.announcer,
        )
        connection = Connection(id="http", connector="http", simulate=False, hosts=(HOST,), credentials={"token": "t"})
        self.host = InProcessHost(
            load_connectors([Found("http", ROOT / "connectors" / "http")], read_yaml),
            Surroundings(
                find_connection=lambda _, name: connection if name == "http" else None,
                resolve=self._resolve,
                keep=self._refuse,
                open_ledger=lambda *_: MemoryLedger(),
                open_messages=lambda _: MemoryMessages(),
                open_lists=lambda _: MemoryLists(),
                open_alerts=lambda _: MemoryAlerts(),
                egress=egress,
                clock=self.clock,
            ),
        )

        self.guard = GuardedHost(
            self.host,
            find_allowance=lambda *_: self.allowance,
            rule=GuardRule(breaker=BreakerRule(failures=3, window=60 * SECOND, pause=30 * SECOND)),
            clock=self.clock,
            keep=self._keep,
            explain_stop=self._stop_nothing,
        )

    async def _keep(self, _workspace: str, breaker: Breaker) -> None:
        self.kept.append(breaker)

    async def _stop_nothing(self, _call: ActionCall) -> None:
        return None

    async def _resolve_plain(self, _workspace: str, _name: str) -> Sequence[Secret]:
        return (Secret("a-secret-of-no-use"),)

    async def _resolve(self, _workspace: str, _name: str) -> BoundSecret:
        return BoundSecret(secret=Secret("s3cret-of-the-shop"))

    async def _refuse(self, *_: object) -> None:
        raise AssertionError("no credential is exchanged here")

    def start(self, node: str, accept: Callable[..., object] | None = None) -> asyncio.Task[None]:
        assert self.source.poll is not None
        keeper = PollKeeper(
            store=self.store,
            workspace=WORKSPACE,
            clock=self.clock,
            node=node,
            polls={"shop": self.source.poll},
            host=GuardedTriggers(self.host, self.guard),
            accept=accept or self.receiver.receive_polled,
            report=lambda _workspace, _source, error: self.reports.append(error),
        )
        self.nodes.append(asyncio.create_task(keeper.run(), name=node))
        return self.nodes[-1]

    async def pass_time(self, seconds: float) -> None:
        await self.clock.sleep(seconds)
        await self.clock.sleep(1e-6)

    async def stop(self, node: asyncio.Task[None]) -> None:
        node.cancel()
        await asyncio.gather(node, return_exceptions=True)

    async def alerts(self) -> list[Alert]:
        return [*reversed((await self.store.read(WORKSPACE, lambda unit: unit.alerts.list(1_000))).items)]

    async def taken(self) -> list[str]:
        return [str(alert.raw["id"]) for alert in await self.alerts() if isinstance(alert.raw, dict)]

    async def poller(self) -> Poller:
        found = await self.store.read(WORKSPACE, lambda unit: unit.pollers.get("shop"))
        assert found is not None
        return found


def play(scenario: Callable[[Scene], object]) -> None:
    async def run() -> None:
        scene = Scene(await open_peopled_store(InlineDisk()))
        try:
            await scenario(scene)  # type: ignore[misc]  # each is a coroutine function
        finally:
            for node in scene.nodes:
                await scene.stop(node)

    run_virtual(run(), seed=1)


def name_events(*numbers: int) -> list[str]:
    return [f"e{number}" for number in numbers]


def test_what_a_product_has_becomes_alerts_once_and_what_is_new_follows() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.add(5)
        scene.start("node_a")
        await scene.pass_time(1)
        assert await scene.taken() == name_events(*range(5))
        first = (await scene.alerts())[0]
        assert (first.source, first.kind) == ("shop", "login")
        scene.product.add(2)
        await scene.pass_time(65)
        assert await scene.taken() == name_events(*range(7))
        poller = await scene.poller()
        assert (poller.cursor, poller.failures, poller.fault) == ("7", 0, None)
        assert scene.reports == []
        assert len([kind for _, kind, _ in scene.announcer.heard if kind == "alert"]) == 7

    play(scenario)


def test_a_poll_goes_on_from_the_cursor_that_was_stored_whoever_goes_on() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.add(4)
        node = scene.start("node_a")
        await scene.pass_time(1)
        await scene.stop(node)
        assert (await scene.poller()).holder is None
        scene.product.add(1)
        scene.product.cursors.clear()
        scene.start("node_b")
        await scene.pass_time(70)
        assert scene.product.cursors[0] == "4"
        assert await scene.taken() == name_events(*range(5))

    play(scenario)


def test_only_one_of_two_nodes_asks_and_the_other_takes_over_when_it_is_gone() -> None:
    async def scenario(scene: Scene) -> None:
        first = scene.start("node_a")
        await scene.pass_time(1)
        scene.start("node_b")
        await scene.pass_time(300)
        assert len(scene.product.cursors) == 6
        assert (await scene.poller()).holder == "node_a"
        scene.product.add(1)
        await scene.stop(first)
        await scene.pass_time(100)
        assert await scene.taken() == name_events(0)
        assert (await scene.poller()).holder == "node_b"

    play(scenario)


def test_a_batch_that_was_not_stored_comes_again_and_one_that_was_is_not_stored_twice() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.add(4)
        calls = 0

        async def stumble(source: str, items: Sequence[Item], keep: Keep) -> None:
            nonlocal calls
            calls += 1
            if calls == 2:
                raise UnavailableError("the store is busy", retry_after=3.0)
            await scene.receiver.receive_polled(source, items, keep)
            if calls == 3:
                await scene.receiver.receive_polled(source, items, keep)  # as after a crash before the acknowledgement

        scene.start("node_a", stumble)
        await scene.pass_time(30)
        assert await scene.taken() == name_events(*range(4))
        assert scene.product.cursors[:3] == [None, "2", "2"]

    play(scenario)


def test_a_process_that_has_lost_its_source_stores_nothing() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.add(2)

        async def usurp(source: str, items: Sequence[Item], keep: Keep) -> None:
            later = scene.clock.now() + 100 * SECOND
            await scene.store.write(
                WORKSPACE, lambda unit: unit.pollers.claim("shop", "node_b", now=later, until=later)
            )
            await scene.receiver.receive_polled(source, items, keep)

        scene.start("node_a", usurp)
        await scene.pass_time(10)
        assert await scene.alerts() == []
        assert (await scene.poller()).cursor is None

    play(scenario)


def test_a_failing_product_is_asked_ever_more_seldom_and_what_it_said_is_seen_without_the_secret() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.status = 503
        scene.start("node_a")
        await scene.pass_time(200)
        poller = await scene.poller()
        assert poller.failures == len(scene.product.cursors) == 6  # after 0, 5, 15, 35, 75 and 155 seconds
        assert "503" in str(poller.fault)
        scene.product.status, scene.product.headers = 429, (("Retry-After", "3600"),)
        await scene.pass_time(200)
        asked = len(scene.product.cursors)
        await scene.pass_time(3_000)
        assert len(scene.product.cursors) == asked
        scene.product.status, scene.product.headers = 200, ()
        scene.product.add(1)
        await scene.pass_time(1_000)
        poller = await scene.poller()
        assert (poller.failures, poller.fault) == (0, None)
        assert await scene.taken() == name_events(0)

    play(scenario)


def test_a_fault_of_ours_stops_no_process_and_is_seen() -> None:
    async def scenario(scene: Scene) -> None:
        scene.product.add(1)

        async def stumble(source: str, items: Sequence[Item], keep: Keep) -> None:
            if not scene.reports:
                raise LookupError("nobody foresaw this")
            await scene.receiver.receive_polled(source, items, keep)

        scene.start("node_a", stumble)
        await scene.pass_time(1)
        assert (await scene.poller()).fault == "a fault of ours: LookupError"
        await scene.pass_time(20)
        assert await scene.taken() == name_events(0)

    play(scenario)


def test_what_cannot_be_an_alert_is_refused_and_the_others_are_taken() -> None:
    async def scenario(scene: Scene) -> None:
        deep: JsonValue = []
        for _ in range(200):
            deep = [deep]
        scene.product.add(1)
        scene.product.add(1, nested=deep)
        scene.product.add(1)
        scene.start("node_a")
        await scene.pass_time(1)
        assert await scene.taken() == name_events(0, 2)
        found = await scene.store.read(WORKSPACE, lambda unit: unit.audit.range(0, 100))
        (refused,) = [one.document for one in found if one.document["type"] == "alert.refused"]
        assert "e1" in str(refused["reason"])

    play(scenario)


def test_nobody_can_post_in_the_place_of_a_source_that_is_polled() -> None:
    async def scenario(scene: Scene) -> None:
        with pytest.raises(Exception, match="does not know you"):
            await scene.receiver.receive("shop", {"x-signature": "0" * 64}, b"{}", "203.0.113.9")

    play(scenario)


def allow(rate: Rate | None = None) -> Allowance:
    return Allowance(calls=1, rate=rate, credential="http", hosts=frozenset({HOST}))


def test_a_product_that_is_down_is_not_polled_and_once_it_is_back_the_poll_goes_on_from_its_cursor() -> None:
    async def scenario(scene: Scene) -> None:
        scene.allowance = allow()
        scene.product.add(3)
        scene.start("node_a")
        await scene.pass_time(1)
        scene.product.status = 503
        scene.product.add(3)
        scene.product.cursors.clear()
        await scene.pass_time(60 + 5 + 10 + 1)
        assert scene.product.cursors == ["3", "3", "3"]
        assert [breaker.status for breaker in scene.kept] == [BreakerStatus.OPEN]
        call = build_action_call(workspace=WORKSPACE, action="http.request", connection="http")
        refused = await scene.guard.call(call)
        assert (refused.code, refused.requests) == (ActionCode.UNAVAILABLE, 0)
        await scene.pass_time(25)
        assert len(scene.product.cursors) == 3, "what is left alone is not polled"
        assert "left alone" in str((await scene.poller()).fault)
        scene.product.status = 200
        await scene.pass_time(120)
        assert await scene.taken() == name_events(*range(6))
        assert [breaker.status for breaker in scene.kept] == [BreakerStatus.OPEN, BreakerStatus.CLOSED]
        assert (await scene.poller()).failures == 0

    play(scenario)


def test_polling_keeps_to_the_rate_of_its_connection() -> None:
    async def scenario(scene: Scene) -> None:
        scene.allowance = allow(Rate(requests=2, seconds=20.0))
        scene.product.add(10)
        scene.start("node_a")
        await scene.pass_time(1)
        assert len(scene.product.cursors) == 2
        await scene.pass_time(20)
        assert len(scene.product.cursors) == 4
        await scene.pass_time(30)
        assert await scene.taken() == name_events(*range(10))
        assert scene.reports == []

    play(scenario)


def test_a_plea_for_patience_that_a_poll_hears_holds_for_calls_too() -> None:
    async def scenario(scene: Scene) -> None:
        scene.allowance = allow()
        scene.product.status, scene.product.headers = 429, (("Retry-After", "200"),)
        scene.start("node_a")
        await scene.pass_time(1)
        call = build_action_call(workspace=WORKSPACE, action="http.request", connection="http")
        refused = await scene.guard.call(call)
        assert refused.code is ActionCode.RATE_LIMITED
        assert refused.retry_after == pytest.approx(199, abs=0.1)
        assert scene.kept == []

    play(scenario)


def test_a_poll_that_waits_for_its_answer_keeps_no_place_of_the_connection() -> None:
    async def scenario(scene: Scene) -> None:
        scene.allowance = allow()
        seen: list[tuple[int, int]] = []

        def answer(request: EgressRequest) -> EgressResponse:
            seen.append(scene.guard.count_calls(WORKSPACE, "http"))
            return scene.product.answer(request)

        scene.egress.route(HOST, answer)
        scene.start("node_a")
        await scene.pass_time(1)
        assert seen == [(0, 0)]

    play(scenario)
