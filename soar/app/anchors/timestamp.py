"""An anchor that is a time-stamping authority (RFC 3161): who signs at an hour cannot have signed later."""

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from soar.app.anchors.anchor import Receipt, refuse
from soar.app.anchors.http import post
from soar.app.anchors.settings import TimestampAnchorSettings
from soar.audit.diskfile import replace_file
from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import InputError
from soar.model.network import Egress

_GOOD = 200


class TimestampAnchor:
    """Has the newest checkpoint stamped, checks the answer, and keeps both.

    Args:
        settings: which authority.
        egress: the way out.

    Raises:
        InputError: the library is not installed.
    """

    def __init__(self, settings: TimestampAnchorSettings, egress: Egress) -> None:
        if find_spec("rfc3161_client") is None:
            raise InputError(
                "a time stamp needs the extra `timestamp`", code="extra_missing", hint="pip install 'soar[timestamp]'"
            )
        self._settings = settings
        self._egress = egress

    @property
    def name(self) -> str:
        """The authority."""
        return f"timestamp:{self._settings.url}"

    @property
    def every(self) -> float:
        """Seconds between requests."""
        return self._settings.every

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Ask for a stamp over the newest checkpoint's note.

        Raises:
            UnavailableError: the authority cannot be reached, or its answer does not hold.
        """
        from soar.audit.timestamp import check_response, make_request  # noqa: PLC0415 -- an extra

        newest = missed[-1]
        asked = make_request(newest.note.encode())
        answer = await post(self._egress, self.name, self._settings.url, asked.body, "application/timestamp-query")
        if answer.status != _GOOD:
            raise refuse(self.name, f"it answers {answer.status}")
        try:
            roots = await asyncio.to_thread(self._settings.ca_file.read_bytes)
            check_response(asked, answer.body, roots)
            await asyncio.to_thread(self._keep, newest, answer.body)
        except InputError as error:
            raise refuse(self.name, error.message) from error
        except OSError as error:
            raise refuse(self.name, f"{error.filename}: {error.strerror}") from error
        return Receipt(newest.size)

    def _keep(self, checkpoint: Checkpoint, response: bytes) -> None:
        folder: Path = self._settings.folder
        replace_file(folder / f"{checkpoint.size:020}.txt", checkpoint.note.encode())
        replace_file(folder / f"{checkpoint.size:020}.tsr", response)
