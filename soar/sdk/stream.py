"""Connections that are no HTTP: bytes to and from a host of the connection, for those who listen and those who send."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from soar.model.process import Refusal
from soar.sdk.egress import look_up
from soar.sdk.errors import EgressRefusedError, TransientError, UnreachableError
from soar.sdk.target import check_address

LINE_LIMIT = 64 * 1024
"""Bytes of a line at most."""

_CONNECT_WITHIN = 15.0
_CLOSE_WITHIN = 2.0

Lookup = Callable[[str], Awaitable[Sequence[str]]]
"""Returns all addresses of a host name; raises OSError if it has none."""


@dataclass(frozen=True, slots=True)
class Stream:
    """A connection that is open. Whatever breaks it is a `TransientError`."""

    _reader: asyncio.StreamReader
    _writer: asyncio.StreamWriter
    _host: str
    greeting: bytes = b""
    """The line that the host began with, where it was asked to; it came before TLS, so anybody may have written it."""

    async def read_line(self) -> bytes:
        """Return the next line with its end.

        Raises:
            TransientError: the connection has ended, or the line is longer than `LINE_LIMIT`.
        """
        try:
            line = await self._reader.readline()
        except (OSError, ValueError) as error:
            raise TransientError(f"the connection to {self._host} broke off") from error
        if not line.endswith(b"\n"):
            raise TransientError(f"{self._host} has closed the connection")
        return line

    async def read_exactly(self, size: int) -> bytes:
        """Return so many bytes.

        Raises:
            TransientError: the connection has ended before.
        """
        try:
            return await self._reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise TransientError(f"the connection to {self._host} broke off") from error

    async def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            TransientError: the connection has ended.
        """
        try:
            self._writer.write(data)
            await self._writer.drain()
        except OSError as error:
            raise TransientError(f"the connection to {self._host} broke off") from error


Prepare: TypeAlias = Callable[[Stream], Awaitable[None]]
"""Speaks with a host in the clear until both sides are to begin TLS."""


class Dialer(Protocol):
    """Opens connections to the hosts of one connection, and no others."""

    def open(
        self, host: str, port: int, *, is_secure: bool, has_greeting: bool = False, prepare: Prepare | None = None
    ) -> AbstractAsyncContextManager[Stream]:
        """Return a connection that is closed at the end of the block.

        Args:
            host: among those that the connection names.
            port: of TCP.
            is_secure: whether TLS is spoken from the first byte, and the host proves its name; without, the host has
                to be inside the network.
            has_greeting: whether the host says a line first, and TLS begins behind it. It is the stream's `greeting`.
            prepare: what is said before TLS begins, as by STARTTLS; what the host says too early is dropped.

        Raises:
            EgressRefusedError: the host or its address is not allowed, or does not prove its name.
            UnreachableError: it does not answer.
            TransientError: it is left alone for now; nothing was sent.
        """
        ...


