import pytest

from soar.model.values import JsonValue
from soar.playbook.literals import find_misfit

ROOT: dict[str, JsonValue] = {
    "$defs": {"Level": {"enum": ["low", "high"], "type": "string"}, "Loop": {"$ref": "#/$defs/Loop"}}
}
FITS: list[tuple[JsonValue, JsonValue]] = [
    ("a", {"type": "string"}),
    (1, {"type": "integer"}),
    (1, {"type": "number"}),
    (None, {"type": ["string", "null"]}),
    (None, {"anyOf": [{"type": "string"}, {"type": "null"}]}),
    ("high", {"$ref": "#/$defs/Level"}),
    ("x", {"$ref": "#/$defs/Missing"}),
    ("x", {"$ref": "#/$defs/Loop"}),
    ("${{ 1 }}", {"type": "integer"}),
    (["a", "${{ b }}"], {"type": "array", "items": {"type": "string"}}),
    ({"a": 1, "b": 2}, {"type": "object", "properties": {"a": {"type": "integer"}}}),
    (5, {"type": "integer", "minimum": 5, "maximum": 5}),
    ("a", True),
    ("a", {"type": "colour"}),
    ("a", {"const": "a"}),
]
MISFITS: list[tuple[JsonValue, JsonValue, str]] = [
    (1, {"type": "string"}, "a text"),
    (True, {"type": "integer"}, "a whole number"),
    (True, {"type": "number"}, "a number"),
    (1.5, {"type": "integer"}, "a whole number"),
    ("true", {"type": "boolean"}, "true or false"),
    ("a", {"type": ["integer", "null"]}, "a whole number or nothing"),
    (1, {"anyOf": [{"type": "string"}, {"type": "null"}]}, "a text or nothing"),
    ("middle", {"$ref": "#/$defs/Level"}, "one of low, high"),
    (1, {"enum": [True]}, "one of True"),
    ("b", {"const": "a"}, "one of a"),
    (4, {"type": "integer", "minimum": 5}, "at least 5"),
    (6, {"type": "integer", "maximum": 5}, "at most 5"),
    (["a", 1], {"type": "array", "items": {"type": "string"}}, "a list in which each is a text"),
    ({"a": "x"}, {"type": "object", "properties": {"a": {"type": "integer"}}}, "a whole number under `a`"),
]


@pytest.mark.parametrize(("value", "schema"), FITS)
def test_a_value_that_fits_is_let_through(value: JsonValue, schema: JsonValue) -> None:
    assert find_misfit(value, schema, ROOT) is None


@pytest.mark.parametrize(("value", "schema", "wanted"), MISFITS)
def test_a_value_that_does_not_fit_is_told_what_is_wanted(value: JsonValue, schema: JsonValue, wanted: str) -> None:
    assert find_misfit(value, schema, ROOT) == wanted
