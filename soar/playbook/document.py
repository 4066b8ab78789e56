"""YAML, read so that a text means one thing only.

PyYAML's C parser gives events and nothing else: tags, anchors and the types of YAML 1.1 (where `on` is true and `12:30`
a number) never come to life. The events are counted while they come, so a bomb is refused before it is built.
"""

import math
import re
from collections.abc import Iterator
from typing import Protocol, TypeAlias

import yaml

from soar.playbook.finding import Finding, sort_findings
from soar.playbook.node import Entry, Mapping, Node, Path, Scalar, Sequence, Style, ends_open
from soar.playbook.report import Report, quote
from soar.playbook.syntax_fault import SyntaxFault, report_syntax_fault

MAX_BYTES = 256 * 1024
MAX_NODES = 10_000
MAX_DEPTH = 64
MAX_KEYS = 1_000  # characters of the keys above a value: every value is known by its path
_MAX_INTEGER = 2**63

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?P<fraction>\.[0-9]+)?(?P<exponent>[eE][+-]?[0-9]+)?")
_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "": None}
_COMMENT = re.compile(r"[ \t]+#")

Event: TypeAlias = yaml.Event


class _Mark(Protocol):
    """A place as the parser gives it, counted from 0."""

    @property
    def line(self) -> int: ...
    @property
    def column(self) -> int: ...


class _TooLargeError(Exception):
    """The document is larger than anybody would write.

    Attributes:
        place: line and column of what is too much.
    """

    def __init__(self, message: str, place: tuple[int, int]) -> None:
        super().__init__(message)
        self.place = place


def read_document(text: str, file: str) -> tuple[Node | None, list[Finding]]:
    """Read one YAML document: YAML 1.2 core scalars, no anchors, tags or merge keys, and no key twice.

    Args:
        text: the document, at most 256 KiB.
        file: what the findings call it.

    Returns:
        The root, or None where the text cannot be read; and what is wrong. A root that comes with findings is good for
        finding more mistakes, never for use.
    """
    report = Report(text, file)
    root = _Reader(text, report).read() if _is_readable(text, report) else None
    return root, sort_findings(report.findings)


def _is_readable(text: str, report: Report) -> bool:
    if len(text) > MAX_BYTES or len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        report.add("P002", (1, 1), (), "the file is larger than 256 KiB", "split it up")
        return False
    forbidden = _FORBIDDEN.search(text)
    if forbidden is None:
        return True
    before = Report(text[: forbidden.start()], "").lines
    place = (len(before), len(before[-1]) + 1)
    report.add("P001", place, (), f"the character U+{ord(forbidden[0]):04X} is not allowed", "remove it")
    return False


