"""Functions of texts, after the strings extension of CEL (https://pkg.go.dev/github.com/google/cel-go/ext#Strings)."""

import functools
import hashlib
from collections.abc import Mapping
from typing import Final

import re2

from soar.expr.errors import EvaluationError
from soar.expr.frame import Frame
from soar.expr.kinds import StaticType, describe
from soar.expr.signature import BYTES, COSTLY, INT, LIST, STRING, Function, Style
from soar.model.values import Value

_PATTERN_MEMORY = 1024 * 1024
_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
_ESCAPES: Final = str.maketrans(
    {
        "\a": "\\a",
        "\b": "\\b",
        "\f": "\\f",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\v": "\\v",
        "\\": "\\\\",
        '"': '\\"',
    }
)
_SPACE: Final = "\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""The characters with the property White_Space (https://www.unicode.org/reports/tr44/); Python strips others too."""
_LOWER: Final = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


class _Pattern:
    """A compiled regular expression and what it costs."""

    __slots__ = ("_pattern", "cost")

    def __init__(self, text: str) -> None:
        options = re2.Options()
        options.max_mem = _PATTERN_MEMORY
        options.log_errors = False
        self._pattern = re2.compile(text, options)
        self.cost: int = 16 + self._pattern.programsize

    def is_in(self, text: str) -> bool:
        return self._pattern.search(text) is not None


@functools.lru_cache(maxsize=1024)
def compile_pattern(text: str) -> _Pattern:
    """Return a regular expression in RE2's syntax (https://github.com/google/re2/wiki/Syntax), ready for use.

    Raises:
        EvaluationError: it is none, or needs more than 1 MiB.
    """
    try:
        return _Pattern(text)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace")
        raise EvaluationError(f"this is no regular expression: {reason}", code="expr.pattern") from error


def encode_text(text: str) -> bytes:
    """Return a text in UTF-8.

    Raises:
        EvaluationError: it holds half a surrogate pair, as broken JSON can.
    """
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise EvaluationError("the text holds half a surrogate pair, so it is no valid Unicode") from error


def _match(frame: Frame, text: str, pattern: str) -> bool:
    """Search; the automaton's size is what a character may cost at worst."""
    compiled = compile_pattern(pattern)
    frame.spend(len(text) * compiled.cost >> 10)
    encode_text(text)
    return compiled.is_in(text)


def _lower(frame: Frame, text: str) -> str:
    return text.lower() if text.isascii() else _translate(frame, text, _LOWER)


def _upper(frame: Frame, text: str) -> str:
    return text.upper() if text.isascii() else _translate(frame, text, _UPPER)


def _translate(frame: Frame, text: str, table: Mapping[int, int | str]) -> str:
    frame.spend(len(text) >> 2)
    return text.translate(table)


def _split(frame: Frame, text: str, separator: str, limit: int = -1) -> list[Value]:
    if limit == 0:
        return []
    frame.spend(text.count(separator) + 1)
    if separator:
        return list(text.split(separator, limit - 1 if limit > 0 else -1))
    cut = len(text) if limit < 0 else min(limit - 1, len(text))
    rest = text[cut:]
    return [*text[:cut], rest] if rest else [*text[:cut]]


def _join(frame: Frame, parts: list[Value], separator: str = "") -> str:
    frame.spend(len(parts))
    texts: list[str] = []
    for part in parts:
        if not isinstance(part, str):
            raise EvaluationError(
                f"`.join()` wants a list of strings; it holds {describe(part)}", hint="write .map(x, string(x)) first"
            )
        texts.append(part)
    frame.touch(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def _replace(frame: Frame, text: str, old: str, new: str, limit: int = -1) -> str:
    count = text.count(old)
    frame.touch((count if limit < 0 else min(count, limit)) * len(new))
    return text.replace(old, new, limit)


def _cut(_: Frame, text: str, start: int, end: int | None = None) -> str:
    end = len(text) if end is None else end
    if not 0 <= start <= end <= len(text):
        raise _out_of_range(f"{start} to {end}", text)
    return text[start:end]


def _get_character(_: Frame, text: str, index: int) -> str:
    if not 0 <= index <= len(text):
        raise _out_of_range(str(index), text)
    return text[index : index + 1]


def _find_first(_: Frame, text: str, part: str, start: int = 0) -> int:
    if not 0 <= start <= len(text):
        raise _out_of_range(str(start), text)
    return text.find(part, start)


def _find_last(_: Frame, text: str, part: str, start: int | None = None) -> int:
    if start is None:
        return text.rfind(part)
    if not 0 <= start <= len(text):
        raise _out_of_range(str(start), text)
    return text.rfind(part, 0, start + len(part))


def _out_of_range(where: str, text: str) -> EvaluationError:
    return EvaluationError(f"{where} lies outside of a text of {len(text)} characters", code="expr.range")


def _quote(frame: Frame, text: str) -> str:
    """Write a text the way it would stand in an expression."""
    return f'"{_translate(frame, text, _ESCAPES)}"'


def _hash(_: Frame, content: str | bytes) -> str:
    return hashlib.sha256(content if isinstance(content, bytes) else encode_text(content)).hexdigest()


FUNCTIONS: Final = (
    Function("contains", (STRING, STRING), StaticType.BOOL, lambda _, text, part: part in text, Style.METHOD),
    Function(
        "startsWith", (STRING, STRING), StaticType.BOOL, lambda _, text, part: text.startswith(part), Style.METHOD
    ),
    Function("endsWith", (STRING, STRING), StaticType.BOOL, lambda _, text, part: text.endswith(part), Style.METHOD),
    Function("matches", (STRING, STRING), StaticType.BOOL, _match, Style.EITHER, is_pattern=True, cost=COSTLY),
    Function("lowerAscii", (STRING,), StaticType.STRING, _lower, Style.METHOD),
    Function("upperAscii", (STRING,), StaticType.STRING, _upper, Style.METHOD),
    Function("trim", (STRING,), StaticType.STRING, lambda _, text: text.strip(_SPACE), Style.METHOD),
    Function("split", (STRING, STRING, INT), StaticType.LIST, _split, Style.METHOD, optional=1),
    Function("join", (LIST, STRING), StaticType.STRING, _join, Style.METHOD, optional=1),
    Function("replace", (STRING, STRING, STRING, INT), StaticType.STRING, _replace, Style.METHOD, optional=1),
    Function("substring", (STRING, INT, INT), StaticType.STRING, _cut, Style.METHOD, optional=1),
    Function("charAt", (STRING, INT), StaticType.STRING, _get_character, Style.METHOD),
    Function("indexOf", (STRING, STRING, INT), StaticType.INT, _find_first, Style.METHOD, optional=1),
    Function("lastIndexOf", (STRING, STRING, INT), StaticType.INT, _find_last, Style.METHOD, optional=1),
    Function("strings.quote", (STRING,), StaticType.STRING, _quote),
    Function("sha256", (STRING | BYTES,), StaticType.STRING, _hash),
)
