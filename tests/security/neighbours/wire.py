"""Requests as bytes, for what no well-behaved client sends, and the routes to send them to."""

import asyncio
from collections.abc import Sequence

from soar.api.authentication import Authenticator
from soar.api.openapi import print_path
from soar.api.route import Public, Route
from soar.api.routes import build_routes
from tests.support.service import Answer, Face

SCIM_SAYS = {
    "nobody is logged in": "unauthenticated",
    "the request does not carry the login's own token": "csrf",
    "the request comes from another site": "cross_origin",
}


async def exchange(face: Face, request: bytes) -> tuple[int, bytes]:
    """Send bytes, and return the status of what is answered and everything that came."""
    host, port = face.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    await writer.drain()
    received = await reader.read()
    writer.close()
    await writer.wait_closed()
    return int(received.split(b" ", 2)[1]), received


async def get_raw(face: Face, target: str, *headers: str) -> tuple[int, bytes]:
    """Get a target that stands on the request line exactly as it is given."""
    lines = (f"GET {target} HTTP/1.1", "Host: soar.test", "Connection: close", *headers, "", "")
    return await exchange(face, "\r\n".join(lines).encode("latin-1"))


def list_private(face: Face) -> Sequence[tuple[str, str]]:
    """Return method and address of every route that wants to know who asks."""
    return [(route.method, _fill(route)) for route in _list_routes(face) if not isinstance(route.access, Public)]


def list_public_posts(face: Face) -> Sequence[str]:
    """Return the address of every route that changes something for people who are not logged in yet."""
    return [
        _fill(route)
        for route in _list_routes(face)
        if isinstance(route.access, Public) and route.method != "GET" and not route.is_for_machines
    ]


def read_refusal(answer: Answer) -> tuple[int, str]:
    """Return the status of a refusal and its code; SCIM has none, so there what it says stands for it."""
    if answer.headers["Content-Type"] == "application/scim+json; charset=utf-8":
        return answer.status, SCIM_SAYS[answer.json["detail"]]
    return answer.status, answer.code


def _list_routes(face: Face) -> Sequence[Route]:
    return build_routes(face.services, Authenticator(face.services))


def _fill(route: Route) -> str:
    return print_path(route).replace("{source}", "probe").replace("{", "").replace("}", "")


async def count_stored(face: Face) -> tuple[int, int]:
    """Return how many alerts and runs there are."""
    return await face.read(lambda unit: (len(unit.alerts.list(100).items), len(unit.runs.list(100).items)))
