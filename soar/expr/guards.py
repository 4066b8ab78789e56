"""What is known to be there because a condition has said so: `has(x.y) && x.y > 1`."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from soar.expr.syntax import Binary, Chain, Has, Literal, Node, Unary, read_path

Path: TypeAlias = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of paths.

    Attributes:
        present: those that lead somewhere, be it to null.
        filled: those that lead to something other than null.
    """

    present: frozenset[Path] = frozenset()
    filled: frozenset[Path] = frozenset()

    def join(self, *others: "Known") -> "Known":
        """Return what is known if all of it holds."""
        return Known(
            self.present.union(*(other.present for other in others)),
            self.filled.union(*(other.filled for other in others)),
        )

    def forget(self, roots: Collection[str]) -> "Known":
        """Return what is known of paths that begin with other names."""
        return Known(
            frozenset(path for path in self.present if path[0] not in roots),
            frozenset(path for path in self.filled if path[0] not in roots),
        )


_NOTHING: Final = Known()


def learn(condition: Node, *, outcome: bool) -> Known:
    """Return what is known of paths if a condition comes to an outcome."""
    match condition:
        case Has(operand=operand) if outcome:
            path = read_path(operand)
            return Known(frozenset(_list_prefixes(path)), frozenset(_list_prefixes(path[:-1])))
        case Unary(operator="!", operand=operand):
            return learn(operand, outcome=not outcome)
        case Chain(operator=operator, operands=operands) if outcome is (operator == "&&"):
            return learn_all(operands, outcome=outcome)
        case Binary(operator=operator, left=left, right=right) if operator == ("!=" if outcome else "=="):
            return _learn_filled(left, right).join(_learn_filled(right, left))
        case _:
            return _NOTHING


def learn_all(conditions: Iterable[Node], *, outcome: bool) -> Known:
    """Return what is known of paths if all of some conditions come to an outcome."""
    return _NOTHING.join(*(learn(condition, outcome=outcome) for condition in conditions))


def _learn_filled(one: Node, other: Node) -> Known:
    """Return what is known if something is not null."""
    if not isinstance(other, Literal) or other.value is not None:
        return _NOTHING
    prefixes = frozenset(_list_prefixes(read_path(one)))
    return Known(prefixes, prefixes)


def _list_prefixes(path: Path) -> Iterable[Path]:
    return (path[:end] for end in range(1, len(path) + 1))
