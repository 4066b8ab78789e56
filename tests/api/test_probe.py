"""The probe of a process that only drives runs, over real sockets."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from soar.api.probe import make_probe
from soar.api.schemas.health import WorkerHealth
from soar.api.server import Running, serve
from tests.support.clock import START
from tests.support.server import Answer, Client

HEALTH = WorkerHealth(status="ok", worker="node_1", driven=3, limit=200, looked_at=START)


class Worker:
    """What the probe asks."""

    def __init__(self) -> None:
        self.reasons: tuple[str, ...] = ()
        self.asked = 0

    def show_health(self) -> WorkerHealth:
        return HEALTH

    async def find_unready(self) -> tuple[str, ...]:
        self.asked += 1
        return self.reasons


@pytest.fixture
def worker() -> Worker:
    return Worker()


@pytest.fixture
async def probe(worker: Worker) -> AsyncIterator[Running]:
    running = await serve(make_probe(worker.show_health, worker.find_unready), "127.0.0.1", 0, drain=1)
    yield running
    await running.close()


async def ask(probe: Running, path: str, method: str = "GET") -> Answer:
    return await asyncio.to_thread(Client(probe.url).send, method, path)


async def test_health_is_answered_without_asking_whether_it_can_work(worker: Worker, probe: Running) -> None:
    worker.reasons = ("database: it is away",)
    answer = await ask(probe, "/healthz")
    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert json.loads(answer.body) == {
        "status": "ok",
        "worker": "node_1",
        "driven": 3,
        "limit": 200,
        "looked_at": START.isoformat().replace("+00:00", "Z"),
    }
    assert worker.asked == 0


async def test_readiness_is_503_with_the_reasons_as_long_as_there_are_any(worker: Worker, probe: Running) -> None:
    worker.reasons = ("database: it is away",)
    refused = await ask(probe, "/readyz")
    assert (refused.status, refused.headers["Retry-After"]) == (503, "5")
    assert refused.json == {"status": "unavailable", "reasons": ["database: it is away"]}
    worker.reasons = ()
    answer = await ask(probe, "/readyz")
    assert (answer.status, answer.json) == (200, {"status": "ok", "reasons": []})


async def test_there_is_nothing_else_behind_a_probe(probe: Running) -> None:
    statuses = [(await ask(probe, path)).status for path in ("/", "/api/v1/runs", "/hooks/probe", "/healthz/more")]
    assert statuses == [404] * 4
    assert (await ask(probe, "/healthz", "POST")).status == 405
