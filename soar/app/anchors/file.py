"""An anchor that is a file, on a medium that is written once or on another machine."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

from soar.app.anchors.anchor import Receipt, refuse
from soar.model.audit import AnchorState, Checkpoint

_SEARCHED = 65_536  # bytes at the end in which a note is looked for that was appended before


class FileAnchor:
    """Appends each checkpoint.

    Args:
        path: the file; it is made if it is not there.
    """

    every = 0.0

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """The file's path."""
        return str(self._path)

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:  # noqa: ARG002 -- an `Anchor`
        """Append what is missed; durable once this returns.

        Raises:
            UnavailableError: the file cannot be written.
        """
        try:
            await asyncio.to_thread(append_notes, self._path, [checkpoint.note for checkpoint in missed])
        except OSError as error:
            raise refuse(self.name, error.strerror or error) from error
        return Receipt(missed[-1].size)


def append_notes(path: Path, notes: Sequence[str]) -> None:
    """Append notes to a file, an empty line after each; those that stand at its end already are left out.

    A note that a crash has cut short stays behind in a paragraph of its own.

    Raises:
        OSError: the file cannot be written.
    """
    with path.open("a+b") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - _SEARCHED))
        end = file.read()
        added = [note.encode() + b"\n" for note in notes if note.encode() not in end]
        if end and not end.endswith(b"\n\n"):
            added.insert(0, b"\n\n")
        file.write(b"".join(added))
        file.flush()
        os.fsync(file.fileno())
