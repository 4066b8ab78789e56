"""Functions of numbers, after the math extension of CEL (https://pkg.go.dev/github.com/google/cel-go/ext#Math)."""

import math
import operator
from collections.abc import Callable, Sequence
from typing import Final

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType
from soar.expr.operators import fit_int
from soar.expr.signature import DOUBLE, INT, LIST, Function
from soar.model.values import Value

_BITS: Final = 64
_MASK: Final = (1 << _BITS) - 1
_SIGN: Final = 1 << (_BITS - 1)
_HALF: Final = 0.5


def _find_least(frame: Frame, *arguments: Value) -> Value:
    return min(_list_numbers(frame, arguments))


def _find_greatest(frame: Frame, *arguments: Value) -> Value:
    return max(_list_numbers(frame, arguments))


def _list_numbers(frame: Frame, arguments: Sequence[Value]) -> list[int | float]:
    match arguments:
        case (list() as elements,):
            candidates: Sequence[Value] = elements
        case _:
            candidates = arguments
    frame.spend(len(candidates))
    numbers = [number for number in candidates if isinstance(number, int | float) and not isinstance(number, bool)]
    if not numbers or len(numbers) < len(candidates):
        raise EvaluationError("`math.least()` and `math.greatest()` want one number or more, or a list of numbers")
    return numbers


def _round(number: float) -> float:
    """Round to the nearest whole number, a half away from zero."""
    whole = math.trunc(number)
    return whole + math.copysign(1, number) if abs(number - whole) >= _HALF else whole


def _get_magnitude(_: Frame, number: float) -> int | float:
    return fit_int(abs(number)) if isinstance(number, int) else abs(number)


def _get_sign(_: Frame, number: float) -> int | float:
    sign = (number > 0) - (number < 0)
    return sign if isinstance(number, int) else float(sign)


def _shift_left(_: Frame, bits: int, count: int) -> int:
    """Shift out of 64 bits what does not stay in; the last bit is the sign."""
    shifted = bits << count & _MASK if _check_shift(count) < _BITS else 0
    return (shifted ^ _SIGN) - _SIGN


def _shift_right(_: Frame, bits: int, count: int) -> int:
    """Shift zeros in from the left, whatever the sign was."""
    shifted = (bits & _MASK) >> _check_shift(count)
    return (shifted ^ _SIGN) - _SIGN


def _check_shift(count: int) -> int:
    if count < 0:
        raise EvaluationError("a shift by less than no bits", code="expr.range")
    return count


def _make_whole(name: str, find: Callable[[float], float]) -> Function:
    return Function(name, (DOUBLE,), StaticType.DOUBLE, lambda _, number: math.copysign(find(number), number))


def _combine_bits(name: str, combine: Callable[[int, int], int]) -> Function:
    return Function(name, (INT, INT), StaticType.INT, lambda _, left, right: combine(left, right))


def _judge(name: str, decide: Callable[[float], bool]) -> Function:
    """Make a test that always has the same answer here, because all doubles are finite."""
    return Function(name, (DOUBLE,), StaticType.BOOL, lambda _, number: decide(number))


FUNCTIONS: Final = (
    Function("math.least", (INT | DOUBLE | LIST,), StaticType.DYN, _find_least, is_variadic=True),
    Function("math.greatest", (INT | DOUBLE | LIST,), StaticType.DYN, _find_greatest, is_variadic=True),
    _make_whole("math.ceil", math.ceil),
    _make_whole("math.floor", math.floor),
    _make_whole("math.round", _round),
    _make_whole("math.trunc", math.trunc),
    Function("math.abs", (INT | DOUBLE,), StaticType.DYN, _get_magnitude),
    Function("math.sign", (INT | DOUBLE,), StaticType.DYN, _get_sign),
    _judge("math.isNaN", math.isnan),
    _judge("math.isInf", math.isinf),
    _judge("math.isFinite", math.isfinite),
    _combine_bits("math.bitAnd", operator.and_),
    _combine_bits("math.bitOr", operator.or_),
    _combine_bits("math.bitXor", operator.xor),
    Function("math.bitNot", (INT,), StaticType.INT, lambda _, bits: ~bits),
    Function("math.bitShiftLeft", (INT, INT), StaticType.INT, _shift_left),
    Function("math.bitShiftRight", (INT, INT), StaticType.INT, _shift_right),
)
