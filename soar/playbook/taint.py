"""Texts that whoever causes an alert may choose, and where they come out."""

from collections.abc import Iterable, Mapping
from typing import Final

from soar.expr import ExpressionError, Program, StaticType, Type, compile_expression, parse_template
from soar.expr.types import kind_of_type, unwrap
from soar.model.playbook import InputSpec, Playbook
from soar.model.step import SetValues, walk_steps
from soar.model.values import JsonValue
from soar.playbook.finding import Severity
from soar.playbook.names import Fault

_OURS: Final = frozenset({"id", "source", "kind", "severity", "time", "received_at"})
"""Fields of an alert that a source's mapping or we ourselves choose."""
_FREE_TYPES: Final = frozenset({"string", "url", "email", "domain", "hostname", "object", "any"})
_TEXTS: Final = frozenset({StaticType.STRING, StaticType.LIST, StaticType.MAP, StaticType.DYN})


class Taint:
    """Which inputs, variables and `set:` values of a playbook hold texts from its alert."""

    def __init__(self, playbook: Playbook) -> None:
        self._paths: set[tuple[str, ...]] = set()
        for name, spec in playbook.inputs.items():
            if _is_free(spec) and spec.source is not None and self._has_hostile_source(spec.source):
                self._paths.add(("inputs", name))
        self._add_values(("vars",), playbook.variables)
        for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
            if isinstance(step.body, SetValues) and step.id:
                self._add_values(("steps", step.id, "output"), step.body.values)

    def is_hostile(self, program: Program, type_: Type) -> bool:
        """Return whether an expression's value may be a text that an attacker chose."""
        return kind_of_type(unwrap(type_)) in _TEXTS and self._reads_hostile(program)

    def _reads_hostile(self, program: Program) -> bool:
        return any(self._is_hostile_path(reference.path) for reference in program.references)

    def _is_hostile_path(self, path: tuple[str, ...]) -> bool:
        if path[0] == "alert":
            return len(path) == 1 or path[1] not in _OURS
        return any(path[:end] in self._paths for end in range(1, len(path) + 1))

    def _has_hostile_source(self, source: str) -> bool:
        try:
            return self._reads_hostile(compile_expression(source))
        except ExpressionError:
            return False  # reported where it stands

    def _add_values(self, root: tuple[str, ...], values: Mapping[str, JsonValue]) -> None:
        for name, value in values.items():
            if any(map(self._reads_hostile, _list_programs(value))):
                self._paths.add((*root, name))


def judge_reason(text: str, programs: Iterable[Program]) -> Fault | None:
    """Return what is wrong with a reason whose expressions are all hostile; one word of the author's own is enough."""
    rest = text
    for program in programs:
        rest = rest.replace(program.source, "", 1)
    if any(map(str.isalnum, rest)):
        return None
    message = "the reason is nothing but text that whoever caused the alert could choose"
    hint = "people see it fenced: say in your own words what is asked and why, with facts such as counts and verdicts"
    return Fault("P505", message, hint, is_at_key=True, severity=Severity.WARNING)


def _is_free(spec: InputSpec) -> bool:
    """Whether an input takes whatever text comes: not a number, a digest or one of a few words."""
    element = spec.type.replace("list<", "").replace("map<", "").strip(">?")
    return element in _FREE_TYPES and not spec.enum


def _list_programs(value: JsonValue) -> Iterable[Program]:
    try:
        return [program for _, program in parse_template(value).programs]
    except ExpressionError:
        return ()  # reported where it stands
