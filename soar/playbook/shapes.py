"""The kind of a value, as far as inputs, connectors and the playbook itself declare it."""

from collections.abc import Mapping
from typing import Final

from soar.expr import Program, StaticType
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.model.step import Step, UseAction
from soar.model.values import JsonValue

_INPUTS: Final = {
    "bool": StaticType.BOOL,
    "int": StaticType.INT,
    "duration": StaticType.DURATION,
    "timestamp": StaticType.TIMESTAMP,
    "ip": StaticType.IP,
    "object": StaticType.MAP,
    "number": StaticType.DYN,
    "any": StaticType.DYN,
}
_SCHEMAS: Final[Mapping[JsonValue, StaticType]] = {
    "array": StaticType.LIST,
    "object": StaticType.MAP,
    "string": StaticType.STRING,
    "integer": StaticType.INT,
    "number": StaticType.DOUBLE,
}


class Shapes:
    """What kinds of values the names of a playbook hold.

    Args:
        steps: by id.
    """

    def __init__(self, playbook: Playbook, catalog: Catalog, steps: Mapping[str, Step]) -> None:
        self._playbook = playbook
        self._catalog = catalog
        self._steps = steps

    def infer(self, program: Program) -> StaticType:
        """Return the kind of an expression's value: by its form, or, of a mere name, by what it stands for."""
        match program.references:
            case [reference] if reference.length == len(program.source) and program.result is StaticType.DYN:
                return self._find(reference.path)
            case _:
                return program.result

    def _find(self, path: tuple[str, ...]) -> StaticType:
        match path:
            case ("inputs", name) if name in self._playbook.inputs:
                return _find_input(self._playbook.inputs[name].type)
            case ("steps", name, "output", *rest) if name in self._steps:
                return self._find_output(self._steps[name], rest)
            case ("steps", _, "status"):
                return StaticType.STRING
            case _:
                return StaticType.DYN

    def _find_output(self, step: Step, rest: list[str]) -> StaticType:
        if not isinstance(step.body, UseAction):
            return StaticType.DYN
        if step.foreach is not None:
            return StaticType.DYN if rest else StaticType.LIST
        action = self._catalog.find_action(step.body.action)
        schema: JsonValue = dict(action.result) if action else None
        for name in rest:
            properties = schema.get("properties") if isinstance(schema, dict) else None
            schema = properties.get(name) if isinstance(properties, dict) else None
        kind = schema.get("type") if isinstance(schema, dict) else None
        return _SCHEMAS.get(kind, StaticType.DYN) if isinstance(kind, str) else StaticType.DYN


def _find_input(text: str) -> StaticType:
    if text.endswith("?"):
        return StaticType.DYN
    if text.startswith("list<"):
        return StaticType.LIST
    if text.startswith("map<"):
        return StaticType.MAP
    return _INPUTS.get(text, StaticType.STRING)
