"""A document's lines as blocks of entries, so that an entry can be moved or indented together with its comments.

Only block maps and block lists are taken apart. A scalar, or a list or map in brackets, stays as it was written; its
further lines move with its first.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from soar.model.errors import InputError
from soar.playbook.finding import split_lines
from soar.playbook.node import Entry, Mapping, Node, Scalar, Style
from soar.playbook.node import Sequence as List

INDENT = 2
"""Columns that each level is indented by."""

_BEFORE_KEY = re.compile(r"[ \t]*(?:-[ \t]+)*")
_COLON = re.compile(r"[ \t]*:(?=[ \t]|$)")
_MARKER = re.compile(r"(?:---|\.\.\.)(?:[ \t]|$)")
_WRITTEN_WIDTH = re.compile(r"[|>][+-]?(?P<width>[1-9])")
_KEPT_END = re.compile(r"[|>](?:[1-9]?\+|\+[1-9]?)")

Part: TypeAlias = Entry | Node


@dataclass(frozen=True, slots=True)
class Unit:
    """An entry of a map, or an element of a list.

    Attributes:
        key: the key as the document names it; None in a list.
        before: the comments and blank lines above.
        head: what stands on its first line, from its key or its dash on.
        body: its further lines, indented as if it stood at column 0; empty if it holds a block.
        block: the block map or list that it holds.
        is_joined: the block begins on the line of the dash.
    """

    key: str | None
    before: tuple[str, ...]
    head: str
    body: tuple[str, ...] = ()
    block: "Block | None" = None
    is_joined: bool = False


@dataclass(frozen=True, slots=True)
class Block:
    """A block map or a block list.

    Attributes:
        after: the comments and blank lines behind the last unit that belong to the block by their indentation.
    """

    units: tuple[Unit, ...]
    after: tuple[str, ...]


def read_layout(text: str, root: Mapping) -> Block:
    """Take a document apart.

    Args:
        text: the document.
        root: what `read_document` made of it, without any finding.

    Raises:
        InputError: it is written in a form that cannot be taken apart, such as a map in braces or a key with `?`.
    """
    reader = _Reader(split_lines(text))
    if not reader.is_block(root):
        raise refuse_layout(root.line)
    return reader.read_block(root, 0, len(reader.lines))


class _Reader:
    """Takes blocks out of lines; lines and columns count from 0 here, and those of nodes from 1."""

    def __init__(self, lines: Sequence[str]) -> None:
        self.lines = lines

    def is_block(self, node: Node) -> bool:
        """Whether a value is a map or a list without brackets."""
        return not isinstance(node, Scalar) and self.lines[node.line - 1][node.column - 1] not in "[{"

    def read_block(self, node: Mapping | List, start: int, stop: int) -> Block:
        """Return the block that a node is; `start` and `stop` bound its lines, its comments' included."""
        column = node.column - 1
        parts: tuple[Part, ...] = node.entries if isinstance(node, Mapping) else node.items
        firsts = [self._find_first(part, column) for part in parts]
        units: list[Unit] = []
        for part, first, limit in zip(parts, firsts, (*firsts[1:], stop), strict=True):
            end = self._find_end(part, column, limit)
            units.append(self._read_unit(part, column, first, end, self._strip(start, first)))
            start = end
        return Block(tuple(units), self._strip(start, stop))

    def _strip(self, start: int, stop: int) -> tuple[str, ...]:
        return tuple(line.strip() for line in self.lines[start:stop])

    def _find_first(self, part: Part, column: int) -> int:
        """Return the line of an entry's key, or of an element's dash."""
        if isinstance(part, Entry):
            line = part.key.line - 1
            if not _BEFORE_KEY.fullmatch(self.lines[line][:column]):
                raise refuse_layout(part.key.line)
            return line
        line = part.line - 1
        while self.lines[line][column : column + 1] != "-" or not _BEFORE_KEY.fullmatch(self.lines[line][:column]):
            line -= 1
        return line

    def _find_end(self, part: Part, column: int, limit: int) -> int:
        """Return the line behind a unit; comments indented deeper than it belong to the block that it holds."""
        value = _value_of(part)
        first = part.key.line if isinstance(part, Entry) else part.line
        end = max(first, self._find_last(value, limit) + 1)
        if not self.is_block(value):
            return end
        for line in range(end, limit):
            text = self.lines[line]
            if text.strip() and _width(text) <= column:
                break
            end = line + 1 if text.strip() else end
        return end

    def _find_last(self, node: Node, limit: int) -> int:
        """Return the last line of a value, without the comments behind it."""
        if isinstance(node, Scalar):
            return self._find_last_of_text(node)
        last = node.line - 1
        if isinstance(node, Mapping):
            last = max([last, *(entry.key.line - 1 for entry in node.entries[-1:])])
        parts: tuple[Part, ...] = node.entries if isinstance(node, Mapping) else node.items
        last = max([last, *(self._find_last(_value_of(part), limit) for part in parts[-1:])])
        if self.is_block(node):
            return last
        return max(last, *(line for line in range(last, limit) if line == last or not _is_remark(self.lines[line])))

    def _find_last_of_text(self, node: Scalar) -> int:
        last = node.end_line - 1
        if node.style is not Style.BLOCK:
            return last
        if node.end_column == 1:
            last -= 1
        if not _KEPT_END.match(self.lines[node.line - 1], node.column - 1):
            while not self.lines[last].strip():
                last -= 1
        return last

    def _read_unit(self, part: Part, column: int, first: int, end: int, before: tuple[str, ...]) -> Unit:
        value = _value_of(part)
        line = self.lines[first]
        key = None
        head, rest = "-", line[column + 1 :].lstrip()
        if isinstance(part, Entry):
            key = part.key.text
            colon = _COLON.match(line, part.key.end_column - 1)
            if colon is None:
                raise refuse_layout(first + 1)
            head, rest = line[column : part.key.end_column - 1] + ":", line[colon.end() :].lstrip()
        if isinstance(value, Mapping | List) and self.is_block(value):
            is_joined = value.line - 1 == first
            block = self.read_block(value, first + 1, end)
            return Unit(key, before, head if is_joined else _join(head, rest.rstrip()), (), block, is_joined)
        body = self._read_body(value, column, first, end)
        return Unit(key, before, _join(head, rest if body else rest.rstrip()), body)

    def _read_body(self, value: Node, column: int, first: int, end: int) -> tuple[str, ...]:
        """Return the further lines of a value that is no block, as they are to be indented behind its unit."""
        lines = list(self.lines[first + 1 : end])
        shift = INDENT - value.column + 1 if value.line - 1 > first else -column
        content = len(lines)
        if isinstance(value, Scalar) and value.style is Style.BLOCK:
            content = value.line - 1 - first
        least = 0 if isinstance(value, Mapping | List) else INDENT
        moved = [_move(line, shift, least) for line in lines[:content]]
        return tuple(moved + self._read_content(value, column, lines[content:]))

    def _read_content(self, value: Node, column: int, lines: Sequence[str]) -> list[str]:
        """Return the lines of a text below its `|` or `>`; what is indented deeper than they are stays so."""
        width = next((_width(line) for line in lines if line.strip()), None)
        if width is None:
            return ["" for _ in lines]
        indent = INDENT
        written = _WRITTEN_WIDTH.match(self.lines[value.line - 1], value.column - 1)
        if written is not None:
            indent = int(written["width"])
            width = column + indent
        return [" " * indent + line[width:] if line[width:] else "" for line in lines]


