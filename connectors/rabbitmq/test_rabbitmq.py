import asyncio
import importlib.util
import struct
from collections.abc import Iterator
from typing import Any

import pytest
from pamqp import body, commands, frame, header
from pamqp.heartbeat import Heartbeat
from pydantic import JsonValue

from connectors.rabbitmq import connector
from connectors.rabbitmq.connector import RabbitMq
from soar.sdk import AuthError, PermanentError, TransientError
from soar.sdk.testing import SECRET, Bench, WireDialer

SETTINGS: dict[str, JsonValue] = {
    "host": "rabbit.example", "port": 5671, "tls": True, "user": "soar", "virtual_host": "/",
}  # fmt: skip
BENCH = Bench(RabbitMq, hosts={"rabbit.example"}, settings=SETTINGS, credentials={"password": SECRET})
READ = {"queue": "alerts", "about": "rabbit"}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment for more: the waiting is the client's own, and the product in small has nothing more to come."""
    monkeypatch.setattr(connector, "_WAIT", 0.03)
    monkeypatch.setattr(connector, "_LOOKS", 3)


class Server:
    """A queue with one consumer, in small."""

    def __init__(self, *messages: tuple[str, bytes]) -> None:
        self.waiting = [(message, False) for message in messages]
        self.out: dict[int, tuple[str, bytes]] = {}
        self.acknowledged: list[bytes] = []
        self.said: list[Any] = []
        self.instead: dict[type, bytes] = {}
        self.headers: bytes | None = None
        self.routing_key = b"door"
        self.count = 0
        self.tag = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readexactly(8) == b"AMQP\0\0\x09\x01"
        self.waiting = [(message, True) for message in self.out.values()] + self.waiting
        self.out, self.tag = {}, 0
        writer.write(self.instead.get(Server) or frame.marshal(commands.Connection.Start(mechanisms="PLAIN"), 0))
        while head := await reader.read(7):
            head += await reader.readexactly(7 - len(head))
            data = head + await reader.readexactly(struct.unpack(">BHI", head)[2] + 1)
            said = frame.unmarshal(data)[2]
            self.said.append(said)
            writer.write(self.instead.get(type(said)) or b"".join(self._answer(said)))
            await writer.drain()

    def _answer(self, said: Any) -> Iterator[bytes]:  # noqa: ANN401, C901 -- one of a hundred classes, and a case for each that is said
        match said:
            case commands.Connection.StartOk():
                is_known = said.response == f"\0soar\0{SECRET}"
                close = commands.Connection.Close(reply_code=403, reply_text="ACCESS_REFUSED", class_id=0, method_id=0)
                tune = commands.Connection.Tune(channel_max=2047, frame_max=131_072, heartbeat=60)
                yield frame.marshal(tune if is_known else close, 0)
            case commands.Connection.Open():
                yield frame.marshal(commands.Connection.OpenOk(), 0)
            case commands.Channel.Open():
                yield frame.marshal(commands.Channel.OpenOk(), 1)
            case commands.Queue.Declare(passive=True, queue=queue):
                yield frame.marshal(commands.Queue.DeclareOk(queue=queue, message_count=0, consumer_count=0), 1)
            case commands.Basic.Qos(prefetch_count=count):
                self.count = count
                yield frame.marshal(commands.Basic.QosOk(), 1)
            case commands.Basic.Consume(exclusive=True, no_ack=False):
                yield frame.marshal(commands.Basic.ConsumeOk(consumer_tag="soar"), 1)
                yield Heartbeat().marshal()
                yield from self._hand_out()
            case commands.Basic.Ack(multiple=True, delivery_tag=last):
                for tag in [tag for tag in self.out if tag <= last]:
                    self.acknowledged.append(self.out.pop(tag)[1])
                yield from self._hand_out()
            case commands.Basic.Cancel():
                yield frame.marshal(commands.Basic.CancelOk(consumer_tag="soar"), 1)
            case commands.Connection.Close():
                yield frame.marshal(commands.Connection.CloseOk(), 0)

    def offer(self, count: int) -> Iterator[bytes]:
        self.count = count
        return self._hand_out()

    def _hand_out(self) -> Iterator[bytes]:
        while self.waiting and len(self.out) < self.count:
            ((name, content), is_repeat), self.tag = self.waiting.pop(0), self.tag + 1
            self.out[self.tag] = (name, content)
            deliver = commands.Basic.Deliver("soar", self.tag, is_repeat, "events", "door")
            yield frame.marshal(deliver, 1).replace(b"door", self.routing_key) + Heartbeat().marshal()
            properties = commands.Basic.Properties(message_id=name or None, headers={"n": 1, "deep": {"a": 1}})
            head = frame.marshal(header.ContentHeader(0, len(content), properties), 1)
            if self.headers is not None:
                payload = head[7 : 7 + 12] + self.headers
                head = struct.pack(">BHI", 2, 1, len(payload)) + payload + b"\xce"
            yield head
            for start in range(0, len(content), 100_000):
                yield frame.marshal(body.ContentBody(content[start : start + 100_000]), 1) + Heartbeat().marshal()


