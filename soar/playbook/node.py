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
    waiting = [_list_inside(node, path)]
    while waiting:
        spot = next(waiting[-1], None)
        if spot is None:
            waiting.pop()
            continue
        yield spot
        if not isinstance(spot.node, Scalar):
            waiting.append(_list_inside(spot.node, spot.path))


def _list_inside(node: Node, path: Path) -> Iterator[Spot]:
    match node:
        case Mapping(entries=entries):
            for entry in entries:
                yield Spot((*path, entry.key.text), entry.value, entry.key.line, entry.key.column)
        case Sequence(items=items):
            for index, item in enumerate(items):
                yield Spot((*path, index), item, item.line, item.column)
        case Scalar():
            return


def index_spots(root: Node) -> dict[str, Spot]:
    """Return every value of a document by its path, as `join_path` writes it."""
    index: dict[str, Spot] = {}
    above: list[str] = []
    for spot in walk_spots(root):
        del above[len(spot.path) - 1 :]
        part = _escape(spot.path[-1])
        above.append(f"{above[-1]}/{part}" if above else part)
        index[above[-1]] = spot
    return index


def join_path(path: Path) -> str:
    """Write a path with slashes, as in `steps/2/with/url`; `~` and `/` in a key are escaped as RFC 6901 has it."""
    return "/".join(map(_escape, path))


def _escape(part: str | int) -> str:
    return str(part).replace("~", "~0").replace("/", "~1")


def print_path(path: Path) -> str:
    """Write a path as people do: `steps[2].with.url`."""
    shown = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return shown.removeprefix(".")


def ends_open(text: str) -> bool:
    """Whether a text ends inside of an expression."""
    return text.rfind("${{") > text.rfind("}}")
