"""The conformance vectors of the Common Expression Language that our subset covers."""

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

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "cel-spec"
FILES = (
    "basic",
    "comparisons",
    "conversions",
    "fp_math",
    "integer_math",
    "lists",
    "logic",
    "macros",
    "parse",
    "string",
    "string_ext",
)
DIFFERENCES = {
    "0.0/0.0": "doubles are finite, so this is an error",
    "9223372036854775808.0": "an int and a double are compared exactly, not after rounding",
    "b''' ?": "the vector's text has lost a backslash that its value has",
    'b""" ?': "as above",
}
NOW = datetime(2026, 11, 21, tzinfo=UTC)


class OutsideError(Exception):
    """A vector uses what our language leaves out on purpose."""


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
            raise OutsideError(kind)


def read_key(document: dict[str, Any]) -> str:
    key = read_value(document)
    if not isinstance(key, str):
        raise OutsideError("a key that is no string")
    return key


def is_left_out(error: ExpressionError) -> bool:
    """Return whether a vector asks for unsigned numbers, types, keys that are no strings, or computed patterns."""
    messages = ("unsigned", "a map's keys", "there is no function", "no key of a map", "not computed")
    return any(message in error.message for message in messages)


def run_vector(vector: dict[str, Any]) -> bool:
    """Return whether an expression has the value, or lack of one, that a vector says."""
    scope = Scope({name: read_value(bound["value"]) for name, bound in vector.get("bindings", {}).items()}, NOW)
    source = vector["expr"].replace("dyn(", "(")
    if any(part in source for part in DIFFERENCES):
        raise OutsideError(source)
    wanted = read_value(vector["value"]) if "value" in vector else None
    try:
        found = compile_expression(source).evaluate(scope)
    except ExpressionError as error:
        if is_left_out(error):
            raise OutsideError(error.message) from error
        return "error" in vector
    return "error" not in vector and is_equal(Frame(scope), found, wanted)


@pytest.mark.parametrize("name", FILES)
def test_the_vectors_that_our_subset_covers_pass(name: str) -> None:
    path = VECTORS / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the conformance vectors are not beside the repository: {path.name}")
    passed, failed = 0, []
    for vector in json.loads(path.read_text(encoding="utf-8")):
        try:
            is_right = run_vector(vector)
        except OutsideError:
            continue
        passed += is_right
        if not is_right:
            failed.append(f"{vector['name']}: {vector['expr']}")
    print(f"{name}: {passed} of {passed + len(failed)} within the subset")  # noqa: T201 - the share is worth seeing
    assert passed > 0
    assert failed == []
