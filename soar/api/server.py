"""The HTTP face put together, and served."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

from aiohttp import web

from soar.api.authentication import Authenticator
from soar.api.call import Desk
from soar.api.errors import log_fault
from soar.api.guard import Guard
from soar.api.http_log import LOG, HttpLog
from soar.api.intake import IntakeGate
from soar.api.limits import make_limits
from soar.api.middleware import Draining, Report, add_headers, answer_errors, refuse_while_draining, see_through
from soar.api.patience import Patience
from soar.api.protocol import Protocol
from soar.api.reading import LONGEST_BODY
from soar.api.revisions import Revisions
from soar.api.route import Route
from soar.api.routes import HOOK, build_routes
from soar.api.services import Services
from soar.model.errors import BugError, SoarError

_LONGEST_LINE = 8 * 1024  # bytes of a request line, and of a header
_KEEP_ALIVE = 30.0
_LINGER = 2.0
_EPOCH_LENGTH = 6
_BACKLOG = 1024
_MOST_HEADERS = 64


class Door(StrEnum):
    """What an application serves: everything, what sources ask alone, or everything but where they send."""

    EVERYTHING = "everything"
    HOOKS = "hooks"
    PEOPLE = "people"

    def has(self, route: Route) -> bool:
        """Whether a route is behind this door."""
        match self:
            case Door.EVERYTHING:
                return True
            case Door.HOOKS:
                return route.path.startswith(HOOK)
            case Door.PEOPLE:
                return route.path != HOOK


def make_application(
    services: Services, *, report: Report = log_fault, door: Door = Door.EVERYTHING
) -> web.Application:
    """Return the HTTP face.

    Args:
        services: everything behind it.
        report: told of each fault of ours, with the id that the caller was shown.
        door: which part of it is served.

    Raises:
        BugError: a route does not say who may.
    """
    desk = Desk(
        services=services,
        limits=make_limits(services.clock),
        intake=IntakeGate(
            services.intake, services.receiver.sources, clock=services.clock, randomness=services.randomness
        ),
        revisions=Revisions(),
        epoch=services.ids.code(_EPOCH_LENGTH),
    )
    draining = Draining()
    authenticator = Authenticator(services)
    guard = Guard(desk, authenticator)
    application = web.Application(
        middlewares=[see_through(services.proxies), answer_errors(desk, report), refuse_while_draining(draining)],
        client_max_size=LONGEST_BODY,
    )
    application.on_response_prepare.append(add_headers(desk))
    application.on_shutdown.append(_begin_draining(draining, services))
    for route in filter(door.has, build_routes(services, authenticator)):
        application.router.add_route(route.method, route.path, _stand_before(route, guard, desk))
    return application


def _stand_before(route: Route, guard: Guard, desk: Desk) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return the handler of a route behind the guard: there is no other way to it."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            caller = await guard.admit(request, route)
            return await route.serve(request, desk, caller, desk.services.clock.now())
        except BugError:
            raise
        except SoarError as error:
            if route.refuse is None:
                raise
            return route.refuse(error)

    return handle


def _begin_draining(draining: Draining, services: Services) -> Callable[[web.Application], Awaitable[None]]:
    async def begin(_: web.Application) -> None:
        draining.has_begun = True
        services.hub.close()

    return begin


@dataclass(frozen=True, slots=True)
class Running:
    """A face that is being served.

    Attributes:
        url: where, by the address listened on.
    """

    url: str
    _listening: asyncio.Server
    _runner: web.AppRunner
    _patience: Patience
    _sweeping: asyncio.Task[None]

    async def close(self) -> None:
        """Stop listening, answer 503 to whatever still comes, and let requests under way end."""
        self._sweeping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._sweeping
        self._listening.close()
        await self._runner.cleanup()


async def serve(application: web.Application, host: str, port: int, *, drain: float) -> Running:
    """Serve on an address.

    Args:
        application: from `make_application`.
        host: to listen on.
        port: to listen on; 0 takes a free one.
        drain: seconds that requests under way are given at the end.

    Raises:
        OSError: the address is taken, or not ours.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return await serve_socket(
        application, socket.create_server((host, port), family=family, backlog=_BACKLOG), drain=drain
    )


async def serve_socket(
    application: web.Application, listener: socket.socket, *, drain: float, tls: ssl.SSLContext | None = None
) -> Running:
    """Serve on a socket that listens, in plain text or by TLS; it is closed at the end."""
    patience = Patience()
    application.middlewares.insert(0, patience.hear())
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=drain)
    await runner.setup()
    if runner.server is None:
        raise BugError("a runner that is set up has no server")
    logs: dict[str, Any] = {"access_log": None, "logger": HttpLog(LOG)}  # taken as they are, and typed more narrowly
    loop = asyncio.get_running_loop()
    speak = partial(
        Protocol,
        runner.server,
        loop=loop,
        auto_decompress=False,
        keepalive_timeout=_KEEP_ALIVE,
        lingering_time=_LINGER,
        max_field_size=_LONGEST_LINE,
        max_headers=_MOST_HEADERS,
        max_line_size=_LONGEST_LINE,
        **logs,
    )
    listening = await loop.create_server(speak, sock=listener, backlog=_BACKLOG, ssl=tls)
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    sweeping = asyncio.create_task(patience.keep(runner.server), name="patience")
    scheme = "http" if tls is None else "https"
    return Running(f"{scheme}://{shown}:{port}", listening, runner, patience, sweeping)
