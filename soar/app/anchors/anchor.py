"""What every anchor does, and what it is given."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from soar.model.audit import AnchorState, Checkpoint
from soar.model.errors import UnavailableError

ReadLeaves = Callable[[int, int], Awaitable[list[bytes]]]
"""Returns the leaf hashes of the events from one number up to, but without, another."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an anchor has taken.

    Attributes:
        size: of the newest checkpoint that it has now.
        range: compact range of that size, for an anchor that wants it next time.
        cosigned: a checkpoint with the signature that it was given, if it was.
    """

    size: int
    range: tuple[str, ...] = ()
    cosigned: Checkpoint | None = None


class Anchor(Protocol):
    """A place that checkpoints are put in."""

    @property
    def name(self) -> str:
        """What tells it from the others; how far it has come is kept under it."""
        ...

    @property
    def every(self) -> float:
        """Seconds that it is left alone after each delivery."""
        ...

    async def take(self, missed: Sequence[Checkpoint], state: AnchorState) -> Receipt:
        """Take the checkpoints that it does not have, the oldest first; at least one.

        It may take the newest alone, which vouches for everything before it. What it is given twice does no harm.

        Raises:
            UnavailableError: it cannot be reached or refuses.
        """
        ...


def refuse(name: str, reason: object, *, code: str = "anchor_unreached") -> UnavailableError:
    """Return the error of an anchor that takes nothing."""
    return UnavailableError(
        f"the anchor {name} takes nothing: {reason}",
        code=code,
        hint="it gets what it missed once it can be reached; `soar audit status` shows how far it is",
    )
