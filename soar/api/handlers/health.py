"""How the service is, for whoever keeps it running."""

from aiohttp import web

import soar
from soar.api.call import Visit, write_json
from soar.api.schemas.base import Nothing
from soar.api.schemas.health import Health, Readiness, Version

_UNREADY = 503


async def show_health(_visit: Visit, _: Nothing) -> Health:
    """Say that the process answers."""
    return Health(status="ok")


async def show_readiness(visit: Visit, _: Nothing) -> web.Response:
    """Say whether the service can serve; 503 if not, with the reasons."""
    reasons = await visit.services.is_ready()
    if reasons:
        return write_json(Readiness(status="unavailable", reasons=reasons), _UNREADY, {"Retry-After": "5"})
    return write_json(Readiness(status="ok", reasons=()))


async def show_version(_visit: Visit, _: Nothing) -> Version:
    """Say which version this is."""
    return Version(version=soar.__version__)
