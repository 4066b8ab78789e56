"""The types that expressions are checked against before they meet data.

Finer than `StaticType`: they know a record's fields and a list's elements, and what may be missing or null.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias, assert_never

from soar.expr.kinds import StaticType


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value of one kind; of any, if the kind is `DYN`."""

    kind: StaticType


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list whose elements all have one type."""

    element: "Type"


@dataclass(frozen=True, slots=True)
class MapOf:
    """A map whose keys are known to nobody, and whose values all have one type."""

    value: "Type"


@dataclass(frozen=True, slots=True)
class Record:
    """A map whose fields are known; it has no others."""

    fields: Mapping[str, "Type"]


@dataclass(frozen=True, slots=True)
class Maybe:
    """What may be missing, and has a type if it is there.

    Attributes:
        inner: that type.
        is_nullable: it may also be there and be null.
    """

    inner: "Type"
    is_nullable: bool


Type: TypeAlias = Scalar | ListOf | MapOf | Record | Maybe
Environment: TypeAlias = Mapping[str, Type]
"""The types of the names that an expression may read."""

DYN: Final = Scalar(StaticType.DYN)
NULL: Final = Scalar(StaticType.NULL)
BOOL: Final = Scalar(StaticType.BOOL)
INT: Final = Scalar(StaticType.INT)
DOUBLE: Final = Scalar(StaticType.DOUBLE)
STRING: Final = Scalar(StaticType.STRING)
TIMESTAMP: Final = Scalar(StaticType.TIMESTAMP)

_NUMBERS: Final = frozenset({StaticType.INT, StaticType.DOUBLE})
_SCALARS: Final[Mapping[str, Type]] = MappingProxyType(
    {
        **dict.fromkeys(("string", "email", "url", "domain", "hostname", "md5", "sha1", "sha256", "uuid"), STRING),
        "cidr": STRING,
        "int": INT,
        "number": DOUBLE,
        "bool": BOOL,
        "duration": Scalar(StaticType.DURATION),
        "timestamp": TIMESTAMP,
        "ip": Scalar(StaticType.IP),
        "object": MapOf(DYN),
        "any": DYN,
    }
)
_SCHEMAS: Final[Mapping[object, Type]] = MappingProxyType(
    {"string": STRING, "integer": INT, "number": DOUBLE, "boolean": BOOL, "null": NULL}
)
_MAX_DEPTH: Final = 32

ALERT: Final = Record(
    {
        **dict.fromkeys(("id", "source", "kind", "title", "severity", "fingerprint"), STRING),
        "time": Maybe(TIMESTAMP, is_nullable=True),
        "url": Maybe(STRING, is_nullable=True),
        "entities": MapOf(ListOf(STRING)),
        "labels": MapOf(STRING),
        "raw": DYN,
        "received_at": TIMESTAMP,
    }
)
"""What `alert` is: `soar.model.alert.Alert.to_value`."""


def kind_of_type(type_: Type) -> StaticType:
    """Return the kind of a type's values; `DYN` for what may be null."""
    match type_:
        case Scalar(kind):
            return kind
        case ListOf():
            return StaticType.LIST
        case MapOf() | Record():
            return StaticType.MAP
        case Maybe():
            return StaticType.DYN
        case _:
            assert_never(type_)


def type_of_kind(kind: StaticType) -> Type:
    """Return the type of which no more is known than its kind."""
    match kind:
        case StaticType.LIST:
            return ListOf(DYN)
        case StaticType.MAP:
            return MapOf(DYN)
        case _:
            return Scalar(kind)


def unwrap(type_: Type) -> Type:
    """Return the type of a value that is there."""
    return type_.inner if isinstance(type_, Maybe) else type_


def make_maybe(type_: Type, *, is_nullable: bool) -> Type:
    """Return the type of a value that may be missing, or null as well."""
    if isinstance(type_, Maybe):
        return Maybe(type_.inner, is_nullable or type_.is_nullable)
    return type_ if kind_of_type(type_) in {StaticType.DYN, StaticType.NULL} else Maybe(type_, is_nullable)