def write_layout(block: Block, column: int = 0) -> list[str]:
    """Return the lines of a block whose units stand at a column."""
    lines: list[str] = []
    for unit in block.units:
        written = _write_unit(unit, column)
        is_apart = lines[-1:] == [""]  # by the end of a text that keeps its blank lines, which may get no more
        lines.extend(written[1:] if is_apart and not written[0] else written)
    return lines + _indent(block.after, column)


def _write_unit(unit: Unit, column: int) -> list[str]:
    lines = _indent(unit.before, column)
    if unit.block is None:
        return [*lines, " " * column + unit.head, *_indent(unit.body, column)]
    inner = write_layout(unit.block, column + INDENT)
    if not unit.is_joined:
        return [*lines, " " * column + unit.head, *inner]
    return [*lines, " " * column + unit.head + inner[0][column + 1 :], *inner[1:]]


def _indent(lines: Sequence[str], column: int) -> list[str]:
    return [" " * column * (not _MARKER.match(line)) + line if line else "" for line in lines]


def _join(head: str, rest: str) -> str:
    return f"{head} {rest}" if rest else head


def _move(line: str, shift: int, least: int) -> str:
    text = line.lstrip(" ")
    return " " * max(_width(line) + shift, least) + text if text.strip() else ""


def _width(line: str) -> int:
    """Return how many columns a line is indented by."""
    return len(line) - len(line.lstrip(" "))


def _is_remark(line: str) -> bool:
    """Whether a line, which is no part of a text, holds no value: a comment, a blank line, or a document's marker."""
    return not line.strip() or line.lstrip().startswith("#") or _MARKER.match(line) is not None


def _value_of(part: Part) -> Node:
    return part.value if isinstance(part, Entry) else part


def refuse_layout(line: int) -> InputError:
    """Return the error of a document whose lines cannot be moved without a change of what they say."""
    message = f"line {line} is written in a way that cannot be laid out anew without changing what it says"
    return InputError(message, code="layout", hint="write the value plainly, as a map, a list or a text of its own")
