"""Texts with places to fill in, after `format` of CEL's strings extension.

See https://pkg.go.dev/github.com/google/cel-go/ext#Strings. Durations are printed as everywhere in the language.
"""

import re
from collections.abc import Iterator
from typing import Final

from soar.expr.conversions import print_text, to_string
from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType, describe
from soar.expr.limits import measure
from soar.expr.signature import COSTLY, LIST, STRING, Function, Style
from soar.expr.strings import encode_text
from soar.model.values import Value

_CLAUSE: Final = re.compile(r"%(?:(?P<percent>%)|(?P<precision>\.[0-9]{1,2})?(?P<letter>[A-Za-z]?))")
_BASES: Final = frozenset("boxX")
_PRECISE: Final = frozenset("fe")


def _format(frame: Frame, text: str, values: list[Value]) -> str:
    """Fill values in for `%s %d %f %e %b %o %x %X`; `%%` is a percent sign."""
    frame.spend(len(values) + text.count("%"))
    for value in values:
        frame.touch(measure(value, frame.spend))
    places = sum(not clause["percent"] for clause in _CLAUSE.finditer(text))
    if places != len(values):
        raise _fault(f"`.format()` has {places} places for {len(values)} values")
    waiting = iter(values)
    return _CLAUSE.sub(lambda clause: _fill(clause, waiting), text)


def _fill(clause: re.Match[str], waiting: Iterator[Value]) -> str:
    if clause["percent"]:
        return "%"
    letter, precision = clause["letter"], clause["precision"]
    if precision and letter not in _PRECISE:
        raise _fault(f"`{clause[0]}` takes no precision")
    return _print(letter, precision or ".6", next(waiting))


def _print(letter: str, precision: str, value: Value) -> str:
    is_number = type(value) in {int, float}
    match letter, value:
        case "s", _:
            return _print_nested(value)
        case "d", int() if is_number:
            return str(value)
        case (("f" | "e"), (int() | float())) if is_number:
            return f"{float(value):{precision}{letter}}"
        case (("x" | "X"), (str() | bytes())):
            digits = (encode_text(value) if isinstance(value, str) else value).hex()
            return digits.upper() if letter == "X" else digits
        case "b", bool():
            return str(int(value))
        case _, int() if is_number and letter in _BASES:
            return f"{value:{letter}}"
        case (("d" | "f" | "e" | "x" | "X" | "b" | "o"), _):
            raise _fault(f"`%{letter}` does not take {describe(value)}")
        case _:
            raise _fault(f"`%{letter}` has no meaning; a percent sign is written `%%`")


def _print_nested(value: Value) -> str:
    match value:
        case None:
            return "null"
        case list():
            return f"[{', '.join(map(_print_nested, value))}]"
        case dict():
            return f"{{{', '.join(f'{key}: {_print_nested(value[key])}' for key in sorted(value))}}}"
        case bytes():
            return to_string(value)
        case _:
            return print_text(value)


def _fault(message: str) -> EvaluationError:
    return EvaluationError(message, code="expr.format", hint='write "%s of %d".format([text, number])')


FUNCTIONS: Final = (Function("format", (STRING, LIST), StaticType.STRING, _format, Style.METHOD, cost=COSTLY),)
