"""Anchors that get every signed event, not checkpoints alone: a SIEM's syslog, or whatever takes lines over HTTP.

What is sent is counted once it was sent, so after an interruption a batch may come again, and nothing is left out: each
event has an id and a number, and a gap shows.
"""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from soar.app.anchors.anchor import Receipt, refuse
from soar.app.anchors.http import post
from soar.app.anchors.settings import HttpForwardSettings, SyslogForwardSettings
from soar.app.anchors.syslog import send_frames
from soar.audit.format import Format
from soar.audit.writer import Writer
from soar.model.audit import AnchorState, AuditRecord, Checkpoint
from soar.model.network import Egress

ReadEvents = Callable[[int, int], Awaitable[Sequence[AuditRecord]]]
"""Returns the events from one number up to, but without, another."""

_BATCH = 1_000  # events sent at a time, so that one that is far behind does not hold up the others
_GOOD = range(200, 300)


class SyslogForward:
    """Sends each event as a message over TLS (RFC 5425).

    Args:
        settings: which receiver.
        writer: writes the events.
        read_events: reads the record.
    """

    def __init__(self, settings: SyslogForwardSettings, writer: Writer, read_events: ReadEvents) -> None:
        self._settings = settings
        self._writer = writer
        self._read_events = read_events

    @property
    def name(self) -> str:
        """The receiver."""
        return f"forward:{self._settings.host}:{self._settings.port}"

    @property
    def every(self) -> float:
        """Seconds between connections."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
        """Send the next events that are signed.

        Raises:
            UnavailableError: the receiver cannot be reached, or its certificate does not hold.
        """
        events = await self._read_events(state.size, min(state.size + _BATCH, missed[-1].size))
        messages = (line.removesuffix("\n").encode("utf-8", "replace") for line in self._writer.write(events))
        frames = b"".join(b"%d %b" % (len(message), message) for message in messages)
        await send_frames(self._settings, self.name, frames)
        return Receipt(state.size + len(events))


class HttpForward:
    """Posts events, a line each.

    Args:
        settings: which receiver.
        writer: writes the events.
        read_events: reads the record.
        egress: the way out.
    """

    def __init__(self, settings: HttpForwardSettings, writer: Writer, read_events: ReadEvents, egress: Egress) -> None:
        self._settings = settings
        self._writer = writer
        self._read_events = read_events
        self._egress = egress

    @property
    def name(self) -> str:
        """The receiver."""
        parts = urlsplit(self._settings.url)
        return f"forward:{parts.netloc}{parts.path}"

    @property
    def every(self) -> float:
        """Seconds between requests."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
        """Post the next events that are signed.

        Raises:
            UnavailableError: the receiver cannot be reached or refuses, or the token cannot be read.
        """
        events = await self._read_events(state.size, min(state.size + _BATCH, missed[-1].size))
        body = "".join(self._writer.write(events)).encode("utf-8", "replace")
        kind = Format(self._settings.format).media_type
        token = _read_token(self.name, self._settings.token_file)
        answer = await post(self._egress, self.name, self._settings.url, body, kind, token=token)
        if answer.status not in _GOOD:
            raise refuse(self.name, f"it answers {answer.status}")
        return Receipt(state.size + len(events))


def _read_token(name: str, file: Path | None) -> str:
    if file is None:
        return ""
    try:
        token = file.read_text("ascii").strip()
    except (OSError, ValueError) as error:
        raise refuse(name, f"its token cannot be read from {file}") from error
    if not token.isprintable() or " " in token:
        raise refuse(name, f"{file} holds no token")
    return token
