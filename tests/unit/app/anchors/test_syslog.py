import asyncio
import base64
import re
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from soar.app.anchors.settings import SyslogAnchorSettings
from soar.app.anchors.syslog import SyslogAnchor, frame
from soar.model.audit import AnchorState
from soar.model.errors import UnavailableError
from tests.support.anchors import Grow
from tests.support.certificates import Authority

STATE = AnchorState(name="syslog")


class Receiver:
    """A syslog receiver on the loopback address, with TLS or without."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self._context = context
        self._ends: asyncio.Queue[bytes] = asyncio.Queue()
        self.port = 0

    async def start(self) -> asyncio.Server:
        server = await asyncio.start_server(self._hear, "127.0.0.1", 0, ssl=self._context)
        self.port = server.sockets[0].getsockname()[1]
        return server

    async def _hear(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._ends.put_nowait(await reader.read())
        writer.close()

    async def heard(self) -> bytes:
        return await self._ends.get()


@pytest.fixture
async def plain() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    server = await receiver.start()
    yield receiver
    server.close()
    await server.wait_closed()


async def test_each_checkpoint_is_a_message_with_its_length(plain: Receiver, grow: Grow) -> None:
    anchor = SyslogAnchor(
        SyslogAnchorSettings(kind="syslog", host="127.0.0.1", port=plain.port, is_plain=True), "soar-1"
    )
    missed = [await grow(), await grow()]
    assert (await anchor.take(missed, STATE)).size == 2
    heard = await plain.heard()
    assert heard == frame(missed[0], "soar-1") + frame(missed[1], "soar-1")
    length, _, message = heard.partition(b" ")
    text = message[: int(length)].decode("ascii")
    assert text.startswith(
        '<109>1 2026-03-01T09:00:00Z soar-1 soar - audit-checkpoint [checkpoint@32473 size="1" root="'
    )
    note = re.search(r'note="([^"]+)"', text)
    assert note is not None
    assert base64.b64decode(note[1]).decode() == missed[0].note


async def test_tls_is_spoken_to_who_has_the_certificate_and_to_nobody_else(tmp_path: Path, grow: Grow) -> None:
    authority, stranger = Authority(tmp_path / "ca"), Authority(tmp_path / "stranger")
    receiver = Receiver(authority.make_context("localhost"))
    server = await receiver.start()
    missed = [await grow()]
    settings = {"kind": "syslog", "host": "localhost", "port": receiver.port}
    await SyslogAnchor(SyslogAnchorSettings(**settings, ca_file=authority.file), "soar-1").take(missed, STATE)
    assert await receiver.heard() == frame(missed[0], "soar-1")
    with pytest.raises(UnavailableError, match="certificate verify failed"):
        await SyslogAnchor(SyslogAnchorSettings(**settings, ca_file=stranger.file), "soar-1").take(missed, STATE)
    server.close()
    await server.wait_closed()


async def test_nobody_there_is_told_of(plain: Receiver, grow: Grow) -> None:
    server = await Receiver().start()
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    anchor = SyslogAnchor(SyslogAnchorSettings(kind="syslog", host="127.0.0.1", port=port, is_plain=True), "soar-1")
    with pytest.raises(UnavailableError, match="takes nothing"):
        await anchor.take([await grow()], STATE)


def test_plain_messages_stay_on_this_machine() -> None:
    with pytest.raises(ValidationError, match="this machine alone"):
        SyslogAnchorSettings(kind="syslog", host="siem.example", is_plain=True)
