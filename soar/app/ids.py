"""Real identifiers and randomness, from the operating system."""

import os
import random  # noqa: TID251 -- this is the one home of randomness
import threading

from soar.model.ids import Randomness, encode_crockford

_CODE_BITS = 5
_ID_LENGTH = 12
_SYSTEM = random.SystemRandom()
_DRAWN = 4096  # bytes that are asked for at once
_SHORT = 16  # bytes of ids and salts; keys and tokens are longer


class _Supply:
    """Random bytes that were asked for beforehand; each is handed out once, and a forked process shares none of them.

    While the operating system is asked, other threads take over, and each id would wait for them.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._drawn = b""
        self._taken = 0
        self._owner = 0

    def take(self, count: int) -> bytes:
        """Return that many bytes, of `_DRAWN` at most."""
        with self._lock:
            if self._taken + count > len(self._drawn) or self._owner != os.getpid():
                self._drawn, self._taken, self._owner = os.urandom(_DRAWN), 0, os.getpid()
            start, self._taken = self._taken, self._taken + count
            return self._drawn[start : self._taken]


class SystemRandomness:
    """Unpredictable bytes; see `soar.model.ids.Randomness`."""

    def __init__(self) -> None:
        self._supply = _Supply()

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""
        return self._supply.take(count) if count <= _SHORT else os.urandom(count)

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
