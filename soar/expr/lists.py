"""Functions of lists."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType, describe, kind_of
from soar.expr.operators import OPERATORS, freeze
from soar.expr.signature import BYTES, LIST, MAP, STRING, Function, Style
from soar.model.values import Value

_NUMBERS: Final = frozenset({StaticType.INT, StaticType.DOUBLE})
_SORTABLE: Final = (
    _NUMBERS,
    *(
        frozenset({kind})
        for kind in (
            StaticType.STRING,
            StaticType.BYTES,
            StaticType.BOOL,
            StaticType.TIMESTAMP,
            StaticType.DURATION,
            StaticType.IP,
        )
    ),
)


def _drop_repeats(frame: Frame, elements: list[Value]) -> list[Value]:
    """Keep the first of equal elements, in order."""
    seen: set[object] = set()
    kept: list[Value] = []
    for element in elements:
        frozen = freeze(frame, element)
        if frozen not in seen:
            seen.add(frozen)
            kept.append(element)
    return kept


def _flatten(frame: Frame, elements: list[Value]) -> list[Value]:
    """Open lists in a list, one level."""
    opened: list[Value] = []
    for element in elements:
        parts = element if isinstance(element, list) else [element]
        frame.spend(1 + len(parts))
        opened.extend(parts)
    return opened


def _sort(frame: Frame, elements: list[Value]) -> list[Value]:
    turns = 1 + len(elements).bit_length()
    frame.spend(len(elements) * turns)
    kinds = {kind_of(element) for element in elements}
    if not any(kinds <= sortable for sortable in _SORTABLE):
        names = " and ".join(sorted(kind.describe() for kind in kinds))
        raise EvaluationError(f"`sort()` cannot put {names} in order", hint="sort one kind of simple values at a time")
    for element in elements:
        if isinstance(element, str | bytes):
            frame.touch(len(element) * turns)
    return sorted(elements, key=_get_rank)


def _get_rank(element: Value) -> Any:  # noqa: ANN401 - what sorted() compares is of any ordered kind
    return (element.version, element) if isinstance(element, IPv4Address | IPv6Address) else element


def _sum(frame: Frame, elements: list[Value]) -> Value:
    """Add numbers or durations; nothing adds up to 0."""
    frame.spend(len(elements))
    total: Value = timedelta() if elements and isinstance(elements[0], timedelta) else 0
    for element in elements:
        if kind_of(element) not in _NUMBERS | {StaticType.DURATION}:
            raise EvaluationError(f"`sum()` wants numbers or durations; the list holds {describe(element)}")
        total = OPERATORS["+"](frame, total, element)
    return total


def _reverse(frame: Frame, value: str | list[Value]) -> str | list[Value]:
    frame.spend(len(value) if isinstance(value, list) else 0)
    return value[::-1]


FUNCTIONS: Final = (
    Function("size", (STRING | BYTES | LIST | MAP,), StaticType.INT, lambda _, value: len(value), Style.EITHER),
    Function("distinct", (LIST,), StaticType.LIST, _drop_repeats, Style.EITHER),
    Function("flatten", (LIST,), StaticType.LIST, _flatten, Style.EITHER),
    Function("sort", (LIST,), StaticType.LIST, _sort, Style.EITHER),
    Function("sum", (LIST,), StaticType.DYN, _sum, Style.EITHER),
    Function("reverse", (STRING | LIST,), StaticType.DYN, _reverse, Style.METHOD),
)
