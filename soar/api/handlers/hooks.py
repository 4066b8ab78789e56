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
    source, request = visit.part("source"), visit.request
    with visit.desk.intake.admit(source, request.content_length) as place:
        body = await _read(request)
        place.note_read()
        receipt = await visit.services.receiver.receive(source, read_headers(request), body, request.remote or "")
    return write_json(receipt.answer, HTTPStatus.ACCEPTED)


async def check_alert(visit: Visit) -> web.StreamResponse:
    """Say which playbooks would take an alert, and why the others would not; nothing is stored."""
    source, request = visit.part("source"), visit.request
    with visit.desk.intake.admit(source, request.content_length) as place:
        body = await _read(request)
        place.note_read()
        if not isinstance(visit, Call):
            await visit.services.receiver.authenticate(source, read_headers(request), body, request.remote or "")
        checked = await visit.services.receiver.check(source, body)
    return write_json(CheckedAlerts(alerts=tuple(map(view_checked, checked))))


def read_headers(request: web.Request) -> Mapping[str, str]:
    """Return a request's headers with names in lower case; of several with one name, the first."""
    return {name.lower(): request.headers[name] for name in request.headers}


async def _read(request: web.Request) -> bytes:
    check_type(request, _TYPES)
    return await read_bytes(request)
