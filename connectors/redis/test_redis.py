import asyncio
from collections import OrderedDict

import pytest
from pydantic import JsonValue

from connectors.redis.connector import Redis
from soar.sdk import AuthError, PermanentError, TransientError
from soar.sdk.testing import SECRET, Bench, WireDialer

SETTINGS: dict[str, JsonValue] = {"host": "redis.example", "port": 6379, "tls": True, "user": "soar"}
BENCH = Bench(Redis, hosts={"redis.example"}, settings=SETTINGS, credentials={"password": SECRET})
READ = {"stream": "alerts", "field": "json"}


class Server:
    """A stream with one group, in small."""

    def __init__(self, *entries: tuple[str, list[str] | None]) -> None:
        self.entries = OrderedDict(entries)
        self.pending: list[str] = []
        self.acknowledged: list[str] = []
        self.said: list[list[str]] = []
        self.has_group = False
        self.garbage: bytes | None = None

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while header := await reader.readline():
            words = []
            for _ in range(int(header[1:])):
                size = int((await reader.readline())[1:])
                words.append((await reader.readexactly(size + 2))[:-2].decode())
            self.said.append(words)
            writer.write(self.garbage or self._answer(words))
            await writer.drain()

    def _answer(self, words: list[str]) -> bytes:
        match words:
            case ["AUTH", "soar", password]:
                return b"+OK\r\n" if password == SECRET else b"-WRONGPASS invalid username-password pair\r\n"
            case ["XGROUP", *_]:
                had, self.has_group = self.has_group, True
                return b"-BUSYGROUP Consumer Group name already exists\r\n" if had else b"+OK\r\n"
            case ["XACK", _, _, *names]:
                self.acknowledged += names
                self.pending = [name for name in self.pending if name not in names]
                return b":%d\r\n" % len(names)
            case ["XREADGROUP", "GROUP", _, "soar", "COUNT", count, *_, "0"]:
                return self._show(self.pending[: int(count)])
            case ["XREADGROUP", "GROUP", _, "soar", "COUNT", count, "BLOCK", _, *_, ">"]:
                fresh = [name for name in self.entries if name not in self.pending + self.acknowledged][: int(count)]
                self.pending += fresh
                return self._show(fresh) if fresh else b"*-1\r\n"
            case _:
                return b"-ERR unknown command\r\n"

    def _show(self, names: list[str]) -> bytes:
        entries = b"".join(b"*2\r\n" + text(name) + self._show_fields(name) for name in names)
        return b"*1\r\n*2\r\n" + text("alerts") + b"*%d\r\n" % len(names) + entries

    def _show_fields(self, name: str) -> bytes:
        fields = self.entries.get(name)
        return b"*-1\r\n" if fields is None else b"*%d\r\n" % len(fields) + b"".join(map(text, fields))


def text(value: str) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value.encode()), value.encode())


async def test_entries_become_items_and_are_acknowledged_when_they_are_stored() -> None:
    deep = "[" * 100_000
    server = Server(("1-0", ["json", '{"kind": "login"}']), ("2-0", ["json", deep]), ("3-0", ["kind", "odd"]))
    dial = WireDialer(server.serve)
    batches = await BENCH.listen("stream", {**READ, "count": 2}, dial)
    assert dial.opened == [("redis.example", 6379, True)]
    assert [[item.key for item in batch.items] for batch in batches] == [["1-0", "2-0"], ["3-0"]]
    documents = [item.document for batch in batches for item in batch.items]
    assert documents == [{"kind": "login"}, {"json": deep}, {"kind": "odd"}]
    assert server.acknowledged == ["1-0", "2-0", "3-0"]
    assert sum(words[0] == "XREADGROUP" and words[-1] == ">" for words in server.said) == 2 + 12


async def test_what_was_not_stored_is_not_acknowledged_and_comes_first_the_next_time() -> None:
    server = Server(("1-0", ["a", "1"]), ("2-0", ["a", "2"]))
    (batch,) = await BENCH.listen("stream", {**READ, "count": 1}, WireDialer(server.serve), most=1)
    assert (batch.items[0].key, server.acknowledged) == ("1-0", [])
    batches = await BENCH.listen("stream", READ, WireDialer(server.serve))
    assert [[item.key for item in batch.items] for batch in batches] == [["1-0"], ["2-0"]]
    assert server.acknowledged == ["1-0", "2-0"]


async def test_an_entry_that_was_deleted_meanwhile_is_acknowledged_and_nothing_else() -> None:
    server = Server(("1-0", None))
    (batch,) = await BENCH.listen("stream", READ, WireDialer(server.serve))
    assert (batch.items, server.acknowledged) == ([], ["1-0"])


async def test_a_wrong_password_is_for_people_to_put_right() -> None:
    bench = Bench(Redis, settings=SETTINGS, credentials={"password": "wrong"})
    with pytest.raises(AuthError, match="WRONGPASS") as caught:
        await bench.listen("stream", READ, WireDialer(Server().serve))
    assert caught.value.hint == "check the user and the password of the connection"


@pytest.mark.parametrize(
    ("garbage", "error", "says"),
    [
        (b"-NOPERM no\r\n", AuthError, "NOPERM"),
        (b"-ERR no\r\n", PermanentError, "ERR no"),
        (b"HTTP/1.1 400\r\n", PermanentError, "does not speak"),
        (b"$x\r\n", PermanentError, "does not speak"),
        (b"$999999999\r\n", PermanentError, "more than"),
        (b"*1\r\n" * 20, PermanentError, "does not speak"),
    ],
)
async def test_a_server_that_answers_otherwise_is_told_apart(garbage: bytes, error: type[Exception], says: str) -> None:
    server = Server()
    server.garbage = garbage
    with pytest.raises(error, match=says):
        await Bench(Redis, settings=SETTINGS, credentials={"password": SECRET}).listen(
            "stream", READ, WireDialer(server.serve)
        )


async def test_a_server_that_goes_away_is_asked_again_later() -> None:
    async def leave(_reader: asyncio.StreamReader, _writer: asyncio.StreamWriter) -> None:
        return

    with pytest.raises(TransientError, match=r"redis\.example"):
        await BENCH.listen("stream", READ, WireDialer(leave))
