"""Where durable work is done."""

from collections.abc import Callable
from typing import Protocol, TypeVar

T = TypeVar("T")


class Disk(Protocol):
    """Runs blocking storage work, one piece at a time and in order.

    Real: one dedicated thread. Virtual: at once on the event loop, with faults injected before or after the work.
    """

    async def run(self, work: Callable[[], T]) -> T:
        """Run the work to its end and return what it returns; what it raises is raised here."""
        ...

    def close(self) -> None:
        """Let the work under way finish and take no more."""
        ...
