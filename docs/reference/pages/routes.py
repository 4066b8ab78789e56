"""The page of HTTP routes."""

import asyncio
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from pages.table import row
from soar.access.permissions import Permission
from soar.api.authentication import Authenticator
from soar.api.route import Access, Public, Route, SourceOr
from soar.api.routes import build_routes
from soar.app.demo import write_settings
from soar.app.ids import SystemRandomness
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import Service
from soar.audit.keyfile import create_key_file

_URL = "http://127.0.0.1:8600"
_PATTERN = re.compile(r"\{(\w+):.*\}")


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# HTTP routes"
    yield ""
    yield "Bodies are JSON. A failure is a problem document (RFC 9457) with a [code](errors.md)."
    yield "Log in with `Authorization: Bearer` and a token, or with the cookie of a login; with a cookie every request"
    yield "that changes something carries `X-CSRF-Token`. `/api/openapi.json` has the shapes of all bodies."
    yield ""
    yield "| Method | Path | Who may | Does |"
    yield "|---|---|---|---|"
    for route in _read_routes():
        path = _PATTERN.sub(r"{\1}", route.path)
        yield row(route.method, f"`{path}`", _describe_caller(route), route.summary)


def _read_routes() -> Sequence[Route]:
    """Return the routes of the service, wired as for the demo in a folder that is gone afterwards."""
    with TemporaryDirectory() as folder:
        settings = write_settings(Path(folder), None)
        for key_file in (settings.vault.key_file, settings.audit.key_file):
            create_key_file(key_file, SystemRandomness())
        return asyncio.run(_wire(settings))


async def _wire(settings: Settings) -> Sequence[Route]:
    service = Service(read_site(settings), _URL)
    try:
        return build_routes(service.services, Authenticator(service.services))
    finally:
        await service.close()


def _describe_caller(route: Route) -> str:
    return _describe_access(route.access) + (", proved within five minutes" if route.needs_proof else "")


def _describe_access(access: Access) -> str:
    match access:
        case Permission():
            return f"`{access}`"
        case Public(reason=reason):
            return f"anybody: {reason}"
        case SourceOr(permission=permission):
            return f"the source, or `{permission}`"
        case _:
            return "who is logged in"
