"""One strict reader of JSON for everything that strangers send.

Stricter than RFC 8259 where two readers could understand two things: no key twice, no number that a double cannot hold
exactly, no NaN, no half surrogate pairs (RFC 7493, I-JSON), and nothing deeper than we would ever follow.
"""

import json
import math
import re
from collections.abc import Iterator
from typing import Final, TypeAlias, cast

from soar.model.errors import BugError, FieldFault, InputError
from soar.model.values import JsonValue

MAX_DEPTH: Final = 32
"""Levels of lists and maps."""

MAX_VALUES: Final = 50_000
"""Values in one document, or in all lines of one body: each costs some fifty bytes, however short it is written."""

MAX_INTEGER: Final = 2**53
"""The largest whole number, up or down, that every JSON reader keeps as it is (RFC 7493, section 2.2)."""

_MAX_DIGITS = 16
_MAX_TEXT_DIGITS = 20  # those of the largest 64-bit number
_MAX_QUOTES = 8 * MAX_VALUES
_LONGEST_POINTER = 200
_STRING: Final = re.compile(
    r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL
)  # an open one runs to the end: linear time
_BYTES: Final = re.compile(rb'"[^"\\\n]*(?:\\.[^"\\\n]*)*"')
_OPENING: Final = "[{"
_WIDENING: Final = ",[{"
_BRACKET: Final = re.compile(r"[\[\]{}]")
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_EXPECTED: Final = {
    "Expecting ',' delimiter": "expected ','",
    "Expecting ':' delimiter": "expected ':'",
    "Expecting value": "expected a value",
    "Expecting property name enclosed in double quotes": "expected a key in double quotes",
    "Extra data": "expected the end of the document",
    "Unterminated string starting at": "this text has no closing quote",
    "Invalid control character at": "a control character must be escaped",
    "Invalid \\escape": "no such escape",
    "Invalid \\uXXXX escape": "expected four hexadecimal digits",
    "Unexpected UTF-8 BOM (decode using utf-8-sig)": "expected no byte order mark",
}


class _Flaw:
    """Stands in the document for a value that is refused, until its pointer is known."""

    __slots__ = ("message",)

    def __init__(self, message: str) -> None:
        self.message = message


_Draft: TypeAlias = "bool | int | float | str | list[_Draft] | dict[str, _Draft] | _Flaw | None"


def parse_json(raw: bytes, *, first_line: int = 1, is_large_text: bool = False) -> JsonValue:
    """Read one JSON document.

    Args:
        raw: UTF-8 without a byte order mark; the caller has bounded its length.
        first_line: what its first line is called in messages.
        is_large_text: read a whole number beyond `MAX_INTEGER`, of at most 20 digits, as the text of its digits
            instead of refusing it: products send nanoseconds and 64-bit ids as numbers.

    Raises:
        InputError: it is no JSON, or holds what we refuse (`invalid_json`). The message names line and column, or the
            error's one fault the JSON pointer (RFC 6901).
    """
    text = _decode(raw)
    _check_shape(text, first_line)
    reader = _Reader(is_large_text=is_large_text)
    try:
        draft = reader.read(text)
    except json.JSONDecodeError as error:
        raise _refuse_at(text, error.pos, _translate(error.msg), first_line) from error
    if reader.has_flaws or _SURROGATE_ESCAPE.search(text):
        for pointer, message in _find_flaws(draft, ""):
            raise _refuse(f"{pointer or '/'}: {message}", FieldFault(pointer, message))
    return cast("JsonValue", draft)


def parse_json_lines(raw: bytes, *, limit: int, is_large_text: bool = False) -> list[JsonValue]:
    """Read newline-delimited JSON: one document a line; empty lines do not count.

    Args:
        raw: UTF-8; the caller has bounded its length.
        limit: how many documents are read at most; the caller learns from one more that there were too many.
        is_large_text: as for `parse_json`.

    Raises:
        InputError: a line is no JSON that we accept (`invalid_json`); lines count from the beginning of the body.
    """
    if raw.count(b",") + raw.count(b"[") + raw.count(b"{") > MAX_VALUES:
        _check_lines(raw)
    documents: list[JsonValue] = []
    for number, line in enumerate(raw.split(b"\n"), 1):
        if len(documents) > limit:
            break
        if line.strip():
            documents.append(parse_json(line, first_line=number, is_large_text=is_large_text))
    return documents


