"""What a source's body holds."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

MOST_ALERTS: Final = 1_000
"""Alerts in one request at most."""

LARGEST_BODY: Final = 1024 * 1024
"""Bytes of a request's body at most, packed or unpacked."""


class Format(StrEnum):
    """What a body holds."""

    OBJECT = "object"
    ARRAY = "array"
    NDJSON = "ndjson"
    FORM = "form"
    LINES = "lines"
    SYSLOG = "syslog"
    CEF = "cef"
    LEEF = "leef"
    CLOUDEVENTS = "cloudevents"
    SNS = "sns"
    STIX = "stix"
    MAIL = "mail"


_JSON: Final = frozenset({"application/json", "application/x-ndjson"})
_TEXT: Final = frozenset({"text/plain", "application/octet-stream"})

TYPES: Final[Mapping[Format, frozenset[str]]] = MappingProxyType(
    {
        Format.OBJECT: _JSON,
        Format.ARRAY: _JSON,
        Format.NDJSON: _JSON | {"application/jsonl", "application/x-jsonlines"},
        Format.FORM: frozenset({"application/x-www-form-urlencoded"}),
        Format.LINES: _TEXT,
        Format.SYSLOG: _TEXT,
        Format.CEF: _TEXT,
        Format.LEEF: _TEXT,
        Format.CLOUDEVENTS: frozenset(),  # in binary mode it is that of the data, which may be any
        Format.SNS: frozenset({"application/json", "text/plain"}),
        Format.STIX: frozenset({"application/json", "application/stix+json", "application/taxii+json"}),
        Format.MAIL: _TEXT | {"message/rfc822"},
    }
)
"""Content types that each format comes with; none means any."""


class LargeNumbers(StrEnum):
    """What becomes of a whole number that not every JSON reader keeps as it is; see `strict_json`."""

    REFUSE = "refuse"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a source's body holds.

    Attributes:
        field: of a form, the one that holds the JSON.
        items: where in the one object a list with the alerts stands, keys joined by dots; None if it is one alert.
        may_gzip: whether it may come packed.
        large_numbers: what becomes of whole numbers beyond 2^53 in JSON, wherever it stands.
    """

    format: Format = Format.OBJECT
    field: str | None = None
    items: str | None = None
    may_gzip: bool = False
    large_numbers: LargeNumbers = LargeNumbers.REFUSE

    @property
    def is_large_text(self) -> bool:
        """Whether whole numbers beyond 2^53 are read as the texts of their digits."""
        return self.large_numbers is LargeNumbers.TEXT

    @property
    def has_several(self) -> bool:
        """Whether a body may hold several alerts, so that the answer lists them."""
        return self.items is not None or self.format not in (Format.OBJECT, Format.MAIL)


ONE_OBJECT: Final = Rule()
"""One alert, as a JSON object."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """What came, as far as the parsers look at it.

    Attributes:
        headers: names in lower case.
        body: unpacked, and no longer than `LARGEST_BODY`.
    """

    headers: Mapping[str, str]
    body: bytes
