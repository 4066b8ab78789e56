import asyncio
import contextlib
from datetime import timedelta

from soar.app.deeds import keep_forgetting_deeds
from soar.model.deed import LONGEST_LOOK_BACK
from soar.store import Store
from tests.support.builders import build_alert, build_deed
from tests.support.clock import START, SteppedClock

HOUR = timedelta(hours=1)


async def test_old_writes_of_every_workspace_are_forgotten_hour_by_hour(store: Store, clock: SteppedClock) -> None:
    for workspace in ("north", "south"):
        await store.write(workspace, lambda unit: unit.alerts.add(build_alert()))
        await store.write(
            workspace,
            lambda unit: [
                unit.deeds.add(build_deed(step="steps/0", at=START)),
                unit.deeds.add(build_deed(step="steps/1", at=START + HOUR)),
            ],
        )
    clock.advance(LONGEST_LOOK_BACK)
    keeper = asyncio.create_task(keep_forgetting_deeds(store, clock))
    for left in (1, 0):
        while not clock.has_sleepers:
            await store.read("north", lambda unit: unit.workspace)
        for workspace in ("north", "south"):
            kept = await store.read(workspace, lambda unit: unit.deeds.list(START - HOUR, 9))
            assert len(kept.items) == left
        clock.advance(HOUR)
    keeper.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeper
