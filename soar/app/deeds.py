"""Writes that nothing asks for any more, removed in the background."""

import structlog

from soar.model.clock import Clock
from soar.model.deed import LONGEST_LOOK_BACK
from soar.model.errors import UnavailableError
from soar.store import Store

_BATCH = 1_000  # rows that one transaction removes
_INTERVAL = 3_600.0  # seconds


async def keep_forgetting_deeds(store: Store, clock: Clock) -> None:
    """Remove what is too old to be asked for, at the start and once an hour, until cancelled."""
    while True:
        try:
            for workspace in await store.workspaces():
                await _forget(store, clock, workspace)
        except UnavailableError as error:
            structlog.get_logger().warning("old writes stay for now", action="deeds.forget", error=error.message)
        await clock.sleep(_INTERVAL)


async def _forget(store: Store, clock: Clock, workspace: str) -> None:
    before = clock.now() - LONGEST_LOOK_BACK
    removed = _BATCH
    while removed == _BATCH:
        removed = await store.write(workspace, lambda unit: unit.deeds.forget(before, _BATCH))
