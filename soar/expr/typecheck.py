"""An expression held against the types of what it reads, before it meets data."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, assert_never

from soar.expr.arithmetic import NUMBERS, SUMS, may_be_added
from soar.expr.faults import FaultKind, TypeFault
from soar.expr.functions import FUNCTIONS
from soar.expr.guards import Known, learn, learn_all
from soar.expr.kinds import KINDS, StaticType
from soar.expr.program import Program
from soar.expr.signature import Function, Style
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
    read_path,
)
from soar.expr.types import (
    BOOL,
    DYN,
    INT,
    STRING,
    Environment,
    ListOf,
    MapOf,
    Maybe,
    Record,
    Scalar,
    Type,
    join,
    join_all,
    kind_of_type,
    type_of_kind,
    unwrap,
)

_MAX_SHOWN: Final = 8
_GUARD: Final = "guard it: default(…, …) or has(…)"
_CONTAINERS: Final = frozenset({StaticType.LIST, StaticType.MAP})
_SIZED: Final = _CONTAINERS | {StaticType.STRING, StaticType.BYTES}
_ORDERED: Final = frozenset(
    {StaticType.STRING, StaticType.BYTES, StaticType.BOOL, StaticType.TIMESTAMP, StaticType.DURATION}
)
_ELEMENTS: Final[Mapping[str, frozenset[StaticType]]] = {
    "join": frozenset({StaticType.STRING}),
    "in_any_cidr": frozenset({StaticType.STRING}),
    "sort": _ORDERED | NUMBERS | {StaticType.IP},
    "sum": NUMBERS | {StaticType.DURATION},
    "math.least": NUMBERS,
    "math.greatest": NUMBERS,
}
"""What each function that looks into a list takes there."""
_SAME_ELEMENTS: Final = frozenset({"distinct", "sort", "reverse"})
_STRINGS: Final = frozenset({"split", "extract_urls", "extract_ips"})


@dataclass(frozen=True, slots=True)
class _View:
    """What is known where a node stands.

    Attributes:
        variables: the types of the loops' variables.
        known: what conditions have found out about paths.
        is_guarded: what is missing is caught around it.
    """

    variables: Mapping[str, Type]
    known: Known = field(default_factory=Known)
    is_guarded: bool = False

    def add(self, more: Known) -> "_View":
        """Return the view where more is known of paths."""
        return replace(self, known=self.known.join(more))

    def bind(self, variables: Mapping[str, Type]) -> "_View":
        """Return the view inside a loop; what was known of names that its variables hide is forgotten."""
        return replace(self, variables={**self.variables, **variables}, known=self.known.forget(variables))


def examine(program: Program, environment: Environment) -> tuple[Type, list[TypeFault]]:
    """Return the type of an expression's value if its names have these types, and what is wrong then, in source order.

    What may be missing or null is no fault inside `default()` and `has()`, and where a condition such as
    `has(x.y) && …` or `x.y != null ? … : …` has seen to it. A field that its record never has is one even there: the
    answer would always be the same. With `DYN` values anything may be done.
    """
    checker = _Checker(environment)
    type_ = checker.infer(program.node, _View({}))
    return type_, sorted(checker.faults, key=lambda fault: fault.position)


def infer_type(program: Program, environment: Environment) -> Type:
    """Return the type of an expression's value if its names have these types; of what is faulty as much as is known."""
    return _Checker(environment).infer(program.node, _View({}))


