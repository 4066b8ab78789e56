"""Requests sent byte for byte, so that nothing on our side straightens them out."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Reply:
    """What came back; the status is 0 where the connection was closed without an answer."""

    status: int
    body: bytes


class Wire:
    """A connection that is kept alive, and opened again where the other side closes it.

    Args:
        url: of the server.
    """

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, method: str, target: str, headers: dict[str, str], body: bytes = b"") -> Reply:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {self._host}:{self._port}"]
        lines += [f"{name}: {content}" for name, content in headers.items()]
        if method not in {"GET", "HEAD", "TRACE"}:
            lines.append(f"Content-Length: {len(body)}")
        sent = "\r\n".join((*lines, "", "")).encode("latin-1") + (b"" if method in {"GET", "HEAD", "TRACE"} else body)
        for _ in range(2):
            reader, writer = self._streams or await self._open()
            try:
                writer.write(sent)
                return await self._read(reader, has_body=method != "HEAD")
            except (ConnectionError, asyncio.IncompleteReadError):
                await self.close()
        return Reply(0, b"")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        streams, self._streams = self._streams, None
        if streams is not None:
            streams[1].close()
            with contextlib.suppress(ConnectionError):
                await streams[1].wait_closed()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams

    async def _read(self, reader: asyncio.StreamReader, *, has_body: bool) -> Reply:
        async with asyncio.timeout(10):
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
            status = int(head.split(" ", 2)[1])
            length = next(
                (int(line.partition(":")[2]) for line in head.splitlines() if line.startswith("content-length:")), 0
            )
            body = await reader.readexactly(length) if has_body and length else b""
        if "connection: close" in head:
            await self.close()
        return Reply(status, body)
