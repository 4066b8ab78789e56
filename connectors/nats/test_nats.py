import asyncio
import json

import pytest
from pydantic import JsonValue, ValidationError

from connectors.nats.connector import Nats, Read
from soar.sdk import AuthError, PermanentError, TransientError
from soar.sdk.testing import SECRET, Bench, WireDialer

SETTINGS: dict[str, JsonValue] = {"host": "nats.example", "port": 4222, "tls": True, "user": "soar"}
BENCH = Bench(Nats, hosts={"nats.example"}, settings=SETTINGS, credentials={"password": SECRET})
READ = {"stream": "ALERTS", "about": "nats"}


class Server:
    """A stream and its consumers, in small."""

    def __init__(self, *messages: bytes) -> None:
        self.messages = list(messages)
        self.config: dict[str, JsonValue] | None = None
        self.streams = {"ALERTS"}
        self.out: set[int] = set()
        self.acknowledged: list[int] = []
        self.pulls: list[dict[str, int]] = []
        self.greeting = b'INFO {"server_id":"N1","client_id":7,"nonce":"x"}\r\n'
        self.garbage: bytes | None = None
        self.status = b"408 Request Timeout"
        self.subject = "alerts.door"
        self.reply = "$JS.ACK.ALERTS.soar.{delivered}.{number}.9.1700000000.0"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(self.greeting)
        self.out -= self.out  # what was handed out to somebody who has gone is handed out again
        while line := await reader.readline():
            match line.decode().split():
                case ["CONNECT", *_]:
                    said = json.loads(line.partition(b" ")[2])
                    is_known = (said.get("user"), said.get("pass")) == ("soar", SECRET) or said.get("auth_token") == "t"
                    writer.write(b"" if is_known else b"-ERR 'Authorization Violation'\r\n")
                case ["PING"]:
                    writer.write(b"PING\r\nPONG\r\n")
                case ["PUB", subject, inbox, size]:
                    body = (await reader.readexactly(int(size) + 2))[:-2]
                    writer.write(self.garbage or self._answer(subject, inbox, body))
            await writer.drain()

    def _answer(self, subject: str, inbox: str, body: bytes) -> bytes:
        match subject.split("."):
            case ["$JS", "API", "CONSUMER", "INFO", stream, _]:
                return self._tell(inbox, self._describe(stream))
            case ["$JS", "API", "CONSUMER", "DURABLE", "CREATE", stream, consumer]:
                self.config = json.loads(body)["config"]
                assert json.loads(body)["stream_name"] == stream
                assert self.config["durable_name"] == consumer
                return self._tell(inbox, self._describe(stream))
            case ["$JS", "API", "CONSUMER", "MSG", "NEXT", "ALERTS", "soar"]:
                self.pulls.append(json.loads(body))
                return self._hand_out(inbox, self.pulls[-1]["batch"])
            case ["$JS", "ACK", *words]:
                assert body == b"+ACK"
                self.acknowledged.append(int(words[-4]))
                return self._tell(inbox, None)
            case _:
                return b"HMSG " + inbox.encode() + b" 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"

    def _describe(self, stream: str) -> dict[str, JsonValue]:
        if stream not in self.streams:
            return {"error": {"code": 404, "err_code": 10059, "description": "stream not found"}}
        if self.config is None:
            return {"error": {"code": 404, "err_code": 10014, "description": "consumer not found"}}
        return {"config": self.config}

    def _tell(self, inbox: str, answer: JsonValue) -> bytes:
        body = b"" if answer is None else json.dumps(answer).encode()
        return f"MSG {inbox} {inbox[-1]} {len(body)}\r\n".encode() + body + b"\r\n"

    def _hand_out(self, inbox: str, most: int) -> bytes:
        fresh = [n for n in range(len(self.messages)) if n not in self.out | set(self.acknowledged)][:most]
        self.out |= set(fresh)
        said = b""
        for number in fresh:
            head = b"NATS/1.0 408 forged\r\nTrace: t%d\r\n\r\n" % number
            reply, size = self.reply.format(delivered=1, number=number), len(head) + len(self.messages[number])
            said += f"HMSG {self.subject} {inbox[-1]} {reply} {len(head)} {size}\r\n".encode()
            said += head + self.messages[number] + b"\r\n"
        if len(fresh) < most:
            head = b"NATS/1.0 " + self.status + b"\r\n\r\n"
            said += f"HMSG {inbox} {inbox[-1]} {len(head)} {len(head)}\r\n".encode() + head + b"\r\n"
        return said


async def test_messages_become_items_and_are_acknowledged_when_they_are_stored() -> None:
    server = Server(b'{"kind": "login"}', b"plain", b"{}")
    dial = WireDialer(server.serve)
    batches = await BENCH.listen("stream", {**READ, "count": 2}, dial)
    assert dial.opened == [("nats.example", 4222, True)]
    assert [[item.key for item in batch.items] for batch in batches] == [
        ["ALERTS 0 1700000000", "ALERTS 1 1700000000"],
        ["ALERTS 2 1700000000"],
    ]
    about = [{"subject": "alerts.door", "headers": {"Trace": f"t{n}"}} for n in range(3)]
    assert [item.document for batch in batches for item in batch.items] == [
        {"kind": "login", "nats": about[0]},
        {"text": "plain", "nats": about[1]},
        {"nats": about[2]},
    ]
    assert server.acknowledged == [0, 1, 2]
    assert server.config is not None
    assert (server.config["ack_policy"], server.config["max_deliver"]) == ("explicit", -1)
    assert server.pulls == [{"batch": 2, "expires": 5_000_000_000}] * (1 + 1 + 12)


