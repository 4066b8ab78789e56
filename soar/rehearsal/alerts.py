"""Made-up alerts read from a test file."""

from datetime import datetime

from soar.model.alert import Alert, Severity
from soar.model.values import parse_timestamp
from soar.playbook.field import Field, list_of, one_of, open_map, read_text
from soar.playbook.node import Entry, Mapping, Node, Scalar
from soar.playbook.report import quote

ALERT_ID = "al_rehearsed"

_KEYS = ("source", "kind", "title", "severity", "time", "url", "entities", "labels", "fingerprint", "raw")


def read_alert(field: Field, received_at: datetime) -> Alert | None:
    """Read an alert, as a source's mapping would have made it.

    Args:
        field: the alert's map.
        received_at: when it comes in.
    """
    keys = open_map(field, _KEYS, "an alert")
    if keys is None:
        return None
    raw = keys.get("raw")
    return Alert(
        id=ALERT_ID,
        source=keys.need("source", read_text, ""),
        delivery="dl_rehearsed",
        received_at=received_at,
        kind=keys.read("kind", _read_any_text, ""),
        title=keys.read("title", _read_any_text, ""),
        severity=keys.read("severity", one_of(Severity), Severity.MEDIUM),
        time=keys.find("time", read_timestamp),
        url=keys.find("url", read_text),
        entities=keys.read("entities", _read_entities, {}),
        labels=keys.read("labels", _read_labels, {}),
        fingerprint=keys.read("fingerprint", _read_any_text, ""),
        raw={} if raw is None else raw.node.to_plain(),
    )


def merge_patch(base: Node, patch: Node) -> Node:
    """Return a document with a patch applied as RFC 7396 has it: maps are merged, null removes, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    kept = {entry.key.text: entry for entry in base.entries} if isinstance(base, Mapping) else {}
    for entry in patch.entries:
        name = entry.key.text
        if isinstance(entry.value, Scalar) and entry.value.value is None:
            kept.pop(name, None)
        else:
            before = kept[name].value if name in kept else _EMPTY
            kept[name] = Entry(entry.key, merge_patch(before, entry.value))
    return Mapping(tuple(kept.values()), patch.line, patch.column)


_EMPTY = Mapping((), 1, 1)


def read_timestamp(field: Field) -> datetime | None:
    """Read a moment in RFC 3339."""
    text = read_text(field)
    if text is None:
        return None
    try:
        return parse_timestamp(text)
    except ValueError:
        field.fault("P100", f"{quote(text)} is no timestamp", "write 2026-11-21T09:00:00Z")
        return None


def _read_any_text(field: Field) -> str | None:
    """Read a text, which may be empty as it may be in an alert."""
    if isinstance(field.node, Scalar) and field.node.value == "":
        return ""
    return read_text(field)


def _read_entities(field: Field) -> dict[str, tuple[str, ...]] | None:
    if open_map(field, tuple(field.entries()), "a map of lists") is None:
        return None
    return {kind: list_of(read_text)(entry) or () for kind, entry in field.entries().items()}


def _read_labels(field: Field) -> dict[str, str] | None:
    if open_map(field, tuple(field.entries()), "a map of texts") is None:
        return None
    return {name: _read_any_text(entry) or "" for name, entry in field.entries().items()}
