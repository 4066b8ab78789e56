"""Where sources send alerts."""

from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import web

from soar.api.call import Call, Visit, write_json
from soar.api.reading import check_type, read_bytes
from soar.api.schemas.alerts import CheckedAlerts, view_checked

_TYPES = frozenset({"application/json", "application/x-ndjson"})


async def receive_alert(visit: Visit) -> web.StreamResponse:
    """Take an alert in; it is stored before this is answered."""
    body = await _read(visit.request)
    receipt = await visit.services.receiver.receive(
        visit.part("source"), read_headers(visit.request), body, visit.request.remote or ""
    )
    return write_json(receipt.answer, HTTPStatus.ACCEPTED)


async def check_alert(visit: Visit) -> web.StreamResponse:
    """Say which playbooks would take an alert, and why the others would not; nothing is stored."""
    body = await _read(visit.request)
    source = visit.part("source")
    if not isinstance(visit, Call):
        await visit.services.receiver.authenticate(
            source, read_headers(visit.request), body, visit.request.remote or ""
        )
    checked = visit.services.receiver.check(source, body)
    return write_json(CheckedAlerts(alerts=tuple(map(view_checked, checked))))


def read_headers(request: web.Request) -> Mapping[str, str]:
    """Return a request's headers with names in lower case; of several with one name, the first."""
    return {name.lower(): request.headers[name] for name in request.headers}


async def _read(request: web.Request) -> bytes:
    check_type(request, _TYPES)
    return await read_bytes(request)
