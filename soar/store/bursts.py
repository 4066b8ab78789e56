"""Alerts with the number of their repeats."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, delete, update

from soar.model.burst import Burst, Sample
from soar.store.intake_tables import BURSTS, SAMPLES
from soar.store.repository import Repository
from soar.store.rows import Rows, given

_BURSTS = Rows(BURSTS, Burst, key=("alert",))
_TABLE = _BURSTS.table
_FIND_OPEN = (
    _BURSTS.where("source", "fingerprint", "suppressed_by")
    .where(_TABLE.c.first_at > given("since"))
    .order_by(_TABLE.c.first_at.desc(), _TABLE.c.position.desc())
    .limit(1)
)
_COUNT = (
    update(_TABLE)
    .where(*_BURSTS.match("alert"))
    .values(count=_TABLE.c["count"] + 1, last_at=bindparam("new_last_at", type_=_TABLE.c.last_at.type))
)
_FIND = _BURSTS.where().where(_TABLE.c.alert.in_(bindparam("given_alerts", expanding=True)))

_SAMPLES = Rows(SAMPLES, Sample)
_FORGET_SAMPLES = delete(_SAMPLES.table).where(*_SAMPLES.match("alert"))
_LIST_SAMPLES = _SAMPLES.where("alert").order_by(_SAMPLES.table.c.position)


class Bursts(Repository):
    """The bursts of a workspace."""

    __slots__ = ()

    def open(self, burst: Burst) -> None:
        """Add a burst.

        Raises:
            ConflictError: the alert has one.
        """
        self._add(_BURSTS, burst, f"{burst.alert} has its repeats counted already")

    def find_open(self, source: str, fingerprint: str, suppressed_by: str, since: datetime) -> Burst | None:
        """Return the newest burst of a source with this fingerprint that began after `since`."""
        return self._first(
            _BURSTS,
            _FIND_OPEN,
            given_source=source,
            given_fingerprint=fingerprint,
            given_suppressed_by=suppressed_by,
            given_since=since,
        )

    def count(self, alert: str, at: datetime) -> None:
        """Count a repeat of an alert."""
        self._send(_COUNT, given_alert=alert, new_last_at=at)

    def find(self, alerts: Sequence[str]) -> dict[str, Burst]:
        """Return the bursts of those of the alerts that have one, by the alert's id."""
        found = self._run(_FIND, given_alerts=list(alerts))
        return {burst.alert: burst for burst in map(_BURSTS.load, found)}

    def add_sample(self, sample: Sample) -> None:
        """Keep a repeat's document."""
        self._insert(_SAMPLES, sample)

    def samples(self, alert: str) -> tuple[Sample, ...]:
        """Return the repeats of an alert whose documents are kept, in the order they came."""
        return self._all(_SAMPLES, _LIST_SAMPLES, given_alert=alert)

    def forget_samples(self, alert: str) -> None:
        """Remove the documents of an alert's repeats, if any are kept; they stay counted."""
        self._send(_FORGET_SAMPLES, given_alert=alert)
