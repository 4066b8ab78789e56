"""Bodies of lines."""

import re
from typing import Final

from soar.ingest.bodies.rule import LARGEST_BODY, MOST_ALERTS
from soar.model.errors import FieldFault, InputError

LONGEST_LINE: Final = 64 * 1024
"""Characters of a line."""

_LINE: Final = re.compile(rb"\S[^\n]*")  # from its first character that is no space
_NULL: Final = "\0"
_REPLACEMENT: Final = "\ufffd"


def list_lines(body: bytes, limit: int = LARGEST_BODY) -> list[tuple[int, str]]:
    """Return the lines that say something, each with its number; one more than are accepted shows that it is too many.

    Bytes that are no UTF-8, which devices send, become the replacement character; what came is kept with the delivery.

    Args:
        body: the lines.
        limit: bytes that they may have together.

    Raises:
        InputError: a line is longer than any device sends (`invalid_body`), or all are too long together (`too_large`).
    """
    if len(body) > limit:
        raise InputError(f"these lines have at most {limit} bytes", code="too_large", hint="send less at once")
    lines: list[tuple[int, str]] = []
    number, end = 1, 0
    for found in _LINE.finditer(body):
        number, end = number + body.count(b"\n", end, found.start()), found.end()
        text = found[0].decode("utf-8", "replace").strip().replace(_NULL, _REPLACEMENT)
        if len(text) > LONGEST_LINE:
            raise refuse_at(number, LONGEST_LINE + 1, f"a line has at most {LONGEST_LINE} characters")
        lines.append((number, text))
        if len(lines) > MOST_ALERTS:
            break
    return lines


def refuse_at(line: int, column: int, message: str) -> InputError:
    """Return the error for what stands at a place in the body."""
    return InputError(
        f"line {line}, column {column}: {message}",
        code="invalid_body",
        hint="look at what the source sends, or give it another `format`",
        faults=(FieldFault("", message),),
    )
