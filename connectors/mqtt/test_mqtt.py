import asyncio
from collections.abc import Iterator

import pytest
from pydantic import JsonValue, ValidationError

from connectors.mqtt import connector
from connectors.mqtt.connector import Listen, Mqtt
from soar.sdk import AuthError, PermanentError, TransientError
from soar.sdk.testing import SECRET, Bench, WireDialer

SETTINGS: dict[str, JsonValue] = {"host": "mqtt.example", "port": 8883, "tls": True, "user": "soar"}
BENCH = Bench(Mqtt, hosts={"mqtt.example"}, settings=SETTINGS, credentials={"password": SECRET})
LISTEN: dict[str, JsonValue] = {"topics": ["site/+/door", "alarm/#"], "client": "soar-doors", "about": "mqtt"}


@pytest.fixture(autouse=True)
def impatience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait a moment for more: the waiting is the client's own, and the product in small has nothing more to come."""
    monkeypatch.setattr(connector, "_WAIT", 0.03)
    monkeypatch.setattr(connector, "_LOOKS", 3)


class Server:
    """One client's session, in small."""

    def __init__(self, *messages: bytes) -> None:
        self.fresh = list(messages)
        self.out: dict[int, bytes] = {}
        self.acknowledged: list[int] = []
        self.subscribed: list[bytes] = []
        self.unsubscribed: list[bytes] = []
        self.has_session = False
        self.last = 0
        self.answer: bytes | None = None
        self.granted = 1
        self.window = 20

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while first := await reader.read(1):
            size = await self._read_size(reader)
            body = await reader.readexactly(size)
            writer.write(b"".join(self._answer(first[0] >> 4, body)))
            await writer.drain()

    async def _read_size(self, reader: asyncio.StreamReader) -> int:
        size = 0
        for place in range(4):
            byte = (await reader.readexactly(1))[0]
            size |= (byte & 127) << 7 * place
            if byte < 128:
                break
        return size

    def _answer(self, kind: int, body: bytes) -> Iterator[bytes]:
        match kind:
            case 1 if self.answer is not None:
                yield self.answer
            case 1:
                had, self.has_session = self.has_session, True
                assert body[:8] == b"\0\4MQTT\4\xc0", "3.1.1, with a user, a password, and no clean session"
                assert body[10:].startswith(b"\0\x0asoar-doors\0\4soar\0")
                is_known = body.endswith(SECRET.encode())
                yield bytes([0x20, 2, had, 0 if is_known else 4])
                for number, message in self.out.items():
                    yield publish(number, message, is_repeat=True)
                yield from self._hand_out() if had else ()
            case 8:
                self.subscribed.append(body[2:])
                yield b"\x90\x04\0\1" + bytes([1, self.granted])
                yield from self._hand_out()
            case 10:
                self.unsubscribed.append(body[2:])
                yield b"\xb0\x02\0\2"
            case 4:
                number = int.from_bytes(body, "big")
                del self.out[number]
                self.acknowledged.append(number)
                yield from self._hand_out()
            case 12:
                yield b"\xd0\0"
            case 14:
                return

    def _hand_out(self) -> Iterator[bytes]:
        while self.fresh and len(self.out) < self.window:
            self.last += 1
            self.out[self.last] = self.fresh.pop(0)
            yield publish(self.last, self.out[self.last])


def publish(number: int, message: bytes, *, is_repeat: bool = False) -> bytes:
    body = b"\0\x0bsite/a/door" + number.to_bytes(2, "big") + message
    size = []
    left = len(body)
    while left > 127:
        size.append(left % 128 | 128)
        left //= 128
    return bytes([0x3A if is_repeat else 0x32, *size, left]) + body


async def test_messages_become_items_and_are_acknowledged_when_they_are_stored() -> None:
    server = Server(b'{"kind": "open"}', b"plain", b'{"kind": "open"}')
    dial = WireDialer(server.serve)
    begun, first, second = await BENCH.listen("topics", {**LISTEN, "count": 2}, dial)
    assert dial.opened == [("mqtt.example", 8883, True)]
    assert begun.items == []
    about = {"mqtt": {"topic": "site/a/door"}}
    assert [item.document for batch in (first, second) for item in batch.items] == [
        {"kind": "open", **about},
        {"text": "plain", **about},
        {"kind": "open", **about},
    ]
    assert len({item.key for batch in (first, second) for item in batch.items}) == 3
    assert server.acknowledged == [1, 2, 3]
    assert server.subscribed == [b"\0\x0bsite/+/door\1\0\x07alarm/#\1"]


