"""What the names of a playbook stand for, as types: from its inputs, its own templates and the connectors' schemas."""

from collections.abc import Iterator, Mapping
from typing import Final

from soar.expr import (
    ALERT,
    Environment,
    ExpressionError,
    Program,
    Type,
    compile_expression,
    infer_type,
    parse_template,
    read_schema,
    read_type,
)
from soar.expr.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    TIMESTAMP,
    ListOf,
    MapOf,
    Maybe,
    Record,
    join_all,
    make_maybe,
    unwrap,
)
from soar.model.catalog import Catalog
from soar.model.playbook import InputSpec, Playbook
from soar.model.step import AskPeople, CallPlaybook, SetValues, Step, UseAction, WaitForEvent, walk_steps
from soar.model.values import JsonValue

_MAX_ELEMENTS: Final = 100  # of a written list are looked at
_MAX_PARTS: Final = 1000  # a type with more is not kept: a chain of steps could double it with each
_ANSWERED: Final = frozenset({"outputs", "undo", "poll"})
_BEFORE_ELEMENTS: Final = frozenset({"if", "foreach"})

_ERROR: Final = Record({"step": STRING, "code": STRING, "message": STRING, "attempts": INT})
_APPROVAL: Final = Record({"outcome": STRING, "comment": Maybe(STRING, is_nullable=True), "id": STRING})
_EVENT: Final = Record({"type": STRING, "at": TIMESTAMP, "subject": STRING, "data": DYN})
_RUN: Final = Record(
    {
        **dict.fromkeys(("id", "url", "playbook", "revision", "actor", "mode"), STRING),
        "started_at": TIMESTAMP,
        "case": Maybe(STRING, is_nullable=True),
    }
)


