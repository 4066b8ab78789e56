"""Alerts: seen, explained, brought in by hand."""

from http import HTTPStatus

import orjson
from aiohttp import web

from soar.access.permissions import Permission
from soar.api.call import Call, write_json
from soar.api.schemas.alerts import (
    AlertDetail,
    AlertPage,
    AlertQuery,
    AlertSent,
    view_alert,
    view_delivery,
    view_observables,
    view_sample,
    view_verdict,
)
from soar.api.schemas.base import Nothing, fields_of
from soar.api.things import Shown, Things
from soar.ingest.ocsf import build_finding
from soar.model.alert import Alert
from soar.model.errors import NotFoundError
from soar.model.values import JsonValue
from soar.store import Unit


async def list_alerts(call: Call, query: AlertQuery) -> AlertPage:
    """List alerts, newest first."""

    def show(unit: Unit) -> AlertPage:
        shown = Shown(call, Permission.ALERT_READ, Things(call, unit).of_alert)
        page = shown.page(
            lambda cursor: unit.alerts.list(
                query.limit, cursor, query.source, query.severity, is_suppressed=query.suppressed
            ),
            query.cursor,
        )
        bursts = unit.bursts.find([alert.id for alert in page.items])
        items = tuple(view_alert(alert, unit.alerts.matches(alert.id), bursts.get(alert.id)) for alert in page.items)
        return AlertPage(items=items, next=page.next)

    return await call.read(show)


async def show_alert(call: Call, _: Nothing) -> AlertDetail:
    """Show an alert as it came in, and why playbooks take it or not."""
    return await call.read(lambda unit: _describe(call, unit, call.part("id")))


async def show_finding(call: Call, _: Nothing) -> web.Response:
    """Show an alert as a Detection Finding of the Open Cybersecurity Schema Framework (class 2004, version 1.8.0)."""
    return write_json(build_finding(await call.read(lambda unit: _get(unit, call.part("id")))))


async def send_alert(call: Call, sent: AlertSent) -> web.Response:
    """Bring in an alert by hand, as its initiator; an Idempotency-Key makes a repeat harmless."""
    body = orjson.dumps(sent.alert)
    key = call.request.headers.get("Idempotency-Key")
    receipt = await call.services.receiver.receive_from(call.principal, sent.source, body, key)
    return write_json(_take_only(receipt.answer), HTTPStatus.ACCEPTED)


def _take_only(answer: JsonValue) -> JsonValue:
    """Return the answer for the one alert, also where the source sends several at once."""
    several = answer.get("alerts") if isinstance(answer, dict) else None
    return several[0] if isinstance(several, list) else answer


def _describe(call: Call, unit: Unit, alert_id: str) -> AlertDetail:
    alert = _get(unit, alert_id)
    delivery = unit.deliveries.get(alert.delivery)
    burst = unit.bursts.find([alert.id]).get(alert.id)
    return AlertDetail(
        **fields_of(view_alert(alert, unit.alerts.matches(alert.id), burst)),
        observables=view_observables(alert),
        raw=alert.raw,
        samples=tuple(map(view_sample, unit.bursts.samples(alert.id))),
        delivery=view_delivery(delivery) if delivery else None,
        why=tuple(map(view_verdict, call.services.receiver.explain(alert))),
    )


def _get(unit: Unit, alert_id: str) -> Alert:
    alert = unit.alerts.get(alert_id)
    if alert is None:
        raise NotFoundError(f"no alert {alert_id}", hint="`soar alert list` shows them")
    return alert
