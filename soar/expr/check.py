"""What is known of an expression before it is evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Final, assert_never

from soar.expr.errors import EvaluationError, SyntaxFaultError, suggest
from soar.expr.functions import BUILTINS, FUNCTIONS
from soar.expr.kinds import KINDS, StaticType
from soar.expr.limits import MAX_LOOPS
from soar.expr.signature import Function, Style
from soar.expr.strings import compile_pattern
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
    LoopKind,
    MapNode,
    Name,
    Node,
    Select,
    Unary,
    list_children,
    read_path,
)

_NUMBERS: Final = frozenset({StaticType.INT, StaticType.DOUBLE})
_ARITHMETIC: Final = frozenset("+-*/%")
_JOINABLE: Final = frozenset({StaticType.STRING, StaticType.BYTES, StaticType.LIST})


@dataclass(frozen=True, slots=True)
class Reference:
    """A path that an expression reads.

    Attributes:
        path: the root's name and the fields, up to the first index that is no written text.
        position: offset in the source.
        length: how many characters it spans.
        guarded: it stands in `has()` or in the first argument of `default()`, so it may be missing.
    """

    path: tuple[str, ...]
    position: int
    length: int
    guarded: bool


@dataclass(frozen=True, slots=True)
class Findings:
    """What is known of an expression.

    Attributes:
        references: every path that it reads, in source order.
        result: the kind of its value.
    """

    references: tuple[Reference, ...]
    result: StaticType


def check(node: Node) -> Findings:
    """Check calls and loops, and collect what the expression reads.

    Raises:
        SyntaxFaultError: a function is unknown or called with the wrong number of arguments, a pattern is no regular
            expression, or loops are nested too deep.
    """
    references: list[Reference] = []
    _visit(node, references, frozenset(), is_guarded=False)
    return Findings(tuple(sorted(references, key=lambda reference: reference.position)), infer(node))


def _visit(
    node: Node, references: list[Reference], variables: frozenset[str], *, is_guarded: bool, loops: int = 0
) -> None:
    path = read_path(node)
    if path:
        if path[0] not in variables:
            references.append(Reference(path, node.start, node.end - node.start, is_guarded))
        return
    match node:
        case Loop():
            _check_nesting(node, loops)
            _visit(node.operand, references, variables, is_guarded=is_guarded, loops=loops)
            inner = variables.union(node.variables)
            for part in list_children(node)[1:]:
                _visit(part, references, inner, is_guarded=is_guarded, loops=loops + 1)
        case Default():
            _visit(node.operand, references, variables, is_guarded=True, loops=loops)
            _visit(node.fallback, references, variables, is_guarded=is_guarded, loops=loops)
        case _:
            if isinstance(node, Call):
                _check_call(node)
            for child in list_children(node):
                _visit(child, references, variables, is_guarded=is_guarded or isinstance(node, Has), loops=loops)


def _check_nesting(node: Loop, loops: int) -> None:
    if loops == MAX_LOOPS:
        raise _fault(node, f"loops are nested deeper than {MAX_LOOPS}", code="expr.size", hint="split it with `set:`")


def _check_call(node: Call) -> None:
    function = FUNCTIONS.get(node.name)
    if function is None:
        raise _fault(
            node,
            f"there is no function `{node.name}`",
            code="expr.unknown_function",
            hint=suggest(node.name, sorted(BUILTINS)),
        )
    if function.style is (Style.FUNCTION if node.is_method else Style.METHOD):
        form = f"{node.name}(x, …)" if node.is_method else f"x.{node.name}(…)"
        raise _fault(node, f"`{node.name}` is not called like this", code="expr.arguments", hint=f"write {form}")
    if not function.accepts(len(node.arguments)):
        raise _fault(node, f"`{node.name}` takes {_count_parameters(function, node)}", code="expr.arguments", hint=None)
    if function.is_pattern:
        _check_pattern(node.arguments[-1])


def _count_parameters(function: Function, node: Call) -> str:
    most = len(function.parameters) - node.is_method
    least = most - function.optional
    if function.is_variadic:
        return f"{least} argument or more"
    plural = "" if most == 1 else "s"
    return f"{most} argument{plural}" if most == least else f"{least} to {most} arguments"


def _check_pattern(node: Node) -> None:
    if not isinstance(node, Literal) or not isinstance(node.value, str):
        raise _fault(node, "the pattern must be written down as a text, not computed", code="expr.pattern", hint=None)
    try:
        compile_pattern(node.value)
    except EvaluationError as error:
        raise _fault(node, error.message, code=error.code, hint=None) from error


def _fault(node: Node, message: str, *, code: str, hint: str | None) -> SyntaxFaultError:
    return SyntaxFaultError(message, code=code, hint=hint, position=node.start, length=node.end - node.start)


def infer(node: Node) -> StaticType:  # noqa: C901 - one line a kind of node
    """Return the kind of a node's value as far as its form says."""
    match node:
        case Literal():
            return KINDS[type(node.value)]
        case Name() | Select() | Index():
            return StaticType.DYN
        case ListNode():
            return StaticType.LIST
        case MapNode():
            return StaticType.MAP
        case Chain() | Has():
            return StaticType.BOOL
        case Unary():
            return _infer_unary(node)
        case Binary():
            return _infer_binary(node)
        case Conditional():
            return reduce(StaticType.merge, (infer(value) for _, value in node.branches), infer(node.otherwise))
        case Default():
            return infer(node.operand).merge(infer(node.fallback))
        case Loop():
            return _LOOPS[node.kind]
        case Call():
            return FUNCTIONS[node.name].result
        case _:
            assert_never(node)


_LOOPS: Final[Mapping[LoopKind, StaticType]] = {
    LoopKind.ALL: StaticType.BOOL,
    LoopKind.EXISTS: StaticType.BOOL,
    LoopKind.EXISTS_ONE: StaticType.BOOL,
    LoopKind.FILTER: StaticType.LIST,
    LoopKind.MAP: StaticType.LIST,
    LoopKind.TRANSFORM_LIST: StaticType.LIST,
    LoopKind.TRANSFORM_MAP: StaticType.MAP,
}


def _infer_unary(node: Unary) -> StaticType:
    if node.operator == "!":
        return StaticType.BOOL
    operand = infer(node.operand)
    return operand if operand in _NUMBERS else StaticType.DYN


def _infer_binary(node: Binary) -> StaticType:
    if node.operator not in _ARITHMETIC:
        return StaticType.BOOL
    sides = {infer(node.left), infer(node.right)}
    if len(sides) == 1:
        side = sides.pop()
        return side if side in _NUMBERS or (node.operator == "+" and side in _JOINABLE) else StaticType.DYN
    return StaticType.DOUBLE if sides == _NUMBERS else StaticType.DYN
