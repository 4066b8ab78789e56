"""Two workers share what is handed out; the store in memory stands for the database between them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from soar.model.errors import BugError, ConflictError, UnavailableError
from soar.runtime.handout import HandoutKeeper
from soar.runtime.queue import RunQueue
from soar.runtime.signal import Signal
from soar.store import Store
from soar.store.handouts import hand_out
from tests.support.clock import START, SteppedClock
from tests.support.handouts import count_handouts

Plan = Callable[[str, asyncio.Event], object]


class Worker:
    """A keeper and its queue, and what they drove."""

    def __init__(self, store: Store, clock: SteppedClock, name: str, *, limit: int = 100) -> None:
        self.driven: list[str] = []
        self.reports: list[Exception] = []
        self.gates: dict[str, asyncio.Event] = {}
        self.errors: dict[str, list[Exception]] = {}
        self.keeper = HandoutKeeper(
            store=store, drive=self._drive, clock=clock, worker=name, workspace="north", limit=limit, lease=15.0
        )
        self.queue = RunQueue(drive=self.keeper.drive, clock=clock, report=self._report, limit=limit)

    async def take(self) -> None:
        await self.keeper.take(self.queue.wake)

    async def settle(self) -> None:
        """Let everything that waits for nobody come to its end."""
        for _ in range(50):
            await asyncio.sleep(0)

    async def _drive(self, _workspace: str, run: str, _signal: Signal) -> None:
        self.driven.append(run)
        if self.errors.get(run):
            raise self.errors[run].pop(0)
        if run in self.gates:
            await self.gates[run].wait()

    def _report(self, _workspace: str, _run: str, error: Exception) -> None:
        self.reports.append(error)


@pytest.fixture
async def clock() -> SteppedClock:
    return SteppedClock(START)


@pytest.fixture
async def ann(store: Store, clock: SteppedClock) -> AsyncIterator[Worker]:
    worker = Worker(store, clock, "ann")
    yield worker
    await worker.queue.drain(0)


@pytest.fixture
async def bob(store: Store, clock: SteppedClock) -> AsyncIterator[Worker]:
    worker = Worker(store, clock, "bob")
    yield worker
    await worker.queue.drain(0)


async def tell(store: Store, *runs: str) -> None:
    await store.write("north", lambda unit: hand_out(unit._connection, [("north", run) for run in runs]))


async def count(store: Store) -> int:
    return await store.read("north", count_handouts)


async def test_a_run_is_driven_by_one_and_then_it_is_done(store: Store, ann: Worker, bob: Worker) -> None:
    await tell(store, "run_1", "run_2")
    await ann.take()
    await bob.take()
    await ann.settle()
    assert (ann.driven, bob.driven) == (["run_1", "run_2"], [])
    assert await count(store) == 0


async def test_no_more_is_taken_at_once_than_leaves_something_for_others(
    store: Store, ann: Worker, bob: Worker
) -> None:
    await tell(store, *(f"run_{number}" for number in range(30)))
    await ann.take()
    await bob.take()
    await ann.settle()
    assert (len(ann.driven), len(bob.driven)) == (20, 10)


async def test_no_more_is_held_than_there_is_room_for(store: Store, clock: SteppedClock) -> None:
    worker = Worker(store, clock, "eve", limit=3)
    worker.gates["run_0"] = asyncio.Event()
    await tell(store, *(f"run_{number}" for number in range(5)))
    await worker.take()
    await worker.settle()
    assert await count(store) == 3
    await worker.take()
    await worker.settle()
    assert await count(store) == 1
    worker.gates["run_0"].set()
    await worker.settle()
    assert await count(store) == 0


async def test_what_is_told_while_it_is_driven_is_driven_again(store: Store, ann: Worker) -> None:
    ann.gates["run_1"] = asyncio.Event()
    await tell(store, "run_1")
    await ann.take()
    await ann.settle()
    await tell(store, "run_1")
    ann.gates["run_1"].set()
    await ann.settle()
    assert ann.driven == ["run_1", "run_1"]
    assert await count(store) == 0


async def test_who_drives_a_run_is_told_that_it_was_told_more(store: Store, ann: Worker) -> None:
    ann.gates["run_1"] = asyncio.Event()
    await tell(store, "run_1")
    await ann.take()
    await ann.settle()
    signal = ann.queue._signals["north", "run_1"]
    assert not signal.is_set()
    await tell(store, "run_1")
    await ann.take()
    assert signal.is_set()
    ann.gates["run_1"].set()
    await ann.settle()
    assert await count(store) == 0


async def test_a_worker_that_is_not_heard_of_loses_its_runs(
    store: Store, clock: SteppedClock, ann: Worker, bob: Worker
) -> None:
    ann.gates["run_1"] = asyncio.Event()
    await tell(store, "run_1")
    await ann.take()
    await ann.settle()
    clock.advance(timedelta(seconds=14))
    await bob.take()
    assert bob.driven == []
    clock.advance(timedelta(seconds=1))
    await bob.take()
    await bob.settle()
    assert bob.driven == ["run_1"]
    ann.gates["run_1"].set()
    await ann.settle()
    assert await count(store) == 0


async def test_a_worker_knows_when_it_was_last_answered_and_that_others_may_have_its_runs(
    clock: SteppedClock, ann: Worker
) -> None:
    assert (ann.keeper.looked_at, ann.keeper.is_forgotten) == (None, False)
    await ann.take()
    clock.advance(timedelta(seconds=14))
    assert (ann.keeper.looked_at, ann.keeper.is_forgotten) == (START, False)
    clock.advance(timedelta(seconds=1))
    assert ann.keeper.is_forgotten
    await ann.take()
    assert (ann.keeper.looked_at, ann.keeper.is_forgotten) == (clock.now(), False)


async def test_a_worker_that_is_heard_of_keeps_its_runs(
    store: Store, clock: SteppedClock, ann: Worker, bob: Worker
) -> None:
    ann.gates["run_1"] = asyncio.Event()
    await tell(store, "run_1")
    for _ in range(10):
        await ann.take()
        clock.advance(timedelta(seconds=5))
        await bob.take()
    await bob.settle()
    assert (ann.driven, bob.driven) == (["run_1"], [])


async def test_a_run_that_another_has_moved_on_is_left_to_who_holds_it(
    store: Store, clock: SteppedClock, ann: Worker
) -> None:
    ann.errors["run_1"] = [ConflictError("run_1 is no longer at journal entry 3")]
    await tell(store, "run_1")
    await ann.take()
    await ann.settle()
    assert [type(report) for report in ann.reports] == [UnavailableError]
    assert await count(store) == 1
    clock.advance(timedelta(seconds=2))
    await ann.settle()
    assert ann.driven == ["run_1", "run_1"]
    assert await count(store) == 0


async def test_a_run_that_cannot_be_driven_is_reported_and_dropped(store: Store, ann: Worker) -> None:
    ann.errors["run_1"] = [BugError("no way")]
    await tell(store, "run_1", "run_2")
    await ann.take()
    await ann.settle()
    assert [str(report) for report in ann.reports] == ["no way"]
    assert ann.driven == ["run_1", "run_2"]
    assert await count(store) == 0


async def test_who_ends_gives_back_what_they_hold_and_takes_nothing(store: Store, ann: Worker, bob: Worker) -> None:
    ann.gates["run_1"] = asyncio.Event()
    await tell(store, "run_1")
    await ann.take()
    await ann.settle()
    ann.keeper.rest()
    ann.gates["run_1"].set()
    await ann.queue.drain(1)
    await tell(store, "run_2")
    await ann.take()
    await ann.keeper.release()
    await bob.take()
    await bob.settle()
    assert (ann.driven, bob.driven) == (["run_1"], ["run_1", "run_2"])


async def test_it_looks_by_itself_and_at_once_when_it_is_kicked(store: Store, clock: SteppedClock, ann: Worker) -> None:
    running = asyncio.create_task(ann.keeper.run(ann.queue.wake))
    await ann.settle()
    await tell(store, "run_1")
    await ann.settle()
    assert ann.driven == []
    ann.keeper.kick()
    await ann.settle()
    assert ann.driven == ["run_1"]
    await tell(store, "run_2")
    clock.advance(timedelta(seconds=5))
    await ann.settle()
    assert ann.driven == ["run_1", "run_2"]
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_what_is_held_and_was_not_heard_of_is_driven_on_recall(store: Store, ann: Worker) -> None:
    await tell(store, "run_1", "run_2")
    await ann.keeper.take(lambda *_: None)
    ann.keeper.recall(ann.queue.wake)
    await ann.settle()
    assert sorted(ann.driven) == ["run_1", "run_2"]
