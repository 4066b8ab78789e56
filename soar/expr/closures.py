"""The closures that an expression is made of, from closures for its parts."""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from soar.expr.errors import EvaluationError, FuelError, MissingError
from soar.expr.frame import Frame
from soar.expr.kinds import describe
from soar.expr.limits import FAULT
from soar.expr.syntax import Index, Loop, LoopKind, MapNode, Name, Node, Select
from soar.model.values import Value

Code: TypeAlias = Callable[[Frame], Value]
Condition: TypeAlias = Callable[[Frame], bool]
Walk: TypeAlias = Callable[[Frame], Iterable[Value]]

SECRETS = "secrets"
"""The one name that no expression reads: a secret travels beside the data, never in them."""


def build_path(node: Name | Select | Index, path: tuple[str, ...]) -> Code:
    """Return one closure that reads a root and all fields behind it: most of what is read is such a path."""
    root, *fields = path

    def run(frame: Frame) -> Value:
        try:
            value = frame.names[root]
            for field in fields:
                if type(value) is not dict:
                    raise _explain_path(node, path, frame)
                value = value[field]
        except KeyError:
            raise _explain_path(node, path, frame) from None
        return value

    return run


def _explain_path(node: Node, path: tuple[str, ...], frame: Frame) -> MissingError:
    """Walk a path again to say where it ends."""
    root, *fields = path
    length = node.end - node.start
    if root not in frame.names:
        return MissingError(
            f"there is no `{root}` here",
            code="expr.unknown_name",
            name=root,
            available=frame.names,
            position=node.start,
            length=length,
        )
    value = frame.names[root]
    shown = root
    for field in fields:
        if not isinstance(value, dict) or field not in value:
            return _explain_field(node, f"`{shown}`", field, value)
        value = value[field]
        shown = f"{shown}.{field}"
    raise AssertionError(path)


def _explain_field(node: Node, shown: str, field: str, value: Value) -> MissingError:
    is_map = isinstance(value, dict)
    return MissingError(
        f"{shown} has no field `{field}`" if is_map else f"{shown} is {describe(value)}, so it has no field `{field}`",
        name=field,
        available=value if isinstance(value, dict) else (),
        position=node.start,
        length=node.end - node.start,
    )


def build_select(node: Select, operand: Code) -> Code:
    """Return a closure that reads a field of what is no path."""
    field = node.field

    def run(frame: Frame) -> Value:
        value = operand(frame)
        if type(value) is not dict or field not in value:
            raise _explain_field(node, "this", field, value)
        return value[field]

    return run


def build_index(node: Index, operand: Code, index: Code) -> Code:
    """Return a closure that reads an element of a list or a map."""

    def run(frame: Frame) -> Value:
        container, key = operand(frame), index(frame)
        if isinstance(container, list):
            return _get_element(node, container, key)
        if not isinstance(key, str):
            raise _place(EvaluationError(f"{describe(key)} is no index of {describe(container)}"), node)
        if not isinstance(container, dict) or key not in container:
            raise _explain_field(node, "this", key[:40], container)
        return container[key]

    return run


def _get_element(node: Index, elements: list[Value], index: Value) -> Value:
    if isinstance(index, float) and index.is_integer():
        index = int(index)
    if type(index) is not int:
        raise _place(EvaluationError(f"{describe(index)} is no index of a list"), node)
    if not 0 <= index < len(elements):
        message = f"the list has {len(elements)} elements, so none at {index}"
        raise MissingError(message, position=node.start, length=node.end - node.start)
    return elements[index]


def _place(error: EvaluationError, node: Node) -> EvaluationError:
    error.place(node.start, node.end)
    return error


def build_list(elements: Sequence[Code]) -> Code:
    """Return a closure that makes a list."""
    return lambda frame: [element(frame) for element in elements]


def build_map(node: MapNode, entries: Sequence[tuple[Code, Code]]) -> Code:
    """Return a closure that makes a map."""

    def run(frame: Frame) -> Value:
        made: dict[str, Value] = {}
        for key_code, value_code in entries:
            key = _check_key(node, key_code(frame))
            if key in made:
                raise _place(EvaluationError("the map has a key twice"), node)
            made[key] = value_code(frame)
        return made

    return run


