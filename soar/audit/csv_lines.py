"""Audit events as rows for a spreadsheet: RFC 4180, and no cell is a formula."""

from collections.abc import Mapping

from soar.audit.document import part_of, text_of
from soar.audit.sentence import describe_event
from soar.model.values import JsonValue

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\0")  # what a spreadsheet may take for the beginning of one
_COLUMNS = (
    ("", "seq"),
    ("", "id"),
    ("", "at"),
    ("", "type"),
    ("", "outcome"),
    ("actor", "kind"),
    ("actor", "id"),
    ("actor", "name"),
    ("actor", "via"),
    ("actor", "ip"),
    ("target", "kind"),
    ("target", "id"),
    ("target", "name"),
    ("context", "run"),
    ("context", "playbook"),
    ("", "reason"),
    ("", "before"),
    ("", "after"),
    ("", "context"),
    ("", "digest"),
    ("", "prev"),
    ("", "erased"),
)

CSV_HEADING = ",".join((*(f'"{"_".join(filter(None, column))}"' for column in _COLUMNS), '"sentence"'))
"""The first row, without its line end."""


def write_csv(event: Mapping[str, JsonValue]) -> str:
    """Return an event as a row, without its line end; a cell may hold line breaks, and is then still one cell."""
    cells = [text_of(part_of(event, part) if part else event, key) for part, key in _COLUMNS]
    return ",".join(map(_write_cell, (*cells, describe_event(event))))


def _write_cell(text: str) -> str:
    """Quote a cell; an apostrophe in front keeps a spreadsheet from reading it as a formula (OWASP ASVS, 1.2.10)."""
    plain = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + plain.replace('"', '""') + '"'
