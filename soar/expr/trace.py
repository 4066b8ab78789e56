"""What each part of an expression was, so that "why did it say no" has an answer."""

from dataclasses import dataclass

from soar.expr.errors import EvaluationError
from soar.model.values import Value


@dataclass(frozen=True, slots=True)
class TraceEntry:
    """What one part of an expression came to.

    Attributes:
        source: the part as written.
        start: offset of its first character.
        end: offset behind its last.
        value: its value; None if it has none.
        error: why it has no value.
        is_condition: the whole answer is made of this and its like with `&&`, `||` and `!` alone.
    """

    source: str
    start: int
    end: int
    value: Value
    error: EvaluationError | None
    is_condition: bool


class Trace:
    """Takes down the value of each part that is evaluated, except literals and the inside of loops."""

    def __init__(self) -> None:
        self._entries: list[TraceEntry] = []

    def record(self, entry: TraceEntry) -> None:
        """Note a part's value down."""
        self._entries.append(entry)

    def entries(self) -> tuple[TraceEntry, ...]:
        """Return all parts in the order in which they were evaluated."""
        return tuple(self._entries)

    def deciding(self) -> tuple[TraceEntry, ...]:
        """Return the conditions that the answer was made of; a condition that was not looked at is not among them.

        An expression without `&&` and `||` is its own one condition.
        """
        return tuple(entry for entry in self._entries if entry.is_condition)
