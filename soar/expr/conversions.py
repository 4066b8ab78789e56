"""Functions that turn a value of one kind into another, and values into text and back."""

import base64
import json
import re
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Final, assert_never

from soar.expr.durations import print_duration
from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType, describe
from soar.expr.limits import measure
from soar.expr.literals import MAX_INT, MIN_INT
from soar.expr.moments import EPOCH
from soar.expr.operators import fit_double, fit_int
from soar.expr.signature import ANY, BOOL, BYTES, COSTLY, DOUBLE, INT, SCALAR, STRING, TIMESTAMP, Function
from soar.expr.strings import encode_text
from soar.model.values import Value, print_timestamp

_INT: Final = re.compile(r"[+-]?[0-9]{1,19}")
_DOUBLE: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_MAX_DIGITS = 400
_BOOLS: Final = {
    **dict.fromkeys(("true", "True", "TRUE", "t", "1"), True),
    **dict.fromkeys(("false", "False", "FALSE", "f", "0"), False),
}


def print_text(value: Value) -> str:
    """Return a value as it stands in the middle of text.

    Raises:
        EvaluationError: it is a list, a map, bytes or null, which have no place there.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | IPv4Address() | IPv6Address():
            return str(value)
        case datetime():
            return print_timestamp(value)
        case timedelta():
            return print_duration(value)
        case None:
            raise EvaluationError("null has no place in the middle of text", hint="write default(…, …)")
        case list() | dict() | bytes():
            hint = "write string(…)" if isinstance(value, bytes) else "write json(…), or .join(…) for a list"
            raise EvaluationError(f"{describe(value)} has no place in the middle of text", hint=hint)
        case _:
            assert_never(value)


def to_string(value: Value) -> str:
    """Return a value as text; bytes are read as UTF-8.

    Raises:
        EvaluationError: it is a list, a map or null, or its bytes are no UTF-8.
    """
    if not isinstance(value, bytes):
        return print_text(value)
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise EvaluationError("the bytes are not UTF-8") from error


def _to_int(_: Frame, value: str | float | datetime) -> int:
    """Cut a fraction off; a timestamp becomes seconds since 1970."""
    match value:
        case datetime():
            return (value - EPOCH) // timedelta(seconds=1)
        case str():
            if not _INT.fullmatch(value):
                raise EvaluationError("this text is no whole number", hint="write int(double(…)) to cut a fraction off")
            return fit_int(int(value))
        case _:
            return fit_int(int(value))


def _to_double(_: Frame, value: str | float) -> float:
    if isinstance(value, str) and not (len(value) <= _MAX_DIGITS and _DOUBLE.fullmatch(value)):
        raise EvaluationError("this text is no number")
    try:
        return fit_double(float(value))
    except OverflowError as error:
        raise EvaluationError("the number is too large for a double", code="expr.overflow") from error


def _to_bool(_: Frame, value: str | bool) -> bool:  # noqa: FBT001 - a value of the language, not a switch
    if isinstance(value, bool):
        return value
    if value not in _BOOLS:
        raise EvaluationError("this text is no bool", hint='it must be "true" or "false"')
    return _BOOLS[value]


def _to_bytes(_: Frame, value: str | bytes) -> bytes:
    return value if isinstance(value, bytes) else encode_text(value)


def _dump_special(value: object) -> str:
    """Write what JSON has no form for."""
    match value:
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case datetime() | timedelta() | IPv4Address() | IPv6Address():
            return print_text(value)
        case _:
            raise AssertionError(value)


def _to_json(frame: Frame, value: Value) -> str:
    frame.touch(measure(value, frame.spend))
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=_dump_special)


def _from_json(frame: Frame, text: str) -> Value:
    frame.spend((len(text) + text.count(",")) >> 3)
    try:
        value: Value = json.loads(
            text, parse_int=_parse_json_int, parse_float=_parse_json_double, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise EvaluationError("this text is no JSON", code="expr.json") from error
    return value


def _parse_json_int(digits: str) -> int:
    number = int(digits)
    return number if MIN_INT <= number <= MAX_INT else fit_int(number)  # a text may hold hundreds of thousands


def _parse_json_double(digits: str) -> float:
    return fit_double(float(digits))


def _refuse_constant(name: str) -> Value:
    raise ValueError(name)


FUNCTIONS: Final = (
    Function("string", (SCALAR,), StaticType.STRING, lambda _, value: to_string(value), cost=COSTLY),
    Function("int", (INT | DOUBLE | STRING | TIMESTAMP,), StaticType.INT, _to_int),
    Function("double", (INT | DOUBLE | STRING,), StaticType.DOUBLE, _to_double),
    Function("bool", (BOOL | STRING,), StaticType.BOOL, _to_bool),
    Function("bytes", (STRING | BYTES,), StaticType.BYTES, _to_bytes),
    Function("json", (ANY,), StaticType.STRING, _to_json, cost=COSTLY),
    Function("from_json", (STRING,), StaticType.DYN, _from_json, cost=COSTLY),
    Function("dyn", (ANY,), StaticType.DYN, lambda _, value: value),
)