class _Checker:
    """Walks one tree, and notes down what is wrong on its way."""

    def __init__(self, environment: Environment) -> None:
        self.faults: list[TypeFault] = []
        self._environment = environment

    def _add(self, node: Node, message: str, hint: str | None = None, kind: FaultKind = FaultKind.MISMATCH) -> None:
        self.faults.append(TypeFault(kind, message, node.start, node.end - node.start, hint))

    def _miss(
        self, node: Node, message: str, name: str, known: Mapping[str, Type], advice: str | None, kind: FaultKind
    ) -> None:
        """Note down that there is no such name among those that there are."""
        length = node.end - node.start
        self.faults.append(TypeFault(kind, message, node.start, length, advice, name, tuple(known)))

    def infer(self, node: Node, view: _View) -> Type:  # noqa: C901, PLR0912 - one line a kind of node
        """Return a node's type."""
        match node:
            case Literal():
                return type_of_kind(KINDS[type(node.value)])
            case Name() | Select() | Index():
                return self._infer_path(node, view)
            case ListNode():
                return ListOf(join_all([self.infer(element, view) for element in node.elements]))
            case MapNode():
                return self._infer_map(node, view)
            case Unary():
                return self._infer_unary(node, view)
            case Binary():
                return self._infer_binary(node, view)
            case Chain():
                return self._infer_chain(node, view)
            case Conditional():
                return self._infer_conditional(node, view)
            case Has():
                self.infer(node.operand, replace(view, is_guarded=True))
                return BOOL
            case Default():
                guarded = self.infer(node.operand, replace(view, is_guarded=True))
                return join(unwrap(guarded), self.infer(node.fallback, view))
            case Loop():
                return self._infer_loop(node, view)
            case Call():
                return self._infer_call(node, view)
            case _:
                assert_never(node)

    def _infer_path(self, node: Name | Select | Index, view: _View) -> Type:
        found = self._find(node, view)
        if not isinstance(found, Maybe):
            return found
        path = read_path(node)
        is_there = path in view.known.filled or (path in view.known.present and not found.is_nullable)
        return found.inner if is_there or view.is_guarded else found

    def _find(self, node: Name | Select | Index, view: _View) -> Type:
        match node:
            case Name(name=name):
                return self._find_name(node, name, view)
            case Select(operand=operand, field=field) | Index(operand=operand, index=Literal(value=str() as field)):
                return self._find_field(node, self._need(operand, view), field, view)
            case Index():
                return self._find_element(node, view)
            case _:
                assert_never(node)

    def _find_name(self, node: Name, name: str, view: _View) -> Type:
        known = {**self._environment, **view.variables}
        if name not in known and not view.is_guarded and (name,) not in view.known.present:
            self._miss(node, f"there is no `{name}` here", name, known, None, FaultKind.NAME)
        return known.get(name, DYN)

    def _find_field(self, node: Select | Index, operand: Type, field: str, view: _View) -> Type:
        if isinstance(operand, Record):
            if field not in operand.fields and read_path(node) not in view.known.present:
                advice = _list_fields(operand.fields)
                self._miss(node, f"there is no field `{field}`", field, operand.fields, advice, FaultKind.FIELD)
            return operand.fields.get(field, DYN)
        if isinstance(operand, MapOf):
            return operand.value
        kind = kind_of_type(operand)
        if kind is not StaticType.DYN:
            self._add(node, f"{kind.describe()} has no field `{field}`", kind=FaultKind.FIELD)
        return DYN

    def _find_element(self, node: Index, view: _View) -> Type:
        operand, index = self._need(node.operand, view), kind_of_type(self._need(node.index, view))
        container = kind_of_type(operand)
        wanted = {StaticType.LIST: NUMBERS, StaticType.MAP: frozenset({StaticType.STRING})}.get(container, frozenset())
        if container is not StaticType.DYN and index not in wanted | {StaticType.DYN}:
            self._add(node, f"{index.describe()} is no index of {container.describe()}")
        elif not wanted and container is not StaticType.DYN:
            self._add(node, f"{container.describe()} has no elements")
        return _get_content(operand)

    def _need(self, node: Node, view: _View) -> Type:
        """Return the type of a part whose value has to be there."""
        type_ = self.infer(node, view)
        if isinstance(type_, Maybe):
            if type_.is_nullable:
                hint = "guard it: default(…, …) or x != null && …"
                self._add(node, "this may be null", hint, FaultKind.ABSENCE)
            else:
                self._add(node, "this may be missing", _GUARD, FaultKind.ABSENCE)
        return unwrap(type_)

    def _need_condition(self, node: Node, view: _View) -> None:
        kind = kind_of_type(self._need(node, view))
        if kind not in {StaticType.BOOL, StaticType.DYN}:
            hint = "did you mean `size(…) > 0`?" if kind in _SIZED else "compare it with something"
            self._add(node, f"{kind.describe()} is no condition", hint, FaultKind.CONDITION)

    def _infer_map(self, node: MapNode, view: _View) -> Type:
        values: dict[str, Type] = {}
        others: list[Type] = []
        for key, value in node.entries:
            kind = kind_of_type(self._need(key, view))
            if kind not in {StaticType.STRING, StaticType.DYN}:
                self._add(key, f"{kind.describe()} is no key of a map; keys are strings")
            type_ = self.infer(value, view)
            if isinstance(key, Literal) and isinstance(key.value, str):
                values[key.value] = type_
            else:
                others.append(type_)
        return MapOf(join_all([*values.values(), *others])) if others or not values else Record(values)

    def _infer_unary(self, node: Unary, view: _View) -> Type:
        if node.operator == "!":
            self._need_condition(node.operand, view)
            return BOOL
        operand = self._need(node.operand, view)
        kind = kind_of_type(operand)
        if kind not in NUMBERS | {StaticType.DYN}:
            self._add(node, f"`-` does not take {kind.describe()}")
        return operand if kind in NUMBERS else DYN

    def _infer_binary(self, node: Binary, view: _View) -> Type:
        if node.operator in {"==", "!="}:
            self._check_equality(node, self.infer(node.left, view), self.infer(node.right, view))
            return BOOL
        if node.operator == "in":
            self._check_membership(node, view)
            return BOOL
        left, right = self._need(node.left, view), self._need(node.right, view)
        if node.operator in {"<", "<=", ">", ">="}:
            self._check_order(node, kind_of_type(left), kind_of_type(right))
            return BOOL
        return self._infer_sum(node, left, right)

    def _check_equality(self, node: Binary, left: Type, right: Type) -> None:
        """Refuse what is never equal; null may be compared with anything."""
        kinds = {kind_of_type(unwrap(left)), kind_of_type(unwrap(right))}
        if len(kinds) > 1 and not kinds & {StaticType.NULL, StaticType.DYN} and kinds != NUMBERS:
            one, other = sorted(kind.describe() for kind in kinds)
            self._add(node, f"{one} never equals {other}", "convert one of them, such as string(…)")

    def _check_membership(self, node: Binary, view: _View) -> None:
        element, container = self.infer(node.left, view), self._need(node.right, view)
        kind = kind_of_type(container)
        if kind is StaticType.LIST:
            self._check_equality(node, element, _get_content(container))
        elif kind is StaticType.MAP:
            self._check_equality(node, element, STRING)
        elif kind is not StaticType.DYN:
            hint = "write text.contains(part)" if kind is StaticType.STRING else None
            self._add(node, f"`in` wants a list or a map on its right, not {kind.describe()}", hint)

    def _check_order(self, node: Binary, left: StaticType, right: StaticType) -> None:
        known = {left, right} - {StaticType.DYN}
        if not (known <= NUMBERS or (len(known) == 1 and known <= _ORDERED)):
            self._add(
                node,
                f"`{node.operator}` cannot put {left.describe()} and {right.describe()} in order",
                "convert one of them, such as int(…)" if StaticType.STRING in known else None,
            )

    def _infer_sum(self, node: Binary, left: Type, right: Type) -> Type:
        kinds = kind_of_type(left), kind_of_type(right)
        result = SUMS.get((node.operator, *kinds))
        if result is StaticType.LIST:
            return join(left, right)
        if result is not None:
            return Scalar(result)
        if not may_be_added(node.operator, *kinds):
            described = f"{kinds[0].describe()} and {kinds[1].describe()}"
            hint = "write string(…) around the other" if StaticType.STRING in kinds else None
            self._add(node, f"`{node.operator}` does not take {described}", hint)
        return DYN

    def _infer_chain(self, node: Chain, view: _View) -> Type:
        """Let each operand count on all others: an error in one does not matter if another decides."""
        outcome = node.operator == "&&"
        for operand in node.operands:
            others = [other for other in node.operands if other is not operand]
            self._need_condition(operand, view.add(learn_all(others, outcome=outcome)))
        return BOOL

    def _infer_conditional(self, node: Conditional, view: _View) -> Type:
        types: list[Type] = []
        for condition, value in node.branches:
            self._need_condition(condition, view)
            types.append(self.infer(value, view.add(learn(condition, outcome=True))))
            view = view.add(learn(condition, outcome=False))
        return join_all([*types, self.infer(node.otherwise, view)])

    def _infer_loop(self, node: Loop, view: _View) -> Type:
        operand = self._need(node.operand, view)
        kind = kind_of_type(operand)
        if kind not in _CONTAINERS | {StaticType.DYN}:
            self._add(node, f"`.{node.kind}()` walks over a list or a map, not {kind.describe()}")
        key = {StaticType.LIST: INT, StaticType.MAP: STRING}.get(kind, DYN)
        element = _get_content(operand)
        single = STRING if kind is StaticType.MAP else element
        types = (single,) if len(node.variables) == 1 else (key, element)
        inner = view.bind(dict(zip(node.variables, types, strict=True)))
        if node.condition is not None:
            self._need_condition(node.condition, inner)
            inner = inner.add(learn(node.condition, outcome=True))
        if node.kind.has_value:
            body = self.infer(node.body, inner)
            return MapOf(body) if node.kind is LoopKind.TRANSFORM_MAP else ListOf(body)
        self._need_condition(node.body, inner)
        return ListOf(single) if node.kind is LoopKind.FILTER else BOOL

    def _infer_call(self, node: Call, view: _View) -> Type:
        function = FUNCTIONS[node.name]
        is_alone = len(node.arguments) == 1
        arguments = [
            self._infer_argument(function, place, part, view, is_alone=is_alone)
            for place, part in enumerate(node.arguments)
        ]
        if node.name in _SAME_ELEMENTS:
            return arguments[0]
        return ListOf(STRING) if node.name in _STRINGS else type_of_kind(function.result)

    def _infer_argument(self, function: Function, place: int, node: Node, view: _View, *, is_alone: bool) -> Type:
        """Return an argument's type; one of many is what a list given alone would hold, so no list itself."""
        wanted = {KINDS[kind] for kind in function.parameters[min(place, len(function.parameters) - 1)]}
        if function.is_variadic and not is_alone:
            wanted.discard(StaticType.LIST)
        type_ = self.infer(node, view) if StaticType.NULL in wanted else self._need(node, view)
        kind = kind_of_type(type_)
        if kind not in wanted | {StaticType.DYN}:
            names = " or ".join(sorted(one.describe() for one in wanted))
            is_target = function.style is Style.METHOD and place == 0
            where = f"`.{function.name}()` is a method of" if is_target else f"`{function.name}()` wants"
            self._add(node, f"{where} {names}, not {kind.describe()}")
        elif function.name in _ELEMENTS and isinstance(type_, ListOf):
            self._check_elements(function.name, node, type_.element)
        return type_

    def _check_elements(self, name: str, node: Node, element: Type) -> None:
        """Hold the elements of a list against the function that takes it."""
        kind = kind_of_type(unwrap(element))
        if kind not in _ELEMENTS[name] | {StaticType.DYN}:
            hint = "write .map(x, string(x)) first" if _ELEMENTS[name] == {StaticType.STRING} else None
            self._add(node, f"`{name}()` cannot work with a list in which each is {kind.describe()}", hint)
        elif isinstance(element, Maybe) and element.is_nullable:
            self._add(node, "an element may be null", "write default(x, …) for each", FaultKind.ABSENCE)


def _list_fields(fields: Mapping[str, Type]) -> str | None:
    """Return a hint that names the fields that there are."""
    shown = ", ".join(islice(fields, _MAX_SHOWN))
    return f"it has {shown}{', …' if len(fields) > _MAX_SHOWN else ''}" if fields else None


def _get_content(container: Type) -> Type:
    match container:
        case ListOf(element=content) | MapOf(value=content):
            return content
        case _:
            return DYN
