"""How a process is that drives runs and has no face but a probe."""

from soar.api.probe import make_probe
from soar.api.schemas.health import WorkerHealth
from soar.api.server import Running, serve
from soar.app.settings import split_address
from soar.app.wiring import Service

_DRAIN = 1.0


async def open_probe(service: Service, address: str) -> Running:
    """Answer whoever asks how a worker is, until it is closed.

    Raises:
        OSError: the address is taken, or not ours.
    """
    host, port = split_address(address)
    probe = make_probe(lambda: show_health(service), lambda: find_unready(service))
    return await serve(probe, host, port, drain=_DRAIN)


def show_health(service: Service) -> WorkerHealth:
    """Return how a worker is, without asking anybody."""
    return WorkerHealth(
        status="ok",
        worker=service.worker,
        driven=service.queue.size,
        limit=service.site.settings.worker.concurrency,
        looked_at=service.handouts.looked_at if service.handouts else None,
    )


async def find_unready(service: Service) -> tuple[str, ...]:
    """Return a sentence for each thing that keeps a worker from driving runs."""
    reasons = await service.find_unready()
    if service.handouts is not None and service.handouts.is_forgotten:
        return (*reasons, f"hand-outs: the last answer was at {service.handouts.looked_at}, more than a lease ago")
    return reasons
