import pytest

from soar.expr import Type, read_schema, read_type
from soar.expr.kinds import StaticType
from soar.expr.types import (
    BOOL,
    DOUBLE,
    DYN,
    INT,
    NULL,
    STRING,
    ListOf,
    MapOf,
    Maybe,
    Record,
    Scalar,
    join,
    join_all,
    kind_of_type,
    make_maybe,
    type_of_kind,
)

INPUTS: list[tuple[str, Type]] = [
    ("string", STRING),
    ("sha256", STRING),
    ("number", DOUBLE),
    ("ip", Scalar(StaticType.IP)),
    ("object", MapOf(DYN)),
    ("any", DYN),
    ("any?", DYN),
    ("list<int>", ListOf(INT)),
    ("list<sha256>?", Maybe(ListOf(STRING), is_nullable=True)),
    ("list<string?>", ListOf(Maybe(STRING, is_nullable=True))),
    ("map<list<bool>>", MapOf(ListOf(BOOL))),
    ("no such type", DYN),
]


@pytest.mark.parametrize(("text", "type_"), INPUTS)
def test_an_inputs_type_is_read(text: str, type_: Type) -> None:
    assert read_type(text) == type_


SCHEMAS: list[tuple[object, Type]] = [
    (None, DYN),
    (True, DYN),
    ({}, DYN),
    ({"type": "integer"}, INT),
    ({"type": "number"}, DOUBLE),
    ({"type": "what"}, DYN),
    ({"type": ["integer", "null"]}, Maybe(INT, is_nullable=True)),
    ({"anyOf": [{"type": "integer"}, {"type": "number"}]}, DOUBLE),
    ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, DYN),
    ({"type": "array"}, ListOf(DYN)),
    ({"type": "array", "items": {"type": "boolean"}}, ListOf(BOOL)),
    ({"type": "object"}, MapOf(DYN)),
    ({"type": "object", "additionalProperties": {"type": "string"}}, MapOf(STRING)),
    ({"type": "object", "properties": {"a": {"type": "string"}}}, Record({"a": STRING})),
    (
        {"type": "object", "properties": {"a": {"type": "string"}, "b": {}}, "required": ["b"]},
        Record({"a": Maybe(STRING, is_nullable=False), "b": DYN}),
    ),
    ({"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": True}, MapOf(DYN)),
    ({"type": "object", "properties": {"a": {}}, "additionalProperties": False}, Record({"a": DYN})),
    ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "integer"}}}, INT),
    ({"$ref": "#/$defs/gone"}, DYN),
    (
        {"$ref": "#/$defs/Tree", "$defs": {"Tree": {"type": "array", "items": {"$ref": "#/$defs/Tree"}}}},
        ListOf(DYN),
    ),
]


@pytest.mark.parametrize(("schema", "type_"), SCHEMAS)
def test_a_json_schema_is_read(schema: object, type_: Type) -> None:
    assert read_schema(schema) == type_


def test_a_schema_that_is_nested_too_deep_says_nothing_there() -> None:
    schema: object = {"type": "integer"}
    for _ in range(50):
        schema = {"type": "array", "items": schema}
    type_ = read_schema(schema)
    levels = 0
    while isinstance(type_, ListOf):
        type_, levels = type_.element, levels + 1
    assert (type_, levels) == (DYN, 33)


JOINED: list[tuple[Type, Type, Type]] = [
    (INT, INT, INT),
    (INT, DOUBLE, DOUBLE),
    (INT, STRING, DYN),
    (NULL, INT, Maybe(INT, is_nullable=True)),
    (INT, NULL, Maybe(INT, is_nullable=True)),
    (NULL, DYN, DYN),
    (Maybe(INT, is_nullable=False), INT, Maybe(INT, is_nullable=False)),
    (Maybe(INT, is_nullable=False), NULL, Maybe(INT, is_nullable=True)),
    (Maybe(INT, is_nullable=True), Maybe(STRING, is_nullable=False), DYN),
    (ListOf(INT), ListOf(DOUBLE), ListOf(DOUBLE)),
    (MapOf(INT), MapOf(STRING), MapOf(DYN)),
    (MapOf(INT), Record({"a": INT}), MapOf(DYN)),
    (
        Record({"a": INT, "b": INT}),
        Record({"a": DOUBLE, "c": INT}),
        Record({"a": DOUBLE, "b": Maybe(INT, is_nullable=False), "c": Maybe(INT, is_nullable=False)}),
    ),
]


@pytest.mark.parametrize(("one", "other", "joined"), JOINED)
def test_two_types_join_to_one_that_covers_both(one: Type, other: Type, joined: Type) -> None:
    assert join(one, other) == joined


@pytest.mark.parametrize("kind", list(StaticType))
def test_a_kind_has_a_type_of_that_kind(kind: StaticType) -> None:
    assert kind_of_type(type_of_kind(kind)) is kind


def test_nothing_is_known_of_no_types() -> None:
    assert join_all([]) == DYN


def test_what_may_be_null_stays_so() -> None:
    assert make_maybe(Maybe(INT, is_nullable=True), is_nullable=False) == Maybe(INT, is_nullable=True)
