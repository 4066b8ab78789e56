"""The values that playbooks compute with, and how they are written down.

JSON has no timestamps, durations, bytes or addresses; `dump_value` writes them as tagged objects and `load_value` reads
them back, so that state survives a restart with its types. A map that happens to use the tag's key is wrapped, so no
alert can forge a tagged value.
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeAlias, cast

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"
Value: TypeAlias = (
    "bool | int | float | str | bytes | datetime | timedelta | IPv4Address | IPv6Address"
    " | list[Value] | dict[str, Value] | None"
)

TAG = "$soar"
_MICROSECOND = timedelta(microseconds=1)
_BEFORE_OFFSET = -len("+00:00")
_MOST_MOMENTS = 256  # printed ones that are kept; all that comes of an event bears its moment


def print_timestamp(moment: datetime) -> str:
    """Write a moment as RFC 3339 in UTC, with microseconds only where there are some.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs a time zone")
    return _print_utc(moment if moment.tzinfo is UTC else moment.astimezone(UTC))


@lru_cache(maxsize=_MOST_MOMENTS)
def _print_utc(moment: datetime) -> str:
    return f"{moment.isoformat()[:_BEFORE_OFFSET]}Z"


def parse_timestamp(text: str) -> datetime:
    """Read an RFC 3339 timestamp; it must name its offset.

    Raises:
        ValueError: the text is no timestamp, or names no offset.
    """
    moment = datetime.fromisoformat(text.upper())  # RFC 3339, section 5.6: t and z may be in lower case
    if moment.tzinfo is None:
        raise ValueError("a timestamp needs an offset, such as Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a timestamp outside the years 1 to 9999") from error


def _tagged(kind: str, content: JsonValue) -> JsonValue:
    return {TAG: kind, "v": content}


def as_value(document: JsonValue) -> Value:
    """Take a JSON document as a value, which every one is."""
    return cast("Value", document)


def dump_value(value: Value) -> JsonValue:
    """Write a value as JSON that `load_value` reads back exactly."""
    match value:
        case None | str() | bool() | int() | float():
            return value
        case list():
            return [dump_value(element) for element in value]
        case dict():
            plain: JsonValue = {key: dump_value(element) for key, element in value.items()}
            return _tagged("map", plain) if TAG in value else plain
        case datetime():
            return _tagged("timestamp", print_timestamp(value))
        case timedelta():
            return _tagged("duration", value // _MICROSECOND)
        case bytes():
            return _tagged("bytes", base64.b64encode(value).decode("ascii"))
        case IPv4Address() | IPv6Address():
            return _tagged("ip", str(value))


_LOADERS: Mapping[str, Callable[[Any], Value]] = {
    "map": lambda content: {key: load_value(element) for key, element in content.items()},
    "timestamp": parse_timestamp,
    "duration": lambda content: timedelta(microseconds=content),
    "bytes": base64.b64decode,
    "ip": ip_address,
}


def load_value(document: JsonValue) -> Value:
    """Read what `dump_value` wrote.

    Raises:
        KeyError: the document holds a tag of no known kind; it was not written by `dump_value`.
    """
    if isinstance(document, list):
        return [load_value(element) for element in document]
    if isinstance(document, dict):
        if TAG in document:
            return _LOADERS[str(document[TAG])](document["v"])
        return {key: load_value(element) for key, element in document.items()}
    return document
