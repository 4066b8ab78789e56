"""What the operators do to values."""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Any, Final, TypeAlias

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import describe
from soar.expr.limits import check_depth
from soar.expr.literals import MAX_INT, MIN_INT
from soar.model.values import Value

Operator: TypeAlias = Callable[[Frame, Value, Value], Value]
_Table: TypeAlias = Mapping[tuple[type, type], Callable[[Frame, Any, Any], Value]]

_MIXED: Final = ((int, float), (float, int), (float, float))
_ORDERED: Final = frozenset(
    {(int, int), *_MIXED, (str, str), (bytes, bytes), (bool, bool), (datetime, datetime), (timedelta, timedelta)}
)
_MAX_DURATION: Final = timedelta(microseconds=MAX_INT // 1000)
_CONTAINERS: Final = frozenset({list, dict})
_ADDRESSES: Final = (IPv4Address, IPv6Address)
_CONTAINER: Final = 4  # units of fuel that freezing one takes, beside those for what is in it


def fit_int(number: int) -> int:
    """Return a number that fits into 64 bits.

    Raises:
        EvaluationError: it does not.
    """
    if MIN_INT <= number <= MAX_INT:
        return number
    raise EvaluationError("the number does not fit into 64 bits", code="expr.overflow")


def fit_double(number: float) -> float:
    """Return a number that is finite.

    Raises:
        EvaluationError: it is not.
    """
    if math.isfinite(number):
        return number
    raise EvaluationError("the number is too large for a double", code="expr.overflow")


def fit_duration(duration: timedelta) -> timedelta:
    """Return a duration that fits into 64 bits of nanoseconds, which is about 292 years.

    Raises:
        EvaluationError: it does not.
    """
    if abs(duration) <= _MAX_DURATION:
        return duration
    raise EvaluationError("the duration is longer than 292 years", code="expr.overflow")


def negate(value: Value) -> Value:
    """Return a number with the other sign.

    Raises:
        EvaluationError: it is no number, or the result does not fit.
    """
    if type(value) is int:
        return fit_int(-value)
    if type(value) is float:
        return -value
    raise EvaluationError(f"`-` does not take {describe(value)}")


def refuse_condition(value: Value) -> EvaluationError:
    """Return the error of a value that stands where a bool must."""
    is_container = type(value) in _CONTAINERS
    return EvaluationError(
        f"{describe(value)} is no condition",
        hint="did you mean `size(…) > 0`?" if is_container else "compare it with something",
    )


def is_equal(frame: Frame, left: Value, right: Value) -> bool:
    """Return whether two values are the same; values of different kinds never are, but 1 and 1.0 are one number."""
    kind = type(left)
    if kind is not type(right):
        return kind is not bool and type(right) is not bool and left == right
    if kind is str or kind is bytes:
        frame.touch(len(left))  # type: ignore[arg-type] # the kinds were just compared
    elif kind in _CONTAINERS:
        return freeze(frame, left) == freeze(frame, right)
    return left == right


def is_unequal(frame: Frame, left: Value, right: Value) -> bool:
    """Return whether two values are not the same."""
    return not is_equal(frame, left, right)


def freeze(frame: Frame, value: Value, depth: int = 0) -> object:
    """Return something hashable that is equal for equal values and no others.

    Raises:
        EvaluationError: the value is too deep, or too large for the fuel left.
    """
    frame.spend(2)
    if isinstance(value, str | bytes):
        frame.touch(len(value))
    elif isinstance(value, bool):
        return (bool, value)
    elif isinstance(value, list):
        check_depth(depth)
        frame.spend(_CONTAINER)
        return (list, tuple([freeze(frame, element, depth + 1) for element in value]))
    elif isinstance(value, dict):
        check_depth(depth)
        frame.spend(_CONTAINER + len(value))
        return (dict, frozenset([(key, freeze(frame, element, depth + 1)) for key, element in value.items()]))
    return value


def is_in(frame: Frame, element: Value, container: Value) -> bool:
    """Return whether a list has an element, or a map a key.

    Raises:
        EvaluationError: it is neither.
    """
    if type(container) is dict:
        return type(element) is str and element in container
    if type(container) is not list:
        raise EvaluationError(
            f"`in` wants a list or a map on its right, not {describe(container)}",
            hint="write text.contains(part)" if type(container) is str else None,
        )
    if type(element) is str:
        frame.spend(len(container) * (1 + (len(element) >> 6)))
        return element in container
    frame.spend(len(container))
    return any(is_equal(frame, element, other) for other in container)


def _add_double(_: Frame, left: float, right: float) -> float:
    return fit_double(left + right)


def _subtract_double(_: Frame, left: float, right: float) -> float:
    return fit_double(left - right)


def _multiply_double(_: Frame, left: float, right: float) -> float:
    return fit_double(left * right)


def _divide_double(_: Frame, left: float, right: float) -> float:
    return fit_double(left / right)


def _divide_int(_: Frame, left: int, right: int) -> int:
    """Divide towards zero."""
    quotient = abs(left) // abs(right)
    return fit_int(quotient if (left < 0) == (right < 0) else -quotient)


def _take_remainder(_: Frame, left: int, right: int) -> int:
    """Return what division towards zero leaves; it has the sign of the dividend."""
    remainder = abs(left) % abs(right)
    return -remainder if left < 0 else remainder


def _concatenate_text(frame: Frame, left: str, right: str) -> str:
    frame.touch(len(left) + len(right))
    return left + right


def _concatenate_address(frame: Frame, left: Any, right: Any) -> str:  # noqa: ANN401 - a text and an address, or back
    return _concatenate_text(frame, str(left), str(right))


def _concatenate_bytes(frame: Frame, left: bytes, right: bytes) -> bytes:
    frame.touch(len(left) + len(right))
    return left + right


def _concatenate_lists(frame: Frame, left: list[Value], right: list[Value]) -> list[Value]:
    frame.spend(len(left) + len(right))
    return left + right


def _subtract_time(_: Frame, left: Any, right: Any) -> timedelta:  # noqa: ANN401 - two moments or two durations
    return fit_duration(left - right)


_ADD: Final[_Table] = {
    (int, int): lambda _, left, right: fit_int(left + right),
    **dict.fromkeys(_MIXED, _add_double),
    (str, str): _concatenate_text,
    (bytes, bytes): _concatenate_bytes,
    (list, list): _concatenate_lists,
    **dict.fromkeys(((str, kind) for kind in _ADDRESSES), _concatenate_address),
    **dict.fromkeys(((kind, str) for kind in _ADDRESSES), _concatenate_address),
    (datetime, timedelta): lambda _, left, right: left + right,
    (timedelta, timedelta): lambda _, left, right: fit_duration(left + right),
    (timedelta, datetime): lambda _, left, right: right + left,
}
_SUBTRACT: Final[_Table] = {
    (int, int): lambda _, left, right: fit_int(left - right),
    **dict.fromkeys(_MIXED, _subtract_double),
    **dict.fromkeys(((datetime, datetime), (timedelta, timedelta)), _subtract_time),
    (datetime, timedelta): lambda _, left, right: left - right,
}
_MULTIPLY: Final[_Table] = {
    (int, int): lambda _, left, right: fit_int(left * right),
    **dict.fromkeys(_MIXED, _multiply_double),
}
_DIVIDE: Final[_Table] = {(int, int): _divide_int, **dict.fromkeys(_MIXED, _divide_double)}
_REMAINDER: Final[_Table] = {(int, int): _take_remainder}


def _calculate(symbol: str, table: _Table) -> Operator:
    """Return the operator that does what a table says for the kinds of its operands."""

    def run(frame: Frame, left: Value, right: Value) -> Value:
        operation = table.get((type(left), type(right)))
        if operation is None:
            raise EvaluationError(
                f"`{symbol}` does not take {describe(left)} and {describe(right)}",
                hint="write string(…) around the other" if str in {type(left), type(right)} else None,
            )
        try:
            return operation(frame, left, right)
        except ZeroDivisionError as error:
            raise EvaluationError("division by zero", code="expr.divide_by_zero") from error
        except OverflowError as error:
            raise EvaluationError("the result is out of range", code="expr.overflow") from error

    return run


def _compare(symbol: str, decide: Callable[[Any, Any], bool]) -> Operator:
    """Return the operator that puts two values of one ordered kind in order."""

    def run(frame: Frame, left: Value, right: Value) -> bool:
        kinds = (type(left), type(right))
        if kinds not in _ORDERED:
            raise EvaluationError(
                f"`{symbol}` cannot put {describe(left)} and {describe(right)} in order",
                hint="convert one of them, such as int(…)" if str in kinds else None,
            )
        if isinstance(left, str | bytes):
            frame.touch(len(left))
        return decide(left, right)

    return run


OPERATORS: Final[Mapping[str, Operator]] = {
    "+": _calculate("+", _ADD),
    "-": _calculate("-", _SUBTRACT),
    "*": _calculate("*", _MULTIPLY),
    "/": _calculate("/", _DIVIDE),
    "%": _calculate("%", _REMAINDER),
    "==": is_equal,
    "!=": is_unequal,
    "<": _compare("<", operator.lt),
    "<=": _compare("<=", operator.le),
    ">": _compare(">", operator.gt),
    ">=": _compare(">=", operator.ge),
    "in": is_in,
}
"""What each operator between two values does."""
