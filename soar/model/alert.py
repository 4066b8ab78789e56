"""One normalised report from a source, and the delivery it came in."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.model.values import JsonValue, Value, as_value

OWN_SOURCE = "soar"
"""Id of the source of alerts that runs raise; no site sets it up."""


class Severity(StrEnum):
    """How bad the source thinks it is, mildest first."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What a source reported, in our words.

    Every text in it was chosen by whoever caused the alert: treat it as hostile.

    Attributes:
        id: `al_…`.
        source: id of the source it came from.
        delivery: id of the delivery whose raw bytes hold it.
        received_at: when it was accepted.
        time: when the source says it happened; None if it did not say.
        entities: observables by kind (`ips`, `hosts`, …).
        fingerprint: equal for reports of the same thing; empty if the source maps none.
        raw: the source's own document.
        suppressed_by: id of the rule under which it was stored and started nothing.
    """

    id: str
    source: str
    delivery: str
    received_at: datetime
    kind: str
    title: str
    severity: Severity
    time: datetime | None
    url: str | None
    entities: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    fingerprint: str
    raw: JsonValue
    suppressed_by: str | None = None

    def to_value(self) -> dict[str, Value]:
        """Return the alert as expressions see it, under the name `alert`."""
        return {
            "id": self.id,
            "source": self.source,
            "kind": self.kind,
            "title": self.title,
            "severity": self.severity.value,
            "time": self.time,
            "url": self.url,
            "entities": {kind: list(found) for kind, found in self.entities.items()},
            "labels": dict(self.labels),
            "fingerprint": self.fingerprint,
            "raw": as_value(self.raw),
            "received_at": self.received_at,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlert:
    """What a run reports itself; its texts may come from a hostile alert.

    Attributes:
        dedupe: the same for the same thing: a second alert with the same kind and this text, within a day, is not
            stored. None makes each alert another one.
        entities: observables by kind (`ips`, `hosts`, …).
    """

    kind: str
    severity: Severity
    title: str
    dedupe: str | None = None
    entities: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """What became of a raised alert.

    Attributes:
        alert: id of the stored alert.
        duplicate_of: the same id, where it is that of an earlier alert and nothing was stored now.
    """

    alert: str
    duplicate_of: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One accepted request to a hook, byte for byte.

    Attributes:
        id: `dl_…`.
        key: what makes a repeat recognisable: the sender's delivery id, the idempotency key, or the body's digest.
        headers: selected request headers, names in lower case, without anything that authorises.
        body: the raw bytes as received.
        answer: the body of our 202, which a repeat is answered with again.
    """

    id: str
    source: str
    key: str
    received_at: datetime
    remote: str
    headers: Mapping[str, str]
    body: bytes
    answer: JsonValue


class Relation(StrEnum):
    """What a playbook did with an alert."""

    STARTED = "started"
    ATTACHED = "attached"
    DROPPED = "dropped"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A playbook that took an alert, or would have.

    Attributes:
        run: the run that was started, or that the alert was attached to.
        reason: why it was attached, dropped or rejected, in words.
    """

    alert: str
    playbook: str
    relation: Relation
    run: str | None
    reason: str | None
    at: datetime
