"""How much may be changed before somebody has to look: circuit breakers on what runs do together."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from soar.expr import print_duration
from soar.model.catalog import ActionSpec, Effect
from soar.model.freeze import FreezeKind


class CapOutcome(StrEnum):
    """What becomes of a write that is beyond a cap."""

    REFUSE = "refuse"
    """It is not made."""

    FREEZE = "freeze"
    """It is not made, and neither is any other of its kind until two people let them go on."""

    ASK = "ask"
    """It is made if the people whom the cap names have said yes to it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cap:
    """A limit on writes. What is counted is targets; a write that names none counts as one.

    Attributes:
        action: only writes of this action, `connector.action`; None is any.
        effect: `write` is whatever changes something, `destructive` only that; None is as `write`.
        connection: only writes over this connection; None is any.
        most: how many within `window`; None is no limit.
        window: how far back is counted; None if `most` is.
        most_items: how many in a single write; None is no limit.
        outcome: what becomes of a write beyond it.
        by: the one principal that has to say yes where the outcome is to ask.
    """

    action: str | None = None
    effect: Effect | None = None
    connection: str | None = None
    most: int | None = None
    window: timedelta | None = None
    most_items: int | None = None
    outcome: CapOutcome = CapOutcome.REFUSE
    by: tuple[str, ...] = ()

    def covers(self, spec: ActionSpec, connection: str) -> bool:
        """Whether a call of this action over this connection counts towards it."""
        if spec.effect is Effect.READ or (self.effect is Effect.DESTRUCTIVE and spec.effect is not Effect.DESTRUCTIVE):
            return False
        return self.action in {None, spec.full_name} and self.connection in {None, connection}

    def is_hit(self, size: int, counted: int) -> bool:
        """Whether a write goes beyond it.

        Args:
            size: how many targets the write has; one if none is known.
            counted: how many there were within the window before it.
        """
        if self.most_items is not None and size > self.most_items:
            return True
        return self.most is not None and counted + size > self.most

    @property
    def name(self) -> str:
        """What messages call it, such as `at most 20 of entra.disable_user in 1h`."""
        kind = "destructive writes" if self.effect is Effect.DESTRUCTIVE else "writes"
        what = f"targets of {self.action or kind}{f' over {self.connection}' if self.connection else ''}"
        limits = [f"{self.most} {what} in {print_duration(self.window)}"] if self.window is not None else []
        if self.most_items is not None:
            limits.append(f"{self.most_items} {what} at once")
        return f"at most {', '.join(limits)}"

    @property
    def frozen(self) -> tuple[FreezeKind, str]:
        """What is frozen once it is hit: its action, else its connection, else everything."""
        if self.action is not None:
            return FreezeKind.ACTION, self.action
        if self.connection is not None:
            return FreezeKind.CONNECTION, self.connection
        return FreezeKind.EVERYTHING, ""


_GRAVITY = (CapOutcome.FREEZE, CapOutcome.REFUSE, CapOutcome.ASK)


def sort_caps(caps: Iterable[Cap]) -> tuple[Cap, ...]:
    """Return caps by what becomes of a write beyond them, the gravest first."""
    return tuple(sorted(caps, key=lambda cap: _GRAVITY.index(cap.outcome)))
