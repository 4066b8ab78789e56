"""Durations as people write them: `90s`, `15m`, `1h30m`, `2d`, `1w`."""

import re
from datetime import timedelta
from typing import Final

from soar.expr.errors import SyntaxFaultError

_DURATION: Final = re.compile(
    r"(?:(?P<weeks>[0-9]{1,9})w)?(?:(?P<days>[0-9]{1,9})d)?(?:(?P<hours>[0-9]{1,9})h)?"
    r"(?:(?P<minutes>[0-9]{1,9})m)?(?:(?P<seconds>[0-9]{1,12}(?:\.[0-9]{1,6})?)s)?"
)
_NUMBER: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?")
_UNITS: Final = (
    ("d", timedelta(days=1)),
    ("h", timedelta(hours=1)),
    ("m", timedelta(minutes=1)),
)


def parse_duration(text: str) -> timedelta:
    """Return the duration that a text such as `1h30m` stands for.

    Larger units come first, and only seconds have a fraction.

    Raises:
        SyntaxFaultError: the text is no duration, or a longer one than can be counted.
    """
    if _NUMBER.fullmatch(text):
        raise _fault(text, "a duration needs a unit", f"write {text}s")
    found = _DURATION.fullmatch(text)
    if not text or found is None:
        raise _fault(text, f"`{text[:40]}` is no duration", "write 90s, 15m, 1h30m, 2d or 1w")
    whole, _, fraction = (found["seconds"] or "0").partition(".")
    try:
        return timedelta(
            weeks=int(found["weeks"] or 0),
            days=int(found["days"] or 0),
            hours=int(found["hours"] or 0),
            minutes=int(found["minutes"] or 0),
            seconds=int(whole),
            microseconds=int(fraction.ljust(6, "0")),
        )
    except OverflowError as error:
        raise _fault(text, f"`{text[:40]}` is too long a duration", None) from error


def print_duration(duration: timedelta) -> str:
    """Return a duration in days, hours, minutes and seconds, such as `1d12h`; `parse_duration` reads it back.

    A negative one, which `parse_duration` refuses, has a minus sign in front.
    """
    if duration < timedelta():
        return f"-{print_duration(-duration)}"
    text = ""
    for unit, length in _UNITS:
        count, duration = divmod(duration, length)
        text += f"{count}{unit}" if count else ""
    if duration.microseconds:
        seconds = f"{duration.seconds}.{duration.microseconds:06}".rstrip("0")
        return f"{text}{seconds}s"
    return f"{text}{duration.seconds}s" if duration.seconds or not text else text


def _fault(text: str, message: str, hint: str | None) -> SyntaxFaultError:
    return SyntaxFaultError(message, code="expr.duration", hint=hint, length=max(len(text), 1))
