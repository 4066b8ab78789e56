"""Slack heard over a WebSocket, against a Socket Mode as strict as its documentation."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

from soar.api.limits import make_limits
from soar.approvals import slack_socket
from soar.approvals.delivery import CardDelivery
from soar.approvals.platform import Office
from soar.approvals.service import ApprovalService
from soar.approvals.slack_desk import SlackDesk, SlackRules, describe_slack
from soar.approvals.slack_envelope import Envelope, Goodbye, Hello, read_message
from soar.approvals.slack_socket import SlackSocket
from soar.model.approval import Approval, ApprovalStatus
from soar.model.chat import ChatAccount
from soar.model.errors import DeniedError, InputError, UnavailableError
from soar.model.process import ActionAnswer, ActionCall
from soar.policy import DEFAULT_POLICY
from soar.sdk.errors import UnreachableError
from soar.store import Store
from tests.support.builders import build_approval
from tests.support.chat import make_chat_desk
from tests.support.clock import START, SteppedClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.slack import APPLICATION, TEAM, FakeSlack, number, press, submit
from tests.support.slack_socket import FakeSocketMode, open_socket_mode
from tests.support.world import WORKSPACE, RecordingAnnouncer, open_peopled_store


class HastyClock(SteppedClock):
    """Lets time pass for whoever sleeps, and remembers for how long; after so many naps nobody wakes any more."""

    def __init__(self, most: int = 3) -> None:
        super().__init__()
        self.slept: list[float] = []
        self.is_tired = asyncio.Event()
        self._most = most

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        if len(self.slept) >= self._most:
            self.is_tired.set()
            await asyncio.Event().wait()
        await asyncio.sleep(0)


@dataclass
class Line:
    """A service that hears Slack over a WebSocket, and nowhere else."""

    store: Store
    clock: HastyClock
    slack: FakeSlack
    mode: FakeSocketMode
    desk: SlackDesk
    socket: SlackSocket
    delivery: CardDelivery
    reports: list[str]

    async def interact(self, body: bytes) -> dict[str, Any]:
        """Deliver what would be the body of a request, and let everything happen that follows."""
        receipt = await self.mode.deliver("interactive", json.loads(parse_qs(body.decode())["payload"][0]))
        async with asyncio.timeout(3):
            request = await self.desk.backlog._waiting.get()
        await self.desk._work(request)
        await self.delivery.deliver()
        return receipt

    async def command(self, text: str, *, team: str = TEAM, takes_answer: bool = True) -> dict[str, Any]:
        payload = {"command": "/soar", "text": text, "team_id": team, "user_id": "U0000001", "api_app_id": APPLICATION}
        payload["trigger_id"] = number()
        return await self.mode.deliver("slash_commands", payload, takes_answer=takes_answer)

    async def approval(self) -> Approval:
        found = await self.store.read(WORKSPACE, lambda unit: unit.approvals.get("ap_1"))
        assert found is not None
        return found

    async def events(self, kind: str) -> list[Any]:
        page = await self.store.read(WORKSPACE, lambda unit: unit.audit.list(100, type_prefix=kind))
        return [event.document for event in page.items]


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    store = await open_peopled_store(InlineDisk())
    clock, slack, reports = HastyClock(), FakeSlack(), list[str]()
    async with open_socket_mode() as mode:
        slack.hand_out = mode.hand_out
        office = Office(
            store=store,
            workspace=WORKSPACE,
            host=slack,
            clock=clock,
            ids=SeededIds(),
            randomness=SeededRandomness(3),
            announcer=RecordingAnnouncer(),
            url="https://soar.example",
            report=lambda _approval, message: reports.append(message),
        )
        platform = describe_slack(TEAM)
        approvals = ApprovalService(ids=SeededIds(), policy=DEFAULT_POLICY)
        rules = SlackRules(team=TEAM, application=APPLICATION, resolve=None)
        desk = SlackDesk(rules, office, make_chat_desk(platform, office, approvals))
        socket = SlackSocket(platform, office, desk, mode, may_record=make_limits(clock).may_record_denial)
        yield Line(store, clock, slack, mode, desk, socket, CardDelivery(platform, office), reports)
    await store.close()


@pytest.fixture
async def heard(line: Line) -> AsyncIterator[Line]:
    """The same, with ann's account linked, a card posted, and the connection up."""
    linked = ChatAccount(platform="slack", team=TEAM, account="U0000001", user="u_ann", linked_at=START)
    asked = build_approval(id="ap_1", channel="slack:#soc")
    await line.store.write(WORKSPACE, lambda unit: (unit.chat_accounts.link(linked), unit.approvals.add(asked)))
    await line.delivery.deliver()
    hearing = asyncio.create_task(line.socket.run())
    await line.mode.await_connections(1)
    yield line
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)


async def test_a_press_and_a_dialog_are_received_and_count(heard: Line) -> None:
    value = heard.slack.value("approve")
    assert (await heard.interact(press(value))).keys() == {"envelope_id"}
    assert len(heard.slack.views) == 1
    await heard.interact(submit(value, comment="seen"))
    assert (await heard.approval()).status is ApprovalStatus.APPROVED
    await heard.interact(submit(value, comment="seen"))
    assert len((await heard.approval()).votes) == 1


