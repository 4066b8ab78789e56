"""Repeats of an alert that count on it instead of standing beside it, in the caller's transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from soar.model.alert import Alert, Severity
from soar.model.burst import Burst, Sample
from soar.store import Unit

_RANKS: Mapping[str, int] = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How a source's alerts of one fingerprint are held together.

    Attributes:
        window: how long after an alert its like counts as its repeat; the next one then is an alert of its own.
        samples: of how many repeats the document is kept beside the alert.
    """

    window: timedelta
    samples: int


def join_burst(unit: Unit, grouping: Grouping, alert: Alert, now: datetime) -> str | None:
    """Count an alert on the one that it repeats, and return that one's id; or let it begin a burst, and return None.

    What is more severe than the first one is no repeat, nor is what a suppression rule took while it let the first one
    through: so nothing that would act hides behind what did not. An alert without a fingerprint repeats nothing.
    """
    if not alert.fingerprint:
        return None
    rule = alert.suppressed_by or ""
    known = unit.bursts.find_open(alert.source, alert.fingerprint, rule, now - grouping.window)
    if known is None or _RANKS[alert.severity] > _RANKS[known.severity]:
        unit.bursts.open(_begin(alert, rule, now))
        return None
    unit.bursts.count(known.alert, now)
    if known.count <= grouping.samples:
        unit.bursts.add_sample(Sample(alert=known.alert, delivery=alert.delivery, at=now, raw=alert.raw))
    return known.alert


def _begin(alert: Alert, rule: str, now: datetime) -> Burst:
    return Burst(
        alert=alert.id,
        source=alert.source,
        fingerprint=alert.fingerprint,
        suppressed_by=rule,
        severity=alert.severity,
        count=1,
        first_at=now,
        last_at=now,
    )
