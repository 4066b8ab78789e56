"""Parts of a recorded event, whatever shape somebody gave it."""

import json
from collections.abc import Mapping

from soar.model.values import JsonValue


def part_of(document: Mapping[str, JsonValue], name: str) -> Mapping[str, JsonValue]:
    """Return a nested object; empty if there is none."""
    found = document.get(name)
    return found if isinstance(found, dict) else {}


def text_of(document: Mapping[str, JsonValue], name: str) -> str:
    """Return a field as text, what is no text as JSON; empty if it is missing or null."""
    found = document.get(name)
    if found is None:
        return ""
    return found if isinstance(found, str) else json.dumps(found, ensure_ascii=False)


def flatten(text: str) -> str:
    r"""Return a text in one line and without what cannot be seen: it is written as `\u202e` and the like."""
    if text.isprintable():
        return text
    return "".join(letter if letter.isprintable() else _escape(ord(letter)) for letter in text)


def _escape(point: int) -> str:
    return f"\\u{point:04x}" if point <= 0xFFFF else f"\\U{point:08x}"  # noqa: PLR2004 -- the last of four digits