def _check_key(node: Node, key: Value) -> str:
    if isinstance(key, str):
        return key
    raise _place(EvaluationError(f"{describe(key)} is no key of a map; keys are strings"), node)


def build_chain(conditions: Sequence[Condition], *, decisive: bool) -> Code:
    """Return a closure that looks for a condition which decides: False in `&&`, True in `||`.

    An error counts only if no condition decides, whichever stands first.
    """

    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        for condition in conditions:
            try:
                if condition(frame) is decisive:
                    return decisive
            except FuelError:
                raise
            except EvaluationError as error:
                frame.spend(FAULT)
                fault = fault or error
        if fault is not None:
            raise fault
        return not decisive

    return run


def build_conditional(branches: Sequence[tuple[Condition, Code]], otherwise: Code) -> Code:
    """Return a closure that evaluates the value behind the first condition that holds, and no other."""

    def run(frame: Frame) -> Value:
        for condition, value in branches:
            if condition(frame):
                return value(frame)
        return otherwise(frame)

    return run


def build_has(operand: Code) -> Code:
    """Return a closure that says whether a path leads somewhere, be it to null."""

    def run(frame: Frame) -> bool:
        try:
            operand(frame)
        except MissingError:
            frame.spend(FAULT)
            return False
        return True

    return run


def build_default(operand: Code, fallback: Code) -> Code:
    """Return a closure that falls back if something is missing or null; other errors stay errors."""

    def run(frame: Frame) -> Value:
        try:
            value = operand(frame)
        except MissingError:
            frame.spend(FAULT)
            return fallback(frame)
        return fallback(frame) if value is None else value

    return run


def build_walk(node: Loop, operand: Code, slot: int, cost: int) -> Walk:
    """Return what binds a loop's variables to element after element, yields the first and pays for each turn."""

    def walk(frame: Frame) -> Iterable[Value]:
        for element in _get_elements(node, operand(frame)):
            frame.spend(cost)
            frame.variables[slot] = element
            yield element

    def walk_pairs(frame: Frame) -> Iterable[Value]:
        elements = _get_elements(node, operand(frame))
        for key, element in elements.items() if isinstance(elements, dict) else enumerate(elements):
            frame.spend(cost)
            frame.variables[slot] = key
            frame.variables[slot + 1] = element
            yield key

    return walk if len(node.variables) == 1 else walk_pairs


def _get_elements(node: Loop, elements: Value) -> list[Value] | dict[str, Value]:
    if isinstance(elements, list | dict):
        return elements
    message = f"`.{node.kind}()` walks over a list or a map, not {describe(elements)}"
    hint = "guard it: default(…, [])" if elements is None else None
    raise _place(EvaluationError(message, hint=hint), node)


def build_loop(node: Loop, walk: Walk, test: Condition | None, body: Code | None) -> Code:
    """Return the closure of a loop: `test` is its condition, if it has one, `body` what it makes of an element."""
    match node.kind:
        case LoopKind.MAP | LoopKind.TRANSFORM_LIST if body is not None:
            return lambda frame: [body(frame) for _ in walk(frame) if test is None or test(frame)]
        case LoopKind.TRANSFORM_MAP if body is not None:
            return lambda frame: {
                _check_key(node, key): body(frame) for key in walk(frame) if test is None or test(frame)
            }
        case LoopKind.FILTER if test is not None:
            return lambda frame: [element for element in walk(frame) if test(frame)]
        case LoopKind.EXISTS_ONE if test is not None:
            return lambda frame: sum(test(frame) for _ in walk(frame)) == 1
        case LoopKind.ALL | LoopKind.EXISTS if test is not None:
            return _build_quantifier(walk, test, decisive=node.kind is LoopKind.EXISTS)
        case _:
            raise AssertionError(node)


def _build_quantifier(walk: Walk, test: Condition, *, decisive: bool) -> Code:
    """Return a closure that looks for an element which decides, as a chain does among its conditions."""

    def run(frame: Frame) -> bool:
        fault: EvaluationError | None = None
        for _ in walk(frame):
            try:
                if test(frame) is decisive:
                    return decisive
            except FuelError:
                raise
            except EvaluationError as error:
                frame.spend(FAULT)
                fault = fault or error
        if fault is not None:
            raise fault
        return not decisive

    return run
