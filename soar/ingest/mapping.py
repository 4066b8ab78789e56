"""From a source's document to our alert. Nothing in a document can make this fail: what cannot be mapped is noted."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address
from itertools import islice
from typing import TypeVar

from soar.expr import EvaluationError, MissingError, Program, Scope
from soar.expr.kinds import describe
from soar.ingest.guess import NOTHING, Guess, guess_alert
from soar.ingest.severity import read_word
from soar.ingest.source import Programs, Source
from soar.model.alert import Alert, Severity
from soar.model.values import JsonValue, Value, as_value, parse_timestamp

T = TypeVar("T")

_LONGEST_TEXT = 1_000
_MOST_ENTITIES = 200
_LATEST_UNIX = 253_402_300_799  # 9999-12-31T23:59:59Z
_FAULT_LABEL = "mapping.error"
_NOBODY = frozenset({"-", "n/a", "none", "null", "unknown"})  # what products write where they know no name


@dataclass(slots=True)
class _Reader:
    """Evaluates a source's expressions over one document and notes what went wrong."""

    scope: Scope
    faults: list[str] = field(default_factory=list)

    def read(self, name: str, programs: Programs, convert: Callable[[Value], T | None]) -> T | None:
        """Return a field's converted value: that of the first expression with one that fits; None if none has.

        What does not fit is noted where nothing else does either.
        """
        faults: list[str] = []
        for program in programs:
            value = self._evaluate(program, faults)
            converted = _convert(value, convert, faults)
            if converted is not None:
                return converted
        self.faults += [f"{name}: {fault}" for fault in dict.fromkeys(faults)]
        return None

    def read_all(self, name: str, programs: Programs) -> tuple[str, ...]:
        """Read texts or lists of them, each once; what names nothing hides none of the others."""
        faults: list[str] = []
        values = [self._evaluate(program, faults) for program in programs]
        elements = [element for value in values for element in _to_list(value) if element not in (None, "")]
        names = dict.fromkeys(text for element in elements if (text := _to_name(element)) is not None)
        faults += [f"{describe(element)} names nothing" for element in elements if _to_name(element) is None]
        told = tuple(islice((text for text in names if text.lower() not in _NOBODY), _MOST_ENTITIES))
        if not told or len(programs) == 1:
            self.faults += [f"{name}: {fault}" for fault in dict.fromkeys(faults)]
        return told

    def _evaluate(self, program: Program, faults: list[str]) -> Value:
        try:
            return program.evaluate(self.scope)
        except MissingError:
            return None
        except EvaluationError as error:
            faults.append(str(error))
            return None


def _convert(value: Value, convert: Callable[[Value], T | None], faults: list[str]) -> T | None:
    try:
        converted = convert(value)
    except ValueError as error:
        faults.append(str(error))
        return None
    if converted is None and value not in (None, ""):
        faults.append(f"{describe(value)} does not fit")
    return converted


def map_alert(
    source: Source, raw: JsonValue, *, alert_id: str, delivery: str, now: datetime, guess: Guess | None = None
) -> Alert:
    """Return the alert that a document means.

    A field without an expression or without a value gets its default; if the source wants guesses, what names and
    shapes in the document tell comes before that. A field whose value does not fit is treated alike, and the label
    `mapping.error` then says which: an alert that a product has changed the shape of is seen, not lost.

    Args:
        source: whose expressions count.
        raw: the document.
        alert_id: `al_…`.
        delivery: id of the delivery that it came in.
        now: the moment.
        guess: what it seems to say, if that is known already.
    """
    reader = _Reader(Scope(names={"raw": as_value(raw)}, now=now))
    mapped = source.mapped
    guessed = (guess or guess_alert(raw)) if mapped.is_guessed else NOTHING
    kind = reader.read("kind", mapped.kind, _to_text) or f"{source.id}.alert"
    return Alert(
        id=alert_id,
        source=source.id,
        delivery=delivery,
        received_at=now,
        kind=kind,
        title=reader.read("title", mapped.title, _to_text) or guessed.title or kind,
        severity=reader.read("severity", mapped.severity, _to_severity) or guessed.severity or Severity.MEDIUM,
        time=reader.read("time", mapped.time, _to_time) or guessed.time,
        url=reader.read("url", mapped.url, _to_url) or guessed.url,
        fingerprint=reader.read("fingerprint", mapped.fingerprint, _to_text) or guessed.fingerprint,
        entities=_read_entities(reader, mapped.entities, guessed.entities),
        labels=_read_labels(reader, mapped.labels),
        raw=raw,
    )


def _read_entities(
    reader: _Reader, mapped: Mapping[str, Programs], guessed: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Read the entities that are mapped; those of a kind that is not there are as guessed."""
    found = {name: reader.read_all(f"entities.{name}", programs) for name, programs in mapped.items()}
    told = {name: texts for name, texts in found.items() if texts}
    return told or dict(guessed)


def _read_labels(reader: _Reader, mapped: Mapping[str, Programs]) -> dict[str, str]:
    """Read the labels; they come last, so that one of them can say what did not fit."""
    found = {name: reader.read(f"labels.{name}", programs, _to_text) for name, programs in mapped.items()}
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
    return read_word(value) if isinstance(value, str) else None


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
