"""Which kinds of values can be added, subtracted, multiplied and divided, and what comes out."""

from collections.abc import Mapping
from typing import Final

from soar.expr.kinds import StaticType

NUMBERS: Final = frozenset({StaticType.INT, StaticType.DOUBLE})
_TIME, _WAIT = StaticType.TIMESTAMP, StaticType.DURATION
SUMS: Final[Mapping[tuple[str, StaticType, StaticType], StaticType]] = {
    **{("+", kind, kind): kind for kind in (StaticType.STRING, StaticType.BYTES, StaticType.LIST, _WAIT)},
    ("+", StaticType.STRING, StaticType.IP): StaticType.STRING,
    ("+", StaticType.IP, StaticType.STRING): StaticType.STRING,
    ("+", _TIME, _WAIT): _TIME,
    ("+", _WAIT, _TIME): _TIME,
    ("-", _TIME, _TIME): _WAIT,
    ("-", _TIME, _WAIT): _TIME,
    ("-", _WAIT, _WAIT): _WAIT,
    **{(operator, StaticType.INT, StaticType.INT): StaticType.INT for operator in "+-*/%"},
    **{
        (operator, left, right): StaticType.DOUBLE
        for operator in "+-*/"
        for left in NUMBERS
        for right in NUMBERS
        if StaticType.DOUBLE in {left, right}
    },
}
"""What an operator between values of two kinds gives."""


def may_be_added(operator: str, left: StaticType, right: StaticType) -> bool:
    """Return whether kinds of which one is not known may turn out to fit."""
    return any(
        operator == symbol and left in {one, StaticType.DYN} and right in {other, StaticType.DYN}
        for symbol, one, other in SUMS
    )
