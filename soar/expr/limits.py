"""How large an expression and its values may be."""

from collections.abc import Callable

from soar.expr.errors import EvaluationError
from soar.expr.kinds import KINDS, StaticType
from soar.model.values import Value

MAX_SOURCE = 4_096
"""Characters of an expression's text."""
MAX_NODES = 512
"""Nodes of its syntax tree."""
MAX_DEPTH = 32
"""Levels of its syntax tree, and of its brackets."""
MAX_LOOPS = 2
"""Loops inside each other."""
MAX_RESULT = 256 * 1024
"""Bytes of a result, about as many as it would take as JSON."""
MAX_VALUE_DEPTH = 128
"""Levels of lists and maps in a value."""
FUEL = 100_000
"""Units of work of one evaluation unless the caller says otherwise, each at most half a microsecond.

A node takes one, a call what its function costs, 64 bytes read or made one, and a fault that is overcome `FAULT`.
"""
FAULT = 8
"""Units of work for an error behind which evaluation goes on, as in `default()` or `||`."""

SMALL = frozenset(python for python, kind in KINDS.items() if kind not in {StaticType.LIST, StaticType.MAP}) - {
    str,
    bytes,
}
_SCALAR_SIZE = 8  # what a number or a bracket is counted as


def measure(value: Value, spend: Callable[[int], None] | None = None) -> int:
    """Return about how many bytes a value takes as JSON. A part that occurs twice counts twice.

    Args:
        value: what is measured.
        spend: takes the fuel for it, if somebody pays.

    Raises:
        FuelError: `spend` has none left.
        EvaluationError: it is larger than `MAX_RESULT`, or deeper than `MAX_VALUE_DEPTH`.
    """
    total = 0
    waiting: list[tuple[Value, int]] = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        total += _SCALAR_SIZE
        if spend is not None:
            spend(1 + (len(part) >> 6) if isinstance(part, str | bytes) else 1)
        if isinstance(part, str):
            total += measure_text(part)
        elif isinstance(part, bytes):
            total += len(part)
        elif isinstance(part, list | dict):
            check_depth(depth)
            total += len(part) * _SCALAR_SIZE
            if total <= MAX_RESULT:
                waiting.extend((element, depth + 1) for element in _contents(part))
        if total > MAX_RESULT:
            raise EvaluationError(
                f"the result is larger than {MAX_RESULT // 1024} KiB",
                code="expr.size",
                hint="select the fields you need",
            )
    return total


def measure_text(text: str) -> int:
    """Return the length of a text in bytes of UTF-8."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def check_depth(depth: int) -> None:
    """Refuse a value's part that lies too deep.

    Raises:
        EvaluationError: it lies deeper than `MAX_VALUE_DEPTH`.
    """
    if depth > MAX_VALUE_DEPTH:
        raise EvaluationError(f"the value is deeper than {MAX_VALUE_DEPTH} levels", code="expr.size")


def _contents(part: list[Value] | dict[str, Value]) -> list[Value]:
    return part if isinstance(part, list) else [*part.keys(), *part.values()]
