"""Alerts, how they came in and what playbooks did with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import JsonValue, Strict

from soar.api.schemas.base import Incoming, Name, PageQuery
from soar.expr.observables import describe_entity
from soar.ingest.match import Verdict
from soar.ingest.receive import Checked
from soar.model.alert import Alert, Delivery, Match, Relation, Severity
from soar.model.burst import Burst, Sample
from soar.model.observable import ObservableType, Scope


class AlertQuery(PageQuery):
    """Which alerts; `suppressed` is whether a rule keeps them from starting anything."""

    source: Name | None = None
    severity: Severity | None = None
    suppressed: Annotated[bool, Strict(strict=False)] | None = None


class AlertSent(Incoming):
    """An alert brought in by a person, as its source would have sent it."""

    source: Name
    alert: dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An alert that is stored; `see` is where people look at it."""

    alert: str
    received_at: datetime
    duplicate_of: str | None
    see: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchView:
    """What a playbook did with an alert."""

    playbook: str
    relation: Relation
    run: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BurstView:
    """How many of an alert's fingerprint came, itself among them, and when."""

    count: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleView:
    """One of an alert's first repeats, with the delivery that holds its bytes."""

    delivery: str
    at: datetime
    raw: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """An alert, as lists show it; every text in it is hostile.

    `suppressed_by` is the rule under which it starts nothing. `burst` is null where its source does not group.
    """

    id: str
    source: str
    kind: str
    title: str
    severity: Severity
    time: datetime | None
    received_at: datetime
    url: str | None
    entities: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    fingerprint: str
    suppressed_by: str | None
    burst: BurstView | None
    matches: tuple[MatchView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """A page of alerts, newest first."""

    items: tuple[AlertView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """The request that an alert came in."""

    id: str
    remote: str
    headers: Mapping[str, str]
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionView:
    """A part of a condition and what it came to."""

    source: str
    value: str
    is_deciding: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    """Whether a playbook takes an alert, and which part of its `match` decided."""

    playbook: str
    is_match: bool
    conditions: tuple[ConditionView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedView:
    """What would become of an alert; nothing is stored."""

    kind: str
    title: str
    severity: Severity
    entities: Mapping[str, tuple[str, ...]]
    labels: Mapping[str, str]
    suppressed_by: str | None
    why: tuple[WhyView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedAlerts:
    """What would become of each alert of a request."""

    alerts: tuple[CheckedView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservableView:
    """One of an alert's entities, with what its shape tells.

    Attributes:
        kind: its key among the entities.
        type: None where it does not look like one of its kind.
        scope: of an address, and of a URL whose host is one.
    """

    kind: str
    value: str
    type: ObservableType | None
    scope: Scope | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertDetail(AlertView):
    """An alert with its own document, its delivery, and why the playbooks of today would take it or not."""

    observables: tuple[ObservableView, ...]
    raw: JsonValue
    samples: tuple[SampleView, ...]
    delivery: DeliveryView | None
    why: tuple[WhyView, ...]


def view_alert(alert: Alert, matches: tuple[Match, ...], burst: Burst | None) -> AlertView:
    """Return an alert as lists show it."""
    return AlertView(
        id=alert.id,
        source=alert.source,
        kind=alert.kind,
        title=alert.title,
        severity=alert.severity,
        time=alert.time,
        received_at=alert.received_at,
        url=alert.url,
        entities=alert.entities,
        labels=alert.labels,
        fingerprint=alert.fingerprint,
        suppressed_by=alert.suppressed_by,
        burst=BurstView(count=burst.count, first_at=burst.first_at, last_at=burst.last_at) if burst else None,
        matches=tuple(
            MatchView(playbook=match.playbook, relation=match.relation, run=match.run, reason=match.reason)
            for match in matches
        ),
    )


def view_sample(sample: Sample) -> SampleView:
    """Return a repeat of an alert."""
    return SampleView(delivery=sample.delivery, at=sample.at, raw=sample.raw)


def view_observables(alert: Alert) -> tuple[ObservableView, ...]:
    """Return an alert's entities, each with its type."""
    return tuple(
        ObservableView(kind=kind, value=value, type=seen.type if seen else None, scope=seen.scope if seen else None)
        for kind, values in alert.entities.items()
        for value in values
        for seen in (describe_entity(kind, value),)
    )


def view_delivery(delivery: Delivery) -> DeliveryView:
    """Return the request that an alert came in, without its body."""
    return DeliveryView(
        id=delivery.id, remote=delivery.remote, headers=delivery.headers, received_at=delivery.received_at
    )


def view_verdict(verdict: Verdict) -> WhyView:
    """Return what one playbook says to an alert."""
    return WhyView(
        playbook=verdict.playbook.id,
        is_match=verdict.is_match,
        conditions=tuple(
            ConditionView(source=condition.source, value=condition.value, is_deciding=condition.is_deciding)
            for condition in verdict.conditions
        ),
    )


def view_checked(checked: Checked) -> CheckedView:
    """Return what would become of an alert."""
    return CheckedView(
        kind=checked.alert.kind,
        title=checked.alert.title,
        severity=checked.alert.severity,
        entities=checked.alert.entities,
        labels=checked.alert.labels,
        suppressed_by=checked.alert.suppressed_by,
        why=tuple(map(view_verdict, checked.verdicts)),
    )
