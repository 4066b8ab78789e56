import asyncio
from functools import partial
from typing import Never

import pytest

from soar.model.errors import BugError, ConflictError, UnavailableError
from soar.store import Store, Unit, open_store
from tests.support.builders import build_alert, build_journal_entry, build_run, build_user
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess


class MishapError(Exception):
    pass


def add_run(unit: Unit, number: int) -> int:
    unit.runs.add(build_run(id=f"run_{number}"))
    return number


def add_run_and_fail(unit: Unit, number: int) -> Never:
    add_run(unit, number)
    raise MishapError(number)


async def test_a_work_returns_what_it_returned(store: Store) -> None:
    assert await store.write("north", lambda unit: (unit.workspace, 42)) == ("north", 42)
    assert await store.read("south", lambda unit: unit.workspace) == "south"


async def test_a_work_that_fails_is_undone_as_a_whole_and_tells_why(store: Store) -> None:
    with pytest.raises(MishapError):
        await store.write("north", partial(add_run_and_fail, number=1))
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is None


async def test_one_failing_work_among_many_fails_alone(store: Store, disk: InlineDisk) -> None:
    works = [partial(add_run_and_fail if number == 50 else add_run, number=number) for number in range(100)]
    outcomes = await asyncio.gather(*(store.write("north", work) for work in works), return_exceptions=True)
    assert [outcome for outcome in outcomes if not isinstance(outcome, int)] == [outcomes[50]]
    assert isinstance(outcomes[50], MishapError)
    runs = await store.read("north", lambda unit: unit.runs.list(200).items)
    assert [run.id for run in reversed(runs)] == [f"run_{number}" for number in range(100) if number != 50]


async def test_works_run_in_the_order_they_were_given(store: Store) -> None:
    order: list[int] = []
    await asyncio.gather(*(store.write("north", lambda _, number=number: order.append(number)) for number in range(50)))
    assert order == list(range(50))


async def test_a_later_work_of_a_group_sees_what_an_earlier_one_did(store: Store) -> None:
    first, second = await asyncio.gather(
        store.write("north", partial(add_run, number=1)),
        store.write("north", lambda unit: unit.runs.get("run_1")),
    )
    assert (first, second.id) == (1, "run_1")


async def test_of_two_writers_at_one_fence_one_wins(store: Store) -> None:
    def append(unit: Unit) -> None:
        unit.journal.append("run_1", [build_journal_entry(sequence=1)])

    outcomes = await asyncio.gather(*(store.write("north", append) for _ in range(2)), return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], ConflictError)


async def test_a_cancelled_caller_does_not_take_the_group_with_it(store: Store) -> None:
    callers = [asyncio.create_task(store.write("north", partial(add_run, number=number))) for number in range(3)]
    await asyncio.sleep(0)
    callers[1].cancel()
    outcomes = await asyncio.gather(*callers, return_exceptions=True)
    assert outcomes[0] == 0
    assert isinstance(outcomes[1], asyncio.CancelledError)
    assert outcomes[2] == 2
    assert await store.read("north", lambda unit: len(unit.runs.list(9).items)) in {2, 3}
    await store.write("north", partial(add_run, number=4))


async def test_a_read_that_writes_fails_and_changes_nothing(store: Store) -> None:
    with pytest.raises(BugError, match=r"read-?only"):
        await store.read("north", partial(add_run, number=1))
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is None
    await store.write("north", partial(add_run, number=1))


async def test_a_read_that_fails_tells_why_and_the_next_one_works(store: Store) -> None:
    with pytest.raises(MishapError):
        await store.read("north", read_and_fail)
    assert await store.read("north", lambda unit: unit.runs.get("run_1")) is None


def read_and_fail(unit: Unit) -> Never:
    unit.runs.get("run_1")
    raise MishapError


async def test_workspaces_are_those_that_something_was_written_in(store: Store) -> None:
    assert await store.workspaces() == []
    await store.write("south", lambda unit: unit.users.add(build_user()))
    await store.write("north", lambda unit: unit.users.add(build_user()))
    await store.read("west", lambda unit: unit.users.is_empty())
    with pytest.raises(MishapError):
        await store.write("east", partial(add_run_and_fail, number=1))
    assert await store.workspaces() == ["north", "south"]


async def test_a_full_queue_refuses_at_once_and_says_when_to_come_back(url: str, process: RecordingProcess) -> None:
    store = open_store(url, disk=InlineDisk(), process=process, readers=InlineDisk, queue_limit=3)
    await store.migrate()
    writes = (store.write("north", partial(add_run, number=number)) for number in range(5))
    outcomes = await asyncio.gather(*writes, return_exceptions=True)
    assert outcomes[:3] == [0, 1, 2]
    for refused in outcomes[3:]:
        assert isinstance(refused, UnavailableError)
        assert (refused.code, refused.retry_after) == ("store.busy", 1.0)
    assert await store.write("north", partial(add_run, number=9)) == 9
    await store.close()


async def test_closing_finishes_what_waits_and_takes_no_more(url: str, process: RecordingProcess) -> None:
    store = open_store(url, disk=InlineDisk(), process=process, readers=InlineDisk)
    await store.migrate()
    waiting = [asyncio.create_task(store.write("north", partial(add_run, number=number))) for number in range(20)]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*waiting) == list(range(20))
    for late in (store.write("north", partial(add_run, number=99)), store.read("north", lambda unit: unit.workspace)):
        with pytest.raises(UnavailableError) as caught:
            await late
        assert caught.value.code == "store.closed"
    await store.close()


async def test_many_small_groups_survive_their_checkpoints(store: Store) -> None:
    for number in range(30):
        batch = [build_alert(id=f"al_{number}_{index}") for index in range(100)]
        await store.write("north", lambda unit, batch=batch: [unit.alerts.add(alert) for alert in batch])
    page = await store.read("north", lambda unit: unit.alerts.list(3000))
    assert len(page.items) == 3000
    assert page.next is None
