"""Text that somebody else wrote, made fit for our messages. Pure.

What it may look like is the same in every channel; each channel's renderer escapes its own markup besides.
"""

import re
import unicodedata

LONGEST = 300
"""Characters of a text at most."""

_CUT = "…"
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Unicode's control, format (bidirectional, zero-width), surrogate, private and unassigned characters."""
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")  # letters and marks that show nothing
_MARKS = frozenset({"Mn", "Me"})
_MOST_MARKS = 2  # on one letter; more of them paint over the lines above and below
_ADDRESS = re.compile(r"(?<![\d.])(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
_SCHEME = re.compile(r"(?i)\bhttp(s?)(?=:)")
_AUTHORITY = re.compile(r":(?=//)")
_LABEL = re.compile(r"(?<=\w)[.\u3002\uff0e\uff61](\w[\w-]*)")  # IDNA takes the other three for dots, too
_ENDINGS = frozenset({"exe", "dll", "sys", "bat", "cmd", "vbs", "js", "lnk", "docx", "xlsx", "pdf", "txt", "log"})
"""Ends of file names that are no top-level domains."""
_AT = str.maketrans({"@": "\uff20"})  # looks alike, and mentions nobody anywhere


def flatten(text: str, limit: int = LONGEST) -> str:
    """Return a text on one line, without what is unseen, and cut; enough where nothing is read as markup.

    Args:
        text: whatever it is.
        limit: characters at most.
    """
    seen = "".join(_keep_seen(" ".join(text[: limit * 8].split())))
    plain = " ".join(seen.split())
    return plain if len(plain) <= limit else plain[: limit - len(_CUT)] + _CUT


def clean(text: str, limit: int = LONGEST) -> str:
    """Return a text like `flatten` that mentions nobody."""
    return flatten(text, limit).translate(_AT)


def fence(text: str, limit: int = LONGEST) -> str:
    """Return a text like `clean`, with every address in it made unclickable: `hxxps[:]//evil[.]example`."""
    return clean(_defang(clean(text, limit)), limit)


def _keep_seen(text: str) -> list[str]:
    kept: list[str] = []
    marks = 0
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in _MARKS else 0
        if category not in _UNSEEN and character not in _BLANK and marks <= _MOST_MARKS:
            kept.append(character)
    return kept


def _defang(text: str) -> str:
    plain = _ADDRESS.sub(r"\1[.]\2[.]\3[.]\4", text)
    plain = _SCHEME.sub(r"hxxp\1", plain)
    return _LABEL.sub(_defang_label, _AUTHORITY.sub("[:]", plain))


def _defang_label(found: re.Match[str]) -> str:
    label = found[1]
    is_name = label.casefold() not in _ENDINGS and not label.isdecimal()
    return f"[.]{label}" if is_name else found[0]
