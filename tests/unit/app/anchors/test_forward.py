"""Every event goes to whoever is to have it: at least once, in its order, whatever was down in between."""

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from soar.app.anchorage import Anchorage
from soar.app.anchors.factory import make_forwards
from soar.app.settings import build_settings
from soar.model.errors import InputError
from soar.model.network import EgressRequest, EgressResponse
from soar.store import Store
from tests.support.anchors import WORKSPACE, Grow
from tests.support.clock import SteppedClock
from tests.support.network import VirtualEgress


class Collector:
    """A receiver over HTTP that can refuse, and remembers what it has taken."""

    def __init__(self) -> None:
        self.status = 200
        self.taken: list[int] = []
        self.tokens: set[str] = set()

    def take(self, request: EgressRequest) -> EgressResponse:
        headers = dict(request.headers)
        self.tokens.add(headers.get("Authorization", ""))
        lines = request.body.decode().splitlines()
        if self.status < 300:
            self.taken += [json.loads(line)["event"]["seq"] for line in lines]
        return EgressResponse(status=self.status, headers=(), body=b"")


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def egress(collector: Collector) -> VirtualEgress:
    egress = VirtualEgress()
    egress.route("siem.test", collector.take)
    return egress


def build(store: Store, clock: SteppedClock, egress: VirtualEgress, **forward: object) -> Anchorage:
    """Return what follows the settings up, as a fresh process does."""
    settings = build_settings({"audit": {"forward": [{"every": 0, **forward}]}}).audit.forward
    forwards = make_forwards(settings, store=store, workspace=WORKSPACE, egress=egress)
    return Anchorage(forwards, store=store, clock=clock, workspace=WORKSPACE, patience=600)


HTTP = {"kind": "http", "url": "https://siem.test/audit"}


async def test_every_event_is_posted_once_and_in_its_order(
    store: Store,
    clock: SteppedClock,
    egress: VirtualEgress,
    collector: Collector,
    grow: Grow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("soar.app.anchors.forward._BATCH", 200)
    await grow(450)
    await build(store, clock, egress, **HTTP).deliver()
    assert collector.taken == [*range(450)]
    assert len(egress.arrived) == 3
    await grow(2)
    await build(store, clock, egress, **HTTP).deliver()  # another process goes on where the first one was
    assert collector.taken == [*range(452)]


async def test_what_was_refused_comes_later_and_the_lag_is_seen(
    store: Store, clock: SteppedClock, egress: VirtualEgress, collector: Collector, grow: Grow
) -> None:
    await grow(3)
    collector.status = 503
    anchorage = build(store, clock, egress, **HTTP)
    await anchorage.deliver()
    (standing,) = await anchorage.describe()
    assert (standing.state.name, standing.behind) == ("forward:siem.test/audit", 3)
    assert "answers 503" in standing.state.error
    collector.status = 202
    await anchorage.deliver()
    (standing,) = await anchorage.describe()
    assert (standing.behind, standing.state.error, collector.taken) == (0, "", [0, 1, 2])


async def test_what_was_sent_and_not_answered_is_sent_again(
    store: Store, clock: SteppedClock, collector: Collector, grow: Grow
) -> None:
    await grow(3)
    cut = VirtualEgress(cut_off=1.0)
    cut.route("siem.test", collector.take)
    await build(store, clock, cut, **HTTP).deliver()
    whole = VirtualEgress()
    whole.route("siem.test", collector.take)
    await build(store, clock, whole, **HTTP).deliver()
    assert collector.taken == [0, 1, 2, 0, 1, 2]


async def test_a_token_is_read_from_its_file_each_time(
    store: Store, clock: SteppedClock, egress: VirtualEgress, collector: Collector, grow: Grow, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    anchorage = build(store, clock, egress, **HTTP, token_file=str(file))
    await grow()
    await anchorage.deliver()
    assert "cannot be read" in (await anchorage.describe())[0].state.error
    file.write_text("a b\n")
    await anchorage.deliver()
    assert "holds no token" in (await anchorage.describe())[0].state.error
    assert egress.arrived == []
    file.write_text("first\n")
    await anchorage.deliver()
    assert collector.tokens == {"Bearer first"}


async def test_one_that_is_far_behind_does_not_hold_up_the_others(
    store: Store,
    clock: SteppedClock,
    egress: VirtualEgress,
    collector: Collector,
    grow: Grow,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("soar.app.anchors.forward._BATCH", 2)
    await grow(5)
    anchorage = build(store, clock, egress, **HTTP, every=60)
    await anchorage.deliver()
    assert collector.taken == [0, 1]
    clock.advance(timedelta(seconds=60))
    await anchorage.deliver()
    assert collector.taken == [0, 1, 2, 3]
    await anchorage.deliver(is_last=True)
    assert collector.taken == [0, 1, 2, 3, 4]


@pytest.fixture
async def heard() -> AsyncIterator[tuple[int, asyncio.Queue[bytes]]]:
    """A syslog receiver: its port, and what each connection said."""
    ends: asyncio.Queue[bytes] = asyncio.Queue()

    async def hear(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends.put_nowait(await reader.read())
        writer.close()

    server = await asyncio.start_server(hear, "127.0.0.1", 0)
    yield server.sockets[0].getsockname()[1], ends
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(("format_", "beginning"), [("syslog", b"<110>1 "), ("cef", b"CEF:0|soar|")])
async def test_each_event_is_a_message_with_its_length(
    store: Store,
    clock: SteppedClock,
    egress: VirtualEgress,
    grow: Grow,
    heard: tuple[int, asyncio.Queue[bytes]],
    format_: str,
    beginning: bytes,
) -> None:
    port, ends = heard
    await grow(3)
    where = {"kind": "syslog", "host": "127.0.0.1", "port": port, "is_plain": True, "format": format_}
    anchorage = build(store, clock, egress, **where)
    await anchorage.deliver()
    left, messages = await ends.get(), []
    while left:
        length, _, left = left.partition(b" ")
        messages.append(left[: int(length)])
        left = left[int(length) :]
    assert len(messages) == 3
    assert all(message.startswith(beginning) for message in messages)
    assert (await anchorage.describe())[0].behind == 0


@pytest.mark.parametrize(
    "forward",
    [
        {"kind": "http", "url": "http://siem.test/audit"},
        {"kind": "http", "url": "https://siem.test/audit?key=1"},
        {"kind": "syslog", "host": "siem.test", "is_plain": True},
        {"kind": "syslog", "host": "siem.test", "format": "csv"},
    ],
)
def test_nothing_leaves_this_machine_unciphered_or_in_another_format(forward: dict[str, object]) -> None:
    with pytest.raises(InputError, match="forward"):
        build_settings({"audit": {"forward": [forward]}})
