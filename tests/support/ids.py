"""Identifiers of a virtual world."""

from soar.model.ids import encode_crockford
from tests.support.randomness import SeededRandomness


class SeededIds:
    """`Ids` drawn from a seed: shaped like the real ones, and the same in each run of a test."""

    def __init__(self, seed: int = 0) -> None:
        self._randomness = SeededRandomness(seed)

    def new(self, prefix: str) -> str:
        return f"{prefix}_{encode_crockford(self._randomness.bytes(8), 12)}"

    def code(self, length: int) -> str:
        return encode_crockford(self._randomness.bytes(length), length).upper()
