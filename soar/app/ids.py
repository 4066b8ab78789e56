"""Real identifiers and randomness, from the operating system."""

import os
import random  # noqa: TID251 -- this is the one home of randomness

from soar.model.ids import Randomness, encode_crockford

_CODE_BITS = 5
_ID_LENGTH = 12
_SYSTEM = random.SystemRandom()


class SystemRandomness:
    """Unpredictable bytes; see `soar.model.ids.Randomness`."""

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""
        return os.urandom(count)

    def uniform(self, low: float, high: float) -> float:
        """Return a number between low and high."""
        return _SYSTEM.uniform(low, high)


class RandomIds:
    """Sixty random bits an id; see `soar.model.ids.Ids`.

    Args:
        randomness: where the bits come from.
    """

    def __init__(self, randomness: Randomness) -> None:
        self._randomness = randomness

    def new(self, prefix: str) -> str:
        """Return `prefix_` and a short code that cannot be guessed."""
        return f"{prefix}_{self._draw(_ID_LENGTH)}"

    def code(self, length: int) -> str:
        """Return a short sayable code in upper case."""
        return self._draw(length).upper()

    def _draw(self, length: int) -> str:
        return encode_crockford(self._randomness.bytes(-(-length * _CODE_BITS // 8)), length)
