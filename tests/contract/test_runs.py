from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address

import pytest

from soar.model.alert import Severity
from soar.model.errors import ConflictError
from soar.model.run import InboxEvent, JournalEntry, Mode, RunStatus, Timer
from soar.model.standing import Standing
from soar.store import Store, Unit
from tests.contract.works import Works
from tests.support.builders import build_alert, build_journal_entry, build_run, build_timer
from tests.support.clock import START

RUN = "run_000000000001"
MINUTE = timedelta(minutes=1)


def build_entries(*sequences: int) -> list[JournalEntry]:
    return [build_journal_entry(sequence=sequence) for sequence in sequences]


async def test_a_run_comes_back_with_the_types_of_its_values(write: Works, read: Works) -> None:
    inputs = {
        "moment": START,
        "window": timedelta(seconds=90),
        "address": ip_address("2001:db8::1"),
        "bytes": b"\x00\xff",
        "list": [1, 2.5, None, True, {"deep": ip_address("192.0.2.1")}],
        "forged": {"$soar": "bytes", "v": "AA=="},
    }
    run = build_run(
        inputs=inputs,
        outputs={"verdict": "bad", "at": START},
        mode=Mode.SHADOW,
        case="c_1",
        finished_at=START,
        reason="done",
        waiting_for="an answer",
    )
    await write(lambda unit: unit.runs.add(run))
    assert await read(lambda unit: unit.runs.get(run.id)) == run
    assert await read(lambda unit: unit.runs.get("run_none")) is None


async def test_a_run_is_not_added_twice(write: Works) -> None:
    await write(lambda unit: unit.runs.add(build_run()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.runs.add(build_run()))


async def test_a_run_is_replaced_where_it_stood(write: Works, read: Works) -> None:
    first = build_run(sequence=3)
    await write(lambda unit: unit.runs.add(first))
    changed = build_run(sequence=5, status=RunStatus.SUCCEEDED, finished_at=START, alert=None)
    await write(lambda unit: unit.runs.update(changed, before=first))
    assert await read(lambda unit: unit.runs.get(RUN)) == changed


async def test_what_is_as_it_was_in_a_run_is_left_as_it_is_in_the_store(write: Works, read: Works) -> None:
    stored = build_run(sequence=3, waiting_for=None)
    await write(lambda unit: unit.runs.add(stored))
    seen = replace(stored, waiting_for="another run to end")
    await write(lambda unit: unit.runs.update(replace(seen, sequence=4, reason="it was late"), before=seen))
    assert await read(lambda unit: unit.runs.get(RUN)) == replace(stored, sequence=4, reason="it was late")


async def test_a_run_that_is_written_as_it_was_is_held_to_its_fence_all_the_same(write: Works, read: Works) -> None:
    stored = build_run(sequence=3)
    await write(lambda unit: unit.runs.add(stored))
    await write(lambda unit: unit.runs.update(stored, before=stored))
    assert await read(lambda unit: unit.runs.get(RUN)) == stored
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.runs.update(replace(stored, sequence=2), before=replace(stored, sequence=2)))


async def test_a_second_writer_is_fenced_off_from_a_run(write: Works, read: Works) -> None:
    await write(lambda unit: unit.runs.add(build_run(sequence=3)))
    with pytest.raises(ConflictError, match=rf"\Arun {RUN} is no longer at journal entry 2\Z"):
        await write(lambda unit: unit.runs.update(build_run(sequence=9), before=build_run(sequence=2)))
    assert (await read(lambda unit: unit.runs.get(RUN))).sequence == 3


async def test_a_run_that_is_not_there_is_not_updated(write: Works) -> None:
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.runs.update(build_run(), before=build_run()))


