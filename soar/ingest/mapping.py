"""From a source's document to our alert. Nothing in a document can make this fail: what cannot be mapped is noted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from typing import Any, TypeVar

from soar.expr import EvaluationError, MissingError, Program, Scope
from soar.expr.kinds import describe
from soar.ingest.source import Source
from soar.model.alert import Alert, Severity
from soar.model.values import JsonValue, Value, as_value, parse_timestamp

T = TypeVar("T")

_LONGEST_TEXT = 1_000
_MOST_ENTITIES = 200
_LATEST_UNIX = 253_402_300_799  # 9999-12-31T23:59:59Z
_FAULT_LABEL = "mapping.error"


@dataclass(slots=True)
class _Reader:
    """Evaluates a source's expressions over one document and notes what went wrong."""

    scope: Scope
    faults: list[str] = field(default_factory=list)

    def read(self, name: str, program: Program | None, convert: Callable[[Value], T | None], default: T) -> T:
        """Return a field's converted value, or the default where there is none or it does not fit."""
        if program is None:
            return default
        try:
            value = program.evaluate(self.scope)
            converted = convert(value)
        except MissingError:
            return default
        except (EvaluationError, ValueError) as error:
            self.faults.append(f"{name}: {error}")
            return default
        if converted is None and value not in (None, ""):
            self.faults.append(f"{name}: {describe(value)} does not fit")
        return default if converted is None else converted


def map_alert(source: Source, raw: JsonValue, *, alert_id: str, delivery: str, now: datetime) -> Alert:
    """Return the alert that a document means.

    A field without an expression or without a value gets its default. So does one whose value does not fit, and the
    label `mapping.error` then says which: an alert that a product has changed the shape of is seen, not lost.
    """
    reader = _Reader(Scope(names={"raw": as_value(raw)}, now=now))
    mapped = source.mapped
    kind = reader.read("kind", mapped.kind, _to_text, f"{source.id}.alert")
    fields: dict[str, Any] = {
        "title": reader.read("title", mapped.title, _to_text, kind),
        "severity": reader.read("severity", mapped.severity, _to_severity, Severity.MEDIUM),
        "time": reader.read("time", mapped.time, _to_time, None),
        "url": reader.read("url", mapped.url, _to_url, None),
        "fingerprint": reader.read("fingerprint", mapped.fingerprint, _to_text, ""),
        "entities": _read_entities(reader, mapped.entities),
    }
    labels = _read_labels(reader, mapped.labels)
    return Alert(
        id=alert_id, source=source.id, delivery=delivery, received_at=now, kind=kind, labels=labels, raw=raw, **fields
    )


def _read_entities(reader: _Reader, programs: Mapping[str, Program]) -> dict[str, tuple[str, ...]]:
    found = {name: _read_names(reader, f"entities.{name}", program) for name, program in programs.items()}
    return {name: texts for name, texts in found.items() if texts}


def _read_names(reader: _Reader, name: str, program: Program) -> tuple[str, ...]:
    """Read one text or a list of them, each once; what names nothing hides none of the others."""
    nothing: list[Value] = []
    elements = [element for element in reader.read(name, program, _to_list, nothing) if element not in (None, "")]
    names = dict.fromkeys(text for element in elements if (text := _to_name(element)) is not None)
    odd = next((element for element in elements if _to_name(element) is None), None)
    if odd is not None:
        reader.faults.append(f"{name}: {describe(odd)} names nothing")
    return tuple(islice(names, _MOST_ENTITIES))


def _read_labels(reader: _Reader, programs: Mapping[str, Program]) -> dict[str, str]:
    """Read the labels; they come last, so that one of them can say what did not fit."""
    found = {name: reader.read(f"labels.{name}", program, _to_text, "") for name, program in programs.items()}
    labels = {name: text for name, text in found.items() if text}
    return {**labels, _FAULT_LABEL: "; ".join(reader.faults)[:_LONGEST_TEXT]} if reader.faults else labels


def _to_text(value: Value) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return str(value).strip()[:_LONGEST_TEXT] or None


def _to_url(value: Value) -> str | None:
    """Keep only what a browser may open: the link is one that somebody else chose."""
    text = _to_text(value)
    return text if text is not None and text.lower().startswith(("https://", "http://")) else None


def _to_list(value: Value) -> list[Value]:
    return value if isinstance(value, list) else [value]


def _to_name(value: Value) -> str | None:
    return str(value) if isinstance(value, IPv4Address | IPv6Address) else _to_text(value)


def _to_severity(value: Value) -> Severity | None:
    text = str(value).lower()
    return Severity(text) if text in set(Severity) else None


def _to_time(value: Value) -> datetime | None:
    match value:
        case datetime():
            return value
        case str():
            return parse_timestamp(value)
        case int() | float() if not isinstance(value, bool) and 0 <= value <= _LATEST_UNIX:
            return datetime.fromtimestamp(value, UTC)
        case _:
            return None