class _Reader:
    """Builds the tree of one document from the parser's events."""

    def __init__(self, text: str, report: Report) -> None:
        self._report = report
        self._text = text
        self._events: Iterator[Event] = iter(())
        self._nodes = 0
        self._keys = 0

    def read(self) -> Node | None:
        """Return the root, or None if there is none."""
        self._events = yaml.parse(self._text, Loader=yaml.CSafeLoader)
        try:
            return self._read_stream()
        except yaml.YAMLError as error:
            report_syntax_fault(_describe(error), self._report)
        except _TooLargeError as error:
            self._report.add("P002", error.place, (), str(error), "split it up")
        return None

    def _read_stream(self) -> Node | None:
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            self._report.add("P003", (1, 1), (), "the file is empty")
            return None
        root = self._read_node(next(self._events), ())
        next(self._events)
        after = next(self._events)
        if not isinstance(after, yaml.StreamEndEvent):
            self._report.add(
                "P004", _start(after), (), "a second document begins here", "remove the `---`: one file, one document"
            )
        return root

    def _read_node(self, event: Event, path: Path) -> Node:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise _TooLargeError(f"the file holds more than {MAX_NODES:,} values", _start(event))
        if len(path) > MAX_DEPTH:
            raise _TooLargeError(f"the file is deeper than {MAX_DEPTH} levels", _start(event))
        if self._keys > MAX_KEYS:
            raise _TooLargeError(f"the keys above a value have more than {MAX_KEYS:,} characters", _start(event))
        self._refuse_extras(event, path)
        match event:
            case yaml.MappingStartEvent():
                return self._read_mapping(event, path)
            case yaml.SequenceStartEvent():
                return self._read_sequence(event, path)
            case yaml.ScalarEvent():
                return self._read_scalar(event, path)
            case _:
                line, column = _start(event)
                return Scalar(None, "", Style.PLAIN, line, column, line, column)

    def _refuse_extras(self, event: Event, path: Path) -> None:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            kind = "an alias (`*`)" if isinstance(event, yaml.AliasEvent) else "an anchor (`&`)"
            self._report.add("P011", _start(event), path, f"{kind} is not allowed", "write the value out, or quote it")
        tag = getattr(event, "tag", None)
        if tag is not None:
            self._refuse_tag(str(tag), _start(event), path)

    def _refuse_tag(self, tag: str, place: tuple[int, int], path: Path) -> None:
        if _is_negation(tag):
            name = tag.removeprefix("!")
            message = f"YAML takes {quote(tag)} for a tag"
            self._report.add("P013", place, path, message, f"write not({name}) or wrap the condition in ${{{{ }}}}")
        else:
            self._report.add("P013", place, path, f"the tag {quote(tag)} is not allowed", "remove it")

    def _read_sequence(self, event: Event, path: Path) -> Sequence:
        items: list[Node] = []
        while not isinstance(inner := next(self._events), yaml.SequenceEndEvent):
            items.append(self._read_node(inner, (*path, len(items))))
        return Sequence(tuple(items), *_start(event))

    def _read_mapping(self, event: Event, path: Path) -> Mapping:
        entries: dict[str, Entry] = {}
        while not isinstance(inner := next(self._events), yaml.MappingEndEvent):
            key = self._read_key(inner, path)
            name = "" if key is None else key.text
            self._keys += len(name)
            value = self._read_node(next(self._events), (*path, name))
            self._keys -= len(name)
            if key is None:
                continue
            if key.text in entries:
                first = entries[key.text].key.line
                message = f"the key {quote(key.text)} stands here twice; the first is in line {first}"
                self._report.add("P014", (key.line, key.column), path, message, "keep one of them")
            else:
                entries[key.text] = Entry(key, value)
        return Mapping(tuple(entries.values()), *_start(event))

    def _read_key(self, event: Event, path: Path) -> Scalar | None:
        """Return a key, or None if it is none."""
        node = self._read_node(event, (*path, ""))
        place = node.line, node.column
        if not isinstance(node, Scalar):
            self._report.add("P016", place, path, "a key must be a text", "an expression is written ${{ … }}")
        elif node.style is Style.PLAIN and node.text == "<<":
            self._report.add("P015", place, path, "the merge key `<<` is not allowed", "write the keys out")
        elif node.style is Style.PLAIN and not node.text:
            self._report.add("P016", place, path, "a key is missing before the colon")
        else:
            return node
        return None

    def _read_scalar(self, event: yaml.ScalarEvent, path: Path) -> Scalar:
        text = str(event.value)
        place = _start(event)
        end = _place(event.end_mark)
        match event.style:
            case "'" | '"':
                return Scalar(text, text, Style.QUOTED, *place, *end)
            case "|" | ">":
                return Scalar(text, text, Style.BLOCK, *place, *end)
            case _ if _is_negation(event.tag):
                text = f"{event.tag} {text}".strip()
                return Scalar(text, text, Style.PLAIN, *place, *end)
            case _:
                value = self._resolve(text, place, path)
                return Scalar(value, text, Style.PLAIN, *place, *end, is_cut=self._is_cut(text, end, path))

    def _resolve(self, text: str, place: tuple[int, int], path: Path) -> bool | int | float | str | None:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        number = _NUMBER.fullmatch(text)
        if number is None:
            return text
        if number["fraction"] or number["exponent"]:
            value: float = float(text)
            is_countable = math.isfinite(value)
        else:
            is_countable = len(text) <= len(str(-_MAX_INTEGER)) and -_MAX_INTEGER <= int(text) < _MAX_INTEGER
            value = int(text) if is_countable else 0
        if is_countable:
            return value
        self._report.add("P017", place, path, "the number is too large", "quote it if it is a text")
        return text

    def _is_cut(self, text: str, end: tuple[int, int], path: Path) -> bool:
        line, column = end
        comment = _COMMENT.match(self._report.line(line), column - 1)
        if comment is None:
            return False
        if ends_open(text):
            message = "the expression is cut off by a comment; quote the value"
            self._report.add("P012", (line, comment.end()), path, message, "YAML ends a plain value at ` #`")
        return True


def _start(event: Event) -> tuple[int, int]:
    return _place(event.start_mark)


def _describe(error: yaml.YAMLError) -> SyntaxFault:
    return SyntaxFault(
        problem=str(getattr(error, "problem", None) or error),
        context=str(getattr(error, "context", None) or ""),
        place=_place(getattr(error, "problem_mark", None)),
        opening=_place(getattr(error, "context_mark", None)),
    )


def _place(mark: _Mark | None) -> tuple[int, int]:
    return (1, 1) if mark is None else (mark.line + 1, mark.column + 1)


def _is_negation(tag: str | None) -> bool:
    """Whether a tag is what YAML makes of a condition that begins with `!`."""
    return tag is not None and tag.startswith("!") and len(tag) > 1
