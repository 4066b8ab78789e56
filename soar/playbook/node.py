"""A YAML document as a tree that knows where everything stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from soar.model.values import JsonValue

Path: TypeAlias = tuple[str | int, ...]


class Style(StrEnum):
    """How a scalar is written."""

    PLAIN = "plain"
    QUOTED = "quoted"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value.

    Attributes:
        value: what it means in YAML 1.2's core schema, of which only `true`, `false`, `null`, nothing and JSON numbers
            are no texts.
        text: its characters, without quotes, folded.
        line: of its first character, from 1.
        column: of its first character, from 1.
        end_line: of the character behind its last one.
        end_column: of the character behind its last one.
        is_cut: a comment follows on its last line, so it may be shorter than its author meant.
    """

    value: bool | int | float | str | None
    text: str
    style: Style
    line: int
    column: int
    end_line: int
    end_column: int
    is_cut: bool = False

    def to_plain(self) -> JsonValue:
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple["Node", ...]
    line: int
    column: int

    def to_plain(self) -> JsonValue:
        """Return the values."""
        return [item.to_plain() for item in self.items]


@dataclass(frozen=True, slots=True)
class Entry:
    """A key and its value; the key's `line` and `column` are where it stands."""

    key: Scalar
    value: "Node"


@dataclass(frozen=True, slots=True)
class Mapping:
    """A map; its keys are texts, each once."""

    entries: tuple[Entry, ...]
    line: int
    column: int

    def to_plain(self) -> JsonValue:
        """Return the values by key."""
        return {entry.key.text: entry.value.to_plain() for entry in self.entries}


Node: TypeAlias = Scalar | Sequence | Mapping


@dataclass(frozen=True, slots=True)
class Spot:
    """A node and where a reader looks for it: at its key, or where the list item begins."""

    path: Path
    node: Node
    line: int
    column: int


def walk_spots(node: Node, path: Path = ()) -> Iterator[Spot]:
    """Yield every node of a tree below the given one with its path, in document order."""
    match node:
        case Mapping(entries=entries):
            for entry in entries:
                here = (*path, entry.key.text)
                yield Spot(here, entry.value, entry.key.line, entry.key.column)
                yield from walk_spots(entry.value, here)
        case Sequence(items=items):
            for index, item in enumerate(items):
                here = (*path, index)
                yield Spot(here, item, item.line, item.column)
                yield from walk_spots(item, here)
        case Scalar():
            return


def join_path(path: Path) -> str:
    """Write a path with slashes, as in `steps/2/with/url`; `~` and `/` in a key are escaped as RFC 6901 has it."""
    return "/".join(str(part).replace("~", "~0").replace("/", "~1") for part in path)


def print_path(path: Path) -> str:
    """Write a path as people do: `steps[2].with.url`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")


def ends_open(text: str) -> bool:
    """Whether a text ends inside of an expression."""
    return text.rfind("${{") > text.rfind("}}")
