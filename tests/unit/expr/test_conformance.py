"""The conformance vectors of the Common Expression Language, and what of them our language leaves out."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from soar.expr import ExpressionError, Scope, compile_expression
from soar.expr.frame import Frame
from soar.expr.operators import is_equal
from soar.model.values import Value
from tests.unit.expr.outside import KEYS, OUTSIDE, TYPES, UNSIGNED

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "cel-spec"
SOME_VECTORS = Path(__file__).parents[2] / "fixtures" / "cel" / "vectors.json"
LANGUAGE = (
    "basic",
    "comparisons",
    "conversions",
    "fields",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "macros2",
    "parse",
    "string",
    "string_ext",
    "timestamps",
)
FILES = (*LANGUAGE, "math_ext", "network_ext")
WITHOUT_SUCH_VALUES = (UNSIGNED, KEYS, TYPES)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class NoValueError(Exception):
    """A vector uses a value that our language does not have."""


def read_value(document: dict[str, Any]) -> Value:
    ((kind, content),) = document.items()
    match kind:
        case "nullValue":
            return None
        case "boolValue" | "stringValue":
            return content
        case "int64Value":
            return int(content)
        case "doubleValue" if not isinstance(content, str):
            return float(content)
        case "bytesValue":
            return base64.b64decode(content)
        case "listValue":
            return [read_value(element) for element in content.get("values", [])]
        case "mapValue":
            entries = content.get("entries", [])
            return {read_key(entry["key"]): read_value(entry["value"]) for entry in entries}
        case _:
            raise NoValueError(kind)


def read_key(document: dict[str, Any]) -> str:
    key = read_value(document)
    if not isinstance(key, str):
        raise NoValueError("a key that is no string")
    return key


def read_vectors(name: str) -> list[dict[str, Any]]:
    path = VECTORS / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the conformance vectors are not beside the repository: {path.name}")
    vectors: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return vectors


def passes(vector: dict[str, Any]) -> bool:
    """Return whether an expression has the value, or lack of one, that a vector says."""
    try:
        wanted = read_value(vector["value"]) if "value" in vector else None
        names = {name: read_value(bound["value"]) for name, bound in vector.get("bindings", {}).items()}
    except NoValueError:
        return False
    scope = Scope(names, NOW)
    try:
        found = compile_expression(vector["expr"]).evaluate(scope)
    except ExpressionError:
        return "error" in vector
    return "error" not in vector and is_equal(Frame(scope), found, wanted)


def name_vector(vector: dict[str, Any]) -> str:
    return f"{vector['section']}/{vector['name']}"


@pytest.mark.parametrize("name", FILES)
def test_a_vector_passes_exactly_if_it_is_not_listed_as_outside(name: str) -> None:
    vectors = read_vectors(name)
    listed = [vector for names in OUTSIDE.get(name, {}).values() for vector in names]
    failed = [name_vector(vector) for vector in vectors if not passes(vector)]
    print(f"{name}: {len(vectors) - len(listed)} of {len(vectors)} inside")  # noqa: T201 - the share is worth seeing
    assert sorted(failed) == sorted(listed)


def test_nine_vectors_in_ten_of_those_with_our_kinds_of_values_are_inside() -> None:
    total = sum(len(read_vectors(name)) for name in LANGUAGE)
    outside = {name: OUTSIDE.get(name, {}) for name in LANGUAGE}
    left_out = sum(len(names) for reasons in outside.values() for names in reasons.values())
    other_values = sum(len(reasons.get(reason, ())) for reasons in outside.values() for reason in WITHOUT_SUCH_VALUES)
    inside = total - left_out
    print(f"inside: {inside} of {total}; of {total - other_values} with our values")  # noqa: T201 - worth seeing
    assert inside >= 0.9 * (total - other_values)


@pytest.mark.parametrize(
    "vector",
    json.loads(SOME_VECTORS.read_text(encoding="utf-8"))["vectors"],
    ids=lambda vector: f"{vector['file']}/{name_vector(vector)}",
)
def test_a_vector_that_is_kept_here_passes(vector: dict[str, Any]) -> None:
    assert passes(vector)
