"""A syntax tree as text again, with brackets around every part."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import assert_never

from soar.expr.syntax import (
    Binary,
    Call,
    Chain,
    Conditional,
    Default,
    Has,
    Index,
    ListNode,
    Literal,
    Loop,
    MapNode,
    Name,
    Node,
    Select,
    Unary,
)
from soar.model.values import Value, print_timestamp

_NO_VALUES: Mapping[str, Value] = {}


def print_node(node: Node, values: Mapping[str, Value] = _NO_VALUES) -> str:  # noqa: C901, PLR0912 - one line a kind of node
    """Return an expression with the same tree, in which some names are replaced by values."""

    def show(part: Node) -> str:
        text = print_node(part, values)
        return text if isinstance(part, Name | Call | ListNode | Has | Default | Loop) else f"({text})"

    match node:
        case Literal():
            return print_value(node.value)
        case Name(name=name):
            return f"({print_value(values[name])})" if name in values else name
        case Select():
            return f"{show(node.operand)}.{_print_field(node.field)}"
        case Index():
            return f"{show(node.operand)}[{show(node.index)}]"
        case Call(name=name, arguments=(target, *arguments), is_method=True):
            return f"{show(target)}.{name}({', '.join(map(show, arguments))})"
        case Call():
            return f"{node.name}({', '.join(map(show, node.arguments))})"
        case ListNode():
            return f"[{', '.join(map(show, node.elements))}]"
        case MapNode():
            return f"{{{', '.join(f'{show(key)}: {show(value)}' for key, value in node.entries)}}}"
        case Unary():
            return f"{node.operator}{show(node.operand)}"
        case Binary():
            return f"{show(node.left)} {node.operator} {show(node.right)}"
        case Chain():
            return f" {node.operator} ".join(map(show, node.operands))
        case Conditional():
            branches = "".join(f"{show(condition)} ? {show(value)} : (" for condition, value in node.branches)
            return f"{branches}{show(node.otherwise)}{')' * len(node.branches)}"
        case Has():
            return f"has({print_node(node.operand, values)})"
        case Default():
            return f"default({show(node.operand)}, {show(node.fallback)})"
        case Loop():
            return _print_loop(node, values)
        case _:
            assert_never(node)


def _print_loop(node: Loop, values: Mapping[str, Value]) -> str:
    inner = {name: value for name, value in values.items() if name not in node.variables}
    parts = [print_node(part, inner) for part in (node.condition, node.body) if part is not None]
    return f"({print_node(node.operand, values)}).{node.kind}({', '.join((*node.variables, *parts))})"


def _print_field(field: str) -> str:
    return field if field.isidentifier() and field.isascii() else f"`{field}`"


def print_value(value: Value) -> str:
    """Return a literal for a value, or what makes it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case float():
            return (
                repr(value).replace("e+", "e")
                if "e" in repr(value) or "." in repr(value)
                else f"double({str(value)!r})"
            )
        case str():
            return f'"{"".join(map(_escape, value))}"'
        case bytes():
            digits = "".join(map("\\x{:02x}".format, value))
            return f'b"{digits}"'
        case list():
            return f"[{', '.join(map(print_value, value))}]"
        case dict():
            return f"{{{', '.join(f'{print_value(key)}: {print_value(part)}' for key, part in value.items())}}}"
        case datetime():
            return f'timestamp("{print_timestamp(value)}")'
        case timedelta():
            microseconds = value // timedelta(microseconds=1)
            sign, size = ("-" if microseconds < 0 else ""), abs(microseconds)
            return f'duration("{sign}{size // 1_000_000}.{size % 1_000_000:06}s")'
        case _:
            return str(value)


def _escape(character: str) -> str:
    if character in '"\\' or not character.isprintable():
        return f"\\U{ord(character):08x}" if character not in '"\\' else f"\\{character}"
    return character
