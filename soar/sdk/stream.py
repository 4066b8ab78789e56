"""Connections that are no HTTP: bytes to and from a host of the connection, for triggers that listen."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Protocol

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


class Dialer(Protocol):
    """Opens connections to the hosts of one connection, and no others."""

    def open(self, host: str, port: int, *, is_secure: bool) -> AbstractAsyncContextManager[Stream]:
        """Return a connection that is closed at the end of the block.

        Args:
            host: among those that the connection names.
            port: of TCP.
            is_secure: whether TLS is spoken from the first byte, and the host proves its name; without, the host has
                to be inside the network.

        Raises:
            EgressRefusedError: the host or its address is not allowed, or does not prove its name.
            UnreachableError: it does not answer.
        """
        ...


class SocketDialer:
    """Resolves, checks every address, connects to these and no others.

    Args:
        hosts: host names that may be reached.
        private_hosts: those of them that may be inside the network.
        lookup: how host names are resolved.
    """

    def __init__(self, *, hosts: frozenset[str], private_hosts: frozenset[str], lookup: Lookup = look_up) -> None:
        self._hosts = hosts
        self._private_hosts = private_hosts
        self._lookup = lookup

    @asynccontextmanager
    async def open(self, host: str, port: int, *, is_secure: bool) -> AsyncIterator[Stream]:
        """Return a connection; see `Dialer`."""
        is_private = host in self._private_hosts
        if host not in self._hosts:
            raise EgressRefusedError(
                f"{host} is not among the hosts of this connection", hint="name it under the connection's hosts"
            )
        if not is_secure and not is_private:
            raise EgressRefusedError(f"without TLS {host} is not spoken to", hint="use TLS")
        reader, writer = await self._connect(host, port, is_secure=is_secure, is_private=is_private)
        try:
            yield Stream(reader, writer, host)
        finally:
            writer.close()
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_CLOSE_WITHIN):
                    await writer.wait_closed()

    async def _connect(
        self, host: str, port: int, *, is_secure: bool, is_private: bool
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        context = ssl.create_default_context() if is_secure else None
        try:
            async with asyncio.timeout(_CONNECT_WITHIN):
                addresses = await self._lookup(host)
                for address in addresses:
                    check_address(address, may_be_private=is_private)
                return await asyncio.open_connection(
                    addresses[0], port, ssl=context, server_hostname=host if is_secure else None, limit=LINE_LIMIT
                )
        except ssl.SSLCertVerificationError as error:
            raise EgressRefusedError(f"{host} does not prove its name by TLS") from error
        except (OSError, IndexError) as error:
            raise UnreachableError(f"{host} could not be reached ({type(error).__name__})") from error


class NoDialer:
    """Where a product is simulated there is nobody to speak to."""

    def open(self, host: str, port: int, *, is_secure: bool) -> AbstractAsyncContextManager[Stream]:  # noqa: ARG002 -- the protocol's
        """Refuse.

        Raises:
            EgressRefusedError: always.
        """
        raise EgressRefusedError(f"{host} is simulated, and there is nobody to listen to")
