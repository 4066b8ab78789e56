"""The face of a process that only drives runs: whether it lives, and whether it can work."""

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from aiohttp import web

from soar.api.call import write_json
from soar.api.handlers.health import write_readiness
from soar.api.middleware import protect
from soar.api.schemas.health import WorkerHealth

ShowHealth: TypeAlias = Callable[[], WorkerHealth]
FindUnready: TypeAlias = Callable[[], Awaitable[tuple[str, ...]]]
"""Returns a sentence for each thing that keeps the process from working."""


def make_probe(show_health: ShowHealth, find_unready: FindUnready) -> web.Application:
    """Return what answers `/healthz` and `/readyz`, and nothing else, to anybody who reaches it.

    `/healthz` asks nobody, so that no supervisor restarts a worker because its database is away.
    """

    async def answer_health(_: web.Request) -> web.Response:
        return write_json(show_health())

    async def answer_readiness(_: web.Request) -> web.Response:
        return write_readiness(await find_unready())

    application = web.Application()
    application.on_response_prepare.append(_protect)
    application.router.add_get("/healthz", answer_health)
    application.router.add_get("/readyz", answer_readiness)
    return application


async def _protect(_: web.Request, answer: web.StreamResponse) -> None:
    protect(answer)
