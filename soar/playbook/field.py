"""Typed values out of a located document: each reader gives a value, or notes down why it cannot."""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TypeAlias, TypeVar

from soar.expr import ExpressionError, parse_duration
from soar.model.values import JsonValue
from soar.playbook.node import Mapping, Node, Path, Scalar, Sequence, Style
from soar.playbook.report import Report, quote
from soar.playbook.words import CHANNEL, OLD_BOOLEANS, PRINCIPAL, STEP_ID, suggest_id

T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)
_OPEN, _CLOSE = "${{", "}}"
_EXTENSION = "x-"
_CLOSED = re.compile(
    r"""
    (?: [^"'rR]++
    | [rR][bB]?(?:"[^"]*+"|'[^']*+') | [rR]
    | \"{3}(?:\\.|[^\\])*?\"{3} | '{3}(?:\\.|[^\\])*?'{3}
    | "(?:\\.|[^"\\])*+" | '(?:\\.|[^'\\])*+'
    )*+
    """,
    re.DOTALL | re.VERBOSE,
)
"""An expression whose texts are all closed; no choice is taken back, so that any length is read once."""


@dataclass(frozen=True, slots=True)
class Field:
    """A value in a document, and where its readers look for it.

    Attributes:
        line: of its key, or of itself if it stands in a list.
        column: as `line`.
    """

    report: Report
    path: Path
    node: Node
    line: int
    column: int

    @property
    def owner(self) -> Path:
        """Path of what the field belongs to: the map whose key it is, or itself in a list."""
        return self.path[:-1] if self.path and isinstance(self.path[-1], str) else self.path

    def fault(self, code: str, message: str, hint: str | None = None, *, is_about_owner: bool = False) -> None:
        """Note down what is wrong with the field."""
        path = self.owner if is_about_owner else self.path
        self.report.add(code, (self.line, self.column), path, message, hint)

    def fault_value(self, code: str, message: str, hint: str | None = None) -> None:
        """Note down what is wrong with the field, at its value rather than at its key."""
        self.report.add(code, (self.node.line, self.node.column), self.path, message, hint)

    def items(self) -> tuple["Field", ...]:
        """Return the elements of a list, or the field itself if it is none."""
        if not isinstance(self.node, Sequence):
            return (self,)
        return tuple(
            Field(self.report, (*self.path, index), item, item.line, item.column)
            for index, item in enumerate(self.node.items)
        )

    def entries(self) -> dict[str, "Field"]:
        """Return the values of a map by key, without those that begin with `x-`; none if it is no map."""
        if not isinstance(self.node, Mapping):
            return {}
        return {
            entry.key.text: Field(
                self.report, (*self.path, entry.key.text), entry.value, entry.key.line, entry.key.column
            )
            for entry in self.node.entries
            if not entry.key.text.startswith(_EXTENSION)
        }


Reader: TypeAlias = Callable[[Field], T | None]


class Fields:
    """The keys of a map, all of which are known."""

    def __init__(self, field: Field, keys: Collection[str]) -> None:
        self.field = field
        self._entries: dict[str, Field] = {}
        for key, entry in field.entries().items():
            if key in keys:
                self._entries[key] = entry
            else:
                hint = field.report.suggest(key, keys) or _SYNONYMS.get(key)
                entry.fault("P101", f"unknown key {quote(key)}", hint, is_about_owner=True)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def get(self, key: str) -> Field | None:
        """Return the field under a key, or None."""
        return self._entries.get(key)

    def read(self, key: str, reader: Reader[T], default: T) -> T:
        """Return what a reader makes of a key; the default where it is missing or wrong."""
        field = self._entries.get(key)
        value = None if field is None else reader(field)
        return default if value is None else value

    def find(self, key: str, reader: Reader[T]) -> T | None:
        """Return what a reader makes of a key, or None where it is missing or wrong."""
        field = self._entries.get(key)
        return None if field is None else reader(field)

    def need(self, key: str, reader: Reader[T], default: T) -> T:
        """Return what a reader makes of a key that must be there."""
        if key not in self._entries:
            self.field.fault("P102", f"the key `{key}` is missing")
        return self.read(key, reader, default)

    def template(self, key: str) -> JsonValue:
        """Return the plain value under a key, or None."""
        field = self._entries.get(key)
        return None if field is None else field.node.to_plain()


