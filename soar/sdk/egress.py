"""The one way out of the service, over real sockets."""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import Connection
from aiohttp.tracing import Trace

from soar.model.errors import ActionCode, ActionError
from soar.model.network import EgressRequest, EgressResponse
from soar.sdk.errors import EgressRefusedError, UnknownOutcomeError, UnreachableError
from soar.sdk.target import check_address, parse_target

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Returns all addresses of a host name; raises OSError if it has none."""

_READS = frozenset({"GET", "HEAD", "OPTIONS"})
_PER_HOST = 100
_MOST_HOSTS = 1_000
_IDLE_READ = 15.0  # seconds that a connection may have been idle when a read takes it


async def look_up(host: str) -> Sequence[str]:
    """Ask the operating system for all addresses of a host name."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except UnicodeError as error:
        raise OSError(f"{host} is no host name") from error
    return [str(entry[4][0]) for entry in found]


@dataclass(slots=True)
class _Exchange:
    """How far one request has come."""

    is_read: bool
    is_connected: bool = False


_EXCHANGE: ContextVar[_Exchange] = ContextVar("exchange")


class CheckedResolver(AbstractResolver):
    """Hands out addresses only if every one of them is acceptable; the client connects to these and no others."""

    def __init__(self, lookup: Lookup, *, may_be_private: bool) -> None:
        self._lookup = lookup
        self._may_be_private = may_be_private

    async def resolve(
        self,
        host: str,
        port: int = 0,
        family: socket.AddressFamily = socket.AF_UNSPEC,  # noqa: ARG002 part of the interface; we serve both families
    ) -> list[ResolveResult]:
        """Return the addresses of a host, unless one of them is not acceptable."""
        addresses = await self._lookup(host)
        for address in addresses:
            check_address(address, may_be_private=self._may_be_private)
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in dict.fromkeys(addresses)
        ]

    async def close(self) -> None:
        """Nothing is held open."""


class _NotingConnector(aiohttp.TCPConnector):
    """Notes when an exchange has its connection: bytes may flow from there on."""

    async def connect(
        self,
        req: aiohttp.ClientRequest,
        traces: list[Trace],
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 -- the signature of what it overrides
    ) -> Connection:
        """Return a connection.

        The client sends PUT and DELETE a second time by itself when a connection breaks; a second connection for one
        write is refused here, because the first request may have arrived.
        """
        connection = await super().connect(req, traces, timeout)
        exchange = _EXCHANGE.get()
        if exchange.is_connected and not exchange.is_read:
            connection.release()
            raise UnknownOutcomeError("the connection broke off after the request was sent")
        exchange.is_connected = True
        return connection


class HttpEgress:
    """Sends requests: resolves, checks every address, pins, connects, verifies TLS; follows no redirect.

    Half of a request's time may go into connecting, so that what was never sent is known not to have been.
    Connections are pooled, apart for reads and writes. One that a write takes has been used within the last second:
    products keep idle connections for longer than that, and one that the product has just closed would make the
    write's outcome unknown without need.

    Args:
        lookup: how host names are resolved.
        idle_write: seconds that a connection may have been idle when a write takes it.
    """

    def __init__(self, lookup: Lookup = look_up, idle_write: float = 1.0) -> None:
        self._lookup = lookup
        self._idle_write = idle_write
        self._sessions: dict[tuple[bool, bool], aiohttp.ClientSession] = {}

    async def send(self, request: EgressRequest) -> EgressResponse:
        """Send one request and read its answer; see `soar.model.network.Egress`."""
        target = parse_target(request.url, request.hosts, request.private_hosts)
        host = str(target.raw_host)
        may_be_private = host in request.private_hosts
        check_literal(host, may_be_private=may_be_private)
        exchange = _Exchange(is_read=request.method in _READS)
        session = self._open_session(may_be_private=may_be_private, is_read=exchange.is_read)
        _EXCHANGE.set(exchange)
        try:
            async with session.request(
                request.method,
                target,
                headers=request.headers,
                data=request.body or None,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=request.timeout, connect=request.timeout / 2),
            ) as response:
                return await _read(response, request.limit)
        except (aiohttp.ClientError, OSError) as error:
            raise _explain(error, exchange, host, request.timeout) from error

    async def close(self) -> None:
        """Close pooled connections."""
        for session in self._sessions.values():
            await session.close()
        self._sessions.clear()

    def _open_session(self, *, may_be_private: bool, is_read: bool) -> aiohttp.ClientSession:
        """Return the pool for this kind of request; what was connected under one rule is not reused under another."""
        session = self._sessions.get((may_be_private, is_read))
        if session is None:
            session = aiohttp.ClientSession(
                connector=_NotingConnector(
                    resolver=CheckedResolver(self._lookup, may_be_private=may_be_private),
                    use_dns_cache=False,
                    limit=0,  # each connection's calls are limited; a limit over all would let one starve the others
                    limit_per_host=_PER_HOST,
                    keepalive_timeout=_IDLE_READ if is_read else self._idle_write,
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                auto_decompress=False,
                trust_env=False,
                skip_auto_headers=("User-Agent", "Content-Type", "Accept", "Accept-Encoding"),
            )
            self._sessions[may_be_private, is_read] = session
        return session


@lru_cache(maxsize=_MOST_HOSTS)
def check_literal(host: str, *, may_be_private: bool) -> None:
    """Check a host that is an address: it is never resolved, so the resolver does not see it."""
    try:
        ip_address(host)
    except ValueError:
        return
    check_address(host, may_be_private=may_be_private)


def _explain(error: Exception, exchange: _Exchange, host: str, seconds: float) -> ActionError:
    """Return what a failure means: before there was a connection nothing can have arrived."""
    if exchange.is_connected and isinstance(error, TimeoutError):
        return UnknownOutcomeError(f"{host} did not answer within {seconds:g} s", read_code=ActionCode.TIMEOUT)
    reason = type(error).__name__
    if exchange.is_connected:
        return UnknownOutcomeError(f"the exchange with {host} broke off ({reason})")
    match error:
        case aiohttp.InvalidURL():
            return EgressRefusedError(f"{host} is no host name")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLError():
            return EgressRefusedError(f"{host} does not prove its name by TLS")
        case _:
            return UnreachableError(f"{host} could not be reached ({reason})")


async def _read(response: aiohttp.ClientResponse, limit: int) -> EgressResponse:
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise UnknownOutcomeError("the answer is compressed, which was not asked for", read_code=ActionCode.INVALID)
    chunks, size = [], 0
    while chunk := await response.content.readany():
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise UnknownOutcomeError(f"the answer is longer than {limit} bytes", read_code=ActionCode.INVALID)
    return EgressResponse(status=response.status, headers=tuple(response.headers.items()), body=b"".join(chunks))
