"""Alerts as products send them, and what their sources are expected to make of them."""

import csv
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from soar.app.documents import read_yaml_file
from soar.ingest.bodies.rule import LargeNumbers
from soar.ingest.mapping import map_alert
from soar.ingest.source import Source, parse_source
from soar.ingest.strict_json import parse_json
from soar.model.alert import Alert
from soar.model.values import JsonValue
from tests.support.clock import START
from tests.support.repository import ROOT

SHIPPED = ROOT / "config" / "sources"
PAYLOADS = ROOT / "tests" / "fixtures" / "alerts"
VARIABLE = "SOAR_ALERT_DATA"
"""Names a folder with all of them, also those that are too large for the repository: `alerts` and `ocsf/emitted`."""


@dataclass(frozen=True)
class Expected:
    """A row of the table: an alert of a file, and what it becomes.

    Attributes:
        item: its place in the file's array; 0 where the file holds one.
        entities: how many there are of each kind.
    """

    file: str
    item: int
    source: str
    kind: str
    severity: str
    time: str
    entities: Mapping[str, int]
    has_fingerprint: bool
    has_url: bool
    title: str

    def __str__(self) -> str:
        return f"{self.file}[{self.item}]"


def read_table() -> list[Expected]:
    with (PAYLOADS / "expected.csv").open(encoding="utf-8", newline="") as file:
        return [_read_row(row) for row in csv.DictReader(file)]


def _read_row(row: Mapping[str, str]) -> Expected:
    counts = (pair.split("=") for pair in row["entities"].split())
    return Expected(
        file=row["file"],
        item=int(row["item"]),
        source=row["source"],
        kind=row["kind"],
        severity=row["severity"],
        time=row["time"],
        entities={kind: int(count) for kind, count in counts},
        has_fingerprint=row["fingerprint"] == "yes",
        has_url=row["url"] == "yes",
        title=row["title"],
    )


def list_shipped() -> list[Expected]:
    """Rows whose payload lies in the repository."""
    return [row for row in read_table() if (PAYLOADS / row.file).exists()]


def find_more() -> Path | None:
    """Where the environment says that all payloads lie."""
    named = os.environ.get(VARIABLE)
    return Path(named) if named else None


@cache
def load_source(name: str) -> Source:
    return parse_source(read_yaml_file(SHIPPED / f"{name}.yaml"), name)


def list_folder(folder: Path) -> dict[str, Path]:
    """Return the payloads of a folder with all of them, by their names in the table."""
    return {
        **{path.relative_to(folder / "alerts").as_posix(): path for path in (folder / "alerts").rglob("*.json")},
        **{f"ocsf/{path.name}": path for path in (folder / "ocsf" / "emitted").glob("*.json")},
    }


def read_payload(row: Expected, path: Path | None = None) -> JsonValue:
    """Return one alert of a file, as its source's body is read; without a path of the one in the repository."""
    is_large_text = load_source(row.source).body.large_numbers is LargeNumbers.TEXT
    document = parse_json((path or PAYLOADS / row.file).read_bytes(), is_large_text=is_large_text)
    return document[row.item] if isinstance(document, list) else document


def map_payload(row: Expected, raw: JsonValue, source: str | None = None) -> Alert:
    return map_alert(load_source(source or row.source), raw, alert_id="al_1", delivery="dl_1", now=START)


def count_entities(alert: Alert) -> Iterator[tuple[str, int]]:
    return ((kind, len(texts)) for kind, texts in alert.entities.items())
