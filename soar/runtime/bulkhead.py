"""The calls of one connection: how many at once, in what order, how often."""

import asyncio

from soar.model.clock import Clock
from soar.model.errors import ActionCode, ActionError
from soar.model.standing import Standing
from soar.runtime.bucket import Bucket
from soar.runtime.lanes import Lanes

_COME_BACK = 5.0

Turn = asyncio.Future[None]


class Bulkhead:
    """Lets so many calls of a connection be under way; the others wait here, and in nobody else's way.

    Args:
        calls: how many calls may be under way.
        queue: how many may wait; more are refused.
        patience: seconds that a call may have to wait for the product's rate; one that had to wait longer is refused.
        bucket: the product's rate, shared by all connections with the same credential.
        clock: for the rate.
    """

    def __init__(self, *, calls: int, queue: int, patience: float, bucket: Bucket, clock: Clock) -> None:
        self._lanes: Lanes[Turn] = Lanes(limit=calls)
        self._queue = queue
        self._patience = patience
        self._bucket = bucket
        self._clock = clock
        self._sleeper: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many calls wait for their turn."""
        return self._lanes.waiting

    @property
    def calling(self) -> int:
        """How many calls are under way."""
        return self._lanes.holding

    async def enter(self, standing: Standing) -> Turn:
        """Wait for a turn, and return it; whoever gets one gives it to `leave`.

        Raises:
            ActionError: too many wait (`unavailable`), or the product's rate would not let it go soon
                (`rate_limited`); it says when to come back.
        """
        turn: Turn = asyncio.get_running_loop().create_future()
        now = self._clock.monotonic()
        if self._bucket.find_wait(now) == 0 and self._lanes.place(turn, standing):
            self._let_go(turn, now)
            return turn
        self._check_room(standing, now)
        self._lanes.add(turn, standing)
        self._admit()
        try:
            await turn
        except asyncio.CancelledError:
            self.leave(turn, 0)
            raise
        return turn

    def leave(self, turn: Turn, requests: int) -> None:
        """Give a turn back, or wait no longer.

        Args:
            turn: what `enter` returned.
            requests: how many requests were sent; a turn that was not come to has sent none.
        """
        if turn.done() and not turn.cancelled():
            self._bucket.settle(self._clock.monotonic(), requests - 1)
        self._lanes.leave(turn)
        self._admit()

    def pause(self, seconds: float) -> None:
        """Let nobody go for so many seconds: the product asked for it."""
        self._bucket.pause(self._clock.monotonic(), seconds)

    def _check_room(self, standing: Standing, now: float) -> None:
        if self._lanes.waiting >= self._queue:
            raise ActionError(
                f"{self._lanes.waiting} calls wait for this connection already",
                action_code=ActionCode.UNAVAILABLE,
                retry_after=_COME_BACK,
            )
        wait = self._bucket.find_wait(now, self._lanes.count_ahead(standing))
        if wait > self._patience:
            raise ActionError(
                f"the product's limit lets this call go in {wait:.0f} s",
                action_code=ActionCode.RATE_LIMITED,
                retry_after=wait,
            )

    def _admit(self) -> None:
        """Let everybody go who may; if only the rate is against it, look again once it is not."""
        while self._lanes.has_room:
            now = self._clock.monotonic()
            wait = self._bucket.find_wait(now)
            if wait > 0:
                self._look_again(wait)
                return
            turn = self._lanes.take()
            if turn is None:
                return
            if turn.cancelled():  # by one who is yet to hear of it
                self._lanes.leave(turn)
                continue
            self._let_go(turn, now)

    def _let_go(self, turn: Turn, now: float) -> None:
        self._bucket.take(now)
        turn.set_result(None)

    def _look_again(self, seconds: float) -> None:
        if self._sleeper is None or self._sleeper.done():
            self._sleeper = asyncio.create_task(self._admit_later(seconds), name="bulkhead")

    async def _admit_later(self, seconds: float) -> None:
        await self._clock.sleep(seconds)
        self._sleeper = None
        self._admit()
