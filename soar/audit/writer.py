"""Audit events in the formats that other programs read."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import assert_never

from soar.audit.cef import write_cef
from soar.audit.csv_lines import CSV_HEADING, write_csv
from soar.audit.export import write_record
from soar.audit.format import Format
from soar.audit.ocsf import write_ocsf
from soar.audit.seal import blank_erased
from soar.audit.syslog import write_syslog
from soar.model.audit import AuditRecord
from soar.model.values import JsonValue


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes events for one reader.

    Attributes:
        version: of the product.
        hostname: of the sender, in syslog's header.
    """

    format: Format
    version: str
    hostname: str

    def begin(self) -> str:
        """Return what stands before the first event."""
        return f"{CSV_HEADING}\r\n" if self.format is Format.CSV else ""

    def write(self, records: Iterable[AuditRecord]) -> Iterator[str]:
        """Yield each event with its line end.

        What was erased from it is empty and named, and in JSON Lines stays committed to, so that they can be verified.
        """
        end = "\r\n" if self.format is Format.CSV else "\n"
        return (self._write_line(record) + end for record in records)

    def _write_line(self, record: AuditRecord) -> str:
        event = blank_erased(record.document)
        match self.format:
            case Format.JSONL:
                return write_record(record)
            case Format.CSV:
                return write_csv(event)
            case Format.OCSF:
                return _write_json(write_ocsf(event, self.version))
            case Format.CEF:
                return write_cef(event, self.version)
            case Format.SYSLOG:
                return write_syslog(event, self.hostname)
            case _:
                assert_never(self.format)


def _write_json(document: Mapping[str, JsonValue]) -> str:
    """Write JSON in ASCII: no text in it can end a line or change how one is shown."""
    return json.dumps(document, separators=(",", ":"))
