"""The kinds of values."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address
from types import NoneType

from soar.model.values import Value


class StaticType(StrEnum):
    """What an expression is known to give before it is evaluated; `DYN` if that depends on the data."""

    NULL = "null"
    BOOL = "bool"
    INT = "int"
    DOUBLE = "double"
    STRING = "string"
    BYTES = "bytes"
    LIST = "list"
    MAP = "map"
    TIMESTAMP = "timestamp"
    DURATION = "duration"
    IP = "ip"
    DYN = "dyn"

    def merge(self, other: "StaticType") -> "StaticType":
        """Return the type of a value that is of one of the two types."""
        return self if self is other else StaticType.DYN

    def describe(self) -> str:
        """Return the type with its article, for messages."""
        match self:
            case StaticType.NULL:
                return "null"
            case StaticType.INT | StaticType.IP:
                return f"an {self}"
            case _:
                return f"a {self}"


KINDS: Mapping[type, StaticType] = {
    NoneType: StaticType.NULL,
    bool: StaticType.BOOL,
    int: StaticType.INT,
    float: StaticType.DOUBLE,
    str: StaticType.STRING,
    bytes: StaticType.BYTES,
    list: StaticType.LIST,
    dict: StaticType.MAP,
    datetime: StaticType.TIMESTAMP,
    timedelta: StaticType.DURATION,
    IPv4Address: StaticType.IP,
    IPv6Address: StaticType.IP,
}
"""The kind of a value by its exact Python type: True is no int here."""


def kind_of(value: Value) -> StaticType:
    """Return the kind of a value."""
    return KINDS[type(value)]


def describe(value: Value) -> str:
    """Return the kind of a value with its article, for messages."""
    return kind_of(value).describe()
