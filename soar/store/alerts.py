"""Alerts, the deliveries they came in, and what playbooks did with them."""

from datetime import datetime

from sqlalchemy import func, insert, select

from soar.model.alert import Alert, Delivery, Match, Severity
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.statement import change
from soar.store.tables import ALERTS, DEDUPE_KEYS, DELIVERIES, MATCHES, RAISED

_ALERTS = Rows(ALERTS, Alert)
_GET_ALERT = _ALERTS.where("id")
_FIND_RAISED = (
    _ALERTS.where("fingerprint", "kind")
    .where(RAISED, _ALERTS.table.c.received_at >= given("since"))
    .order_by(_ALERTS.table.c.position.desc())
    .limit(1)
)

_TABLE = _ALERTS.table
_SUPPRESSED = _ALERTS.where().where(_TABLE.c.suppressed_by.is_not(None))
_NOT_SUPPRESSED = _ALERTS.where().where(_TABLE.c.suppressed_by.is_(None))
_IS_WITHIN = (*_ALERTS.match(), _TABLE.c.received_at >= given("since"), _TABLE.c.received_at < given("until"))
_COUNT_WITHIN = select(func.count()).select_from(_TABLE).where(*_IS_WITHIN)
_LIST_WITHIN = (
    select(_TABLE.c.position, *(_TABLE.c[name] for name in _ALERTS.names))
    .where(*_IS_WITHIN, _TABLE.c.position > given("after"))
    .order_by(_TABLE.c.position)
    .limit(given("limit"))
)

_MATCHES = Rows(MATCHES, Match)
_GET_MATCHES = _MATCHES.where("alert").order_by(_MATCHES.table.c.position)

_KEYS = DEDUPE_KEYS
_ADD_KEY = insert(_KEYS).inline()
_FIND_KEY = (
    select(_KEYS.c.run)
    .where(
        _KEYS.c.workspace == given("workspace"),
        _KEYS.c.playbook == given("playbook"),
        _KEYS.c.key == given("key"),
        _KEYS.c.at >= given("since"),
    )
    .order_by(_KEYS.c.at.desc(), _KEYS.c.position.desc())
    .limit(1)
)

_DELIVERIES = Rows(DELIVERIES, Delivery)
_GET_DELIVERY = _DELIVERIES.where("id")
_FIND_DELIVERY = _DELIVERIES.where("source", "key")


class Alerts(Repository):
    """The alerts of a workspace."""

    __slots__ = ()

    def add(self, alert: Alert) -> None:
        """Add an alert.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_ALERTS, alert, f"there is an alert {alert.id} already")

    def get(self, alert: str) -> Alert | None:
        """Return the alert with this id."""
        return self._first(_ALERTS, _GET_ALERT, given_id=alert)

    def list(
        self,
        limit: int,
        cursor: str | None = None,
        source: str | None = None,
        severity: Severity | None = None,
        *,
        is_suppressed: bool | None = None,
    ) -> Page[Alert]:
        """Return a page of alerts, newest first."""
        statement = {True: _SUPPRESSED, False: _NOT_SUPPRESSED, None: None}[is_suppressed]
        return self._page(_ALERTS, limit, cursor, (("source", source), ("severity", severity)), statement)

    def count_within(self, since: datetime, until: datetime) -> int:
        """Return how many alerts were received from `since` on and before `until`."""
        return int(self._run(_COUNT_WITHIN, given_since=since, given_until=until).scalar_one())

    def list_within(
        self, since: datetime, until: datetime, limit: int, after: int = 0
    ) -> tuple[tuple[int, Alert], ...]:
        """Return alerts received from `since` on and before `until`, oldest first, each with its position.

        Args:
            since: the first moment.
            until: the moment after the last.
            limit: at most so many.
            after: the position that the list goes on behind; 0 begins it.
        """
        found = self._run(_LIST_WITHIN, given_since=since, given_until=until, given_after=after, given_limit=limit)
        return tuple((row[0], _ALERTS.load(row[1:])) for row in found)

    def find_raised(self, kind: str, fingerprint: str, since: datetime) -> Alert | None:
        """Return the newest alert that a run raised at or after `since`, of this kind and with this fingerprint."""
        return self._first(_ALERTS, _FIND_RAISED, given_kind=kind, given_fingerprint=fingerprint, given_since=since)

    def add_match(self, match: Match) -> None:
        """Remember what a playbook did with an alert."""
        self._insert(_MATCHES, match)

    def matches(self, alert: str) -> tuple[Match, ...]:
        """Return what playbooks did with this alert, in the order it was done."""
        return self._all(_MATCHES, _GET_MATCHES, given_alert=alert)

    def remember_key(self, playbook: str, key: str, run: str, at: datetime) -> None:
        """Remember that a run of the playbook was started under this dedupe key."""
        values = {"workspace": self._workspace, "playbook": playbook, "key": key, "run": run, "at": at}
        change(self._connection, _ADD_KEY, values)

    def find_key(self, playbook: str, key: str, since: datetime) -> str | None:
        """Return the id of the newest run of the playbook with this key that was started at or after `since`."""
        found = self._fetch(_FIND_KEY, given_playbook=playbook, given_key=key, given_since=since)
        return found[0][0] if found else None


class Deliveries(Repository):
    """The deliveries of a workspace, byte for byte."""

    __slots__ = ()

    def add(self, delivery: Delivery) -> None:
        """Add a delivery.

        Raises:
            ConflictError: the source has sent this key before, or the id is taken.
        """
        self._add(_DELIVERIES, delivery, f"source {delivery.source} has delivered this already")

    def get(self, delivery: str) -> Delivery | None:
        """Return the delivery with this id."""
        return self._first(_DELIVERIES, _GET_DELIVERY, given_id=delivery)

    def find(self, source: str, key: str) -> Delivery | None:
        """Return the delivery that the source sent under this key."""
        return self._first(_DELIVERIES, _FIND_DELIVERY, given_source=source, given_key=key)
