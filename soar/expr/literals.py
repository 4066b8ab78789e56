"""What a literal stands for."""

import math
import re
from typing import Final

from soar.expr.errors import SyntaxFaultError
from soar.expr.lexer import Token

MIN_INT: Final = -(2**63)
MAX_INT: Final = 2**63 - 1

_LITERAL: Final = re.compile(r"""(?P<prefix>[a-zA-Z]*)(?P<quote>\"{3}|'{3}|"|')""")
_ESCAPE: Final = re.compile(
    r"\\(?:(?P<octal>[0-3][0-7]{2})|[xX](?P<byte>[0-9a-fA-F]{2})|u(?P<short>[0-9a-fA-F]{4})"
    r"|U(?P<long>[0-9a-fA-F]{8})|(?P<plain>[abfnrtv\\?\"'`])|(?P<unknown>.?))",
    re.DOTALL,
)
_PLAIN: Final = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}


def read_int(token: Token, *, is_negative: bool) -> int:
    """Return the number that a token of digits stands for, behind a minus sign or not.

    Raises:
        SyntaxFaultError: it does not fit into 64 bits.
    """
    number = int(token.text, 16 if token.text[:2] in {"0x", "0X"} else 10)
    number = -number if is_negative else number
    if not MIN_INT <= number <= MAX_INT:
        raise _fault(token, "the number does not fit into 64 bits", code="expr.overflow")
    return number


def read_double(token: Token) -> float:
    """Return the number that a token with a point or an exponent stands for.

    Raises:
        SyntaxFaultError: it is too large for a double.
    """
    number = float(token.text)
    if math.isinf(number):
        raise _fault(token, "the number is too large for a double", code="expr.overflow")
    return number


def read_text(token: Token) -> str | bytes:
    """Return the text, or the bytes behind the prefix b, that a token in quotes stands for.

    Raises:
        SyntaxFaultError: an escape means nothing, or a character cannot be written in UTF-8.
    """
    opening = _LITERAL.match(token.text)
    if opening is None:
        raise AssertionError(token)
    prefix, quote = opening["prefix"].lower(), opening["quote"]
    body = token.text[opening.end() : -len(quote)]
    is_bytes = "b" in prefix
    try:
        if "r" in prefix:
            return body.encode() if is_bytes else body
        return _unescape_bytes(token, body) if is_bytes else _unescape_text(token, body)
    except UnicodeEncodeError as error:
        raise _fault(token, "half a surrogate pair is no character") from error


def _unescape_text(token: Token, body: str) -> str:
    def replace(escape: re.Match[str]) -> str:
        return _read_plain(escape) or chr(_read_code(token, escape))

    text = _ESCAPE.sub(replace, body)
    text.encode()
    return text


def _unescape_bytes(token: Token, body: str) -> bytes:
    pieces: list[bytes] = []
    cursor = 0
    for escape in _ESCAPE.finditer(body):
        pieces.append(body[cursor : escape.start()].encode())
        if escape["short"] or escape["long"]:
            raise _fault(token, f"bytes take no `{escape[0]}`", hint="write the bytes: \\xHH")
        plain = _read_plain(escape)
        pieces.append(plain.encode() if plain else bytes([_read_code(token, escape)]))
        cursor = escape.end()
    pieces.append(body[cursor:].encode())
    return b"".join(pieces)


def _read_plain(escape: re.Match[str]) -> str | None:
    plain = escape["plain"]
    return _PLAIN.get(plain, plain) if plain else None


def _read_code(token: Token, escape: re.Match[str]) -> int:
    if escape["octal"]:
        return int(escape["octal"], 8)
    digits = escape["byte"] or escape["short"] or escape["long"]
    if not digits:
        raise _fault(token, f"`{escape[0]}` is no escape", hint='write \\\\ for a backslash, or a raw text: r"…"')
    code = int(digits, 16)
    try:
        chr(code).encode()
    except (ValueError, OverflowError) as error:
        raise _fault(token, f"`{escape[0]}` is no character") from error
    return code


def _fault(token: Token, message: str, *, code: str | None = None, hint: str | None = None) -> SyntaxFaultError:
    return SyntaxFaultError(message, code=code, hint=hint, position=token.start, length=len(token.text))
