import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from soar.sdk.errors import EgressRefusedError, TransientError, UnreachableError
from soar.sdk.websocket import MESSAGE_LIMIT, WebSocketEgress

HOST = "box.corp.example"
HOSTS = frozenset({HOST})


class Product:
    """A real server on the loopback address that answers each text, and does odd things when it is told to."""

    def __init__(self) -> None:
        self.pongs = asyncio.Queue[bytes]()
        application = web.Application()
        application.router.add_get("/plain", self._answer_plainly)
        application.router.add_get("/away", self._send_away)
        application.router.add_get("/deaf", self._ignore_pings)
        application.router.add_get("/", self._echo)
        self.server = TestServer(application, host="127.0.0.1")

    def url(self, path: str = "/", host: str = HOST) -> str:
        return f"ws://{host}:{self.server.port}{path}"

    async def _echo(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.PONG:
                self.pongs.put_nowait(message.data)
                continue
            match message.data:
                case "quit":
                    break
                case "bytes":
                    await socket.send_bytes(b"x")
                case "long":
                    await socket.send_str("x" * (MESSAGE_LIMIT + 1))
                case "ping":
                    await socket.ping(b"there?")
                case text:
                    await socket.send_str(text)
        return socket

    async def _ignore_pings(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(autoping=False)
        await socket.prepare(request)
        while not socket.closed:
            await socket.receive()
        return socket

    async def _answer_plainly(self, _request: web.Request) -> web.Response:
        return web.Response(text="hello")

    async def _send_away(self, _request: web.Request) -> web.Response:
        raise web.HTTPFound("/")


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    await product.server.start_server()
    yield product
    await product.server.close()


def make_door(*addresses: str, heartbeat: float = 20.0) -> WebSocketEgress:
    async def look_up(_host: str) -> Sequence[str]:
        return addresses or ("127.0.0.1",)

    return WebSocketEgress(look_up, heartbeat)


async def test_texts_go_both_ways_and_pings_are_answered(product: Product) -> None:
    async with make_door().open(product.url(), hosts=HOSTS, private_hosts=HOSTS) as socket:
        await socket.send("ping")
        await socket.send("one")
        assert await socket.receive() == "one"
        assert await product.pongs.get() == b"there?"


@pytest.mark.parametrize("wanted", ["quit", "bytes", "long"])
async def test_what_is_no_text_of_a_sensible_length_ends_it(product: Product, wanted: str) -> None:
    async with make_door().open(product.url(), hosts=HOSTS, private_hosts=HOSTS) as socket:
        await socket.send(wanted)
        with pytest.raises(TransientError, match="closed the connection"):
            await socket.receive()


async def test_what_is_over_takes_no_text(product: Product) -> None:
    async with make_door().open(product.url(), hosts=HOSTS, private_hosts=HOSTS) as socket:
        await socket.send("quit")
        with pytest.raises(TransientError):
            await socket.receive()
        with pytest.raises(TransientError, match="broke off"):
            await socket.send("one")


async def test_a_host_that_answers_no_ping_is_gone(product: Product) -> None:
    async with make_door(heartbeat=0.1).open(product.url("/deaf"), hosts=HOSTS, private_hosts=HOSTS) as socket:
        async with asyncio.timeout(2):
            with pytest.raises(TransientError):
                await socket.receive()


@pytest.mark.parametrize(
    ("path", "error", "says"),
    [("/plain", UnreachableError, "as a WebSocket"), ("/away", EgressRefusedError, "sends us on")],
)
async def test_only_a_websocket_at_this_very_address_will_do(
    product: Product, path: str, error: type[Exception], says: str
) -> None:
    with pytest.raises(error, match=says):
        async with make_door().open(product.url(path), hosts=HOSTS, private_hosts=HOSTS):
            pytest.fail("there is none")


@pytest.mark.parametrize(
    ("url", "addresses", "private_hosts", "says"),
    [
        ("wss://other.example/", ("127.0.0.1",), HOSTS, "not among the hosts"),
        (f"wss://{HOST}/", ("127.0.0.1",), frozenset(), "no public address"),
        (f"wss://{HOST}/", ("203.0.113.9", "169.254.169.254"), HOSTS, "no public address"),
        (f"ws://{HOST}/", ("127.0.0.1",), frozenset(), "not allowed"),
        (f"https://{HOST}/", ("127.0.0.1",), HOSTS, "no address of a WebSocket"),
        (f"wss://me@{HOST}/", ("127.0.0.1",), HOSTS, "user name"),
    ],
)
async def test_only_hosts_that_are_allowed_are_reached(
    url: str, addresses: tuple[str, ...], private_hosts: frozenset[str], says: str
) -> None:
    with pytest.raises(EgressRefusedError, match=says):
        async with make_door(*addresses).open(url, hosts=HOSTS, private_hosts=private_hosts):
            pytest.fail("it must not be reached")


async def test_an_address_in_place_of_a_name_is_checked_too() -> None:
    hosts = frozenset({"127.0.0.1"})
    with pytest.raises(EgressRefusedError, match="no public address"):
        async with make_door().open("wss://127.0.0.1/", hosts=hosts):
            pytest.fail("it must not be reached")


async def test_what_does_not_speak_tls_is_not_reached_by_it(product: Product) -> None:
    with pytest.raises((UnreachableError, EgressRefusedError)):
        async with make_door().open(product.url().replace("ws:", "wss:"), hosts=HOSTS, private_hosts=HOSTS):
            pytest.fail("there is no TLS")
