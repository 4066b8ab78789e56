"""WebSockets to products that push: https://datatracker.ietf.org/doc/html/rfc6455."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Protocol

import aiohttp

from soar.model.errors import ActionError
from soar.sdk.egress import CheckedResolver, Lookup, check_literal, look_up
from soar.sdk.errors import EgressRefusedError, TransientError, UnreachableError
from soar.sdk.target import parse_target

MESSAGE_LIMIT = 1024 * 1024
"""Bytes of a message at most."""

_CONNECT_WITHIN = 15.0
_CLOSE_WITHIN = 2.0
_HEARTBEAT = 20.0
_SCHEMES = {"wss": "https", "ws": "http"}


@dataclass(frozen=True, slots=True)
class WebSocket:
    """A connection that is open. Whatever breaks it is a `TransientError`.

    Pings are answered, and sent; a host that does not answer them within half a heartbeat counts as gone.
    """

    _socket: aiohttp.ClientWebSocketResponse
    _host: str

    async def receive(self) -> str:
        """Return the next text.

        Raises:
            TransientError: the connection has ended, the text is longer than `MESSAGE_LIMIT`, or it is none.
        """
        message = await self._socket.receive()
        if message.type is not aiohttp.WSMsgType.TEXT:
            raise TransientError(f"{self._host} has closed the connection ({message.type.name.lower()})")
        return str(message.data)

    async def send(self, text: str) -> None:
        """Send a text.

        Raises:
            TransientError: the connection has ended.
        """
        try:
            await self._socket.send_str(text)
        except (aiohttp.ClientError, OSError) as error:
            raise TransientError(f"the connection to {self._host} broke off") from error


class WebSocketDoor(Protocol):
    """Opens WebSockets, each to one host and no other."""

    def open(
        self, url: str, *, hosts: frozenset[str], private_hosts: frozenset[str] = frozenset()
    ) -> AbstractAsyncContextManager[WebSocket]:
        """Return a connection that is closed at the end of the block.

        Args:
            url: `wss://…`; without TLS only to a private host.
            hosts: host names in lower case that may be reached.
            private_hosts: those of them that may be inside the network.

        Raises:
            EgressRefusedError: the host or its address is not allowed, it does not prove its name, or it sends us on.
            UnreachableError: it does not answer, or not as a WebSocket.
        """
        ...


class WebSocketEgress:
    """Resolves, checks every address, connects to these and no others; follows no redirect.

    Args:
        lookup: how host names are resolved.
        heartbeat: seconds of silence after which a ping is sent.
    """

    def __init__(self, lookup: Lookup = look_up, heartbeat: float = _HEARTBEAT) -> None:
        self._lookup = lookup
        self._heartbeat = heartbeat

    @asynccontextmanager
    async def open(
        self, url: str, *, hosts: frozenset[str], private_hosts: frozenset[str] = frozenset()
    ) -> AsyncIterator[WebSocket]:
        """Return a connection; see `WebSocketDoor`."""
        scheme, _, rest = url.partition(":")
        if scheme not in _SCHEMES:
            raise EgressRefusedError("this is no address of a WebSocket", hint="it begins with wss:")
        target = parse_target(f"{_SCHEMES[scheme]}:{rest}", hosts, private_hosts)
        host = str(target.raw_host)
        may_be_private = host in private_hosts
        check_literal(host, may_be_private=may_be_private)
        async with self._open_session(may_be_private=may_be_private) as session:
            try:
                async with asyncio.timeout(_CONNECT_WITHIN):
                    socket = await session.ws_connect(
                        target,
                        heartbeat=self._heartbeat,
                        max_msg_size=MESSAGE_LIMIT,
                        timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_WITHIN),
                    )
            except (aiohttp.ClientError, OSError) as error:
                raise _explain(error, host) from error
            async with socket:
                yield WebSocket(socket, host)

    def _open_session(self, *, may_be_private: bool) -> aiohttp.ClientSession:
        trace = aiohttp.TraceConfig()
        trace.on_request_redirect.append(_refuse_redirect)
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=CheckedResolver(self._lookup, may_be_private=may_be_private), use_dns_cache=False
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            skip_auto_headers=("User-Agent",),
            trace_configs=[trace],
        )


async def _refuse_redirect(_session: aiohttp.ClientSession, _context: SimpleNamespace, _params: object) -> None:
    """Refuse: what a host sends us on to is nothing that anybody has allowed."""
    raise EgressRefusedError("the host sends us on to another address")


def _explain(error: Exception, host: str) -> ActionError:
    match error:
        case aiohttp.InvalidURL():
            return EgressRefusedError(f"{host} is no host name")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            return EgressRefusedError(f"{host} does not prove its name by TLS")
        case aiohttp.WSServerHandshakeError(status=status):
            return UnreachableError(f"{host} does not answer as a WebSocket (status {status})")
        case _:
            return UnreachableError(f"{host} could not be reached ({type(error).__name__})")