async def test_what_was_stored_and_not_acknowledged_comes_again_under_the_same_key() -> None:
    server = Server(*[b'{"kind": "open"}'] * 5)
    server.window = 3
    begun, stored = await BENCH.listen("topics", {**LISTEN, "count": 2}, WireDialer(server.serve), most=2)
    assert server.acknowledged == []
    batches = await BENCH.listen("topics", LISTEN, WireDialer(server.serve), stored.cursor)
    keys = [item.key for batch in batches for item in batch.items]
    assert keys[:2] == [item.key for item in stored.items]
    assert len(set(keys)) == 5
    assert server.acknowledged == [1, 2, 3, 4, 5]
    assert len(server.subscribed) == 1, "the session is kept, so the topics are"
    again = await BENCH.listen("topics", LISTEN, WireDialer(server.serve), begun.cursor)
    assert again == []


async def test_what_came_and_was_not_stored_is_not_taken_for_stored() -> None:
    server = Server(b"a", b"b")
    (begun,) = await BENCH.listen("topics", LISTEN, WireDialer(server.serve), most=1)
    (batch,) = await BENCH.listen("topics", LISTEN, WireDialer(server.serve), begun.cursor)
    assert [item.document["text"] for item in batch.items] == ["a", "b"]
    assert len({item.key for item in batch.items}) == 2


async def test_other_topics_are_asked_for_in_the_place_of_those_before() -> None:
    server = Server()
    (begun,) = await BENCH.listen("topics", LISTEN, WireDialer(server.serve))
    (changed,) = await BENCH.listen(
        "topics", {**LISTEN, "topics": ["alarm/#", "new"]}, WireDialer(server.serve), begun.cursor
    )
    assert server.unsubscribed == [b"\0\x0bsite/+/door"]
    assert server.subscribed[1:] == [b"\0\x07alarm/#\1\0\x03new\1"]
    server.has_session = False
    (anew,) = await BENCH.listen(
        "topics", {**LISTEN, "topics": ["alarm/#", "new"]}, WireDialer(server.serve), changed.cursor
    )
    assert server.subscribed[2:] == [b"\0\x07alarm/#\1\0\x03new\1"]
    assert isinstance(anew.cursor, dict)
    assert anew.cursor["topics"] == ["alarm/#", "new"]


async def test_a_message_that_is_too_large_for_an_alert_is_cut_and_acknowledged() -> None:
    server = Server(b'{"a": "' + b"x" * 3_000_000 + b'"}')
    _, batch = await BENCH.listen("topics", LISTEN, WireDialer(server.serve))
    assert len(str(batch.items[0].document["text"])) == 2 * 1024 * 1024
    assert server.acknowledged == [1]


@pytest.mark.parametrize(
    ("granted", "error", "says"), [(0x80, AuthError, "refuses alarm/#"), (0, PermanentError, "without waiting")]
)
async def test_a_topic_that_is_not_granted_is_told(granted: int, error: type[Exception], says: str) -> None:
    server = Server()
    server.granted = granted
    with pytest.raises(error, match=says):
        await BENCH.listen("topics", LISTEN, WireDialer(server.serve))


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (b"\x20\2\0\1", PermanentError, "does not speak"),
        (b"\x20\2\0\2", PermanentError, "does not take this client"),
        (b"\x20\2\0\3", TransientError, "not there for now"),
        (b"\x20\2\0\5", AuthError, "refuses us"),
        (b"\x20\3\0\0\0", PermanentError, "does not speak"),
        (b"HTTP/1.1 400 Bad Request, which is long enough to be a body of a packet: H is 0x48, T is 84 bytes",
         PermanentError, "does not speak"),
        (b"\x20\xff\xff\xff\xff\x01", PermanentError, "does not speak"),
        (b"\x20\2\1\0\x34\x05\0\1a\0\1", PermanentError, "no message of the quality"),
        (b"\x20\2\1\0\x32\x02\0\x09", PermanentError, "no message of the quality"),
        (b"\x20\2\1\0\x50\x00", PermanentError, "which nobody awaits"),
    ],
)  # fmt: skip
async def test_a_server_that_answers_otherwise_is_told_apart(answer: bytes, error: type[Exception], says: str) -> None:
    server = Server()
    server.answer = answer
    cursor: JsonValue = {"topics": LISTEN["topics"], "messages": None}
    with pytest.raises(error, match=says):
        await BENCH.listen("topics", LISTEN, WireDialer(server.serve), cursor)


async def test_a_wrong_password_is_for_people_to_put_right() -> None:
    bench = Bench(Mqtt, settings=SETTINGS, credentials={"password": "wrong"})
    with pytest.raises(AuthError, match="does not let us in"):
        await bench.listen("topics", LISTEN, WireDialer(Server().serve))


async def test_a_server_that_goes_away_is_asked_again_later() -> None:
    async def leave(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    with pytest.raises(TransientError, match=r"mqtt\.example"):
        await BENCH.listen("topics", LISTEN, WireDialer(leave))


@pytest.mark.parametrize(
    "fields", [{"topics": []}, {"topics": [""]}, {"topics": ["a\0b"]}, {"client": ""}, {"topics": ["x" * 65_536]}]
)
def test_what_cannot_be_said_is_refused(fields: dict[str, JsonValue]) -> None:
    with pytest.raises(ValidationError):
        Listen.model_validate({**LISTEN, **fields})
