"""The real disk: a thread of its own, one piece of work at a time."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


class ThreadDisk:
    """Runs storage work in one dedicated thread; see `soar.model.disk.Disk`.

    Args:
        name: of the thread, for people who look at a process.
    """

    def __init__(self, name: str) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def run(self, work: Callable[[], T]) -> T:
        """Run the work to its end, in its turn."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    def close(self) -> None:
        """Let the work under way finish and take no more."""
        self._thread.shutdown(wait=True)
