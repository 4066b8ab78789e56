"""Emergency access, opened beside a service that runs, or without one: it takes the database and the key files."""

import asyncio
from datetime import datetime

import structlog

from soar.app.log import configure_log
from soar.app.settings import Settings
from soar.app.site import read_site
from soar.app.wiring import open_service


def open_emergency(settings: Settings, reason: str, opened_by: str) -> tuple[str, datetime]:
    """Open an hour of emergency access; return the token to act with, and when it ends.

    Args:
        settings: of the installation; whoever can read its key files may.
        reason: why.
        opened_by: what the machine calls whoever does it.

    Raises:
        InputError: there is no reason, or the key files cannot be read.
    """
    configure_log(settings.log.level)

    async def open_it() -> tuple[str, datetime]:
        async with open_service(read_site(settings), settings.server.url) as service:
            at = service.clock.now()
            opening, token = await service.store.write(
                service.workspace, lambda unit: service.emergency.open(unit, reason, opened_by, at)
            )
            structlog.get_logger().warning(
                "emergency access opened", action="emergency.opened", opening=opening.id, by=opened_by, reason=reason
            )
            return token, opening.expires_at

    return asyncio.run(open_it())
