"""An anchor that is a syslog receiver, such as a SIEM: RFC 5424 over TLS (RFC 5425)."""

import asyncio
import base64
import ssl
from collections.abc import Sequence
from contextlib import suppress

from soar.app.anchors.anchor import Receipt, refuse
from soar.app.anchors.settings import SyslogAnchorSettings
from soar.model.audit import AnchorState, Checkpoint
from soar.model.values import print_timestamp

_PRIORITY = 13 * 8 + 5  # facility "log audit", severity "notice" (RFC 5424, section 6.2.1)
_ELEMENT = "checkpoint@32473"  # the number that RFC 5612 leaves for what has none of its own
_PATIENCE = 10.0  # seconds


class SyslogAnchor:
    """Sends each checkpoint as a message, with the whole note in it as base64.

    Syslog has no answer: what was sent and lost on the way, a later message vouches for.
    """

    def __init__(self, settings: SyslogAnchorSettings, hostname: str) -> None:
        self._settings = settings
        self._hostname = hostname

    @property
    def name(self) -> str:
        """The receiver."""
        return f"syslog:{self._settings.host}:{self._settings.port}"

    @property
    def every(self) -> float:
        """Seconds between messages."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Send what is missed, a message each.

        Raises:
            UnavailableError: the receiver cannot be reached, or its certificate does not hold.
        """
        frames = b"".join(frame(checkpoint, self._hostname) for checkpoint in missed)
        await send_frames(self._settings, self.name, frames)
        return Receipt(missed[-1].size)


async def send_frames(settings: SyslogAnchorSettings, name: str, frames: bytes) -> None:
    """Send messages, each with its length before it, over a connection of their own.

    Args:
        settings: which receiver.
        name: of the anchor.
        frames: one behind the other.

    Raises:
        UnavailableError: the receiver cannot be reached, or its certificate does not hold.
    """
    try:
        async with asyncio.timeout(_PATIENCE):
            await _send(settings, frames)
    except (OSError, TimeoutError) as error:
        raise refuse(name, str(error) or "it does not answer in time") from error


async def _send(settings: SyslogAnchorSettings, frames: bytes) -> None:
    context = None if settings.is_plain else ssl.create_default_context(cafile=settings.ca_file)
    _, writer = await asyncio.open_connection(settings.host, settings.port, ssl=context)
    try:
        writer.write(frames)
        await writer.drain()
    finally:
        writer.close()
        with suppress(OSError):  # what was written is in the receiver's hands
            await writer.wait_closed()


def frame(checkpoint: Checkpoint, hostname: str) -> bytes:
    """Return a checkpoint as a message, with its length before it (RFC 5425, section 4.3)."""
    note = base64.b64encode(checkpoint.note.encode()).decode("ascii")
    message = (
        f"<{_PRIORITY}>1 {print_timestamp(checkpoint.at)} {hostname} soar - audit-checkpoint "
        f'[{_ELEMENT} size="{checkpoint.size}" root="{checkpoint.root}" note="{note}"] '
        f"audit checkpoint of {checkpoint.size} events"
    ).encode("ascii")
    return b"%d %b" % (len(message), message)