async def test_runs_are_listed_newest_first_and_filtered(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.runs.add(build_run(id="run_1", status=RunStatus.FAILED, playbook="triage", alert="al_1"))
        unit.runs.add(build_run(id="run_2", status=RunStatus.RUNNING, playbook="triage", alert="al_2"))
        unit.runs.add(build_run(id="run_3", status=RunStatus.RUNNING, playbook="block", alert="al_1"))

    await write(add)

    async def ids(**filters: object) -> list[str]:
        return [run.id for run in (await read(lambda unit: unit.runs.list(10, **filters))).items]

    assert await ids() == ["run_3", "run_2", "run_1"]
    assert await ids(status=RunStatus.RUNNING) == ["run_3", "run_2"]
    assert await ids(playbook="triage") == ["run_2", "run_1"]
    assert await ids(alert="al_1") == ["run_3", "run_1"]
    assert await ids(alert="al_1", playbook="triage", status=RunStatus.RUNNING) == []


async def test_a_cursor_walks_a_filtered_list(write: Works, read: Works) -> None:
    statuses = [RunStatus.RUNNING, RunStatus.FAILED] * 3
    await write(lambda unit: [unit.runs.add(build_run(id=f"run_{n}", status=s)) for n, s in enumerate(statuses)])
    first = await read(lambda unit: unit.runs.list(2, status=RunStatus.FAILED))
    second = await read(lambda unit: unit.runs.list(2, first.next, status=RunStatus.FAILED))
    assert [run.id for run in (*first.items, *second.items)] == ["run_5", "run_3", "run_1"]
    assert second.next is None


async def test_a_journal_comes_back_in_its_order(write: Works, read: Works) -> None:
    first, second, third = build_entries(1, 2, 3)
    await write(lambda unit: unit.journal.append(RUN, [first]))
    await write(lambda unit: unit.journal.append(RUN, [second, third]))
    await write(lambda unit: unit.journal.append("run_other", build_entries(1)))
    assert await read(lambda unit: unit.journal.load(RUN)) == (first, second, third)
    assert await read(lambda unit: unit.journal.load("run_none")) == ()


async def test_nothing_appended_changes_nothing(write: Works, read: Works) -> None:
    await write(lambda unit: unit.journal.append(RUN, []))
    assert await read(lambda unit: unit.journal.load(RUN)) == ()


@pytest.mark.parametrize("sequences", [(1,), (2,), (2, 3), (1, 2, 3)])
async def test_a_second_writer_is_fenced_off_from_a_journal(
    write: Works, read: Works, sequences: tuple[int, ...]
) -> None:
    await write(lambda unit: unit.journal.append(RUN, build_entries(1, 2)))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.journal.append(RUN, build_entries(*sequences)))
    assert [entry.sequence for entry in await read(lambda unit: unit.journal.load(RUN))] == [1, 2]