_SYNONYMS = {"retries": "did you mean `attempts`?", "depends_on": "did you mean `needs`?", "when": "did you mean `if`?"}


def open_map(field: Field, keys: Collection[str], shape: str = "a map of keys") -> Fields | None:
    """Return the keys of a map, or note down that the value is none."""
    if isinstance(field.node, Mapping):
        return Fields(field, keys)
    field.fault("P100", f"{shape} belongs here, not {describe(field.node)}")
    return None


def describe(node: Node) -> str:
    """Return what kind of value a node is, for messages."""
    match node:
        case Mapping():
            return "a map"
        case Sequence():
            return "a list"
        case Scalar(value=None):
            return "nothing"
        case Scalar(value=bool()):
            return "true or false"
        case Scalar(value=int() | float()):
            return "a number"
        case Scalar():
            return "a text"


def read_text(field: Field) -> str | None:
    """Read a text that is not empty."""
    if isinstance(field.node, Scalar) and isinstance(field.node.value, str):
        if field.node.value:
            return field.node.value
        field.fault("P100", "the text is empty")
        return None
    hint = "quote it" if isinstance(field.node, Scalar) and field.node.value is not None else None
    field.fault("P100", f"a text belongs here, not {describe(field.node)}", hint)
    return None


def read_bool(field: Field) -> bool | None:
    """Read `true` or `false`."""
    node = field.node
    if isinstance(node, Scalar) and isinstance(node.value, bool):
        return node.value
    if isinstance(node, Scalar) and node.style is Style.PLAIN and node.text.lower() in OLD_BOOLEANS:
        field.fault("P121", f"{quote(node.text)} is a text", f"write `{OLD_BOOLEANS[node.text.lower()]}`")
        return None
    field.fault("P100", f"`true` or `false` belongs here, not {describe(node)}")
    return None


def int_between(least: int, most: int) -> Reader[int]:
    """Return a reader of whole numbers from least to most."""

    def read(field: Field) -> int | None:
        value = field.node.value if isinstance(field.node, Scalar) else None
        if not isinstance(value, int) or isinstance(value, bool):
            field.fault("P100", f"a whole number belongs here, not {describe(field.node)}")
            return None
        if not least <= value <= most:
            field.fault("P104", f"{value} is not between {least} and {most}")
            return None
        return value

    return read


def read_number(field: Field) -> float | None:
    """Read a number."""
    value = field.node.value if isinstance(field.node, Scalar) else None
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    field.fault("P100", f"a number belongs here, not {describe(field.node)}")
    return None


def read_duration(field: Field) -> timedelta | None:
    """Read a duration such as `1h30m`; a bare number has no unit and is none."""
    node = field.node
    if not isinstance(node, Scalar) or node.value is None or isinstance(node.value, bool):
        field.fault("P120", f"a duration belongs here, not {describe(node)}", "write 90s, 15m, 1h30m, 2d or 1w")
        return None
    if isinstance(node.value, int | float):
        field.fault("P120", f"a duration needs a unit: {quote(node.text + 's')}?", f"write `{node.text}s`")
        return None
    try:
        return parse_duration(node.value)
    except ExpressionError as error:
        field.fault("P120", error.message, error.hint)
        return None


def one_of(kind: type[E]) -> Reader[E]:
    """Return a reader of the values of an enumeration."""

    def read(field: Field) -> E | None:
        value = word_of(tuple(kind))(field)
        return None if value is None else kind(value)

    return read


