"""A sleep that can be cut short."""

import asyncio

from soar.model.clock import Clock


class Alarm:
    """Lets one sleeper sleep until it is rung for, or time is up.

    Args:
        clock: real or virtual.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()

    def ring(self) -> None:
        """End the sleep; if nobody sleeps, the next one."""
        self._rung.set()

    def reset(self) -> None:
        """Take back what was rung until now: whoever calls this is about to look for themselves."""
        self._rung.clear()

    async def sleep(self, seconds: float) -> None:
        """Sleep so many seconds, or until it rings."""
        rung = asyncio.create_task(self._rung.wait(), name="alarm rung")
        slept = asyncio.create_task(self._clock.sleep(seconds), name="alarm slept")
        try:
            await asyncio.wait({rung, slept}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            rung.cancel()
            slept.cancel()
