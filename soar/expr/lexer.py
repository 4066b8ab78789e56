"""The text of an expression as tokens."""

import re
from collections.abc import Iterator
from enum import Enum, auto
from typing import Final, NamedTuple

from soar.expr.errors import SyntaxFaultError
from soar.expr.limits import MAX_SOURCE


class TokenKind(Enum):
    """What a token is."""

    NAME = auto()
    INT = auto()
    DOUBLE = auto()
    STRING = auto()
    FIELD = auto()
    OPERATOR = auto()
    END = auto()


class Token(NamedTuple):
    """A piece of an expression's text.

    Attributes:
        kind: what it is.
        text: the piece as written, with quotes and prefixes.
        start: offset of its first character.
    """

    kind: TokenKind
    text: str
    start: int

    @property
    def end(self) -> int:
        """Offset behind its last character."""
        return self.start + len(self.text)


_SPACE: Final = re.compile(r"(?:[ \t\n\f\r]+|//[^\n]*)*")
_RUN: Final = re.compile(r"""[^"'\\\r\n]++""")
_QUOTE: Final = re.compile(r"""(?P<prefix>[bB][rR]?|[rR][bB]?|)(?P<quote>\"{3}|'{3}|"|')""")
_PATTERNS: Final = {
    TokenKind.NAME: r"[A-Za-z_][A-Za-z0-9_]*",
    TokenKind.DOUBLE: r"[0-9]*\.[0-9]+(?:[eE][+-]?[0-9]+)?|[0-9]+[eE][+-]?[0-9]+",
    TokenKind.INT: r"0[xX][0-9a-fA-F]+|[0-9]+",
    TokenKind.FIELD: r"`[A-Za-z0-9_./ -]+`",
    TokenKind.OPERATOR: r"&&|\|\||[=!<>]=|[-+*/%<>!?:.,()\[\]{}]",
}
_TOKEN: Final = re.compile("|".join(f"(?P<{kind.name}>{pattern})" for kind, pattern in _PATTERNS.items()))
_KINDS: Final = {kind.name: kind for kind in _PATTERNS}
_SIMPLE: Final = re.compile(rf"""[^"'`{{}}/]{{0,{MAX_SOURCE}}}+(?=}}}})""")
_NUMBERS: Final = (TokenKind.INT, TokenKind.DOUBLE)
_TAIL: Final = re.compile(r"[A-Za-z0-9_]+")
_HINTS: Final = {
    "=": "write == to compare",
    "&": "write && for `and`",
    "|": "write || for `or`",
    "$": "an expression stands without ${{ }} inside another",
    "“": 'write straight quotes: "',
    "”": 'write straight quotes: "',
}


def tokenize(source: str) -> list[Token]:
    """Return the tokens of an expression; the last one is of kind `END`.

    Raises:
        SyntaxFaultError: the text is too long or holds something that is no token.
    """
    _check_length(len(source))
    return [*scan(source, 0), Token(TokenKind.END, "", len(source))]


def find_close(text: str, start: int) -> int:
    """Return the offset of the `}}` that ends the expression which begins at an offset.

    Braces inside the expression's own texts and maps do not end it.

    Raises:
        SyntaxFaultError: there is no end, or something before it is no token.
    """
    if simple := _SIMPLE.match(text, start):
        return simple.end()
    open_braces = 0
    for token in scan(text, start):
        _check_length(token.end - start)
        if token.text == "{":
            open_braces += 1
        elif token.text == "}":
            if not open_braces and text.startswith("}}", token.start):
                return token.start
            open_braces -= 1
    raise SyntaxFaultError(
        "`${{` is not closed",
        hint="close it with }}, or write $${{ for the characters themselves",
        position=max(start - 3, 0),
        length=3,
    )


def scan(source: str, position: int) -> Iterator[Token]:
    """Yield token after token from an offset on, without looking further than asked.

    Raises:
        SyntaxFaultError: something is no token.
    """
    while True:
        position = _match_end(_SPACE, source, position)
        if position == len(source):
            return
        token = _read_token(source, position)
        yield token
        position = token.end


def _read_token(source: str, position: int) -> Token:
    if quote := _QUOTE.match(source, position):
        return _read_text(source, position, quote)
    found = _TOKEN.match(source, position)
    if found is None:
        character = source[position]
        raise SyntaxFaultError(
            f"`{character}` has no meaning here", hint=_HINTS.get(character), position=position, length=1
        )
    kind = _KINDS[str(found.lastgroup)]
    if kind in _NUMBERS:
        _check_number(source, found)
    return Token(kind, found[0], position)


def _read_text(source: str, position: int, quote: re.Match[str]) -> Token:
    """Read up to the closing quote: a backslash hides the next character, unless the text is raw."""
    closing = quote["quote"]
    is_raw = "r" in quote["prefix"].lower()
    is_long = len(closing) > 1
    cursor = _match_end(_RUN, source, quote.end())
    while cursor < len(source):
        if source.startswith(closing, cursor):
            return Token(TokenKind.STRING, source[position : cursor + len(closing)], position)
        if source[cursor] in "\r\n" and not is_long:
            break
        cursor = _match_end(_RUN, source, cursor + (1 if is_raw or source[cursor] != "\\" else 2))
    raise SyntaxFaultError(
        "the text is not closed", hint=f"close it with {closing}", position=position, length=quote.end() - position
    )


def _check_number(source: str, number: re.Match[str]) -> None:
    if tail := _TAIL.match(source, number.end()):
        is_unsigned = tail[0] in {"u", "U"}
        raise SyntaxFaultError(
            "there are no unsigned numbers" if is_unsigned else f"`{number[0]}{tail[0]}` is no number",
            hint=f"write {number[0]}" if is_unsigned else 'a duration is written duration("1h30m"), a text in quotes',
            position=number.start(),
            length=tail.end() - number.start(),
        )


def _check_length(length: int) -> None:
    if length > MAX_SOURCE:
        raise SyntaxFaultError(
            f"the expression is longer than {MAX_SOURCE:,} characters",
            code="expr.size",
            hint="split it with `set:`",
            length=length,
        )


def _match_end(pattern: re.Pattern[str], source: str, position: int) -> int:
    found = pattern.match(source, position)
    return found.end() if found else position
