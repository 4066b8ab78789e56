"""Alerts of one fingerprint that count as one."""

from dataclasses import dataclass
from datetime import datetime

from soar.model.alert import Severity
from soar.model.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class Burst:
    """An alert and the repeats that followed it within its source's window.

    Attributes:
        alert: id of the first one, which stands for all of them.
        suppressed_by: id of the rule that keeps it from starting anything; empty if none does. Its repeats were taken
            by the same rule.
        severity: of the first one; what is more severe is no repeat.
        count: how many came, the first one among them.
        last_at: when the last one was accepted.
    """

    alert: str
    source: str
    fingerprint: str
    suppressed_by: str
    severity: Severity
    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One of the first repeats of an alert.

    Attributes:
        alert: id of the alert that it repeats.
        delivery: id of the delivery whose raw bytes hold it.
        raw: the source's own document.
    """

    alert: str
    delivery: str
    at: datetime
    raw: JsonValue
