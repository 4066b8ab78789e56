"""How the service is, for whoever keeps it running."""

from aiohttp import web

import soar
from soar.api.call import Visit, write_json
from soar.api.schemas.health import Health, Readiness, Version

_UNREADY = 503


async def show_health(_: Visit) -> web.Response:
    """Say that the process answers."""
    return write_json(Health(status="ok"))


async def show_readiness(visit: Visit) -> web.Response:
    """Say whether the service can serve; 503 if not, with the reasons."""
    return write_readiness(await visit.services.is_ready())


def write_readiness(reasons: tuple[str, ...]) -> web.Response:
    """Return the answer to whoever asks whether a process can work; each reason says what keeps it from that."""
    if reasons:
        return write_json(Readiness(status="unavailable", reasons=reasons), _UNREADY, {"Retry-After": "5"})
    return write_json(Readiness(status="ok", reasons=()))


async def show_version(_: Visit) -> web.Response:
    """Say which version this is."""
    return write_json(Version(version=soar.__version__))