def word_of(choices: Collection[str]) -> Reader[str]:
    """Return a reader of some words."""

    def read(field: Field) -> str | None:
        text = field.node.text if isinstance(field.node, Scalar) else None
        if text in choices:
            return text
        shown = describe(field.node) if text is None else quote(text)
        hint = field.report.suggest(text or "", choices)
        field.fault("P103", f"{shown} is none of {', '.join(choices)}", hint)
        return None

    return read


def list_of(reader: Reader[T]) -> Reader[tuple[T, ...]]:
    """Return a reader of a list, or of one element in place of a list of one."""

    def read(field: Field) -> tuple[T, ...] | None:
        values = [reader(item) for item in field.items()]
        return tuple(value for value in values if value is not None)

    return read


def read_list(field: Field) -> tuple[JsonValue, ...] | None:
    """Read a list of plain values."""
    if not isinstance(field.node, Sequence):
        field.fault("P100", f"a list of values belongs here, not {describe(field.node)}")
        return None
    return tuple(item.to_plain() for item in field.node.items)


def read_map(field: Field) -> dict[str, JsonValue] | None:
    """Read a map of templates."""
    if not isinstance(field.node, Mapping):
        field.fault("P100", f"a map of keys belongs here, not {describe(field.node)}")
        return None
    return {key: entry.node.to_plain() for key, entry in field.entries().items()}


def read_named(field: Field) -> dict[str, JsonValue] | None:
    """Read a map of templates whose keys are ids, because expressions name them."""
    values = read_map(field)
    for key, entry in field.entries().items() if values else ():
        id_named(entry, key, "id")
    return values


def id_named(field: Field, text: str, noun: str) -> bool:
    """Whether a text can be a name in expressions; note down if not. `noun` is what the finding calls it."""
    if STEP_ID.fullmatch(text):
        return True
    known = suggest_id(text)
    hint = f"write `{known}`" if known else None
    field.fault("P110", f"{quote(text)} is no {noun} (lower case, digits, _)", hint, is_about_owner=True)
    return False


def id_called(noun: str) -> Reader[str]:
    """Return a reader of names that expressions use; `noun` is what the finding calls them."""

    def read(field: Field) -> str | None:
        text = read_text(field)
        return text if text is not None and id_named(field, text, noun) else None

    return read


def read_principal(field: Field) -> str | None:
    """Read somebody who may decide."""
    text = read_text(field)
    if text is None or PRINCIPAL.fullmatch(text):
        return text
    field.fault("P112", f"{quote(text)} is no principal", "write role:…, user:…, group:… or oncall:…")
    return None


def read_channel(field: Field) -> str | None:
    """Read where people are told."""
    text = read_text(field)
    if text is None or CHANNEL.fullmatch(text):
        return text
    field.fault("P113", f"{quote(text)} is no channel", "write chat:#name, page:service or mail:address")
    return None


def read_expression(field: Field) -> str | None:
    """Read an expression, bare or as one whole `${{ }}`; return it bare."""
    node = field.node
    if not isinstance(node, Scalar) or node.value is None:
        field.fault("P100", f"an expression belongs here, not {describe(node)}")
        return None
    if node.is_cut and _has_open_quote(node.text):
        message = "the expression is cut off by a comment; quote the value"
        field.fault_value("P012", message, "YAML ends a plain value at ` #`")
        return None
    source = node.text.strip()
    inside = source.removeprefix(_OPEN).removesuffix(_CLOSE)
    if _OPEN not in source:
        return source
    if source.startswith(_OPEN) and source.endswith(_CLOSE) and _OPEN not in inside:
        return inside.strip()
    message = "only part of the value is an expression, so it would always be a string"
    field.fault("P203", message, "write the whole condition without ${{ }}")
    return None


def _has_open_quote(text: str) -> bool:
    """Whether an expression ends inside of a text."""
    return _CLOSED.fullmatch(text) is None
