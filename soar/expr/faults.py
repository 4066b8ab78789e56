"""What is wrong with an expression for data of the types that it was checked against."""

from dataclasses import dataclass
from enum import StrEnum

from soar.expr.errors import suggest


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
        advice: what to write instead, whatever was meant.
        name: what there is not.
        choices: what there is in its place.
    """

    kind: FaultKind
    message: str
    position: int
    length: int
    advice: str | None = None
    name: str = ""
    choices: tuple[str, ...] = ()

    @property
    def hint(self) -> str | None:
        """What to write instead; the likeliest of many choices is found on demand, because that takes long."""
        return (suggest(self.name, self.choices) if self.choices else None) or self.advice
