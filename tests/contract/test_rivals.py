"""Two processes that both believe a run is theirs: the database lets one of them act."""

import asyncio

import pytest

from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from soar.runtime.signal import Signal
from soar.store import open_store
from tests.support.clock import START, VirtualClock
from tests.support.disk import InlineDisk
from tests.support.ids import SeededIds
from tests.support.loop import run_virtual
from tests.support.process import RecordingProcess
from tests.support.world import WORKSPACE, SlowHost, World, check_record

THREE = "name: Tried\non: {manual: {}}\nsteps:\n" + 3 * "  - {uses: crm.page}\n"


async def open_processes(url: str, seed: int) -> list[World]:
    """Return two processes in one outer world, neither of which takes up a run by itself."""
    host, clock, ids = SlowHost(), VirtualClock(START), SeededIds(seed)
    host.script("crm.page", ActionAnswer(output={}))
    stores = [open_store(url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk) for _ in range(2)]
    worlds = [World(store, host=host, clock=clock, ids=ids, has_timers=False) for store in stores]
    for world in worlds:
        world.queue._is_draining = True
    return worlds


async def close(worlds: list[World]) -> None:
    await check_record(worlds[0])
    for world in worlds:
        await world.stop()
        await world.store.close()


@pytest.mark.parametrize("seed", range(5))
def test_of_two_processes_with_one_run_one_makes_each_call(postgres_url: str, seed: int) -> None:
    async def play() -> None:
        worlds = await open_processes(postgres_url, seed)
        run = await worlds[0].start(THREE)
        loaded = [await world.driver._load(WORKSPACE, run, Signal()) for world in worlds]
        drives = [world.driver._run(state) for world, state in zip(worlds, loaded, strict=True)]
        ends = await asyncio.gather(*drives, return_exceptions=True)
        assert sorted(type(end).__name__ for end in ends) == ["ConflictError", "NoneType"]
        assert (await worlds[1].run(run)).status is RunStatus.SUCCEEDED
        assert sorted(worlds[0].host.effects.values()) == [1, 1, 1]
        await close(worlds)

    run_virtual(play(), seed=seed)


@pytest.mark.parametrize("seed", range(5))
def test_a_process_that_takes_another_for_dead_doubles_nothing(postgres_url: str, seed: int) -> None:
    async def play() -> None:
        worlds = await open_processes(postgres_url, seed)
        run = await worlds[0].start(THREE)
        drives = [world.driver.drive(WORKSPACE, run, Signal()) for world in worlds]
        ends = await asyncio.gather(*drives, return_exceptions=True)
        assert {type(end).__name__ for end in ends} <= {"ConflictError", "NoneType"}
        assert set(worlds[0].host.effects.values()) == {1}
        ended = await worlds[1].run(run)
        assert ended.status is RunStatus.SUCCEEDED or "to find out whether it happened" in str(ended.waiting_for)
        await close(worlds)

    run_virtual(play(), seed=seed)
