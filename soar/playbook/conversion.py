"""Values converted to the types that documents declare: of inputs, and of the fields of a question."""

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_network
from typing import Any, cast

from soar.expr import ExpressionError, parse_duration
from soar.expr.addresses import read_address
from soar.model.values import Value, parse_timestamp

_EMAIL = re.compile(r"[^\s@<>\"]{1,64}@[^\s@<>\"]{1,255}")
_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_HOST = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(\.{_LABEL})*\.?")
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?!.*\.[0-9]+\.?\Z){_LABEL}(\.{_LABEL})+\.?")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{0,31}://[^\s]{1,4096}")


def is_nullable(kind: str) -> bool:
    """Whether null is a value of a type."""
    return kind.endswith("?") or kind == "any"


def convert(value: Value, kind: str) -> Value:
    """Return a value as a type of the language, such as `list<sha256>` or `url?`.

    Raises:
        ValueError: it is not of the type.
    """
    if kind.endswith("?"):
        return None if value is None else convert(value, kind[:-1])
    if value is None and not is_nullable(kind):
        raise ValueError(f"it is null, and not {_article(kind)}")
    if kind.startswith("list<"):
        if not isinstance(value, list):
            raise ValueError("it is not a list")
        return [convert(element, kind[5:-1]) for element in value]
    if kind.startswith("map<"):
        if not isinstance(value, dict):
            raise ValueError("it is not a map")
        return {key: convert(element, kind[4:-1]) for key, element in value.items()}
    try:
        return _CONVERTERS[kind](value)
    except (ValueError, TypeError, ExpressionError) as error:
        raise ValueError(f"`{str(value)[:80]}` is not {_article(kind)}") from error


def _article(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeio' else 'a'} {kind}"


def _exactly(*kinds: type) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            raise TypeError
        return cast("Value", value)

    return check


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if not isinstance(value, str) or pattern.fullmatch(value) is None:
            raise ValueError
        return value

    return check


def _parsed(kind: type, parse: Callable[[str], Value]) -> Callable[[Any], Value]:
    def check(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
        if isinstance(value, kind):
            return cast("Value", value)
        if not isinstance(value, str):
            raise TypeError
        return parse(value)

    return check


def _hex(length: int) -> Callable[[Any], Value]:
    return _matching(re.compile(rf"[0-9a-fA-F]{{{length}}}"))


def _address(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str | IPv4Address | IPv6Address):
        raise TypeError
    return read_address(value)


def _network(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str) or "/" not in value or "%" in value:
        raise ValueError
    return str(ip_network(value, strict=False))


def _uuid(value: Any) -> Value:  # noqa: ANN401 -- any value may be asked about
    if not isinstance(value, str):
        raise TypeError
    return str(uuid.UUID(value))


_CONVERTERS: Mapping[str, Callable[[Any], Value]] = {
    "any": lambda value: value,
    "object": _exactly(dict),
    "string": _exactly(str),
    "int": _exactly(int),
    "number": _exactly(int, float),
    "bool": _exactly(bool),
    "duration": _parsed(timedelta, parse_duration),
    "timestamp": _parsed(datetime, parse_timestamp),
    "ip": _address,
    "cidr": _network,
    "email": _matching(_EMAIL),
    "url": _matching(_URL),
    "domain": _matching(_DOMAIN),
    "hostname": _matching(_HOST),
    "md5": _hex(32),
    "sha1": _hex(40),
    "sha256": _hex(64),
    "uuid": _uuid,
}