async def test_an_inbox_is_read_in_the_order_of_arrival_and_left_there(write: Works, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.inbox.add(RUN, {"kind": "first"}, START)
        unit.inbox.add("run_other", {"kind": "other"}, START)
        unit.inbox.add(RUN, {"kind": "second"}, START - MINUTE)

    await write(add)
    events = await read(lambda unit: unit.inbox.peek(RUN))
    assert [event.event for event in events] == [{"kind": "first"}, {"kind": "second"}]
    assert events[0].run == RUN
    assert await read(lambda unit: unit.inbox.peek(RUN)) == events


async def test_removed_events_are_gone_and_their_ids_are_not_given_out_again(write: Works, read: Works) -> None:
    await write(lambda unit: unit.inbox.add(RUN, {"kind": "first"}, START))
    (first,) = await read(lambda unit: unit.inbox.peek(RUN))
    await write(lambda unit: unit.inbox.remove([first.id]))
    await write(lambda unit: unit.inbox.add(RUN, {"kind": "second"}, START))
    await write(lambda unit: unit.inbox.remove([first.id, 999_999]))
    await write(lambda unit: unit.inbox.remove([]))
    (second,) = await read(lambda unit: unit.inbox.peek(RUN))
    assert second == InboxEvent(second.id, RUN, {"kind": "second"})
    assert second.id > first.id


async def test_only_the_named_events_are_removed(write: Works, read: Works) -> None:
    await write(lambda unit: [unit.inbox.add(RUN, number, START) for number in range(4)])
    events = await read(lambda unit: unit.inbox.peek(RUN))
    await write(lambda unit: unit.inbox.remove([events[0].id, events[2].id]))
    assert [event.event for event in await read(lambda unit: unit.inbox.peek(RUN))] == [1, 3]


async def test_due_timers_come_from_all_workspaces_earliest_first(store: Store) -> None:
    def build(number: int) -> Timer:
        return build_timer(id=f"timer_{number}", due_at=START + number * MINUTE)

    await store.write("north", lambda unit: (unit.timers.set(build(2)), unit.timers.set(build(4))))
    await store.write("south", lambda unit: (unit.timers.set(build(3)), unit.timers.set(build(1))))
    assert await store.due_timers(START + 3 * MINUTE) == [
        ("south", build(1)),
        ("north", build(2)),
        ("south", build(3)),
    ]
    assert await store.due_timers(START + 3 * MINUTE, limit=1) == [("south", build(1))]
    assert await store.due_timers(START) == []


async def test_the_next_timer_is_the_earliest_of_all(store: Store) -> None:
    assert await store.next_timer() is None
    await store.write("north", lambda unit: unit.timers.set(build_timer(id="a", due_at=START + MINUTE)))
    await store.write("south", lambda unit: unit.timers.set(build_timer(id="b", due_at=START)))
    assert await store.next_timer() == START
    await store.write("south", lambda unit: unit.timers.cancel("b"))
    assert await store.next_timer() == START + MINUTE


async def test_a_timer_that_is_set_twice_is_set_once(store: Store) -> None:
    later = build_timer(due_at=START + MINUTE, event={"kind": "changed"})
    await store.write("north", lambda unit: (unit.timers.set(build_timer(due_at=START)), unit.timers.set(later)))
    assert await store.due_timers(START + MINUTE) == [("north", later)]


async def test_a_timer_that_is_gone_is_cancelled_again_without_error(store: Store) -> None:
    await store.write("north", lambda unit: unit.timers.set(build_timer(due_at=START)))
    for _ in range(2):
        await store.write("north", lambda unit: unit.timers.cancel(build_timer().id))
    assert await store.due_timers(START) == []


async def test_what_is_under_way_and_what_is_runnable_is_known_over_all_workspaces(store: Store) -> None:
    def add(unit: Unit) -> None:
        for status in RunStatus:
            unit.runs.add(build_run(id=f"run_{status}", status=status))

    await store.write("north", add)
    await store.write("south", lambda unit: unit.runs.add(build_run(id="run_busy", status=RunStatus.RUNNING)))
    assert await store.running_runs() == [("north", "run_running"), ("south", "run_busy")]
    assert await store.count_runnable() == 3


async def test_whom_events_wait_for_is_told_in_their_order_and_from_any_of_them_on(store: Store) -> None:
    def add(unit: Unit) -> None:
        unit.alerts.add(build_alert(id="al_bad", severity=Severity.CRITICAL))
        unit.runs.add(build_run(id="run_bad", alert="al_bad", status=RunStatus.QUEUED))
        unit.runs.add(build_run(id="run_waiting", alert=None, initiator="user:u_ann", status=RunStatus.WAITING))
        unit.runs.add(build_run(id="run_untold", alert=None, status=RunStatus.QUEUED))
        for run in ("run_waiting", "run_bad", "run_gone", "run_waiting"):
            unit.inbox.add(run, {"kind": "vote"}, START)

    await store.write("north", add)
    await store.write("south", lambda unit: unit.alerts.add(build_alert(id="al_bad", severity=Severity.LOW)))
    bad = Standing(severity=Severity.CRITICAL, source="source:siem", playbook="triage")
    waiting = Standing(source="user:u_ann", playbook="triage", is_begun=True)
    told = await store.told_runs(0, 10)
    assert told == [
        (("north", "run_waiting"), waiting),
        (("north", "run_bad"), bad),
        (("north", "run_waiting"), waiting),
    ]
    first, second, last = (standing.place for _, standing in told)
    assert 0 < first < second < last
    assert await store.told_runs(first + 1, 1) == told[1:2]
    assert await store.told_runs(second + 1, 10) == told[2:]
    assert await store.told_runs(last + 1, 10) == []


async def test_a_timer_is_taken_once_and_only_as_it_was_found(write: Works, read: Works) -> None:
    first, moved = build_timer(due_at=START), build_timer(due_at=START + timedelta(hours=1))
    await write(lambda unit: unit.timers.set(first))
    await write(lambda unit: unit.timers.set(moved))
    assert await write(lambda unit: unit.timers.take(first)) is False
    assert await write(lambda unit: unit.timers.take(moved)) is True
    assert await write(lambda unit: unit.timers.take(moved)) is False


async def test_where_a_run_stands_is_told_by_its_alert_and_its_status(store: Store, read: Works) -> None:
    def add(unit: Unit) -> None:
        unit.alerts.add(build_alert(id="al_bad", severity=Severity.CRITICAL))
        unit.runs.add(build_run(id="run_bad", alert="al_bad", status=RunStatus.QUEUED))
        unit.runs.add(build_run(id="run_waiting", alert=None, initiator="user:u_ann", status=RunStatus.WAITING))
        unit.runs.add(build_run(id="run_other", alert=None))

    await store.write("north", add)
    await store.write("south", lambda unit: unit.alerts.add(build_alert(id="al_bad", severity=Severity.LOW)))
    assert await read(lambda unit: unit.runs.find_standings(["run_bad", "run_waiting", "run_gone"])) == {
        "run_bad": Standing(severity=Severity.CRITICAL, source="source:siem", playbook="triage"),
        "run_waiting": Standing(source="user:u_ann", playbook="triage", is_begun=True),
    }
    assert await store.read("south", lambda unit: unit.runs.find_standings(["run_bad"])) == {}


async def test_the_place_of_a_run_is_the_oldest_event_in_its_inbox(store: Store, read: Works) -> None:
    def add(unit: Unit) -> None:
        for run in ("run_told", "run_untold"):
            unit.runs.add(build_run(id=run, alert=None))
        for run in ("run_other", "run_told", "run_told"):
            unit.inbox.add(run, {"kind": "vote"}, START)

    await store.write("north", add)
    ((_, told), (_, _)) = await store.told_runs(0, 10)
    found = await read(lambda unit: unit.runs.find_standings(["run_told", "run_untold"]))
    assert {run: standing.place for run, standing in found.items()} == {"run_told": told.place, "run_untold": 0}