def _check_lines(raw: bytes) -> None:
    """Refuse lines that hold too much together, though none does alone."""
    if raw.count(b'"') > _MAX_QUOTES:
        raise _refuse_width()
    outline = _BYTES.sub(b"", raw)
    if sum(map(outline.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise _refuse_width()


class _Reader:
    """Reads one document and leaves flaws where it met them.

    Attributes:
        has_flaws: whether it left any.
    """

    def __init__(self, *, is_large_text: bool) -> None:
        self.has_flaws = False
        self._is_large_text = is_large_text

    def read(self, text: str) -> _Draft:
        draft: _Draft = json.loads(
            text,
            object_pairs_hook=self._read_object,
            parse_int=self._read_integer,
            parse_float=self._read_double,
            parse_constant=self._flaw_constant,
        )
        return draft

    def _read_object(self, pairs: list[tuple[str, _Draft]]) -> dict[str, _Draft]:
        """Build an object. The flaw for a key that stands twice also covers flaws in the value that it hides."""
        found = dict(pairs)
        if len(found) != len(pairs):
            found[_find_twice(pairs)] = self._flaw("this key stands twice in one object")
        return found

    def _read_integer(self, digits: str) -> int | str | _Flaw:
        if len(digits.lstrip("-")) <= _MAX_DIGITS and abs(number := int(digits)) <= MAX_INTEGER:
            return number
        if self._is_large_text and len(digits.lstrip("-")) <= _MAX_TEXT_DIGITS:
            return digits
        return self._flaw("a whole number beyond 2^53 loses digits; send it as a text")

    def _read_double(self, digits: str) -> float | _Flaw:
        number = float(digits)
        return number if math.isfinite(number) else self._flaw("this number is too large")

    def _flaw_constant(self, name: str) -> _Flaw:
        return self._flaw(f"{name} is no JSON number")

    def _flaw(self, message: str) -> _Flaw:
        self.has_flaws = True
        return _Flaw(message)


def _find_twice(pairs: list[tuple[str, _Draft]]) -> str:
    seen: set[str] = set()
    for key, _ in pairs:
        if key in seen:
            return key
        seen.add(key)
    raise BugError("no key stands twice")


def _find_flaws(draft: _Draft, pointer: str) -> Iterator[tuple[str, str]]:
    """Yield where each flaw stands, and what it is; the document is at most `MAX_DEPTH` deep."""
    match draft:
        case _Flaw():
            yield pointer, draft.message
        case str() if _is_broken(draft):
            yield pointer, _BROKEN
        case list():
            for index, element in enumerate(draft):
                yield from _find_flaws(element, f"{pointer}/{index}")
        case dict():
            for key, element in draft.items():
                if _is_broken(key):
                    yield pointer, f"in a key, {_BROKEN}"
                yield from _find_flaws(element, _extend(pointer, key))
        case _:
            return


_BROKEN: Final = "half a surrogate pair is no character"


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _extend(pointer: str, key: str) -> str:
    """Return the pointer of a member; what would be longer than anybody reads stays at its parent."""
    longer = f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}" if len(key) <= _LONGEST_POINTER else pointer
    return longer if len(longer) <= _LONGEST_POINTER else pointer


def _decode(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        raise _refuse_at(before, len(before), "expected UTF-8", 1) from error


def _check_shape(text: str, first_line: int) -> None:
    """Refuse a bomb before anything recurses into it or builds it; a text with few brackets and commas is none."""
    openings = sum(map(text.count, _OPENING))
    if openings <= MAX_DEPTH and openings + text.count(",") <= MAX_VALUES:
        return
    if text.count('"') > _MAX_QUOTES:
        raise _refuse_width()
    outline = _STRING.sub(lambda found: " " * len(found[0]), text)
    if sum(map(outline.count, _WIDENING)) > MAX_VALUES:
        raise _refuse_width()
    depth = 0
    for found in _BRACKET.finditer(outline):
        depth += 1 if found[0] in _OPENING else -1
        if depth > MAX_DEPTH:
            raise _refuse_at(text, found.start(), f"nothing may lie deeper than {MAX_DEPTH} levels", first_line)


def _refuse_width() -> InputError:
    message = f"nothing may hold more than {MAX_VALUES} values"
    return _refuse(f"/: {message}", FieldFault("", message))


def _translate(message: str) -> str:
    return _EXPECTED.get(message.removesuffix(": "), "this is no JSON")


def _refuse_at(text: str, position: int, message: str, first_line: int) -> InputError:
    line = first_line + text.count("\n", 0, position)
    column = position - text.rfind("\n", 0, position)
    return _refuse(f"line {line}, column {column}: {message}", FieldFault("", message))


def _refuse(message: str, fault: FieldFault) -> InputError:
    return InputError(message, code="invalid_json", hint="send JSON as RFC 7493 has it", faults=(fault,))
