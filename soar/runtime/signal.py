"""How whoever drives a run is woken."""

import asyncio


class Signal:
    """Is set when something was put into a run's inbox. One waits for that; a call that has ended wakes it, too."""

    __slots__ = ("_is_set", "_waiting")

    def __init__(self) -> None:
        self._is_set = False
        self._waiting: asyncio.Future[None] | None = None

    def set(self) -> None:
        """Say that the inbox holds something, until it is cleared."""
        self._is_set = True
        self.stir()

    def clear(self) -> None:
        """Say that the inbox is about to be read."""
        self._is_set = False

    def is_set(self) -> bool:
        """Whether the inbox may hold something that was not read."""
        return self._is_set

    def stir(self) -> None:
        """Wake whoever waits now, for something else than the inbox."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self) -> None:
        """Wait until it is set, or stirred meanwhile."""
        if self._is_set:
            return
        self._waiting = asyncio.get_running_loop().create_future()
        try:
            await self._waiting
        finally:
            self._waiting = None