class SocketDialer:
    """Resolves, checks every address, connects to these and no others.

    Args:
        hosts: host names that may be reached.
        private_hosts: those of them that may be inside the network.
        lookup: how host names are resolved.
        refusals: hosts that are not asked now, and why.
    """

    def __init__(
        self,
        *,
        hosts: frozenset[str],
        private_hosts: frozenset[str],
        lookup: Lookup = look_up,
        refusals: Mapping[str, Refusal] | None = None,
    ) -> None:
        self._hosts = hosts
        self._private_hosts = private_hosts
        self._lookup = lookup
        self._refusals = refusals or {}
        self._hosts_asked: dict[str, None] = {}
        self.sent = 0
        """How many connections were to be opened."""
        self.reached = 0
        """How many of these came about."""

    @property
    def hosts_asked(self) -> tuple[str, ...]:
        """The hosts that were to be asked, in the order in which they last were."""
        return tuple(self._hosts_asked)

    @asynccontextmanager
    async def open(
        self, host: str, port: int, *, is_secure: bool, has_greeting: bool = False, prepare: Prepare | None = None
    ) -> AsyncIterator[Stream]:
        """Return a connection; see `Dialer`."""
        is_private = host in self._private_hosts
        if host not in self._hosts:
            raise EgressRefusedError(
                f"{host} is not among the hosts of this connection", hint="name it under the connection's hosts"
            )
        if not is_secure and not is_private:
            raise EgressRefusedError(f"without TLS {host} is not spoken to", hint="use TLS")
        self._note_host(host)
        reader, writer, greeting = await self._connect(
            host, port, is_secure=is_secure, is_private=is_private, has_greeting=has_greeting, prepare=prepare
        )
        self.reached += 1
        try:
            yield Stream(reader, writer, host, greeting)
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await writer.wait_closed()

    def _note_host(self, host: str) -> None:
        self._hosts_asked.pop(host, None)
        self._hosts_asked[host] = None
        refusal = self._refusals.get(host)
        if refusal is not None:
            raise TransientError(refusal.message, retry_after=refusal.retry_after)
        self.sent += 1

    async def _connect(
        self,
        host: str,
        port: int,
        *,
        is_secure: bool,
        is_private: bool,
        has_greeting: bool,
        prepare: Prepare | None,
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
        context = ssl.create_default_context() if is_secure else None
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                addresses = await self._lookup(host)
                for address in addresses:
                    check_address(address, may_be_private=is_private)
                if has_greeting:
                    return await _open_greeted(addresses[0], port, host, context)
                if prepare is not None and context is not None:
                    return *await _open_prepared(addresses[0], port, host, context, prepare), b""
                name = host if is_secure else None
                opened = await asyncio.open_connection(
                    addresses[0], port, ssl=context, server_hostname=name, limit=LINE_LIMIT
                )
                return *opened, b""
        except ssl.SSLCertVerificationError as error:
            raise EgressRefusedError(f"{host} does not prove its name by TLS") from error
        except (OSError, IndexError) as error:
            raise UnreachableError(f"{host} could not be reached ({type(error).__name__})") from error


async def _open_greeted(
    address: str, port: int, host: str, context: ssl.SSLContext | None
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, bytes]:
    """Connect, hear a line, and begin TLS if there is a context.

    Raises:
        OSError: there is no connection, no line, or no TLS.
    """
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    transport, protocol = await asyncio.get_running_loop().create_connection(
        lambda: asyncio.StreamReaderProtocol(reader), address, port
    )
    try:
        greeting = await reader.readuntil(b"\n")
        if context is not None:
            return *await _begin_tls(transport, host, context), greeting
    except (asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
        transport.abort()
        raise ConnectionResetError from error
    except BaseException:
        transport.abort()
        raise
    return reader, asyncio.StreamWriter(transport, protocol, reader, asyncio.get_running_loop()), greeting


class _ClearWriter(asyncio.StreamWriter):
    """Writes until TLS begins; forgetting it does not close the connection, which goes on under TLS."""

    def __del__(self) -> None:
        """Leave the connection open."""


async def _open_prepared(
    address: str, port: int, host: str, context: ssl.SSLContext, prepare: Prepare
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect, let both sides agree on TLS in the clear, and begin it.

    Raises:
        OSError: there is no connection, or no TLS.
        ActionError: they do not agree.
    """
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader(limit=LINE_LIMIT)
    transport, protocol = await loop.create_connection(lambda: asyncio.StreamReaderProtocol(reader), address, port)
    try:
        await prepare(Stream(reader, _ClearWriter(transport, protocol, reader, loop), host))
        return await _begin_tls(transport, host, context)
    except BaseException:
        transport.abort()
        raise


async def _begin_tls(
    transport: asyncio.Transport, host: str, context: ssl.SSLContext
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin TLS, with a reader of its own: what somebody has put before it in the clear is no part of it."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=LINE_LIMIT)
    protocol = asyncio.StreamReaderProtocol(reader)
    secured = await loop.start_tls(transport, protocol, context, server_hostname=host)
    if secured is None:
        raise ConnectionResetError
    protocol.connection_made(secured)
    return reader, asyncio.StreamWriter(secured, protocol, reader, loop)


class NoDialer:
    """Where a product is simulated there is nobody to speak to."""

    def open(
        self,
        host: str,
        port: int,  # noqa: ARG002 -- the protocol's
        *,
        is_secure: bool,  # noqa: ARG002 -- the protocol's
        has_greeting: bool = False,  # noqa: ARG002 -- the protocol's
        prepare: Prepare | None = None,  # noqa: ARG002 -- the protocol's
    ) -> AbstractAsyncContextManager[Stream]:
        """Refuse.

        Raises:
            EgressRefusedError: always.
        """
        raise EgressRefusedError(f"{host} is simulated, and there is nobody to speak to")
