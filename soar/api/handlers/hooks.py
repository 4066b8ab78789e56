"""Where sources send alerts."""

import hashlib
from collections.abc import Mapping
from contextlib import ExitStack
from http import HTTPStatus

from aiohttp import web

from soar.api.call import Call, Visit, write_json
from soar.api.reading import read_packed
from soar.api.schemas.alerts import CheckedAlerts, view_checked
from soar.ingest.acceptance import Receipt
from soar.ingest.bodies.rule import Parcel
from soar.ingest.handshake import Greeting
from soar.ingest.reading import is_heavy


async def receive_alert(visit: Visit) -> web.StreamResponse:
    """Take an alert in; it is stored before this is answered. A product's question whether it may send is answered."""
    receiver, source, request = visit.services.receiver, visit.part("source"), visit.request
    precedence, name = visit.services.precedence, f"source:{source}"
    greeting = receiver.greet_openly(source, request.query)
    if greeting is not None:
        return _write_greeting(greeting)
    with visit.desk.intake.admit(source, request.content_length) as place:
        headers, body = read_headers(request), await read_packed(request)
        place.note_read()
        with receiver.expect(), ExitStack() as claim:  # also while it waits for its turn
            is_light = source in receiver.sources and not is_heavy(Parcel(headers, body))
            goes_first = is_light and precedence.claim(name)  # nobody waits while a heavy one is read
            if goes_first:
                claim.callback(precedence.end, name)
            async with place.turn:
                await precedence.give_way(name)
                receipt = await receiver.receive(
                    source,
                    headers,
                    body,
                    request.remote or "",
                    certificate=read_certificate(request),
                    goes_first=goes_first,
                )
            if isinstance(receipt, Receipt) and receipt.has_runs and not visit.services.store.is_shared:
                claim.pop_all()  # until the first of them has begun
        await precedence.give_way(name)  # the next one comes when this one is answered
    if isinstance(receipt, Greeting):
        return _write_greeting(receipt)
    return write_json(receipt.answer, HTTPStatus.ACCEPTED)


async def greet_source(visit: Visit) -> web.StreamResponse:
    """Answer a product that asks, before it sends anything, whether this is who it looks for."""
    request = visit.request
    greeting = await visit.services.receiver.greet(
        visit.part("source"), read_headers(request), request.remote or "", certificate=read_certificate(request)
    )
    return _write_greeting(greeting)


async def check_alert(visit: Visit) -> web.StreamResponse:
    """Say which playbooks would take an alert, and why the others would not; nothing is stored."""
    source, request, headers = visit.part("source"), visit.request, read_headers(visit.request)
    with visit.desk.intake.admit(source, request.content_length) as place:
        body = await read_packed(request)
        place.note_read()
        if not isinstance(visit, Call):
            await visit.services.receiver.authenticate(
                source, headers, body, request.remote or "", certificate=read_certificate(request)
            )
        checked = await visit.services.receiver.check(source, headers, body)
    return write_json(CheckedAlerts(alerts=tuple(map(view_checked, checked))))


def read_headers(request: web.Request) -> Mapping[str, str]:
    """Return a request's headers with names in lower case; several with one name are joined (RFC 9110, section 5.3)."""
    return {name.lower(): ", ".join(request.headers.getall(name)) for name in request.headers}


def read_certificate(request: web.Request) -> str | None:
    """Return the SHA-256 of the certificate that a client has shown to us and TLS has verified, in lower-case hex.

    Empty if it has shown none; None where TLS is not ours.
    """
    tls = request.get_extra_info("ssl_object")
    if tls is None:
        return None
    shown = tls.getpeercert(binary_form=True)
    return hashlib.sha256(shown).hexdigest() if shown else ""


def _write_greeting(greeting: Greeting) -> web.Response:
    return web.Response(body=greeting.body, content_type=greeting.type, charset="utf-8")
