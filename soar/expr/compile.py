"""A syntax tree as closures.

Fuel for visiting nodes is taken in advance: an expression pays for all its nodes outside of loops at the start, and a
loop for those of its body before each turn; a call costs what its function does. So the closures themselves count
nothing.
"""

from collections.abc import Iterator
from typing import assert_never, cast

from soar.expr.check import infer
from soar.expr.closures import (
    Code,
    Condition,
    build_chain,
    build_conditional,
    build_default,
    build_has,
    build_index,
    build_list,
    build_loop,
    build_map,
    build_path,
    build_select,
    build_walk,
)
from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.functions import FUNCTIONS
from soar.expr.kinds import StaticType
from soar.expr.operators import OPERATORS, negate, refuse_condition
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
    list_children,
    read_path,
)
from soar.expr.trace import Trace, TraceEntry
from soar.model.values import Value


def count_cost(node: Node) -> int:
    """Return the fuel that visiting a node takes, without the turns of its loops."""
    if isinstance(node, Loop):
        return 1 + count_cost(node.operand)
    own = FUNCTIONS[node.name].cost if isinstance(node, Call) else 1
    return own + sum(map(count_cost, list_children(node)))


def compile_node(node: Node, source: str, trace: Trace | None = None) -> Code:
    """Return the closure that evaluates a node.

    Args:
        node: what `soar.expr.check` has passed.
        source: the text it was parsed from.
        trace: takes down the values of its parts whenever the closure is called.
    """
    return _Compiler(node, source, trace).compile(node)


def _list_conditions(node: Node) -> Iterator[Node]:
    """Yield the parts that a condition is made of with `&&`, `||` and `!`."""
    if isinstance(node, Chain) or (isinstance(node, Unary) and node.operator == "!"):
        for child in list_children(node):
            yield from _list_conditions(child)
    else:
        yield node


class _Compiler:
    """Turns one tree into closures; knows which variables are bound where it stands."""

    def __init__(self, root: Node, source: str, trace: Trace | None) -> None:
        self._source = source
        self._trace = trace
        self._conditions = frozenset(_list_conditions(root))
        self._variables: list[str] = []

    def compile(self, node: Node) -> Code:
        code = self._compile(node)
        if self._trace is None or self._variables or isinstance(node, Literal):
            return code
        return self._record(node, code, self._trace)

    def _compile(self, node: Node) -> Code:  # noqa: C901, PLR0912 - one line a kind of node
        match node:
            case Literal():
                value = node.value
                return lambda _: value
            case Name() | Select() | Index():
                return self._compile_path(node)
            case ListNode():
                return build_list([self.compile(element) for element in node.elements])
            case MapNode():
                return build_map(node, [(self.compile(key), self.compile(value)) for key, value in node.entries])
            case Unary():
                return self._compile_unary(node)
            case Binary():
                return self._compile_binary(node)
            case Chain():
                conditions = [self._compile_condition(operand) for operand in node.operands]
                return build_chain(conditions, decisive=node.operator == "||")
            case Conditional():
                branches = [
                    (self._compile_condition(condition), self.compile(value)) for condition, value in node.branches
                ]
                return build_conditional(branches, self.compile(node.otherwise))
            case Has():
                return build_has(self.compile(node.operand))
            case Default():
                return build_default(self.compile(node.operand), self.compile(node.fallback))
            case Loop():
                return self._compile_loop(node)
            case Call():
                return self._compile_call(node)
            case _:
                assert_never(node)

    def _record(self, node: Node, code: Code, trace: Trace) -> Code:
        source = self._source[node.start : node.end]
        is_condition = node in self._conditions

        def note(value: Value, error: EvaluationError | None) -> None:
            trace.record(TraceEntry(source, node.start, node.end, value, error, is_condition))

        def run(frame: Frame) -> Value:
            try:
                value = code(frame)
            except EvaluationError as error:
                note(None, error)
                raise
            note(value, None)
            return value

        return run

    def _compile_path(self, node: Name | Select | Index) -> Code:
        path = read_path(node)
        if path and path[0] not in self._variables:
            return build_path(node, path)
        if isinstance(node, Name):
            slot = len(self._variables) - 1 - self._variables[::-1].index(node.name)
            return lambda frame: frame.variables[slot]
        if isinstance(node, Select):
            return build_select(node, self.compile(node.operand))
        return build_index(node, self.compile(node.operand), self.compile(node.index))

    def _compile_condition(self, node: Node) -> Condition:
        code = self.compile(node)
        if infer(node) is StaticType.BOOL:
            return cast("Condition", code)

        def run(frame: Frame) -> bool:
            value = code(frame)
            if value is True or value is False:
                return value
            error = refuse_condition(value)
            error.place(node.start, node.end)
            raise error

        return run

    def _compile_unary(self, node: Unary) -> Code:
        if node.operator == "!":
            condition = self._compile_condition(node.operand)
            return lambda frame: not condition(frame)
        operand = self.compile(node.operand)

        def run(frame: Frame) -> Value:
            value = operand(frame)
            try:
                return negate(value)
            except EvaluationError as error:
                error.place(node.start, node.end)
                raise

        return run

    def _compile_binary(self, node: Binary) -> Code:
        left, right, operate = self.compile(node.left), self.compile(node.right), OPERATORS[node.operator]

        def run(frame: Frame) -> Value:
            one = left(frame)
            other = right(frame)
            try:
                return operate(frame, one, other)
            except EvaluationError as error:
                error.place(node.start, node.end)
                raise

        return run

    def _compile_call(self, node: Call) -> Code:
        function = FUNCTIONS[node.name]
        arguments = [self.compile(argument) for argument in node.arguments]

        def run(frame: Frame) -> Value:
            values = [argument(frame) for argument in arguments]
            try:
                return function.apply(frame, values)
            except EvaluationError as error:
                error.place(node.start, node.end)
                raise

        return run

    def _compile_loop(self, node: Loop) -> Code:
        operand = self.compile(node.operand)
        slot = len(self._variables)
        self._variables.extend(node.variables)
        condition = None if node.condition is None else self._compile_condition(node.condition)
        body = self.compile(node.body) if node.kind.has_value else None
        test = condition if body is not None else self._compile_condition(node.body)
        del self._variables[slot:]
        cost = sum(map(count_cost, list_children(node)[1:]))
        return build_loop(node, build_walk(node, operand, slot, cost), test, body)
