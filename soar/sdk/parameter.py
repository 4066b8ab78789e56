"""Kinds of parameters that JSON has no word for: written as playbooks write them, read before the action sees them."""

from datetime import timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from soar.expr import EvaluationError, ExpressionError, parse_duration
from soar.expr.addresses import read_address


def _read_address(text: object) -> IPv4Address | IPv6Address:
    try:
        return read_address(text if isinstance(text, str) else "")
    except EvaluationError:
        raise ValueError("an IPv4 or IPv6 address belongs here, without a zone or a prefix") from None


def _read_duration(text: object) -> timedelta:
    try:
        return parse_duration(text if isinstance(text, str) else "")
    except ExpressionError:
        raise ValueError("a duration is written 90s, 15m, 1h30m, 2d or 1w") from None


Address = Annotated[
    IPv4Address | IPv6Address,
    PlainValidator(_read_address),
    WithJsonSchema({"anyOf": [{"type": "string", "format": "ipv4"}, {"type": "string", "format": "ipv6"}]}),
]
"""An IP address; an IPv4 address dressed up as IPv6 is an IPv4 address. `str()` of it is its shortest form."""

Duration = Annotated[
    timedelta, BeforeValidator(_read_duration), WithJsonSchema({"type": "string", "format": "duration"})
]
"""A length of time. A default is written as a text too: `Field(default="90d", validate_default=True)`."""
