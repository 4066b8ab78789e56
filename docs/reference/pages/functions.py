"""The page of the expression language."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from pages.examples import EXAMPLES, NAMES, NOW
from pages.table import row
from soar.expr import Scope, compile_expression, print_duration
from soar.expr.functions import FUNCTIONS
from soar.expr.kinds import KINDS
from soar.expr.macros import MACROS
from soar.expr.signature import ANY, SCALAR, Function, Style
from soar.model.values import Value, print_timestamp


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Expression functions"
    yield ""
    yield "The language is a subset of CEL. It ends always, touches nothing, and knows no names but the playbook's."
    yield f"In the examples `now()` is {print_timestamp(NOW)}, and `alert.title` is there while `alert.owner` is not."
    yield ""
    yield "Of CEL it leaves out unsigned numbers, keys of a map that are no text, infinity, types as values, messages."
    yield "Time zones are offsets such as `+01:00`: a zone's name does not mean the same on every machine."
    yield "Durations are written and printed as `1h30m`."
    yield ""
    yield "A quoting function such as `jql()` gives what stands between the other language's quotes; those are yours."
    yield "It keeps a text from ending its literal; what a search makes of the words inside is not its business."
    for title, names in (("Macros", MACROS), ("Functions", FUNCTIONS)):
        yield from ("", f"## {title}", "", "| Form | Gives | Example | Its value |", "|---|---|---|---|")
        for name in names:
            form, gives = (MACROS[name], "") if name in MACROS else _describe_function(FUNCTIONS[name])
            value = compile_expression(EXAMPLES[name]).evaluate(Scope(names={**NAMES}, now=NOW))
            yield row(f"`{form}`", gives, f"`{EXAMPLES[name]}`", f"`{_print(value)}`")


def _describe_function(function: Function) -> tuple[str, str]:
    needed = len(function.parameters) - function.optional
    kinds = [_name_kinds(kinds) + ("?" if index >= needed else "") for index, kinds in enumerate(function.parameters)]
    if function.is_variadic:
        kinds[-1] += ", …"
    if function.style is Style.METHOD:
        return f"{kinds[0]}.{function.name}({', '.join(kinds[1:])})", str(function.result)
    return f"{function.name}({', '.join(kinds)})", str(function.result)


def _name_kinds(kinds: frozenset[type]) -> str:
    if kinds == ANY:
        return "any"
    return "scalar" if kinds == SCALAR else " or ".join(sorted({KINDS[kind].value for kind in kinds}))


def _print(value: Value) -> str:
    match value:
        case datetime():
            return f'timestamp("{print_timestamp(value)}")'
        case timedelta():
            return f'duration("{print_duration(value)}")'
        case IPv4Address() | IPv6Address():
            return f'ip("{value}")'
        case _:
            return json.dumps(value, ensure_ascii=False)
