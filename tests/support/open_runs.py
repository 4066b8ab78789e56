"""Which runs are not at rest."""

from soar.model.run import RunStatus
from soar.store import Store

_ALL = 10_000


async def list_open_runs(store: Store) -> list[tuple[str, str]]:
    """Return workspace and id of each run that is queued or running, or has an event in its inbox."""
    found = [key for key, _ in await store.told_runs(0, _ALL)]
    for workspace in await store.workspaces():
        for status in (RunStatus.QUEUED, RunStatus.RUNNING):
            page = await store.read(workspace, lambda unit, wanted=status: unit.runs.list(_ALL, status=wanted))
            found += [(workspace, run.id) for run in page.items]
    return sorted(set(found))
