"""The formats in which the audit is exported."""

from enum import StrEnum
from typing import assert_never


class Format(StrEnum):
    """How events are written."""

    JSONL = "jsonl"
    CSV = "csv"
    OCSF = "ocsf"
    CEF = "cef"
    SYSLOG = "syslog"

    @property
    def media_type(self) -> str:
        """As HTTP names it."""
        match self:
            case Format.JSONL | Format.OCSF:
                return "application/x-ndjson"
            case Format.CSV:
                return "text/csv"
            case Format.CEF | Format.SYSLOG:
                return "text/plain"
            case _:
                assert_never(self)
