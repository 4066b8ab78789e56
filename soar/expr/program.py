"""A compiled expression."""

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field

from soar.expr.check import Reference, check
from soar.expr.closures import SECRETS, Code
from soar.expr.compile import compile_node, count_cost
from soar.expr.errors import EvaluationError, ExpressionError
from soar.expr.frame import Frame, Scope
from soar.expr.kinds import StaticType
from soar.expr.labels import Label
from soar.expr.limits import SMALL, measure
from soar.expr.parser import parse
from soar.expr.syntax import Node
from soar.expr.trace import Trace
from soar.model.values import Value


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """A compiled expression; it never changes and may be used by many at once.

    Attributes:
        source: the text it was compiled from.
        roots: the names that it reads from the scope.
        references: every path that it reads, in source order.
        result: the kind of its value as far as its form says; what it reads from the scope is `DYN`.
        node: its syntax tree.
    """

    source: str
    roots: frozenset[str]
    references: tuple[Reference, ...]
    result: StaticType
    node: Node = field(repr=False)
    _code: Code = field(repr=False)
    _cost: int = field(repr=False)

    def evaluate(self, scope: Scope, *, trace: Trace | None = None) -> Value:
        """Return its value.

        Args:
            scope: the names that it may read.
            trace: takes down the values of its parts, which makes it slower.

        Raises:
            MissingError: it reads something that is not there.
            FuelError: it does more work than the scope allows.
            EvaluationError: it has no value for another reason, reads a secret, or its value is larger than 256 KiB.
        """
        code = self._code if trace is None else compile_node(self.node, self.source, trace)
        try:
            if SECRETS in self.roots:
                raise _refuse_secret()
            frame = Frame(scope)
            frame.spend(self._cost)
            value = code(frame)
            if type(value) not in SMALL:
                measure(value)
        except ExpressionError as error:
            error.place(0, len(self.source))
            raise
        return value

    def label(self, labels: Mapping[str, Label]) -> Label:
        """Return how far its value may be trusted, given the labels of names.

        A name without a label is not trusted, and `secrets` is always secret.
        """
        found = [Label.SECRET if root == SECRETS else labels.get(root, Label.UNTRUSTED) for root in self.roots]
        return Label.TRUSTED.join(*found)


@functools.lru_cache(maxsize=4096)
def compile_expression(source: str) -> Program:
    """Return a program for an expression; equal texts give the same one.

    Raises:
        SyntaxFaultError: the text is no expression, calls what is no function, or exceeds a limit of
            `soar.expr.limits`.
    """
    node = parse(source)
    findings = check(node)
    roots = frozenset(reference.path[0] for reference in findings.references)
    return Program(
        source, roots, findings.references, findings.result, node, compile_node(node, source), count_cost(node)
    )


def _refuse_secret() -> EvaluationError:
    return EvaluationError(
        "a secret cannot be part of an expression",
        code="expr.secret",
        hint="write it alone, as a value in `with:`: ${{ secrets.name }}",
    )
