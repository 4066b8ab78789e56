"""Signs where the record ends, again and again, and says whether the record is as it was."""

from collections.abc import Sequence

import structlog

from soar.audit.keeper import checkpoint_head, index_events, verify_unit
from soar.audit.note import SigningKey, VerifierKey
from soar.audit.verify import Report
from soar.model.audit import Checkpoint
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.store import Store

_MUCH = 200  # events a second; what is recorded beside so many should not cost more than it has to
_MOST_UNSEARCHABLE = 20_000  # events; to make them searchable takes a second or two


class Auditor:
    """Makes checkpoints and checks the record.

    Args:
        store: where the record is.
        keys: sign; the first with Ed25519, the others beside it.
        origin: names this installation in checkpoints.
        clock: real or virtual.
        workspace: whose transactions are used; the record is one for all workspaces.
    """

    def __init__(self, *, store: Store, keys: Sequence[SigningKey], origin: str, clock: Clock, workspace: str) -> None:
        self._store = store
        self._key, *self._others = keys
        self._origin = origin
        self._clock = clock
        self._workspace = workspace

    @property
    def public_keys(self) -> tuple[VerifierKey, ...]:
        """What checkpoints are checked with."""
        return tuple(key.verifier for key in (self._key, *self._others))

    async def checkpoint(self) -> Checkpoint | None:
        """Sign the record if it has grown.

        Raises:
            BugError: the record contradicts an earlier checkpoint; it is not signed.
        """
        at = self._clock.now()
        return await self._store.write(
            self._workspace,
            lambda unit: checkpoint_head(unit, key=self._key, origin=self._origin, at=at, others=self._others),
        )

    async def keep_signing(self, interval: float) -> None:
        """Make a checkpoint every so many seconds, as long as there is something new, until cancelled.

        What is new is made searchable, too, when there is not much of it: while much is recorded, that can wait until
        somebody searches, or until so much has gathered that a search would have to wait for it.

        While the store takes nothing, there is none: each vouches for everything before it.
        """
        signed, searchable = 0, 0
        while True:
            await self._clock.sleep(interval)
            try:
                checkpoint = await self.checkpoint()
                size = signed if checkpoint is None else checkpoint.size
                is_quiet = size - signed <= _MUCH * interval
                signed = size
                if searchable < size and (is_quiet or size - searchable > _MOST_UNSEARCHABLE):
                    await index_events(self._store, self._workspace)
                    searchable = size
            except UnavailableError as error:
                structlog.get_logger().warning("no checkpoint now", action="audit.checkpoint", error=str(error))

    async def verify(self) -> Report:
        """Check the whole record as it is stored."""
        return await self._store.read(self._workspace, lambda unit: verify_unit(unit, self.public_keys))
