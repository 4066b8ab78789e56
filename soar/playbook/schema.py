"""The language as JSON Schema (2020-12), for editors: what may stand where, with the installed connectors in it.

What it refuses is refused by the parser, by the checker, or, where a literal argument does not fit a connector's own
pattern, by the connector once it is called. What needs more than a look at one value, such as names and types in
expressions, is left to the checker.
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from soar.model.catalog import Catalog
from soar.model.errors import ActionCode
from soar.model.event import EventType
from soar.model.playbook import CatchUp, OnDuplicate, Overlap, Rollback
from soar.model.run import Mode
from soar.model.step import EXCLUDABLE, AfterSilence, Assurance, Backoff
from soar.model.values import JsonValue
from soar.playbook import grammar
from soar.playbook.parameters import COMPUTED, Schema, describe_calls, describe_parameters, describe_uses
from soar.playbook.questions import FIELD_TYPES
from soar.playbook.words import CHANNEL, OWNER, PRINCIPAL, SCALAR_TYPES, STEP_ID

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

_EXTENSION: Final = "^x-"
_DURATION: Final = r"^(?=.)([0-9]{1,9}w)?([0-9]{1,9}d)?([0-9]{1,9}h)?([0-9]{1,9}m)?([0-9]{1,12}(\.[0-9]{1,6})?s)?$"
_TYPE: Final = rf"^((list|map)<)*({'|'.join(SCALAR_TYPES)})\??(>\??)*$"
_ONE_EXPRESSION: Final = r"^\s*\$\{\{(?![\s\S]*\$\{\{)[\s\S]*\}\}\s*$"

_ANY: Final[Schema] = {}
_BOOL: Final[Schema] = {"type": "boolean"}
_NUMBER: Final[Schema] = {"type": "number"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 1}
_TEXT: Final[Schema] = {"type": "string", "minLength": 1}
_MAP: Final[Schema] = {"type": "object"}
_LIST: Final[Schema] = {"type": "array"}


def build_schema(catalog: Catalog) -> Schema:
    """Return the schema of a playbook's document.

    Args:
        catalog: the installed connectors, whose actions and parameters the schema names.
    """
    return {
        "$schema": DIALECT,
        "title": "Playbook",
        **_describe_playbook(),
        "$defs": {**_describe_words(), **_describe_steps(catalog), **describe_parameters(catalog)},
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/$defs/{name}"}


def _object(keys: grammar.Keys, values: Mapping[str, Schema], required: Iterable[str] = ()) -> Schema:
    """Return the schema of a map with known keys, each with its description."""
    return {
        "type": "object",
        "properties": {key: {**values[key], "description": text} for key, text in keys.items()},
        "required": [*required],
        "patternProperties": {_EXTENSION: True},
        "additionalProperties": False,
    }


def _map_of(value: Schema) -> Schema:
    """Return the schema of a map whose keys are ids."""
    return {
        "type": "object",
        "patternProperties": {_whole(STEP_ID): value, _EXTENSION: True},
        "additionalProperties": False,
    }


def _any_of(*choices: Schema) -> Schema:
    return {"anyOf": [*choices]}


def _list_of(value: Schema) -> Schema:
    """Return the schema of a list, or of one element in place of a list of one."""
    return _any_of(value, {"type": "array", "items": value})


def _words(*choices: str) -> Schema:
    return {"enum": [*choices]}


def _names(kind: type[StrEnum]) -> Schema:
    return {"enum": [member.value for member in kind]}


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^(?:{pattern.pattern})$"


def _describe_words() -> dict[str, JsonValue]:
    """Return the values that have a form of their own."""
    whole: Schema = {"type": "string", "pattern": _ONE_EXPRESSION}
    bare: Schema = {"type": "string", "not": {"pattern": r"\$\{\{"}}
    return {
        COMPUTED: {"type": "string", "pattern": r"\$\{\{"},
        "duration": {"type": "string", "pattern": _DURATION, "description": "90s, 15m, 1h30m, 2d or 1w."},
        "expression": _any_of(bare, whole, _BOOL, _NUMBER),
        "principal": {"type": "string", "pattern": _whole(PRINCIPAL)},
        "channel": {"type": "string", "pattern": _whole(CHANNEL)},
        "id": {"type": "string", "pattern": _whole(STEP_ID)},
    }


def _describe_playbook() -> Schema:
    values: dict[str, Schema] = {
        "name": _TEXT,
        "description": _TEXT,
        "owner": {"type": "string", "pattern": _whole(OWNER)},
        "tags": _list_of(_TEXT),
        "saves": _ref("duration"),
        "enabled": _BOOL,
        "mode": _names(Mode),
        "schema": {"const": 1},
        "on": _any_of(
            {**_describe_triggers(), "minProperties": 1}, {**_LIST, "items": _describe_triggers(), "minItems": 1}
        ),
        "inputs": _describe_inputs(),
        "vars": _map_of(_ANY),
        "dedupe": _describe_dedupe(),
        "concurrency": _describe_concurrency(),
        "case": _object(grammar.CASE, {"title": _TEXT, "key": _ref("expression"), "severity": _ANY}, ("title", "key")),
        "notify": _describe_notify(),
        "defaults": _describe_defaults(),
        "rollback": _names(Rollback),
        "timeout": _ref("duration"),
        "steps": _ref("steps"),
        "on_failure": _ref("steps"),
        "finally": _ref("steps"),
        "outputs": _map_of(_ANY),
    }
    return _object(grammar.PLAYBOOK, values, ("name", "on", "steps"))


def _describe_triggers() -> Schema:
    sources = _list_of(_TEXT)
    alert = _object(grammar.ALERT, {"source": sources, "match": _ref("expression")})
    moments = {"cron": _TEXT, "every": _ref("duration"), "timezone": _TEXT, "catch_up": _names(CatchUp)}
    schedule: Schema = {
        **_object(grammar.SCHEDULE, moments),
        "oneOf": [{"required": ["cron"]}, {"required": ["every"]}],
    }
    manual = _object(grammar.MANUAL, {"by": _list_of(_ref("principal"))})
    event = _object(grammar.EVENT, {"type": _names(EventType), "match": _ref("expression")}, ("type",))
    call = _object(grammar.CALL, {})
    kinds = {"alert": alert, "schedule": schedule, "manual": manual, "call": call, "event": event}
    return _object(grammar.TRIGGERS, kinds)


def _describe_inputs() -> Schema:
    values: dict[str, Schema] = {
        "type": _any_of(_words(*SCALAR_TYPES), {"type": "string", "pattern": _TYPE}),
        "from": _ref("expression"),
        "default": _ANY,
        "required": _BOOL,
        "enum": _LIST,
        "min": _NUMBER,
        "max": _NUMBER,
        "pattern": _TEXT,
        "description": _TEXT,
        "secret": _BOOL,
    }
    return _map_of(_object(grammar.INPUT, values, ("type",)))


def _describe_dedupe() -> Schema:
    values = {"key": _ref("expression"), "window": _ref("duration"), "on_duplicate": _names(OnDuplicate)}
    return _object(grammar.DEDUPE, values, ("key",))


def _describe_concurrency() -> Schema:
    return _object(grammar.CONCURRENCY, {"key": _ref("expression"), "mode": _names(Overlap), "max": _COUNT})


def _describe_notify() -> Schema:
    notices = _list_of(_words("started", "waiting", "finished", "failed"))
    values = {"channel": _ref("channel"), "on": notices, "thread": _words("run", "case")}
    return _object(grammar.NOTIFY, values, ("channel",))


def _describe_defaults() -> Schema:
    values: dict[str, Schema] = {
        "timeout": _ref("duration"),
        "retry": _ref("retry"),
        "approve": _ref("gate"),
        "connection": {**_MAP, "patternProperties": {_EXTENSION: True}, "additionalProperties": _TEXT},
    }
    return _object(grammar.DEFAULTS, values)


def _describe_steps(catalog: Catalog) -> dict[str, JsonValue]:
    return {
        "steps": {"type": "array", "items": _ref("step")},
        "step": _describe_step(),
        "gate": _any_of(_ref("principal"), _describe_gate()),
        "retry": _any_of(_COUNT, _describe_retry()),
        "uses": describe_uses(catalog),
        "call": describe_calls(catalog),
    }


def _describe_step() -> Schema:
    keys = {**grammar.STEP, **grammar.KINDS, **grammar.USES, **grammar.PARALLEL, **grammar.CHOOSE}
    owners = {"uses": grammar.USES, "parallel": grammar.PARALLEL, "choose": grammar.CHOOSE}
    has_kind: list[JsonValue] = [{"required": [kind]} for kind in grammar.KINDS]
    gate_alone: Schema = {"required": ["approve"], "not": {"anyOf": has_kind}}
    closed: Schema = {key: False for key in grammar.USES if key not in grammar.USES_OF_PLAYBOOK}
    calls_playbook: Schema = {
        "properties": {"uses": {"type": "string", "pattern": r"^playbook\."}},
        "required": ["uses"],
    }
    return {
        **_object(keys, {**_describe_common(), **_describe_kinds(), **_describe_extras()}),
        "oneOf": [*has_kind, gate_alone],
        "dependentRequired": {key: [kind] for kind, extras in owners.items() for key in extras},
        "allOf": [_ref("call"), {"if": calls_playbook, "then": {"properties": closed}}],
    }


def _describe_common() -> dict[str, Schema]:
    foreach: dict[str, Schema] = {
        "in": _ref("expression"),
        "as": _ref("id"),
        "max_parallel": _COUNT,
        "max_items": _COUNT,
        "fail_fast": _BOOL,
    }
    return {
        "id": _ref("id"),
        "name": _TEXT,
        "note": _TEXT,
        "if": _ref("expression"),
        "needs": _list_of(_TEXT),
        "foreach": _any_of(_ref("expression"), _object(grammar.FOREACH, foreach, ("in",))),
        "approve": _ref("gate"),
        "timeout": _ref("duration"),
        "on_failure": _any_of(_words("stop", "continue"), _ref("steps")),
        "saves": _ref("duration"),
    }


def _describe_kinds() -> dict[str, Schema]:
    choice = _object(grammar.CHOICE, {"when": _ref("expression"), "steps": _ref("steps")}, ("when", "steps"))
    stop = _object(grammar.STOP, {"status": _words("succeeded", "denied", "cancelled"), "reason": _ANY})
    return {
        "uses": _ref("uses"),
        "steps": _ref("steps"),
        "set": _map_of(_ANY),
        "stop": stop,
        "parallel": {**_map_of(_ref("steps")), "minProperties": 1},
        "choose": _list_of(choice),
        "ask": _describe_question(),
        "wait": _any_of(_ref("duration"), _describe_wait()),
        "fail": _TEXT,
    }


def _describe_extras() -> dict[str, Schema]:
    poll = _object(
        grammar.POLL,
        {"every": _ref("duration"), "until": _ref("expression"), "timeout": _ref("duration")},
        ("every", "until", "timeout"),
    )
    verify = _object(
        grammar.VERIFY,
        {
            "uses": _ref("uses"),
            "with": _MAP,
            "connection": _TEXT,
            "until": _ref("expression"),
            "attempts": _COUNT,
            "every": _ref("duration"),
            "timeout": _ref("duration"),
        },
    )
    looking: Schema = {
        "dependentRequired": {"with": ["uses"], "connection": ["uses"], "until": ["uses"], "uses": ["until"]}
    }
    undo = _object(grammar.UNDO, {"uses": _ref("uses"), "with": _MAP, "connection": _TEXT}, ("uses",))
    return {
        "with": _MAP,
        "connection": _TEXT,
        "retry": _ref("retry"),
        "poll": poll,
        "verify": _any_of({"const": "auto"}, {**verify, **looking, "allOf": [_ref("call")]}),
        "undo": _any_of({"const": "auto"}, {**undo, "allOf": [_ref("call")]}),
        "expires": _any_of(_ref("duration"), _ref(COMPUTED)),
        "outputs": _map_of(_ANY),
        "mask": _any_of(_BOOL, _list_of(_TEXT)),
        "fail_fast": _BOOL,
        "else": _ref("steps"),
    }


def _describe_question() -> Schema:
    field: dict[str, Schema] = {"type": _words(*FIELD_TYPES), "label": _TEXT, "enum": _LIST, "default": _ANY}
    values: dict[str, Schema] = {
        "to": _TEXT,
        "question": _TEXT,
        "fields": {**_map_of(_object(grammar.ASK_FIELD, field)), "minProperties": 1},
        "timeout": _ref("duration"),
        "on_timeout": _names(AfterSilence),
    }
    return _object(grammar.ASK, values, ("to", "question", "fields"))


def _describe_wait() -> Schema:
    event = _object(grammar.WAIT_EVENT, {"event": _names(EventType), "match": _ref("expression")}, ("event",))
    values: dict[str, Schema] = {
        "until": _ref("expression"),
        "for": event,
        "timeout": _ref("duration"),
        "on_timeout": _names(AfterSilence),
    }
    return {
        **_object(grammar.WAIT, values),
        "oneOf": [{"required": ["until"]}, {"required": ["for", "timeout"]}],
        "dependentRequired": {"timeout": ["for"], "on_timeout": ["for"]},
    }


def _describe_gate() -> Schema:
    values: dict[str, Schema] = {
        "by": _any_of(_ref("principal"), {"type": "array", "items": _ref("principal"), "minItems": 1}),
        "if": _ref("expression"),
        "quorum": _any_of(_COUNT, _ref(COMPUTED)),
        "veto": _BOOL,
        "exclude": _list_of(_words(*EXCLUDABLE)),
        "assurance": _names(Assurance),
        "reason": _ANY,
        "impact": _ANY,
        "evidence": _MAP,
        "confirm": _ANY,
        "comment": _words("optional", "required", "required_on_deny"),
        "per": _words("batch", "item"),
        "subset": _BOOL,
        "timeout": _ref("duration"),
        "remind": _list_of(_ref("duration")),
        "escalate": _list_of(_describe_escalation()),
        "on_timeout": _words("deny", "fail"),
        "on_deny": _any_of(_words("stop", "continue"), _ref("steps")),
        "channel": _ref("channel"),
    }
    return _object(grammar.GATE, values, ("by",))


def _describe_escalation() -> Schema:
    values = {"after": _ref("duration"), "to": _ref("principal"), "via": _list_of(_ref("channel"))}
    return _object(grammar.ESCALATION, values, ("after", "to"))


def _describe_retry() -> Schema:
    values: dict[str, Schema] = {
        "attempts": _COUNT,
        "delay": _ref("duration"),
        "backoff": _names(Backoff),
        "max_delay": _ref("duration"),
        "jitter": _BOOL,
        "on": _list_of(_names(ActionCode)),
        "when": _ref("expression"),
    }
    return _object(grammar.RETRY, values, ("attempts",))
