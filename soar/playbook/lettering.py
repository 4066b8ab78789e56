"""Text cut into lines that fit, where no font is at hand to measure with."""

import unicodedata
from typing import Final

_NARROW: Final = frozenset("fijlrtI.,:;'|!()[]{}/ ")
_WIDE: Final = frozenset("mwMW@%—…")
_ELLIPSIS: Final = "…"


def measure(text: str, size: float, *, is_monospaced: bool = False) -> float:
    """Return about how wide a text is, in the unit of its font's size; rather too much than too little."""
    return size * sum(_advance(char, is_monospaced=is_monospaced) for char in text)


def wrap(text: str, width: float, size: float, *, is_monospaced: bool = False, most: int = 4) -> tuple[str, ...]:
    """Return a text as lines no wider than a width.

    Args:
        text: on one line.
        width: of a line, in the unit of `size`.
        size: of the font.
        is_monospaced: whether all letters are equally wide.
        most: so many lines are kept; the last then ends in an ellipsis.
    """
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        rest = f"{line} {word}" if line else word
        if line and measure(rest, size, is_monospaced=is_monospaced) > width:
            lines.append(line)
            rest = word
        while measure(rest, size, is_monospaced=is_monospaced) > width and len(rest) > 1:
            place = _find_break(rest, width, size, is_monospaced=is_monospaced)
            lines.append(rest[:place])
            rest = rest[place:]
        line = rest
    lines.append(line)
    return tuple(lines) if len(lines) <= most else (*lines[: most - 1], lines[most - 1][:-1] + _ELLIPSIS)


def _find_break(text: str, width: float, size: float, *, is_monospaced: bool) -> int:
    """Return after how many characters a word must be broken; at least one."""
    used = 0.0
    for place, char in enumerate(text):
        used += size * _advance(char, is_monospaced=is_monospaced)
        if used > width:
            return max(place, 1)
    return len(text)


def _advance(char: str, *, is_monospaced: bool) -> float:
    if unicodedata.east_asian_width(char) in "WF":
        return 1.1
    if is_monospaced:
        return 0.62
    if char in _NARROW:
        return 0.36
    if char in _WIDE:
        return 0.95
    return 0.69 if char.isupper() else 0.555
