import asyncio
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest

from soar.model.process import Refusal
from soar.sdk.errors import EgressRefusedError, TransientError, UnreachableError
from soar.sdk.stream import LINE_LIMIT, NoDialer, SocketDialer, Stream
from tests.support.certificates import Authority

HOST = "box.corp.example"


class Echo:
    """A real server on the loopback address that answers each line, and ends at `quit`."""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (line := await reader.readline()) and line != b"quit\n":
            writer.write(b"x" * (LINE_LIMIT + 1) if line == b"long\n" else line)
            await writer.drain()
        writer.close()
        await writer.wait_closed()


@pytest.fixture
async def port() -> AsyncIterator[int]:
    server = await asyncio.start_server(Echo().serve, "127.0.0.1", 0)
    yield int(server.sockets[0].getsockname()[1])
    server.close()


def dial(*addresses: str, private: bool = True) -> SocketDialer:
    async def look_up(host: str) -> Sequence[str]:
        assert host == HOST
        return addresses

    hosts = frozenset({HOST})
    return SocketDialer(hosts=hosts, private_hosts=hosts if private else frozenset(), lookup=look_up)


async def test_a_private_host_is_spoken_to_line_by_line(port: int) -> None:
    async with dial("127.0.0.1").open(HOST, port, is_secure=False) as stream:
        await stream.write(b"one\ntwo\n")
        assert await stream.read_line() == b"one\n"
        assert await stream.read_exactly(4) == b"two\n"
        await stream.write(b"quit\n")
        with pytest.raises(TransientError, match="closed the connection"):
            await stream.read_line()
        with pytest.raises(TransientError, match="broke off"):
            await stream.read_exactly(1)


async def end(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext | None) -> None:
    """Say a line, with something behind it that no TLS protects, and echo what comes through TLS."""
    if context is None:
        writer.write(b"INFO {}\r\n")
    else:
        writer.write(b"INFO {}\r\nforged\n")
        await writer.drain()
        await writer.start_tls(context)
    writer.write(await reader.readline())
    await end(writer)


