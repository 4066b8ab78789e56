"""Two workers on one database: neither begins a write after a freeze, and together they keep to a cap."""

import asyncio
from datetime import timedelta

import pytest

from soar.approvals.freezer import Freezer
from soar.model.audit import Actor
from soar.model.freeze import FreezeKind
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.policy import Cap, CapOutcome, Policy
from soar.store import open_store
from tests.support.clock import START, VirtualClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.process import RecordingProcess
from tests.support.world import WORKSPACE, SlowHost, World, check_record

TEXT = "name: Tried\non: {manual: {}}\nsteps:\n" + 6 * "  - {uses: crm.page}\n"
ONE = "name: Tried\non: {manual: {}}\nsteps:\n  - {uses: crm.lock, with: {user: web-1}}\n"
RUNS = 8
ANN = Actor(kind="user", id="u_ann", name="ann", via="web")


async def open_workers(url: str, policy: Policy) -> list[World]:
    """Return two workers in one outer world, on a store of their own each."""
    host, clock, ids = SlowHost(1.0), VirtualClock(START), SeededIds(1)
    for action in ("crm.page", "crm.lock"):
        host.script(action, ActionAnswer(output={}))
    stores = [open_store(url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk) for _ in range(2)]
    await stores[0].migrate()
    return [World(store, host=host, clock=clock, ids=ids, policy=policy) for store in stores]


async def close(workers: list[World]) -> None:
    await check_record(workers[0])
    for worker in workers:
        await worker.stop()
        await worker.store.close()


async def start(workers: list[World], text: str) -> list[str]:
    return [await workers[number % 2].start(text) for number in range(RUNS)]


def test_a_freeze_stops_both_workers_at_once(postgres_url: str) -> None:
    async def play() -> None:
        workers = await open_workers(postgres_url, Policy())
        runs = await start(workers, TEXT)
        await workers[0].clock.sleep(2.5)
        under_way = len(workers[0].host.calls)
        assert under_way == 3 * RUNS
        freezer, at = Freezer(ids=workers[1].ids), workers[1].clock.now()
        await workers[1].write(lambda unit: freezer.freeze(unit, FreezeKind.EVERYTHING, "", "stop", actor=ANN, at=at))
        for worker in workers:
            await worker.settle()
        assert len(workers[0].host.calls) == under_way, "no write began after the freeze was committed"
        ended = [await workers[0].run(run) for run in runs]
        assert {run.status for run in ended} == {RunStatus.FAILED}
        assert all("every write is frozen by u_ann: stop" in str(run.reason) for run in ended)
        assert len(workers[0].host.answered) == under_way, "what was under way has ended"
        await close(workers)

    run_virtual(play(), seed=1)


@pytest.mark.parametrize("outcome", [CapOutcome.REFUSE, CapOutcome.FREEZE])
def test_two_workers_keep_to_one_cap_exactly(postgres_url: str, outcome: CapOutcome) -> None:
    cap = Cap(action="crm.lock", most=5, window=timedelta(hours=1), outcome=outcome)

    async def play() -> None:
        workers = await open_workers(postgres_url, Policy(caps=(cap,)))
        runs = await start(workers, ONE)
        await asyncio.gather(*(worker.settle() for worker in workers))
        assert len(workers[0].host.calls) == 5
        statuses = [(await workers[0].run(run)).status for run in runs]
        assert statuses.count(RunStatus.SUCCEEDED) == 5
        frozen = await workers[0].store.read(WORKSPACE, lambda unit: unit.freezes.list())
        assert len(frozen) == (outcome is CapOutcome.FREEZE)
        await close(workers)

    run_virtual(play(), seed=1)
