"""What happened, who waits for it, and the timers that schedules are."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest

from soar.model.errors import NotFoundError
from soar.model.event import EventType, Happening, Watch
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.builders import build_timer
from tests.support.clock import START

MINUTE = timedelta(minutes=1)
FAILED, DENIED = EventType.RUN_FAILED, EventType.RUN_DENIED


def watch(run: str = "run_1", path: str = "steps/0", **changes: object) -> Watch:
    return Watch(**{"run": run, "path": path, "type": FAILED, "since": START, **changes})


def fail(unit: Unit) -> None:
    unit.happenings.add(FAILED, "run_9", {"reason": "no luck", "at": START}, START, playbook="triage", depth=2)


async def test_what_somebody_waits_for_comes_back_as_it_was_from_every_workspace(store: Store) -> None:
    for workspace in ("south", "north"):
        await store.write(workspace, lambda unit: unit.watches.set(watch()))
        await store.write(workspace, fail)
    (south, first), (north, second) = await store.happenings()
    assert (south, north) == ("south", "north")
    assert first.id < second.id
    assert second == Happening(
        id=second.id,
        type=FAILED,
        subject="run_9",
        data={"reason": "no luck", "at": START},
        at=START,
        playbook="triage",
        depth=2,
    )
    assert len(await store.happenings(limit=1)) == 1


@pytest.mark.parametrize(
    ("wait", "kept"),
    [
        (lambda unit: unit.watches.forget_run("run_1"), 0),
        (lambda unit: unit.watches.set(watch(type=DENIED)), 0),
        (lambda unit: unit.happenings.set_triggers([(DENIED, "triage")]), 0),
        (lambda unit: unit.watches.set(watch()), 1),
        (lambda unit: unit.happenings.set_triggers([(FAILED, "triage")]), 1),
    ],
)
async def test_only_what_somebody_waits_for_is_put_down(
    store: Store, write: Works, wait: Callable[[Unit], None], kept: int
) -> None:
    await store.write("elsewhere", lambda unit: unit.watches.set(watch()))
    await write(wait)
    await write(fail)
    assert len(await store.happenings()) == kept


async def test_triggers_take_the_place_of_those_before(store: Store, write: Works) -> None:
    await write(lambda unit: unit.happenings.set_triggers([(FAILED, "a"), (FAILED, "b"), (DENIED, "a")]))
    await write(lambda unit: unit.happenings.set_triggers([(DENIED, "a")]))
    await write(fail)
    assert await store.happenings() == []


async def test_who_waits_from_within_the_same_group_is_told_and_who_is_undone_is_not(
    store: Store, write: Works
) -> None:
    def undo(unit: Unit) -> None:
        unit.watches.set(watch())
        fail(unit)
        raise NotFoundError("it is undone")

    def wait(unit: Unit) -> None:
        unit.watches.set(watch())

    def forget(unit: Unit) -> None:
        unit.watches.forget_run("run_1")

    works = (fail, undo, fail, wait, fail, forget, fail)
    await asyncio.gather(*map(write, works), return_exceptions=True)
    assert len(await store.happenings()) == 1


async def test_a_happening_is_taken_once(store: Store, write: Works) -> None:
    await write(lambda unit: unit.watches.set(watch()))
    await write(fail)
    ((_, found),) = await store.happenings()
    assert not await store.write("elsewhere", lambda unit: unit.happenings.remove(found.id))
    assert await write(lambda unit: unit.happenings.remove(found.id))
    assert not await write(lambda unit: unit.happenings.remove(found.id))
    await write(fail)
    ((_, next_one),) = await store.happenings()
    assert next_one.id > found.id


async def test_the_listener_hears_of_what_happened_after_the_commit_and_of_nothing_else(
    store: Store, write: Works
) -> None:
    heard: list[int] = []
    store.listen_for_happenings(lambda: heard.append(1))
    await write(fail)
    await write(lambda unit: unit.watches.set(watch()))
    assert heard == []

    def undone(unit: Unit) -> None:
        fail(unit)
        raise LookupError

    with pytest.raises(LookupError):
        await write(undone)
    assert heard == []
    await write(fail)
    assert heard == [1]


async def test_watches_are_listed_by_what_they_wait_for_and_since_when(write: Works, read: Works) -> None:
    late = watch("run_2", since=START + MINUTE)
    watches = [watch(), watch(path="steps/1"), late, watch("run_3", type=DENIED)]
    await write(lambda unit: [unit.watches.set(each) for each in watches])
    assert await read(lambda unit: unit.watches.list(FAILED, START)) == tuple(watches[:2])
    assert await read(lambda unit: unit.watches.list(FAILED, START + MINUTE)) == tuple(watches[:3])
    assert await read(lambda unit: unit.watches.of_run("run_2")) == (late,)


async def test_a_watch_is_replaced_and_forgotten(store: Store, write: Works, read: Works) -> None:
    await write(lambda unit: [unit.watches.set(each) for each in (watch(), watch(path="steps/1"), watch("run_2"))])
    await write(lambda unit: unit.watches.set(watch(type=DENIED)))
    assert await read(lambda unit: unit.watches.of_run("run_1")) == (watch(type=DENIED), watch(path="steps/1"))
    await store.write("elsewhere", lambda unit: unit.watches.forget_run("run_1"))
    await write(lambda unit: unit.watches.forget("run_1", "steps/0"))
    assert await read(lambda unit: unit.watches.of_run("run_1")) == (watch(path="steps/1"),)
    await write(lambda unit: unit.watches.forget_run("run_1"))
    assert await read(lambda unit: unit.watches.of_run("run_1")) == ()
    assert await read(lambda unit: unit.watches.of_run("run_2")) == (watch("run_2"),)


async def test_a_timer_is_taken_once_and_only_as_it_was_seen(write: Works, read: Works) -> None:
    timer = build_timer(id="schedule:a:0")
    await write(lambda unit: unit.timers.set(timer))
    assert not await write(lambda unit: unit.timers.take(build_timer(id=timer.id, due_at=timer.due_at + MINUTE)))
    assert await read(lambda unit: unit.timers.get(timer.id)) == timer
    assert await write(lambda unit: unit.timers.take(timer))
    assert not await write(lambda unit: unit.timers.take(timer))
    assert await read(lambda unit: unit.timers.get(timer.id)) is None


async def test_timers_are_listed_by_how_their_ids_begin(store: Store, write: Works, read: Works) -> None:
    ids = ("schedule:b:0", "run_1:wait", "schedule:a:0")
    await write(lambda unit: [unit.timers.set(build_timer(id=each)) for each in ids])
    await store.write("elsewhere", lambda unit: unit.timers.set(build_timer(id="schedule:c:0")))
    found = await read(lambda unit: unit.timers.list("schedule:"))
    assert [timer.id for timer in found] == ["schedule:a:0", "schedule:b:0"]
