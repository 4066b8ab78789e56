"""Runs that have something to do are handed out: each to one worker, until it is done or its lease is over."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from operator import attrgetter

from soar.model.run import RunStatus
from soar.store import Store, Unit
from soar.store.handouts import hand_out
from tests.contract.works import Works
from tests.support.builders import build_run
from tests.support.clock import START
from tests.support.handouts import count_handouts

LEASE = timedelta(seconds=15)


def tell(*runs: str, workspace: str = "north") -> Callable[[Unit], None]:
    return lambda unit: hand_out(unit._connection, [(workspace, run) for run in runs])


def claim(worker: str, *, after: float = 0.0, limit: int = 9) -> Callable[[Unit], list[tuple[str, int]]]:
    now = START + timedelta(seconds=after)

    def work(unit: Unit) -> list[tuple[str, int]]:
        found = unit.handouts.claim(worker, now=now, until=now + LEASE, limit=limit)
        return sorted((handout.run, handout.told) for handout in found)

    return work


async def test_what_is_handed_out_is_claimed_once_the_oldest_first(write: Works) -> None:
    await write(tell("run_c"))
    await write(tell("run_a", "run_b"))
    assert await write(claim("ann", limit=2)) == [("run_a", 1), ("run_c", 1)]
    assert await write(claim("bob")) == [("run_b", 1)]
    assert await write(claim("ann")) == []


async def test_a_run_that_is_told_more_is_handed_out_once(write: Works) -> None:
    await write(tell("run_a"))
    await write(tell("run_a", "run_b"))
    assert await write(count_handouts) == 2
    assert await write(claim("ann")) == [("run_a", 2), ("run_b", 1)]


async def test_hand_outs_are_those_of_all_workspaces(store: Store, write: Works) -> None:
    await write(tell("run_a", workspace="south"))
    await write(tell("run_a"))
    found = await store.write("west", lambda unit: unit.handouts.claim("ann", now=START, until=START + LEASE, limit=9))
    assert [(handout.workspace, handout.run, handout.told) for handout in sorted(found, key=attrgetter("number"))] == [
        ("south", "run_a", 1),
        ("north", "run_a", 1),
    ]


async def test_a_lease_that_is_over_is_void_and_one_that_was_renewed_is_not(write: Works) -> None:
    await write(tell("run_a"))
    assert await write(claim("ann")) == [("run_a", 1)]
    assert await write(claim("bob", after=14.9)) == []
    await write(lambda unit: unit.handouts.renew("ann", START + timedelta(seconds=20)))
    assert await write(claim("bob", after=15)) == []
    assert await write(claim("bob", after=20)) == [("run_a", 1)]
    assert await write(lambda unit: unit.handouts.held("ann")) == ()
    (held,) = await write(lambda unit: unit.handouts.held("bob"))
    assert held.run == "run_a"


async def test_a_run_that_was_told_more_is_not_finished(write: Works) -> None:
    await write(tell("run_a"))
    await write(claim("ann"))
    (taken,) = await write(lambda unit: unit.handouts.held("ann"))
    await write(tell("run_a"))
    left = await write(lambda unit: unit.handouts.finish("ann", taken))
    assert left == replace(taken, told=2)
    assert await write(lambda unit: unit.handouts.finish("ann", left)) is None
    assert await write(count_handouts) == 0


async def test_who_has_lost_a_run_does_not_finish_it_for_the_other(write: Works) -> None:
    await write(tell("run_a"))
    await write(claim("ann"))
    (taken,) = await write(lambda unit: unit.handouts.held("ann"))
    await write(claim("bob", after=15))
    assert await write(lambda unit: unit.handouts.finish("ann", taken)) is None
    await write(lambda unit: unit.handouts.release("ann"))
    assert await write(lambda unit: unit.handouts.held("bob")) == (taken,)


async def test_a_run_that_is_handed_out_again_is_not_finished_for_the_last_time(write: Works) -> None:
    await write(tell("run_a"))
    await write(claim("ann"))
    (first,) = await write(lambda unit: unit.handouts.held("ann"))
    await write(claim("bob", after=15))
    await write(lambda unit: unit.handouts.finish("bob", first))
    await write(tell("run_a"))
    await write(claim("ann", after=15))
    assert await write(lambda unit: unit.handouts.finish("ann", first)) is None
    (second,) = await write(lambda unit: unit.handouts.held("ann"))
    assert second == replace(first, number=second.number)
    assert second.number > first.number


async def test_what_is_released_is_there_for_others_at_once(write: Works) -> None:
    await write(tell("run_a", "run_b"))
    await write(claim("ann", limit=1))
    await write(claim("bob", limit=1))
    await write(lambda unit: unit.handouts.release("ann"))
    assert await write(claim("bob")) == [("run_a", 1)]


async def test_runs_that_somebody_gave_up_are_handed_out_again(write: Works) -> None:
    def prepare(unit: Unit) -> None:
        for run, status in {"queued": RunStatus.QUEUED, "waiting": RunStatus.WAITING, "over": RunStatus.FAILED}.items():
            unit.runs.add(build_run(id=f"run_{run}", status=status))
        unit.runs.add(build_run(id="run_taken", status=RunStatus.RUNNING))
        unit.runs.add(build_run(id="run_told", status=RunStatus.WAITING))
        hand_out(unit._connection, [("north", "run_taken")])

    await write(prepare)
    await write(claim("ann"))
    await write(lambda unit: unit.inbox.add("run_told", {"kind": "vote"}, START))
    for _ in range(2):
        await write(lambda unit: unit.handouts.adopt())
    found = await write(claim("bob"))
    assert [run for run, _ in found] == ["run_queued", "run_told"]
    assert await write(count_handouts) == 3
