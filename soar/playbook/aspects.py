"""A playbook and its steps as plain data under the words of the language, so that two of them can be compared.

Attributes are read from the model's own records, so that nothing a playbook can say is left out by mistake.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final, TypeAlias

from soar.expr import print_duration
from soar.model.errors import BugError
from soar.model.playbook import (
    AlertTrigger,
    CallTrigger,
    EventTrigger,
    InputSpec,
    ManualTrigger,
    Playbook,
    ScheduleTrigger,
    Trigger,
)
from soar.model.step import (
    CallPlaybook,
    ChooseSteps,
    Gate,
    GroupSteps,
    OnDeny,
    OnFailure,
    ParallelSteps,
    Step,
    UndoSpec,
)
from soar.model.values import JsonValue

Aspects: TypeAlias = dict[str, JsonValue]

_WORDS: Final[Mapping[str, str]] = {
    "action": "uses",
    "arguments": "with",
    "condition": "if",
    "expression": "in",
    "gate": "approve",
    "has_fail_fast": "fail_fast",
    "has_jitter": "jitter",
    "has_veto": "veto",
    "is_enabled": "enabled",
    "is_required": "required",
    "is_secret": "secret",
    "limit": "max",
    "may_choose": "subset",
    "maximum": "max",
    "message": "fail",
    "minimum": "min",
    "moment": "until",
    "source": "from",
    "sources": "source",
    "values": "set",
    "variables": "vars",
}
"""What the language calls an attribute, where that is another word."""

_DEFAULTS: Final[Mapping[str, str]] = {
    "default_timeout": "timeout",
    "default_retry": "retry",
    "default_gate": "approve",
    "default_connections": "connection",
}
_APART: Final = frozenset({"id", "revision", "locations", "triggers", "steps", "on_failure", "finally_"})
"""Attributes of a playbook that are compared in another way, or say nothing of what it does."""


def describe_playbook(playbook: Playbook) -> Aspects:
    """Return everything that a playbook says but its steps; what it does not say is left out."""
    names = [field.name for field in fields(playbook)]
    own = _write_fields(playbook, (name for name in names if name not in _APART and name not in _DEFAULTS))
    defaults = _write_fields(playbook, _DEFAULTS)
    triggers: Aspects = {}
    for trigger in playbook.triggers:
        kind = _name_trigger(trigger)
        alike = sum(name.partition("[")[0] == kind for name in triggers)
        triggers[f"{kind}[{alike}]" if alike else kind] = _write(trigger)
    return {**own, "on": triggers, "defaults": {_DEFAULTS[name]: value for name, value in defaults.items()}}


def describe_step(step: Step) -> Aspects:
    """Return everything that a step says but the steps inside it; what it does not say is left out."""
    names = [field.name for field in fields(step) if field.name not in {"path", "body"}]
    return {**_write_fields(step, names), "kind": step.body.kind, **_describe_body(step)}


def _describe_body(step: Step) -> Aspects:
    match step.body:
        case GroupSteps():
            return {}
        case ParallelSteps(branches=branches, has_fail_fast=has_fail_fast):
            return {"parallel": [*branches], "fail_fast": has_fail_fast}
        case ChooseSteps(choices=choices, otherwise=otherwise):
            return {"choose": [choice.condition for choice in choices], "else": bool(otherwise)}
        case CallPlaybook(playbook=name) as body:
            return {**_write_fields(body, ("arguments", "outputs")), "uses": f"playbook.{name}"}
        case body:
            return _write_fields(body, [field.name for field in fields(body)])


def _name_trigger(trigger: Trigger) -> str:
    match trigger:
        case AlertTrigger():
            return "alert"
        case ManualTrigger():
            return "manual"
        case CallTrigger():
            return "call"
        case ScheduleTrigger():
            return "schedule"
        case EventTrigger():
            return "event"


def _write(value: object) -> JsonValue:
    match value:
        case StrEnum():
            return value.value
        case None | bool() | int() | float() | str():
            return value
        case timedelta():
            return print_duration(value)
        case Mapping():
            return {str(name): _write(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_write(inner) for inner in value]
        case _:
            return _write_record(value)


def _write_record(record: object) -> JsonValue:
    match record:
        case OnFailure(then=then) | OnDeny(then=then):
            return then.value
        case UndoSpec(action=None):
            return "auto"
        case Gate():
            return _describe_gate(record)
        case InputSpec():
            return _describe_input(record)
        case _ if is_dataclass(record):
            return _write_fields(record, [field.name for field in fields(record)])
        case _:
            raise BugError(f"a playbook holds a {type(record).__name__}, which cannot be compared")


def _describe_gate(gate: Gate) -> Aspects:
    names = [field.name for field in fields(gate) if field.name != "per_item"]
    return {**_write_fields(gate, names), "per": "item" if gate.per_item else "batch"}


def _describe_input(spec: InputSpec) -> Aspects:
    names = [field.name for field in fields(spec) if field.name not in {"id", "has_default", "default"}]
    default: Aspects = {"default": spec.default} if spec.has_default else {}
    return {**_write_fields(spec, names), **default}


def _write_fields(record: object, names: Iterable[str]) -> Aspects:
    values = {name: getattr(record, name) for name in names}
    return {_WORDS.get(name, name): _write(value) for name, value in values.items() if value is not None}
