"""Literal values held against a parameter's JSON Schema.

Only what a text editor could know is judged: types, choices and bounds. Formats are left to the connector's own model.
"""

from collections.abc import Callable, Mapping
from typing import Final

from soar.model.values import JsonValue

_MAX_DEPTH = 16
_EXPRESSION = "${{"

_TYPES: Final[Mapping[str, tuple[str, Callable[[JsonValue], bool]]]] = {
    "string": ("a text", lambda value: isinstance(value, str)),
    "integer": ("a whole number", lambda value: isinstance(value, int) and not isinstance(value, bool)),
    "number": ("a number", lambda value: isinstance(value, int | float) and not isinstance(value, bool)),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "object": ("a map", lambda value: isinstance(value, dict)),
    "null": ("nothing", lambda value: value is None),
}


def find_misfit(value: JsonValue, schema: JsonValue, root: Mapping[str, JsonValue]) -> str | None:
    """Return what a schema wants instead of a value, for people; None if the value fits or is computed.

    Args:
        value: as written; a text with `${{ }}` in it may become anything.
        schema: of the parameter.
        root: the schema that `$ref` points into.
    """
    return _judge(value, schema, root, 0)


def _judge(value: JsonValue, schema: JsonValue, root: Mapping[str, JsonValue], depth: int) -> str | None:
    if not isinstance(schema, dict) or depth > _MAX_DEPTH or _is_computed(value):
        return None
    if "$ref" in schema:
        return _judge(value, _resolve(schema["$ref"], root), root, depth + 1)
    for key in ("anyOf", "oneOf"):
        choices = schema.get(key)
        if isinstance(choices, list):
            misfits = [_judge(value, choice, root, depth + 1) for choice in choices]
            return None if None in misfits else " or ".join(dict.fromkeys(filter(None, misfits)))
    enum = [schema["const"]] if "const" in schema else schema.get("enum")
    if isinstance(enum, list) and not any(value == choice and type(value) is type(choice) for choice in enum):
        return f"one of {', '.join(str(choice) for choice in enum)}"
    return _judge_type(value, schema) or _judge_bounds(value, schema) or _judge_inside(value, schema, root, depth)


def _judge_type(value: JsonValue, schema: Mapping[str, JsonValue]) -> str | None:
    kinds = schema.get("type")
    names = [kinds] if isinstance(kinds, str) else kinds if isinstance(kinds, list) else []
    known = [_TYPES[name] for name in names if isinstance(name, str) and name in _TYPES]
    if not known or any(accepts(value) for _, accepts in known):
        return None
    return " or ".join(title for title, _ in known)


def _judge_bounds(value: JsonValue, schema: Mapping[str, JsonValue]) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    least, most = schema.get("minimum"), schema.get("maximum")
    if isinstance(least, int | float) and value < least:
        return f"at least {least}"
    if isinstance(most, int | float) and value > most:
        return f"at most {most}"
    return None


def _judge_inside(
    value: JsonValue, schema: Mapping[str, JsonValue], root: Mapping[str, JsonValue], depth: int
) -> str | None:
    if isinstance(value, list):
        misfits = (_judge(element, schema.get("items"), root, depth + 1) for element in value)
        misfit = next(filter(None, misfits), None)
        return f"a list in which each is {misfit}" if misfit else None
    properties = schema.get("properties")
    if isinstance(value, dict) and isinstance(properties, dict):
        for name, element in value.items():
            misfit = _judge(element, properties.get(name), root, depth + 1)
            if misfit:
                return f"{misfit} under `{name}`"
    return None


def _is_computed(value: JsonValue) -> bool:
    return isinstance(value, str) and _EXPRESSION in value


def _resolve(reference: JsonValue, root: Mapping[str, JsonValue]) -> JsonValue:
    """Return what a reference within the document points at (RFC 6901), or None."""
    found: JsonValue = dict(root)
    for part in str(reference).removeprefix("#/").split("/"):
        found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, dict) else None
    return found
