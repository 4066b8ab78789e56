"""More runs than fit into memory: they wait as rows, and each has its turn all the same."""

import asyncio

import pytest

from soar.model.alert import Severity
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from tests.support.builders import build_alert
from tests.support.open_runs import list_open_runs
from tests.support.world import SlowHost, World, play

FINDING = """
name: Finds somebody
on: {manual: {}}
steps:
  - {uses: crm.find}
"""
ASKING = """
name: Asks first
on: {manual: {}}
steps:
  - {uses: crm.lock, with: {user: eve}, approve: {by: role:analyst, reason: r}}
"""


async def start(world: World, count: int, source: str, severity: Severity = Severity.MEDIUM) -> list[str]:
    """Start so many runs for alerts of a source."""
    world.host.script("crm.find", ActionAnswer(output={}))
    runs = []
    for _ in range(count):
        alert = build_alert(id=world.ids.new("al"), source=source, severity=severity)
        runs.append(await world.start(FINDING, alert=alert, initiator=f"source:{source}"))
    return runs


def list_begun(world: World) -> list[str]:
    """Return the runs in the order in which they made their calls."""
    return [call.run for call in world.host.calls]


async def count_memory(world: World) -> int:
    """Return how many runs wait in memory once everybody has been looked up."""
    if world.queue._placer is not None:
        await asyncio.wait({world.queue._placer})
    return world.queue.size - len(world.queue._drivers)


def test_of_many_runs_few_wait_in_memory_and_all_begin_in_the_order_in_which_they_came() -> None:
    async def scenario(world: World) -> None:
        runs = await start(world, 30, "loud")
        assert await count_memory(world) <= 3
        await world.settle()
        assert list_begun(world) == runs
        assert await list_open_runs(world.store) == []

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=3)


def test_a_quiet_sources_run_and_a_critical_one_wait_for_no_backlog() -> None:
    async def scenario(world: World) -> None:
        loud = await start(world, 20, "loud", Severity.LOW)
        await world.clock.sleep(0.5)
        quiet = await start(world, 1, "quiet", Severity.LOW)
        critical = await start(world, 1, "loud", Severity.CRITICAL)
        await world.settle()
        assert list_begun(world) == [loud[0], *critical, loud[1], *quiet, *loud[2:]]

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=8)


def test_who_waits_for_an_answer_goes_on_before_a_backlog_begins() -> None:
    async def scenario(world: World) -> None:
        asking = await world.start(ASKING, initiator="source:loud")
        await world.settle()
        loud = await start(world, 20, "loud")
        await world.clock.sleep(0.5)
        await world.vote("bob")
        assert list_begun(world) == [loud[0], asking, *loud[1:]]

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=4)


@pytest.mark.parametrize(("last", "is_written"), [(7, True), (30, False), (53, True)])
def test_after_a_crash_in_a_backlog_every_run_ends_and_those_of_a_source_in_their_order(
    last: int, *, is_written: bool
) -> None:
    async def scenario(world: World) -> None:
        started = [await start(world, count, source) for source, count in (("a", 15), ("b", 10), ("c", 5))]
        world.mortal._last, world.mortal._is_written = last, is_written
        await world.settle()
        assert world.mortal.died.is_set()
        after = await world.restart()
        assert await count_memory(after) <= 3 + 1  # whoever was under way is always let in
        await after.settle()
        for runs in started:
            assert [(await after.run(run)).status for run in runs] == [RunStatus.SUCCEEDED] * len(runs)
            assert list(dict.fromkeys(run for run in list_begun(after) if run in runs)) == runs
        await after.stop()

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=3)


def test_runs_of_which_nobody_heard_are_found_by_the_next_look() -> None:
    async def scenario(world: World) -> None:
        world.store.listen(lambda *_: None)
        runs = await start(world, 12, "loud")
        world.store.listen(world.queue.wake)
        assert await count_memory(world) == 0
        await world.watchdog.look()
        await world.settle()
        assert list_begun(world) == runs

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=3)


def test_what_is_told_to_a_run_that_waits_as_a_row_is_not_lost() -> None:
    async def scenario(world: World) -> None:
        runs = await start(world, 12, "loud")
        await count_memory(world)
        await world.cancel(runs[-1])
        assert list_begun(world) == runs
        assert (await world.run(runs[-1])).status is RunStatus.CANCELLED

    play(scenario, host=SlowHost(1.0), drivers=1, waiting=3)
