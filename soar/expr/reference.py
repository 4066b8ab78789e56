"""What people are told of each function: how it is called, what it gives, and an example."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Final

from soar.expr.durations import print_duration
from soar.expr.examples import EXAMPLES, NAMES, NOW
from soar.expr.frame import Scope
from soar.expr.functions import FUNCTIONS
from soar.expr.kinds import KINDS
from soar.expr.macros import MACROS
from soar.expr.plain import to_plain
from soar.expr.program import compile_expression
from soar.expr.signature import ANY, SCALAR, Function, Style
from soar.model.values import Value, print_timestamp


@dataclass(frozen=True, slots=True)
class FunctionEntry:
    """A function or a macro of the language.

    Attributes:
        form: how it is called, with the kinds that it takes.
        gives: the kind of its result; empty for a macro.
        example: an expression that calls it.
    """

    name: str
    form: str
    gives: str
    example: str

    def show_value(self) -> str:
        """Return the value of the example as `print_value` writes it."""
        return print_value(compile_expression(self.example).evaluate(Scope(names={**NAMES}, now=NOW)))


def _describe(function: Function) -> FunctionEntry:
    needed = len(function.parameters) - function.optional
    kinds = [_name_kinds(kinds) + ("?" if index >= needed else "") for index, kinds in enumerate(function.parameters)]
    if function.is_variadic:
        kinds[-1] += ", …"
    form = f"{function.name}({', '.join(kinds)})"
    if function.style is Style.METHOD:
        form = f"{kinds[0]}.{function.name}({', '.join(kinds[1:])})"
    return FunctionEntry(function.name, form, str(function.result), EXAMPLES[function.name])


def _name_kinds(kinds: frozenset[type]) -> str:
    if kinds == ANY:
        return "any"
    return "scalar" if kinds == SCALAR else " or ".join(sorted({KINDS[kind].value for kind in kinds}))


def print_value(value: Value) -> str:
    """Write a value as an expression that gives it, as far as it is no list or map; those are written as JSON."""
    match value:
        case datetime():
            return f'timestamp("{print_timestamp(value)}")'
        case timedelta():
            return f'duration("{print_duration(value)}")'
        case IPv4Address() | IPv6Address():
            return f'ip("{value}")'
        case _:
            return json.dumps(to_plain(value), ensure_ascii=False)


MACRO_ENTRIES: Final[Mapping[str, FunctionEntry]] = {
    name: FunctionEntry(name, form, "", EXAMPLES[name]) for name, form in MACROS.items()
}
"""Each macro by its name."""

FUNCTION_ENTRIES: Final[Mapping[str, FunctionEntry]] = {
    name: _describe(function) for name, function in FUNCTIONS.items()
}
"""Each function by its name."""