async def test_a_commands_answer_goes_with_its_receipt(heard: Line) -> None:
    receipt = await heard.command("pending")
    assert receipt["payload"]["response_type"] == "ephemeral"
    assert receipt["payload"]["text"].startswith("AB12 ")
    assert (await heard.command("pending", takes_answer=False)).keys() == {"envelope_id"}


async def test_a_command_that_takes_long_is_received_in_time_and_carried_out(
    heard: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slack_socket, "_ANSWER_WITHIN", 0.05)
    may_go_on, call = asyncio.Event(), heard.slack.call

    async def wait(asked: ActionCall) -> ActionAnswer:
        await may_go_on.wait()
        return await call(asked)

    monkeypatch.setattr(heard.slack, "call", wait)
    assert "longer than Slack waits" in (await heard.command("approve ab12"))["payload"]["text"]
    may_go_on.set()
    async with asyncio.timeout(3):
        await asyncio.gather(*heard.socket._answering)
    assert (await heard.approval()).status is ApprovalStatus.APPROVED


async def test_a_connection_that_slack_wants_renewed_is(heard: Line) -> None:
    for count in (2, 3):
        await heard.mode.say({"type": "disconnect", "reason": "refresh_requested", "debug_info": {}})
        await heard.mode.await_connections(count)
    assert heard.clock.slept == [1.0, 1.0]
    assert "payload" in await heard.command("pending")
    assert heard.reports == []


async def test_what_comes_from_another_workspace_is_received_refused_and_in_the_audit(heard: Line) -> None:
    await heard.command("approve ab12", team="T9")
    (event,) = await heard.events("access.denied")
    assert (event["context"]["code"], event["actor"]["id"]) == ("chat.foreign", "slack:T9:U0000001")
    assert (await heard.approval()).votes == ()


async def test_a_flood_of_denials_is_refused_and_fills_no_record(heard: Line) -> None:
    recorded = 20
    for _ in range(recorded + 5):
        assert "payload" not in await heard.command("approve ab12", team="T9")
    assert len(await heard.events("access.denied")) == recorded
    heard.clock.advance(timedelta(minutes=1))
    await heard.command("approve ab12", team="T9")
    assert len(await heard.events("access.denied")) == recorded + 1
    assert (await heard.approval()).votes == ()


async def test_what_makes_no_sense_is_received_once(heard: Line) -> None:
    senseless: dict[str, dict[str, Any]] = {
        "events_api": {"event": {}},
        "interactive": {"type": 1},
        "slash_commands": {"text": "approve"},
    }
    for kind, payload in senseless.items():
        assert (await heard.mode.deliver(kind, payload)).keys() == {"envelope_id"}
    assert heard.reports == [
        "what is in an envelope of type interactive makes no sense",
        "what is in an envelope of type slash_commands makes no sense",
    ]
    await heard.mode.say({"envelope_id": 7})
    await heard.mode.await_connections(2)
    assert heard.reports[2:] == ["Slack is not heard: this is no message as Slack sends them"]


async def test_where_slack_is_down_it_is_tried_ever_more_seldom(line: Line) -> None:
    line.slack.down = 99
    line.clock._most = 12
    hearing = asyncio.create_task(line.socket.run())
    async with asyncio.timeout(3):
        await line.clock.is_tired.wait()
    hearing.cancel()
    assert line.clock.slept == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert len(line.reports) == 12


async def test_an_address_that_is_not_slacks_or_does_not_count_is_no_connection(line: Line) -> None:
    for host in ("evil.example", "slack.com.evil.example", "evilslack.com", "slack.com", ""):
        line.slack.hand_out = lambda host=host: f"wss://{host}/link/?ticket=1"
        with pytest.raises(DeniedError, match="not its own"):
            await line.socket.listen()
    address = line.mode.hand_out()
    line.slack.hand_out = lambda: address.replace("ticket-1", "ticket-9")
    with pytest.raises(UnreachableError, match="status 401"):
        await line.socket.listen()
    line.slack.hand_out = str
    with pytest.raises(UnavailableError, match="no address"):
        await line.socket.listen()


async def test_without_a_signing_secret_nothing_is_heard_over_http(line: Line) -> None:
    with pytest.raises(DeniedError) as caught:
        await line.desk.receive({}, b"")
    assert caught.value.code == "chat.signature"


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{"type": "hello", "num_connections": 2}', lambda read: read == Hello(2)),
        ('{"type": "disconnect", "reason": "warning"}', lambda read: read == Goodbye("warning")),
        ('{"type": "events_api", "envelope_id": "e", "payload": {}}', lambda read: read == Envelope("e", None)),
        ('{"type": "interactive", "envelope_id": "e"}', lambda read: isinstance(read, Envelope) and bool(read.fault)),
    ],
)
def test_messages_are_read_as_documented(text: str, fits: Callable[[object], bool]) -> None:
    assert fits(read_message(text))


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"type": "interactive"}', "\ud800", "[" * 2000])
def test_what_is_no_message_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_message(text)