async def test_messages_become_items_and_are_acknowledged_when_they_are_stored() -> None:
    server = Server(("m1", b'{"kind": "open"}'), ("", b"plain"), ("", b"plain"), ("m4", b""))
    dial = WireDialer(server.serve)
    batches = await BENCH.listen("queue", {**READ, "count": 3}, dial)
    assert dial.opened == [("rabbit.example", 5671, True)]
    assert [len(batch.items) for batch in batches] == [3, 1]
    items = [item for batch in batches for item in batch.items]
    about = {"exchange": "events", "routing_key": "door", "message_id": "m1", "headers": {"n": 1}}
    assert items[0].document == {"kind": "open", "rabbit": about}
    assert [item.document["text"] for item in items[1:]] == ["plain", "plain", ""]
    assert [item.key for item in items if item.key.startswith("id ")] == ["id m1", "id m4"]
    assert len({item.key for item in items}) == 4
    assert server.acknowledged == [b'{"kind": "open"}', b"plain", b"plain", b""]
    assert isinstance(server.said[-1], commands.Connection.Close)


async def test_what_was_stored_and_not_acknowledged_comes_again_under_the_same_key() -> None:
    server = Server(*[("", b'{"kind": "open"}')] * 5)
    (stored,) = await BENCH.listen("queue", {**READ, "count": 2}, WireDialer(server.serve), most=1)
    assert server.acknowledged == []
    batches = await BENCH.listen("queue", READ, WireDialer(server.serve), stored.cursor)
    keys = [item.key for batch in batches for item in batch.items]
    assert keys[:2] == [item.key for item in stored.items]
    assert len(set(keys)) == 5
    assert len(server.acknowledged) == 5


async def test_what_came_and_was_not_stored_is_not_taken_for_stored() -> None:
    server = Server(("", b"a"), ("", b"b"))
    (first,) = await BENCH.listen("queue", {**READ, "count": 1}, WireDialer(server.serve), most=1)
    server.waiting = [(message, True) for message, _ in server.waiting]
    batches = await BENCH.listen("queue", READ, WireDialer(server.serve), first.cursor)
    assert [item.document["text"] for batch in batches for item in batch.items] == ["a", "b"]
    keys = [item.key for batch in batches for item in batch.items]
    assert keys[0] == first.items[0].key
    assert keys[1] != keys[0]


async def test_a_message_that_is_too_large_for_an_alert_is_cut_and_acknowledged() -> None:
    server = Server(("", b'{"a": "' + b"x" * 3_000_000 + b'"}'))
    (batch,) = await BENCH.listen("queue", READ, WireDialer(server.serve))
    assert len(str(batch.items[0].document["text"])) == 2 * 1024 * 1024
    assert len(server.acknowledged) == 1


@pytest.mark.parametrize("headers", [b"\xff\xff", b"\x20\0\0\0\x00\x04\x01aF\x7f", b"\0\x80\x05ab\xff\xff\xff", b""])
async def test_a_message_whose_properties_nobody_can_read_is_taken_without_them(headers: bytes) -> None:
    server = Server(("m1", b'{"n": 1}'))
    server.headers = headers
    (batch,) = await BENCH.listen("queue", {"queue": "alerts"}, WireDialer(server.serve))
    assert [item.document for item in batch.items] == [{"n": 1}]
    assert len(server.acknowledged) == 1


