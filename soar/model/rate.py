"""How often a product may be asked."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Rate:
    """How much a product takes.

    Attributes:
        requests: how many.
        seconds: within how long.
    """

    requests: int
    seconds: float
