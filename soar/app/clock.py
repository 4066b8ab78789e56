"""The real clock."""

import asyncio
import time
from datetime import UTC, datetime


class SystemClock:
    """The operating system's time; see `soar.model.clock.Clock`."""

    def now(self) -> datetime:
        """Return the moment on the wall clock, in UTC."""
        return datetime.now(UTC)  # noqa: TID251 -- this is the one home of the wall clock

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