class Types:
    """The types of a playbook's names. Each step's is found once, when this is made, in the order of the document."""

    def __init__(self, playbook: Playbook, catalog: Catalog) -> None:
        self._catalog = catalog
        steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
        self._paths: Mapping[str, Step] = {step.path: step for step in steps}
        self._elements: dict[str, Environment] = {}
        self._answers: dict[str, Type] = {}
        fields: dict[str, Type] = {step.id: DYN for step in steps if step.id}
        self._names: dict[str, Type] = {
            "alert": ALERT,
            "config": MapOf(DYN),
            "error": _ERROR,
            "event": _EVENT,
            "inputs": Record({name: find_input_type(spec) for name, spec in playbook.inputs.items()}),
            "run": _RUN,
            "secrets": DYN,
        }
        self._names["vars"] = self._infer_map(playbook.variables, self._names)
        self._names["steps"] = Record(fields)
        self._fill(steps, fields)

    def _fill(self, steps: tuple[Step, ...], fields: dict[str, Type]) -> None:
        found: set[str] = set()
        for step in steps:
            if step.foreach is not None:
                listed = self._infer_source(step.foreach.expression, f"{step.path}/foreach")
                element = _limit(listed.element) if isinstance(listed, ListOf) else DYN
                self._elements[step.path] = {"item": element, step.foreach.name: element, "item_index": INT}
            if step.id and step.id not in found:
                found.add(step.id)
                fields[step.id] = self._describe_step(step)

    def find_environment(self, path: str) -> Environment:
        """Return the types of the names that an expression at a path of the document can read."""
        names = dict(self._names)
        for step, rest in self._list_around(path):
            head = rest.partition("/")[0]
            is_asked_once = head == "approve" and (step.gate is None or not step.gate.per_item)
            if step.path in self._elements and head not in _BEFORE_ELEMENTS and not is_asked_once:
                names |= self._elements[step.path]
            if head in _ANSWERED:
                names["output"] = self._find_answer(step)
            elif head == "verify":
                names["output"] = self._find_look(step) if rest == "verify/until" else self._find_answer(step)
        return names

    def infer(self, program: Program, path: str) -> Type:
        """Return the type of an expression at a path of the document."""
        return infer_type(program, self.find_environment(path))

    def _list_around(self, path: str) -> Iterator[tuple[Step, str]]:
        """Yield the steps that a path leads through, outermost first, each with the rest of the path."""
        end = path.find("/")
        while end != -1:
            step = self._paths.get(path[:end])
            if step is not None:
                yield step, path[end + 1 :]
            end = path.find("/", end + 1)

    def _find_answer(self, step: Step) -> Type:
        """Return the type of what a step's action answers."""
        return self._find_result(step.body.action) if isinstance(step.body, UseAction) else DYN

    def _find_look(self, step: Step) -> Type:
        """Return the type of what the action answers that looks for what a step did."""
        verify = step.body.verify if isinstance(step.body, UseAction) else None
        return DYN if verify is None or verify.action is None else self._find_result(verify.action)

    def _find_result(self, name: str) -> Type:
        if name not in self._answers:
            action = self._catalog.find_action(name)
            self._answers[name] = DYN if action is None else read_schema(action.result)
        return self._answers[name]

    def _describe_step(self, step: Step) -> Type:
        """Return the type of `steps.<id>`."""
        output = _limit(self._infer_output(step))
        element = Record({"status": STRING, "output": make_maybe(output, is_nullable=False), "error": _ERROR})
        outputs = step.body.outputs if isinstance(step.body, UseAction | CallPlaybook) else {}
        return Record(
            {
                "status": STRING,
                "output": output if step.foreach is None else ListOf(output),
                "outputs": _limit(self._infer_map(outputs, self.find_environment(f"{step.path}/outputs"))),
                "items": ListOf(element),
                "error": Maybe(_ERROR, is_nullable=False),
                "approval": Maybe(_APPROVAL, is_nullable=False),
                **dict.fromkeys(("started_at", "finished_at", "expires_at"), Maybe(TIMESTAMP, is_nullable=False)),
            }
        )

    def _infer_output(self, step: Step) -> Type:
        """Return the type of what a step, or one element of its loop, produces."""
        match step.body:
            case UseAction(outputs=outputs) | CallPlaybook(outputs=outputs) if outputs:
                return self._infer_map(outputs, self.find_environment(f"{step.path}/outputs"))
            case UseAction():
                return self._find_answer(step)
            case AskPeople(fields=fields):
                return Record({name: read_type(question.type) for name, question in fields.items()})
            case WaitForEvent():
                return _EVENT
            case SetValues(values=values):
                return self._infer_map(values, self.find_environment(f"{step.path}/set"))
            case _:
                return DYN

    def _infer_source(self, source: str, path: str) -> Type:
        try:
            return unwrap(self.infer(compile_expression(source), path))
        except ExpressionError:
            return DYN  # reported where it stands

    def _infer_map(self, values: Mapping[str, JsonValue], names: Environment) -> Record:
        return Record({name: _limit(infer_template(value, names)) for name, value in values.items()})


def find_input_type(spec: InputSpec) -> Type:
    """Return the type of an input's value; one that need not be given may be null."""
    type_ = read_type(spec.type)
    return type_ if spec.is_required else make_maybe(type_, is_nullable=True)


def infer_template(value: JsonValue, names: Environment) -> Type:
    """Return the type of what a template renders to; `DYN` where it cannot be read, which is reported elsewhere."""
    match value:
        case str():
            return _infer_text(value, names)
        case list():
            return ListOf(join_all([infer_template(part, names) for part in value]) if _is_short(value) else DYN)
        case dict():
            return Record({key: infer_template(part, names) for key, part in value.items()})
        case bool():
            return BOOL
        case int():
            return INT
        case float():
            return DOUBLE
        case None:
            return NULL


def _infer_text(text: str, names: Environment) -> Type:
    try:
        template = parse_template(text)
    except ExpressionError:
        return DYN
    if template.secrets:
        return DYN
    return infer_type(template.programs[0][1], names) if template.is_whole else STRING


def _is_short(elements: list[JsonValue]) -> bool:
    return len(elements) <= _MAX_ELEMENTS


def _limit(type_: Type) -> Type:
    """Return a type, or `DYN` if it has so many parts that looking at it takes long."""
    waiting, count = [type_], 0
    while waiting:
        count += 1
        if count > _MAX_PARTS:
            return DYN
        match waiting.pop():
            case ListOf(element=inner) | MapOf(value=inner) | Maybe(inner=inner):
                waiting.append(inner)
            case Record(fields=fields):
                waiting.extend(fields.values())
            case _:
                continue
    return type_
