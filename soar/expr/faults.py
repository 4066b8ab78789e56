"""What is wrong with an expression for data of the types that it was checked against."""

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What a fault is about, for those who treat them differently."""

    NAME = "name"
    FIELD = "field"
    ABSENCE = "absence"
    CONDITION = "condition"
    MISMATCH = "mismatch"


@dataclass(frozen=True, slots=True)
class TypeFault:
    """Why an expression has no value, or not the one that was meant.

    An `ABSENCE` depends on the data; all others are certain, whatever the data are.

    Attributes:
        message: what is wrong.
        position: offset in the source.
        length: how many characters it spans.
        hint: what to write instead.
    """

    kind: FaultKind
    message: str
    position: int
    length: int
    hint: str | None