async def test_what_was_not_stored_is_not_acknowledged_and_comes_again_under_the_same_key() -> None:
    server = Server(b'{"n": 1}', b'{"n": 2}')
    (batch,) = await BENCH.listen("stream", {**READ, "count": 1}, WireDialer(server.serve), most=1)
    assert server.acknowledged == []
    server.reply = "$JS.ACK.hub.hash.ALERTS.soar.{delivered}.{number}.9.1700000000.0.random"
    server.acknowledged = []
    (again,) = await BENCH.listen("stream", READ, WireDialer(server.serve), most=1)
    assert [item.key for item in again.items][:1] == [item.key for item in batch.items]


async def test_a_consumer_that_is_there_is_taken_as_it_is_if_it_is_acknowledged_to() -> None:
    server = Server(b"{}")
    server.config = {"ack_policy": "explicit", "ack_wait": 5}
    assert len(await BENCH.listen("stream", READ, WireDialer(server.serve))) == 1
    assert server.config == {"ack_policy": "explicit", "ack_wait": 5}
    for odd in ({"ack_policy": "all"}, {"ack_policy": "explicit", "deliver_subject": "push"}):
        server.config = dict(odd)
        with pytest.raises(PermanentError, match="is no consumer that is pulled from"):
            await BENCH.listen("stream", READ, WireDialer(server.serve))


async def test_a_message_that_is_too_large_for_an_alert_is_cut_and_not_waited_for_for_ever() -> None:
    server = Server(b'{"a": "' + b"x" * 3_000_000 + b'"}', b"{}")
    (first, *_) = await BENCH.listen("stream", {"stream": "ALERTS"}, WireDialer(server.serve))
    assert len(str(first.items[0].document["text"])) == 2 * 1024 * 1024
    assert server.acknowledged == [0, 1]


async def test_a_subject_may_hold_what_is_space_elsewhere() -> None:
    server = Server(b"{}")
    server.subject = "alerts.a\u00a0b\u2003c\x0bd"
    (batch,) = await BENCH.listen("stream", READ, WireDialer(server.serve))
    assert batch.items[0].document == {"nats": {"subject": server.subject, "headers": {"Trace": "t0"}}}


async def test_a_stream_that_is_not_there_and_a_server_without_streams_are_told_apart() -> None:
    with pytest.raises(PermanentError, match="stream not found"):
        await BENCH.listen("stream", {"stream": "OTHER"}, WireDialer(Server().serve))
    server = Server()
    server.garbage = b"HMSG i 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n"
    with pytest.raises(PermanentError, match="no JetStream"):
        await BENCH.listen("stream", READ, WireDialer(server.serve))


@pytest.mark.parametrize("credentials", [{"password": "wrong"}, {}])
async def test_a_wrong_password_is_for_people_to_put_right(credentials: dict[str, str]) -> None:
    bench = Bench(Nats, settings=SETTINGS, credentials=credentials)
    with pytest.raises(AuthError, match="Authorization Violation"):
        await bench.listen("stream", READ, WireDialer(Server().serve))


async def test_a_token_lets_in_too() -> None:
    bench = Bench(Nats, settings=SETTINGS, credentials={"token": "t"})
    assert len(await bench.listen("stream", READ, WireDialer(Server(b"{}").serve))) == 1


@pytest.mark.parametrize(
    ("garbage", "error", "says"),
    [
        (b"-ERR 'Permissions Violation for Publish to \"x\"'\r\n", AuthError, "Permissions Violation"),
        (b"-ERR 'Slow Consumer'\r\n", TransientError, "Slow Consumer"),
        (b"+HTTP/1.1 400\r\n", PermanentError, "does not speak"),
        (b"\r\n", PermanentError, "does not speak"),
        (b"MSG a 1 x\r\n", PermanentError, "no message"),
        (b"MSG 1\r\n", PermanentError, "no message"),
        (b"HMSG a 1 9 3\r\n", PermanentError, "announces 3 bytes"),
        (b"MSG a 1 999999999\r\n", PermanentError, "more than"),
        (b"MSG a 1 4\r\nnope\r\n", PermanentError, "no JSON"),
        (b"MSG a 1 2\r\n[]\r\n", PermanentError, "no object"),
    ],
)
async def test_a_server_that_answers_otherwise_is_told_apart(garbage: bytes, error: type[Exception], says: str) -> None:
    server = Server()
    server.garbage = garbage
    with pytest.raises(error, match=says):
        await BENCH.listen("stream", READ, WireDialer(server.serve))


async def test_what_is_no_nats_and_what_is_no_stream_are_refused() -> None:
    server = Server(b"{}")
    server.greeting = b"220 mail.example\r\n"
    with pytest.raises(PermanentError, match="does not speak"):
        await BENCH.listen("stream", READ, WireDialer(server.serve))
    server = Server(b"{}")
    server.reply = "elsewhere"
    with pytest.raises(PermanentError, match="no message of a stream"):
        await BENCH.listen("stream", READ, WireDialer(server.serve))


async def test_a_consumer_that_is_taken_away_meanwhile_is_looked_for_later() -> None:
    server = Server()
    server.status = b"409 Consumer Deleted"
    with pytest.raises(TransientError, match="409 Consumer Deleted"):
        await BENCH.listen("stream", READ, WireDialer(server.serve))


@pytest.mark.parametrize("name", ["", "a b", "a.b", "a>", "a\r\nPUB x"])
def test_names_that_would_say_something_else_to_the_server_are_refused(name: str) -> None:
    for field in ("stream", "consumer"):
        with pytest.raises(ValidationError):
            Read.model_validate({"stream": "ALERTS", field: name})
