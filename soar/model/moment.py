"""Moments as products write them, which is seldom as RFC 3339 has it."""

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = 100_000_000  # 1973: what is less is a counter or a number of something, not seconds
_LATEST: Final = 5_000_000_000  # 2128
_UNITS: Final = (1, 1_000, 1_000_000, 1_000_000_000)  # a second, in seconds, milli-, micro- and nanoseconds
_LONGEST: Final = 64
_NUMBER: Final = re.compile(r"[0-9]{9,19}(?:\.[0-9]{1,9})?")
_ISO: Final = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[Tt ].+)?")
_UTC_SUFFIX: Final = re.compile(r" ?\(?(?:UTC|GMT|Z)\)?$")
_MONTHS: Final = {
    name: number
    for number, name in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), start=1
    )
}
_CLOCK: Final = r"(?P<hour>[0-9]{1,2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})(?:\.(?P<fraction>[0-9]{1,9}))?"
_ZONE: Final = r"(?: ?(?P<zone>UTC|GMT|Z|[+-][0-9]{2}:?[0-9]{2}))?"
_FORMS: Final = (
    # Sat Oct 26 23:20:39 UTC 2024, as date(1) and asctime(3) print it
    re.compile(
        rf"(?:[A-Za-z]{{3}} )?(?P<month>[A-Za-z]{{3}}) +(?P<day>[0-9]{{1,2}}) {_CLOCK}{_ZONE} (?P<year>[0-9]{{4}})"
    ),
    # Sat, 26 Oct 2024 23:20:39 +0000, as RFC 5322 has it; 26/Oct/2024:23:20:39 +0000, as web servers log it
    re.compile(
        rf"(?:[A-Za-z]{{3}}, )?(?P<day>[0-9]{{1,2}})[ /-](?P<month>[A-Za-z]{{3}})[ /-](?P<year>[0-9]{{4}})"
        rf"[ :]{_CLOCK}{_ZONE}"
    ),
    # Oct 26 2024 23:20:39, as firewalls log it
    re.compile(rf"(?P<month>[A-Za-z]{{3}}) +(?P<day>[0-9]{{1,2}}) (?P<year>[0-9]{{4}}) {_CLOCK}{_ZONE}"),
    # 10/26/2024, 11:20:39.162 PM, as American consoles show it
    re.compile(
        rf"(?P<month>[0-9]{{1,2}})/(?P<day>[0-9]{{1,2}})/(?P<year>[0-9]{{4}}),? {_CLOCK}(?: (?P<half>AM|PM))?{_ZONE}"
    ),
)


def read_moment(value: object) -> datetime | None:
    """Return the moment that a number or a text means, or None where it means none.

    A number counts seconds, milli-, micro- or nanoseconds since 1970, as its size tells; so does a text of digits. A
    text may be as ISO 8601, RFC 5322, asctime(3), web servers' logs or American consoles have it. What names no zone
    is UTC: products that leave it out mostly mean that.
    """
    match value:
        case datetime():
            return value
        case bool():
            return None
        case int() | float():
            return _from_number(value)
        case str():
            return _from_text(value.strip()[: _LONGEST + 1])
        case _:
            return None


def _from_number(number: float) -> datetime | None:
    for unit in _UNITS:
        if _EARLIEST <= number / unit < _LATEST:
            whole, part = divmod(number, unit)
            return _EPOCH + timedelta(seconds=whole, microseconds=int(part * 1_000_000 / unit))
    return None


def _from_text(text: str) -> datetime | None:
    if len(text) > _LONGEST:
        return None
    if _NUMBER.fullmatch(text):
        return _from_number(float(text) if "." in text else int(text))
    try:
        return _from_iso(text) if _ISO.fullmatch(text) else _from_form(text)
    except (ValueError, OverflowError):
        return None


def _from_iso(text: str) -> datetime:
    moment = datetime.fromisoformat(_UTC_SUFFIX.sub("", text.upper()))
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _from_form(text: str) -> datetime | None:
    found = next((match for form in _FORMS if (match := form.fullmatch(text))), None)
    if found is None:
        return None
    parts = found.groupdict()
    month = _MONTHS.get(parts["month"].lower()) or int(parts["month"])
    hour = int(parts["hour"])
    if parts.get("half"):
        hour = hour % 12 + (12 if parts["half"] == "PM" else 0)
    moment = datetime(
        int(parts["year"]),
        month,
        int(parts["day"]),
        hour,
        int(parts["minute"]),
        int(parts["second"]),
        int((parts["fraction"] or "0")[:6].ljust(6, "0")),
        tzinfo=_read_zone(parts["zone"]),
    )
    return moment.astimezone(UTC)


def _read_zone(text: str | None) -> timezone:
    if text is None or text[0] not in "+-":
        return UTC
    shift = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-shift if text[0] == "-" else shift)
