"""Seeded chance: the same seed and purpose always give the same stream."""

from random import Random  # noqa: TID251 -- the one seeded source behind every virtual world


def seeded_random(seed: int, purpose: str) -> Random:
    """Return a stream of its own for each purpose, so that drawing more in one place changes no other."""
    return Random(f"{seed}/{purpose}")  # noqa: S311 -- repeatable on purpose, nothing here is secret


class SeededRandomness:
    """The `Randomness` of a virtual world."""

    def __init__(self, seed: int = 0) -> None:
        self._random = seeded_random(seed, "randomness")

    def bytes(self, count: int) -> bytes:
        return self._random.randbytes(count)

    def uniform(self, low: float, high: float) -> float:
        return self._random.uniform(low, high)