@pytest.mark.parametrize("is_secure", [True, False])
async def test_a_greeting_comes_before_tls_and_nothing_else_does(
    is_secure: bool,  # noqa: FBT001 -- from the table
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority = Authority(tmp_path / "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    context = authority.make_context(HOST) if is_secure else None
    server = await asyncio.start_server(partial(greet, context=context), "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    async with server, dial("127.0.0.1").open(HOST, port, is_secure=is_secure, has_greeting=True) as stream:
        assert stream.greeting == b"INFO {}\r\n"
        await stream.write(b"one\n")
        assert await stream.read_line() == b"one\n"


async def test_a_host_that_says_nothing_or_does_not_prove_its_name_behind_its_greeting_is_not_spoken_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    context = other.make_context(HOST)

    async def leave(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await end(writer)

    async def lie(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"INFO {}\r\n")
        with suppress(OSError):
            await writer.start_tls(context)
        await end(writer)

    for serve, error in ((leave, UnreachableError), (lie, EgressRefusedError)):
        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = int(server.sockets[0].getsockname()[1])
        async with server:
            with pytest.raises(error, match=HOST):
                async with dial("127.0.0.1").open(HOST, port, is_secure=True, has_greeting=True):
                    pytest.fail("nobody is there")


async def offer_tls(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, context: ssl.SSLContext) -> None:
    """Agree to begin TLS, with something behind it that no TLS protects, and echo what comes through TLS."""
    assert await reader.readline() == b"STARTTLS\r\n"
    writer.write(b"220 go on\r\n235 forged\r\n")
    await writer.drain()
    with suppress(OSError):
        await writer.start_tls(context)
        writer.write(await reader.readline())
    await end(writer)


async def ask_for_tls(stream: Stream) -> None:
    await stream.write(b"STARTTLS\r\n")
    assert await stream.read_line() == b"220 go on\r\n"


@pytest.mark.parametrize("is_known", [True, False])
async def test_tls_begins_where_both_sides_agree_and_forgets_what_came_before(
    is_known: bool,  # noqa: FBT001 -- from the table
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authority, other = Authority(tmp_path / "authority"), Authority(tmp_path / "other")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    context = (authority if is_known else other).make_context(HOST)
    server = await asyncio.start_server(partial(offer_tls, context=context), "127.0.0.1", 0)
    port, dialer = int(server.sockets[0].getsockname()[1]), dial("127.0.0.1")
    opening = dialer.open(HOST, port, is_secure=True, prepare=ask_for_tls)
    async with server:
        if is_known:
            async with opening as stream:
                await stream.write(b"one\n")
                assert await stream.read_line() == b"one\n"
        else:
            with pytest.raises(EgressRefusedError, match="does not prove its name"):
                await opening.__aenter__()
    assert (dialer.sent, dialer.reached, dialer.hosts_asked) == (1, int(is_known), (HOST,))


async def test_what_a_host_does_not_agree_to_is_raised_and_nothing_stays_open(port: int) -> None:
    async def refuse(stream: Stream) -> None:
        await stream.write(b"STARTTLS\n")
        raise TransientError((await stream.read_line()).decode())

    with pytest.raises(TransientError, match="STARTTLS"):
        async with dial("127.0.0.1").open(HOST, port, is_secure=True, prepare=refuse):
            pytest.fail("there is no TLS")


async def test_a_host_that_is_left_alone_is_not_connected_to(port: int) -> None:
    hosts = frozenset({HOST})
    refusals = {HOST: Refusal(message="the breaker is open", retry_after=7.0)}
    dialer = SocketDialer(hosts=hosts, private_hosts=hosts, refusals=refusals)
    with pytest.raises(TransientError, match="the breaker is open") as caught:
        async with dialer.open(HOST, port, is_secure=False):
            pytest.fail("it must not be reached")
    assert caught.value.retry_after == 7
    assert (dialer.sent, dialer.reached, dialer.hosts_asked) == (0, 0, (HOST,))


async def test_a_line_without_an_end_is_given_up_on(port: int) -> None:
    async with dial("127.0.0.1").open(HOST, port, is_secure=False) as stream:
        await stream.write(b"long\n")
        with pytest.raises(TransientError, match="broke off"):
            await stream.read_line()


async def test_what_does_not_speak_tls_is_not_reached_by_it() -> None:
    async def speak(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 box.corp.example\r\n")
        await end(writer)

    server = await asyncio.start_server(speak, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    async with server:
        with pytest.raises(UnreachableError, match=HOST):
            async with dial("127.0.0.1").open(HOST, port, is_secure=True):
                pytest.fail("there is no TLS")


@pytest.mark.parametrize(
    ("host", "addresses", "traits", "says"),
    [
        ("other.example", ("127.0.0.1",), "private secure", "not among the hosts"),
        (HOST, ("127.0.0.1",), "secure", "no public address"),
        (HOST, ("203.0.113.9", "169.254.169.254"), "private", "no public address"),
        (HOST, ("127.0.0.1",), "", "without TLS"),
    ],
)
async def test_only_the_connections_own_hosts_are_reached(
    host: str, addresses: tuple[str, ...], traits: str, says: str
) -> None:
    with pytest.raises(EgressRefusedError, match=says):
        async with dial(*addresses, private="private" in traits).open(host, 1, is_secure="secure" in traits):
            pytest.fail("it must not be reached")


@pytest.mark.parametrize("addresses", [(), ("127.0.0.1",)])
async def test_a_host_that_is_not_there_is_tried_again_later(addresses: tuple[str, ...], unused_port: int) -> None:
    with pytest.raises(UnreachableError, match=HOST):
        async with dial(*addresses).open(HOST, unused_port, is_secure=False):
            pytest.fail("nobody is there")


@pytest.fixture
async def unused_port() -> int:
    server = await asyncio.start_server(Echo().serve, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


def test_a_simulated_product_has_nobody_to_listen_to() -> None:
    with pytest.raises(EgressRefusedError, match="is simulated"):
        NoDialer().open(HOST, 1, is_secure=True)