async def test_a_routing_key_that_is_no_text_stops_nothing() -> None:
    server = Server(("m1", b"{}"))
    server.routing_key = b"d\xff\xfer"
    (batch,) = await BENCH.listen("queue", READ, WireDialer(server.serve))
    assert isinstance(about := batch.items[0].document["rabbit"], dict)
    assert about["routing_key"] == "d\ufffd\ufffdr"


async def test_messages_that_come_while_we_leave_go_back_into_the_queue() -> None:
    server = Server(("m1", b"{}"))
    late = b"".join(Server(("m2", b"late")).offer(1)) + frame.marshal(commands.Basic.CancelOk("soar"), 1)
    server.instead[commands.Basic.Cancel] = late
    (batch,) = await BENCH.listen("queue", READ, WireDialer(server.serve))
    assert [item.key for item in batch.items] == ["id m1"]
    assert isinstance(server.said[-1], commands.Connection.Close)


async def test_a_wrong_password_is_for_people_to_put_right() -> None:
    for credentials, says in (({"password": "wrong"}, "403 ACCESS_REFUSED"), ({}, "no password")):
        bench = Bench(RabbitMq, settings=SETTINGS, credentials=credentials)
        with pytest.raises(AuthError, match=says):
            await bench.listen("queue", READ, WireDialer(Server().serve))


def close(code: int, text: str) -> bytes:
    return frame.marshal(commands.Channel.Close(code, text, 60, 20), 1)


@pytest.mark.parametrize(
    ("said", "instead", "error", "says"),
    [
        (commands.Queue.Declare, close(404, "NOT_FOUND - no queue"), PermanentError, "404 NOT_FOUND"),
        (commands.Basic.Consume, close(403, "in exclusive use"), AuthError, "exclusive use"),
        (commands.Connection.Open, close(530, "NOT_ALLOWED"), AuthError, "530"),
        (commands.Connection.Open, close(320, "CONNECTION_FORCED"), TransientError, "320"),
        (commands.Connection.Open, close(501, "FRAME_ERROR"), PermanentError, "501"),
        (commands.Connection.Open, frame.marshal(commands.Channel.OpenOk(), 1), PermanentError, "in the place of"),
        (commands.Basic.Ack, frame.marshal(commands.Basic.Cancel("soar"), 1), TransientError, "taken the queue away"),
        (commands.Basic.Ack, frame.marshal(commands.Basic.QosOk(), 1), PermanentError, "nobody awaits"),
        (
            commands.Basic.Ack,
            frame.marshal(commands.Basic.Deliver("soar", 9, routing_key="x"), 1)
            + frame.marshal(commands.Basic.QosOk(), 1),
            PermanentError,
            "breaks a message off",
        ),
        (Server, b"AMQP\0\0\x09\x00", PermanentError, "does not speak"),
        (Server, b"HTTP/1.1 400\r\n", PermanentError, "does not speak"),
        (Server, b"\1\0\0\0\0\0\4\0\0\0\0\xce", PermanentError, "does not speak"),
        (Server, b"\1\0\0\0\0\0\4\0\0\0\0\0", PermanentError, "does not speak"),
        (Server, b"\x09\0\0\0\0\0\4\0\0\0\0\xce", PermanentError, "does not speak"),
    ],
)
async def test_a_server_that_answers_otherwise_is_told_apart(
    said: type, instead: bytes, error: type[Exception], says: str
) -> None:
    server = Server(("", b"{}"))
    server.instead[said] = instead
    with pytest.raises(error, match=says):
        await BENCH.listen("queue", READ, WireDialer(server.serve))


async def test_without_its_extra_the_connector_says_which_one_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        connector, "find_spec", lambda name: None if name == "pamqp" else importlib.util.find_spec(name)
    )
    with pytest.raises(PermanentError, match="extra `rabbitmq`") as caught:
        await BENCH.listen("queue", READ, WireDialer(Server().serve))
    assert caught.value.hint == "pip install 'soar[rabbitmq]'"


async def test_a_server_that_goes_away_is_asked_again_later() -> None:
    async def leave(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    with pytest.raises(TransientError, match=r"rabbit\.example"):
        await BENCH.listen("queue", READ, WireDialer(leave))
