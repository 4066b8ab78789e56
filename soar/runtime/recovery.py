"""Having runs driven that are not at rest, though nobody was told of them: after a start, or where a wake was lost."""

from soar.runtime.handout import HandoutKeeper
from soar.runtime.queue import RunQueue
from soar.store import Store


async def recall(store: Store, queue: RunQueue, handouts: HandoutKeeper | None) -> None:
    """Wake what is not at rest: what was under way at once, and the rest as the queue has room for it.

    Args:
        store: where the runs are.
        queue: drives them.
        handouts: what this process holds, which is all that it drives; None where it is alone.
    """
    if handouts is not None:
        handouts.recall(queue.wake)
        return
    for workspace, run in await store.running_runs():
        queue.wake(workspace, run)
    queue.recall()
