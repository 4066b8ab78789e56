"""What every schema is made of."""

import base64
from dataclasses import fields
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from soar.expr import print_duration
from soar.model.values import Value, print_timestamp

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

LONGEST_PAGE = 200
_LONGEST_NAME = 200
_LONGEST_TEXT = 4_000

Name = Annotated[str, Field(min_length=1, max_length=_LONGEST_NAME)]
"""An id or a name."""

Text = Annotated[str, Field(max_length=_LONGEST_TEXT)]
"""What a person writes."""


class Incoming(BaseModel):
    """Something that comes in: unknown fields are refused, nothing is coerced."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class Nothing(Incoming):
    """No field at all."""


class PageQuery(Incoming):
    """Which page of a list."""

    limit: Annotated[int, Field(ge=1, le=LONGEST_PAGE)] = 50
    cursor: Annotated[str | None, Field(max_length=_LONGEST_NAME)] = None


def fields_of(view: "DataclassInstance") -> dict[str, Any]:
    """Return a view's fields as they are, for a larger view of the same thing."""
    return {field.name: getattr(view, field.name) for field in fields(view)}


def to_plain(value: Value) -> JsonValue:
    """Return a value as people and programs read it: times in RFC 3339, durations as `1h30m`, bytes in base64."""
    match value:
        case None | bool() | int() | float() | str():
            return value
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