def join(one: Type, other: Type) -> Type:
    """Return the type of a value that is of one of two types."""
    if one == other:
        return one
    if NULL in (one, other):
        return make_maybe(other if one == NULL else one, is_nullable=True)
    wrapped = [type_.is_nullable for type_ in (one, other) if isinstance(type_, Maybe)]
    if wrapped:
        return make_maybe(join(unwrap(one), unwrap(other)), is_nullable=any(wrapped))
    if isinstance(one, ListOf) and isinstance(other, ListOf):
        return ListOf(join(one.element, other.element))
    if isinstance(one, MapOf) and isinstance(other, MapOf):
        return MapOf(join(one.value, other.value))
    if isinstance(one, Record) and isinstance(other, Record):
        return _join_records(one, other)
    if {kind_of_type(one), kind_of_type(other)} == _NUMBERS:
        return DOUBLE
    return MapOf(DYN) if kind_of_type(one) is kind_of_type(other) is StaticType.MAP else DYN


def _join_records(one: Record, other: Record) -> Record:
    """Keep all fields; one that only one of them has may be missing."""
    fields: dict[str, Type] = {}
    for name in (*one.fields, *(name for name in other.fields if name not in one.fields)):
        types = [record.fields[name] for record in (one, other) if name in record.fields]
        fields[name] = join(types[0], types[-1]) if len(types) > 1 else make_maybe(types[0], is_nullable=False)
    return Record(fields)


def join_all(types: list[Type]) -> Type:
    """Return the type of a value that is of one of some types; of nothing nothing is known."""
    if not types:
        return DYN
    joined = types[0]
    for type_ in types[1:]:
        joined = join(joined, type_)
    return joined


def read_type(text: str) -> Type:
    """Return the type that an input declares, such as `list<sha256>?`; `DYN` if the text is no type."""
    if text.endswith("?"):
        return make_maybe(read_type(text[:-1]), is_nullable=True)
    for name, make in (("list<", ListOf), ("map<", MapOf)):
        if text.startswith(name) and text.endswith(">"):
            return make(read_type(text[len(name) : -1]))
    return _SCALARS.get(text, DYN)


def read_schema(schema: object) -> Type:
    """Return the type of the JSON documents that a JSON Schema describes; `DYN` where it says nothing we can use.

    If it lists `required`, all its other properties may be missing; if it lists none, it says nothing about that. Of an
    object with properties whose schema invites others, nothing is known.
    """
    return _Reader(schema).read(schema, frozenset(), 0)


class _Reader:
    """Reads one JSON Schema; `$ref` leads to a place within it (RFC 6901)."""

    def __init__(self, root: object) -> None:
        self._root = root

    def read(self, schema: object, seen: frozenset[str], depth: int) -> Type:
        """Return the type of a part; `seen` are the references that have led here, and a loop ends in `DYN`."""
        if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
            return DYN
        reference = schema.get("$ref")
        if isinstance(reference, str):
            return DYN if reference in seen else self.read(self._resolve(reference), seen | {reference}, depth + 1)
        for choice in ("anyOf", "oneOf"):
            if isinstance(schema.get(choice), list):
                return join_all([self.read(part, seen, depth + 1) for part in schema[choice]])
        declared = schema.get("type")
        if isinstance(declared, list):
            return join_all([self.read({**schema, "type": name}, seen, depth + 1) for name in declared])
        if declared == "array":
            return ListOf(self.read(schema.get("items"), seen, depth + 1))
        if declared == "object":
            return self._read_object(schema, seen, depth + 1)
        return _SCHEMAS.get(declared, DYN) if isinstance(declared, str) else DYN

    def _read_object(self, schema: Mapping[str, object], seen: frozenset[str], depth: int) -> Type:
        properties, others = schema.get("properties"), schema.get("additionalProperties")
        if not isinstance(properties, Mapping) or not properties:
            return MapOf(self.read(others, seen, depth))
        if others is True or isinstance(others, Mapping):
            return MapOf(DYN)
        required = schema.get("required")
        fields = {name: self.read(part, seen, depth) for name, part in properties.items()}
        if isinstance(required, list):
            fields = {
                name: type_ if name in required else make_maybe(type_, is_nullable=False)
                for name, type_ in fields.items()
            }
        return Record(fields)

    def _resolve(self, reference: str) -> object:
        found = self._root
        for part in reference.removeprefix("#/").split("/"):
            found = found.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(found, Mapping) else None
        return found
