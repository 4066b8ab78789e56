"""The smallest part of an expression about which two evaluators do not agree."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from soar.expr import ExpressionError
from soar.expr.parser import parse
from soar.expr.syntax import Has, Loop, Node, list_children
from soar.model.values import Value
from tests.fuzz.evaluators import Oracle, evaluate_ours
from tests.fuzz.outcomes import Outcome, agree, show
from tests.fuzz.printing import print_node

_MAX_TURNS = 8  # of a loop that are looked into


@dataclass(frozen=True, slots=True)
class Difference:
    """A part of an expression that two evaluators see differently, while they agree about all parts of it.

    Attributes:
        oracle: the other's name.
        text: the part, with values instead of the variables of loops around it.
        node: its tree; None if only the text as it was written makes the difference.
        operands: what the parts directly below it are, for us; of a loop what it walks over, of has() what it asks.
        ours: our outcome.
        theirs: the other's.
    """

    oracle: str
    text: str
    node: Node | None
    operands: tuple[Outcome, ...]
    ours: Outcome
    theirs: Outcome

    def describe(self) -> str:
        """Return it for people."""
        return f"{self.text}\n    ours   {show(self.ours)}\n    {self.oracle:6} {show(self.theirs)}"


def parse_or_none(source: str) -> Node | None:
    """Return the tree of an expression, or None if it has none with us."""
    try:
        return parse(source)
    except ExpressionError:
        return None


def find_differences(source: str, ours: Outcome, theirs: Outcome, oracle: Oracle) -> list[Difference]:
    """Return the smallest parts of an expression about which an oracle disagrees with us; none if it agrees."""
    if agree(ours, theirs):
        return []
    node = parse_or_none(source)
    found = list(_descend(node, oracle, {})) if node is not None else []
    return found or [Difference(oracle.name, source, None, (), ours, theirs)]


def _descend(node: Node, oracle: Oracle, values: Mapping[str, Value]) -> Iterator[Difference]:
    text = print_node(node, values)
    ours, theirs = evaluate_ours(text), oracle.evaluate(text)
    if agree(ours, theirs):
        return
    parts = _list_parts(node)
    found = [difference for part in parts for difference in _descend(part, oracle, values)]
    operands = tuple(evaluate_ours(print_node(part, values)) for part in parts)
    if isinstance(node, Loop) and not found:
        found = list(_enter(node, operands[0], oracle, values))
    yield from found or [Difference(oracle.name, text, node, operands, ours, theirs)]


def _list_parts(node: Node) -> tuple[Node, ...]:
    """Return what a node evaluates for itself: not a loop's body, nor the field that has() asks for."""
    match node:
        case Loop():
            return (node.operand,)
        case Has():
            return list_children(node.operand)[:1]
        case _:
            return list_children(node)


def _enter(node: Loop, walked: Outcome, oracle: Oracle, values: Mapping[str, Value]) -> Iterator[Difference]:
    """Look into a loop, with each element in its variable's place."""
    if isinstance(walked, list | dict) and len(node.variables) == 1:
        for element in islice(walked, _MAX_TURNS):
            inner = {**values, node.variables[0]: element}
            for part in list_children(node)[1:]:
                yield from _descend(part, oracle, inner)
