"""Calls of the installed connectors' actions as JSON Schema (2020-12)."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec
from soar.model.values import JsonValue

Schema: TypeAlias = dict[str, JsonValue]

COMPUTED: Final = "computed"
"""Name of the definition of a text with `${{ }}` in it, which may become anything."""

_INNER: Final = frozenset({"items", "additionalProperties", "contains", "unevaluatedProperties"})
_CHOICES: Final = frozenset({"anyOf", "oneOf", "allOf", "prefixItems"})
_SHOWN: Final = ("title", "description", "default")


def describe_uses(catalog: Catalog) -> Schema:
    """Return the schema of `uses:`: each action with what it is and does, pinned or not, or a playbook."""
    plain: list[JsonValue] = [
        {"const": action.full_name, "title": action.title, "description": f"{action.title} ({action.effect})."}
        for _, action in _list_actions(catalog)
    ]
    pinned: list[JsonValue] = [
        {"type": "string", "pattern": rf"^{spec.id}\.({'|'.join(spec.callable_actions)})@{_major(spec)}$"}
        for spec in catalog.connectors.values()
        if spec.callable_actions
    ]
    playbook: JsonValue = {"type": "string", "pattern": r"^playbook\.[a-z][a-z0-9_-]*$"}
    return {"anyOf": [*plain, *pinned, playbook]}


def describe_calls(catalog: Catalog) -> Schema:
    """Return the schema of a map with `uses` and `with`, in which what stands under `with` fits the action."""
    return {"allOf": [_describe_call(spec, action) for spec, action in _list_actions(catalog)]}


def describe_parameters(catalog: Catalog) -> dict[str, JsonValue]:
    """Return the schema of each action's `with`, by the action's full name; any value may be computed.

    As for the checker, an action takes no other parameters unless its own schema says so.
    """
    return {
        action.full_name: _open({"additionalProperties": False, **action.parameters}, action.full_name)
        for _, action in _list_actions(catalog)
    }


def _list_actions(catalog: Catalog) -> Iterator[tuple[ConnectorSpec, ActionSpec]]:
    for spec in catalog.connectors.values():
        for action in spec.callable_actions.values():
            yield spec, action


def _describe_call(spec: ConnectorSpec, action: ActionSpec) -> Schema:
    names: list[JsonValue] = [action.full_name, f"{action.full_name}@{_major(spec)}"]
    then: Schema = {"properties": {"with": {"$ref": f"#/$defs/{action.full_name}"}}}
    if action.parameters.get("required"):
        then["required"] = ["with"]
    return {"if": {"properties": {"uses": {"enum": names}}, "required": ["uses"]}, "then": then}


def _major(spec: ConnectorSpec) -> str:
    return spec.version.partition(".")[0]


def _open(schema: JsonValue, home: str) -> JsonValue:
    """Return a schema, moved to `#/$defs/<home>`, in which every value below the top may be computed."""
    if not isinstance(schema, dict):
        return schema
    opened: Schema = {}
    for key, value in schema.items():
        if key == "$ref" and isinstance(value, str):
            opened[key] = value.replace("#/", f"#/$defs/{home}/", 1)
        elif key in {"properties", "patternProperties"} and isinstance(value, dict):
            opened[key] = {name: _let_compute(inner, home) for name, inner in value.items()}
        elif key == "$defs" and isinstance(value, dict):
            opened[key] = {name: _open(inner, home) for name, inner in value.items()}
        elif key in _INNER:
            opened[key] = _let_compute(value, home)
        elif key in _CHOICES and isinstance(value, list):
            opened[key] = [_open(inner, home) for inner in value]
        else:
            opened[key] = value
    return opened


def _let_compute(schema: JsonValue, home: str) -> JsonValue:
    if not isinstance(schema, dict):
        return schema
    shown: Schema = {key: schema[key] for key in _SHOWN if key in schema}
    inner = {key: value for key, value in schema.items() if key not in _SHOWN}
    return {"anyOf": [{"$ref": f"#/$defs/{COMPUTED}"}, _open(inner, home)], **shown}
