"""Values as JSON, the way products and people are shown them."""

import base64
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address

from soar.expr.durations import print_duration
from soar.model.values import JsonValue, Value, print_timestamp


def to_plain(value: Value) -> JsonValue:
    """Write a value as JSON: timestamps in RFC 3339, durations as `1h30m`, bytes in base 64, addresses as text."""
    match value:
        case list():
            return [to_plain(element) for element in value]
        case dict():
            return {key: to_plain(element) for key, element in value.items()}
        case datetime():
            return print_timestamp(value)
        case timedelta():
            return print_duration(value)
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case IPv4Address() | IPv6Address():
            return str(value)
        case _:
            return value
