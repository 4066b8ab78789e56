"""Slack's end of Socket Mode on the loopback address, as strict as its documentation.

https://docs.slack.dev/apis/events-api/using-socket-mode
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any
from urllib.parse import parse_qs

from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer

from soar.sdk.websocket import WebSocket, WebSocketEgress
from tests.support.slack import APPLICATION

HOST = "wss-primary.slack.com"
WITHIN = 3.0
"""Seconds after which Slack takes an envelope for lost."""
_MOST = 10


class FakeSocketMode:
    """Hands out addresses, each good for one connection, and sends envelopes over what is connected.

    Attributes:
        handed_out: how many addresses were.
        faults: what we sent that Slack would not have understood.
    """

    def __init__(self) -> None:
        self.handed_out = 0
        self.faults: list[str] = []
        self._tickets: set[str] = set()
        self._sockets: list[web.WebSocketResponse] = []
        self._connected = asyncio.Condition()
        self._awaited: dict[str, tuple[asyncio.Future[dict[str, Any]], bool]] = {}
        self._sent = 0
        application = web.Application()
        application.router.add_get("/link/", self._link)
        self._server = TestServer(application, host="127.0.0.1")

    def hand_out(self) -> str:
        """Return an address, as `apps.connections.open` does."""
        self.handed_out += 1
        ticket = f"ticket-{self.handed_out}"
        self._tickets.add(ticket)
        return f"wss://{HOST}/link/?ticket={ticket}&app_id={APPLICATION}"

    def open(
        self, url: str, *, hosts: frozenset[str], private_hosts: frozenset[str] = frozenset()
    ) -> AbstractAsyncContextManager[WebSocket]:
        """Open an address through the real way out, which is led to this machine."""
        assert hosts == {HOST}
        assert not private_hosts
        local = url.replace(f"wss://{HOST}/", f"ws://{HOST}:{self._server.port}/")
        return WebSocketEgress(_stay_here).open(local, hosts=hosts, private_hosts=hosts)

    async def await_connections(self, count: int) -> None:
        """Wait until so many connections were made at all, and the last stands."""
        async with asyncio.timeout(WITHIN), self._connected:
            await self._connected.wait_for(lambda: len(self._sockets) >= count and not self._sockets[-1].closed)

    async def deliver(self, kind: str, payload: Mapping[str, Any], *, takes_answer: bool = False) -> dict[str, Any]:
        """Send something that somebody did, and return the receipt.

        Raises:
            TimeoutError: none came in time.
        """
        self._sent += 1
        id_ = f"envelope-{self._sent}"
        self._awaited[id_] = asyncio.get_running_loop().create_future(), takes_answer
        envelope = {"envelope_id": id_, "type": kind, "payload": payload, "accepts_response_payload": takes_answer}
        await self.say(envelope)
        async with asyncio.timeout(WITHIN):
            return await self._awaited[id_][0]

    async def say(self, message: Mapping[str, Any]) -> None:
        """Send whatever over the latest connection."""
        await self._sockets[-1].send_str(json.dumps(message))

    async def _link(self, request: web.Request) -> web.StreamResponse:
        (ticket,) = parse_qs(request.query_string).get("ticket", [""])
        if ticket not in self._tickets or len([each for each in self._sockets if not each.closed]) >= _MOST:
            raise web.HTTPUnauthorized
        self._tickets.remove(ticket)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_json({"type": "hello", "connection_info": {"app_id": APPLICATION}, "num_connections": 1})
        async with self._connected:
            self._sockets.append(socket)
            self._connected.notify_all()
        async for message in socket:
            assert message.type is WSMsgType.TEXT
            self._take_receipt(message.data)
        return socket

    def _take_receipt(self, text: str) -> None:
        receipt = json.loads(text)
        id_ = receipt.get("envelope_id") if isinstance(receipt, dict) else None
        awaited, takes_answer = self._awaited.get(str(id_), (None, False))
        fits = isinstance(receipt, dict) and receipt.keys() <= {"envelope_id", "payload"}
        if awaited is None or awaited.done() or not fits or ("payload" in receipt and not takes_answer):
            self.faults.append(text)
        else:
            awaited.set_result(receipt)


@asynccontextmanager
async def open_socket_mode() -> AsyncIterator[FakeSocketMode]:
    """Serve it until the end of the block; whatever was sent to it that it does not know is a failure."""
    fake = FakeSocketMode()
    await fake._server.start_server()
    try:
        yield fake
    finally:
        await fake._server.close()
    assert fake.faults == []


async def _stay_here(_host: str) -> Sequence[str]:
    return ("127.0.0.1",)
