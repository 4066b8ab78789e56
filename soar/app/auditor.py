"""Signs where the record ends, again and again, and puts the statement out of our own reach."""

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path

import structlog

from soar.audit.checkpoint import checkpoint_head
from soar.audit.note import SigningKey
from soar.audit.verify import Report, verify_unit
from soar.model.audit import Checkpoint
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.store import Store, Unit


class Auditor:
    """Makes checkpoints and checks the record.

    Args:
        store: where the record is.
        key: signs.
        origin: names this installation in checkpoints.
        anchors: files that each checkpoint is appended to.
        clock: real or virtual.
        workspace: whose transactions are used; the record is one for all workspaces.
    """

    def __init__(
        self, *, store: Store, key: SigningKey, origin: str, anchors: Sequence[Path], clock: Clock, workspace: str
    ) -> None:
        self._store = store
        self._key = key
        self._origin = origin
        self._anchors = tuple(anchors)
        self._clock = clock
        self._workspace = workspace
        self._anchored: dict[Path, int] = {}

    async def checkpoint(self) -> Checkpoint | None:
        """Sign the record if it has grown, and append the statement to every anchor.

        An anchor that cannot be reached is told of in the log and gets the newest statement as soon as it can be: the
        service does not end for it, since each statement vouches for everything before it. After a start each anchor
        gets the newest statement again, as the last process may have ended between signing and appending.

        Raises:
            BugError: the record contradicts an earlier checkpoint; it is not signed.
        """
        at = self._clock.now()

        def sign(unit: Unit) -> tuple[Checkpoint | None, Checkpoint | None]:
            signed = checkpoint_head(unit, key=self._key, origin=self._origin, at=at)
            return signed, unit.audit.latest_checkpoint()

        signed, latest = await self._store.write(self._workspace, sign)
        for anchor in self._anchors:
            if latest is not None and self._anchored.get(anchor) != latest.size:
                await self._anchor(anchor, latest)
        return signed

    async def _anchor(self, anchor: Path, latest: Checkpoint) -> None:
        try:
            await asyncio.to_thread(_append, anchor, latest.note)  # it may lie on another machine
        except OSError as error:
            structlog.get_logger().error(
                "an anchor is not reached", action="audit.anchor", anchor=str(anchor), error=str(error)
            )
        else:
            self._anchored[anchor] = latest.size

    async def keep_signing(self, interval: float) -> None:
        """Make a checkpoint every so many seconds, as long as there is something new, until cancelled.

        While the store takes nothing, there is none: each vouches for everything before it.
        """
        while True:
            await self._clock.sleep(interval)
            try:
                await self.checkpoint()
            except UnavailableError as error:
                structlog.get_logger().warning("no checkpoint now", action="audit.checkpoint", error=str(error))

    async def verify(self) -> Report:
        """Check the whole record as it is stored."""
        return await self._store.read(self._workspace, lambda unit: verify_unit(unit, [self._key.verifier]))


def _append(anchor: Path, note: str) -> None:
    with anchor.open("a", encoding="utf-8") as file:
        file.write(note + "\n")
        file.flush()
        os.fsync(file.fileno())
