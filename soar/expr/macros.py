"""Calls that are more than calls: they bind a variable, or evaluate their arguments only when needed."""

from collections.abc import Mapping
from typing import Final

from soar.expr.errors import SyntaxFaultError
from soar.expr.syntax import Call, Conditional, Default, Has, Index, Literal, Loop, LoopKind, Name, Node, Select, Unary

MACROS: Final[Mapping[str, str]] = {
    "has": "has(a.b)",
    "default": "default(x, fallback)",
    "case": "case(condition, value, …, otherwise)",
    "not": "not(condition)",
    "all": "list.all(x, condition) or .all(i, x, condition)",
    "exists": "list.exists(x, condition) or .exists(i, x, condition)",
    "exists_one": "list.exists_one(x, condition)",
    "existsOne": "list.existsOne(x, condition) or .existsOne(i, x, condition)",
    "filter": "list.filter(x, condition)",
    "map": "list.map(x, value) or list.map(x, condition, value)",
    "transformList": "list.transformList(i, x, value) or .transformList(i, x, condition, value)",
    "transformMap": "map.transformMap(k, v, value) or .transformMap(k, v, condition, value)",
}
"""How each macro is written."""

_NAMESPACES: Final = frozenset({"math"})
_QUALIFIED: Final = frozenset({"ip.isCanonical", "strings.quote"})
_LOOPS: Final = {**{kind.value: kind for kind in LoopKind}, "existsOne": LoopKind.EXISTS_ONE}
_QUANTIFIERS: Final = frozenset({LoopKind.ALL, LoopKind.EXISTS, LoopKind.EXISTS_ONE})


def expand(name: str, target: Node | None, arguments: tuple[Node, ...], start: int, end: int) -> Node:
    """Return the node that a call stands for.

    Raises:
        SyntaxFaultError: it has the name of a macro but not its form.
    """
    if target is None:
        node = _expand_function(name, arguments, start, end)
    elif isinstance(target, Name) and (target.name in _NAMESPACES or f"{target.name}.{name}" in _QUALIFIED):
        return Call(start, end, f"{target.name}.{name}", arguments, is_method=False)
    else:
        node = _expand_method(name, target, arguments, start, end)
    if node is not None:
        return node
    if name in MACROS:
        raise SyntaxFaultError(
            f"`{name}` is not written like this",
            code="expr.arguments",
            hint=f"write {MACROS[name]}",
            position=start,
            length=end - start,
        )
    return Call(start, end, name, arguments if target is None else (target, *arguments), is_method=target is not None)


def _expand_function(name: str, arguments: tuple[Node, ...], start: int, end: int) -> Node | None:
    match name, arguments:
        case "has", ((Select() | Index(index=Literal(value=str()))) as operand,):
            return Has(start, end, operand)
        case "default", (operand, fallback):
            return Default(start, end, operand, fallback)
        case "not", (operand,):
            return Unary(start, end, "!", operand)
        case "case", (_, _, *_, otherwise) if len(arguments) % 2:
            branches = tuple(zip(arguments[:-1:2], arguments[1::2], strict=True))
            return Conditional(start, end, branches, otherwise)
        case _:
            return None


def _expand_method(name: str, target: Node, arguments: tuple[Node, ...], start: int, end: int) -> Node | None:
    kind = _LOOPS.get(name)
    if kind is None:
        return None
    is_pair = kind.is_transform
    match arguments:
        case (Name(name=variable), body) if not is_pair:
            return Loop(start, end, kind, target, (variable,), None, body)
        case (Name(name=variable), condition, body) if kind is LoopKind.MAP:
            return Loop(start, end, kind, target, (variable,), condition, body)
        case (Name(name=key), Name(name=value), body) if key != value and (is_pair or kind in _QUANTIFIERS):
            return Loop(start, end, kind, target, (key, value), None, body)
        case (Name(name=key), Name(name=value), condition, body) if key != value and is_pair:
            return Loop(start, end, kind, target, (key, value), condition, body)
        case _:
            return None
