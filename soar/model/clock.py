"""Where time comes from."""

from datetime import datetime
from typing import Protocol


class Clock(Protocol):
    """The one source of time. Real in the service, virtual in tests and rehearsals."""

    def now(self) -> datetime:
        """Return the moment on the wall clock, in UTC. For display and windows; it may jump."""
        ...

    def monotonic(self) -> float:
        """Return seconds since some moment in the past; it never goes back. For deadlines."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait. A virtual clock returns as soon as nothing else has anything to do."""
        ...
