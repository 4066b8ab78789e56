"""How often a product may be asked, as a bucket of tokens: seconds in, seconds to wait out."""

from soar.model.rate import Rate

LONGEST_PAUSE = 300.0
"""Seconds after which a product that asked for more patience is asked again."""

_NEGLIGIBLE = 1e-6  # of a token: what arithmetic loses must not be waited for


class Bucket:
    """Counts the requests made under one credential.

    It holds as many tokens as the rate names, and fills at the rate. A call takes one before it begins and settles what
    it really sent afterwards, so the bucket can be in debt, which later calls wait for.

    Args:
        rate: None if the product names none; then only its own pleas for patience count.
        now: seconds of a clock that never goes back.
    """

    def __init__(self, rate: Rate | None, now: float) -> None:
        self._rate = rate
        self._tokens = float(rate.requests) if rate else 0.0
        self._filled_at = now
        self._paused_until = now

    def find_wait(self, now: float, ahead: int = 0) -> float:
        """Return how many seconds a call has to wait, with so many others before it; 0 if it may go now."""
        wait = max(self._paused_until - now, 0.0)
        if self._rate is None:
            return wait
        self._fill(now, self._rate)
        missing = 1 + ahead - self._tokens
        return max(wait, missing * self._rate.seconds / self._rate.requests) if missing > _NEGLIGIBLE else wait

    def take(self, now: float) -> None:
        """Take a token for a call that begins."""
        self.settle(now, 1)

    def settle(self, now: float, requests: int) -> None:
        """Take what else a call has sent; a negative number gives back what was taken for nothing."""
        if self._rate is not None:
            self._fill(now, self._rate)
            self._tokens = min(self._tokens - requests, float(self._rate.requests))

    def pause(self, now: float, seconds: float) -> None:
        """Let nobody go for so many seconds, `LONGEST_PAUSE` at most, because the product asked for it."""
        self._paused_until = max(self._paused_until, now + min(seconds, LONGEST_PAUSE))

    def _fill(self, now: float, rate: Rate) -> None:
        gained = (now - self._filled_at) * rate.requests / rate.seconds
        self._tokens = min(self._tokens + gained, float(rate.requests))
        self._filled_at = now
