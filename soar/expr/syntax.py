"""The syntax tree of an expression."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias, assert_never


class LoopKind(StrEnum):
    """What a loop over a list's elements, or a map's keys, answers."""

    ALL = "all"
    EXISTS = "exists"
    EXISTS_ONE = "exists_one"
    FILTER = "filter"
    MAP = "map"
    TRANSFORM_LIST = "transformList"
    TRANSFORM_MAP = "transformMap"

    @property
    def is_transform(self) -> bool:
        """Whether it takes an element's index or key beside the element, always."""
        return self in {LoopKind.TRANSFORM_LIST, LoopKind.TRANSFORM_MAP}

    @property
    def has_value(self) -> bool:
        """Whether its last part is a value that it makes, not a condition."""
        return self is LoopKind.MAP or self.is_transform


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands in the source: offsets of its first character and behind its last."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literal(Place):
    """A value written down."""

    value: bool | float | str | bytes | None


@dataclass(frozen=True, slots=True)
class Name(Place):
    """A name: of a loop's variable, or of something that the scope gives."""

    name: str


@dataclass(frozen=True, slots=True)
class Select(Place):
    """`operand.field`."""

    operand: "Node"
    field: str


@dataclass(frozen=True, slots=True)
class Index(Place):
    """`operand[index]`."""

    operand: "Node"
    index: "Node"


@dataclass(frozen=True, slots=True)
class Call(Place):
    """`name(arguments)`, or `target.name(arguments)` with the target as the first argument."""

    name: str
    arguments: tuple["Node", ...]
    is_method: bool


@dataclass(frozen=True, slots=True)
class ListNode(Place):
    """`[elements]`."""

    elements: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class MapNode(Place):
    """`{key: value}`."""

    entries: tuple[tuple["Node", "Node"], ...]


@dataclass(frozen=True, slots=True)
class Unary(Place):
    """`!operand` or `-operand`."""

    operator: str
    operand: "Node"


@dataclass(frozen=True, slots=True)
class Binary(Place):
    """An operator between two operands, other than `&&` and `||`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Chain(Place):
    """Two or more operands with the same `&&` or `||` between them."""

    operator: str
    operands: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Conditional(Place):
    """`condition ? value : …`, or `case(condition, value, …, otherwise)`."""

    branches: tuple[tuple["Node", "Node"], ...]
    otherwise: "Node"


@dataclass(frozen=True, slots=True)
class Has(Place):
    """`has(operand)`: is it there."""

    operand: "Select | Index"


@dataclass(frozen=True, slots=True)
class Default(Place):
    """`default(operand, fallback)`: the fallback if the operand is missing or null."""

    operand: "Node"
    fallback: "Node"


@dataclass(frozen=True, slots=True)
class Loop(Place):
    """`operand.all(variable, body)` and its siblings.

    With two variables the first is an element's index or key. `condition` says which elements a value is made of.
    """

    kind: LoopKind
    operand: "Node"
    variables: tuple[str, ...]
    condition: "Node | None"
    body: "Node"


Node: TypeAlias = (
    Literal
    | Name
    | Select
    | Index
    | Call
    | ListNode
    | MapNode
    | Unary
    | Binary
    | Chain
    | Conditional
    | Has
    | Default
    | Loop
)


def list_children(node: Node) -> tuple[Node, ...]:  # noqa: C901 - one line a kind of node
    """Return the nodes directly below a node, in source order."""
    match node:
        case Literal() | Name():
            return ()
        case Select() | Unary() | Has():
            return (node.operand,)
        case Index():
            return (node.operand, node.index)
        case Call():
            return node.arguments
        case ListNode():
            return node.elements
        case MapNode():
            return tuple(part for entry in node.entries for part in entry)
        case Binary():
            return (node.left, node.right)
        case Chain():
            return node.operands
        case Conditional():
            return (*(part for branch in node.branches for part in branch), node.otherwise)
        case Default():
            return (node.operand, node.fallback)
        case Loop():
            condition = () if node.condition is None else (node.condition,)
            return (node.operand, *condition, node.body)
        case _:
            assert_never(node)


def read_path(node: Node) -> tuple[str, ...]:
    """Return the root's name and the fields that a node reads, or () if it is no such path."""
    fields: list[str] = []
    while True:
        match node:
            case Name(name=name):
                return (name, *reversed(fields))
            case Select(operand=operand, field=field) | Index(operand=operand, index=Literal(value=str() as field)):
                fields.append(field)
                node = operand
            case _:
                return ()
