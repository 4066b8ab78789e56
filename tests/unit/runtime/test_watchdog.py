"""No run waits for something that never comes: what is missing is put there, or people are told."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from soar.ingest.request import Requester
from soar.model.dead_letter import LetterKind, name_letter
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.response import ResponseStatus
from soar.model.run import JournalEntry, Run, RunStatus
from soar.store import Unit
from tests.support.builders import build_actor
from tests.support.world import World, at, in_world

HEAD = "name: Tried\non: {manual: {}, call: {}}\ntimeout: 1d\nsteps:\n"
GATED = HEAD + "  - {id: note, uses: crm.note, approve: {by: role:analyst, reason: r, timeout: 30m}}\n"
ASKED = HEAD + "  - {id: ask, ask: {to: role:analyst, question: Why?, fields: {why: {type: string}}, timeout: 30m}}\n"
WAITS = HEAD + "  - {id: pause, wait: 2h}\n"
WAITS_AFTER_A_YES = HEAD + "  - {id: pause, wait: 2h, approve: {by: role:analyst, reason: r}}\n"
WAITS_UNTIL = HEAD + "  - {id: pause, wait: {until: now() + duration('2h')}}\n"
LISTENS = HEAD + "  - {id: hear, wait: {for: {event: run.failed, match: 'false'}, timeout: 2h}}\n"
CALLS = HEAD + "  - {id: call, uses: playbook.waits}\n"
LIFTS = HEAD + (
    "  - {id: lock, uses: crm.lock, with: {user: eve}, undo: auto}\n"
    "  - {id: back, uses: core.undo, with: {step: lock}}\n"
)
ANN = Requester(initiator="user:u_ann", actor=build_actor(id="u_ann"))


async def begin(world: World, text: str) -> Run:
    run = await world.start(text)
    await world.settle()
    return await world.run(run)


async def forget(world: World, change: Callable[[Unit], object]) -> None:
    await world.write(change)
    assert await world.watchdog.look() == 1
    assert await world.watchdog.look() == 0
    await world.settle()


@pytest.mark.parametrize("text", [GATED, ASKED, WAITS, WAITS_UNTIL, LISTENS], ids=str.split)
@in_world
async def test_a_run_that_waits_for_what_will_come_is_left_alone(world: World, text: str) -> None:
    await begin(world, text)
    assert await world.watchdog.look() == 0
    assert await world.audit("run.mended") == []
    assert world.reports == []


@in_world
async def test_a_run_without_its_time_limit_is_given_it_back(world: World) -> None:
    run = await begin(world, GATED)
    await forget(world, lambda unit: unit.timers.cancel(f"{run.id}:run"))
    timer = await world.read(lambda unit: unit.timers.get(f"{run.id}:run"))
    assert timer is not None
    assert timer.due_at == at(24 * 60)
    (event,) = await world.audit("run.mended")
    assert (event["target"]["id"], event["reason"]) == (run.id, "timer run")


@pytest.mark.parametrize("text", [WAITS, WAITS_UNTIL], ids=["while", "until"])
@in_world
async def test_a_wait_without_its_timer_ends_when_it_was_meant_to(world: World, text: str) -> None:
    run = await begin(world, text)
    await world.pass_time(timedelta(minutes=30))
    await forget(world, lambda unit: unit.timers.cancel(f"{run.id}:wait:steps/0"))
    world.timers.kick()
    await world.pass_time(timedelta(minutes=89))
    assert (await world.run(run.id)).status is RunStatus.WAITING
    await world.pass_time(timedelta(minutes=2))
    assert (await world.run(run.id)).status is RunStatus.SUCCEEDED


@in_world
async def test_a_wait_after_a_yes_is_a_wait(world: World) -> None:
    run = await begin(world, WAITS_AFTER_A_YES)
    await world.vote("ann")
    assert await world.watchdog.look() == 0
    await forget(world, lambda unit: unit.timers.cancel(f"{run.id}:wait:steps/0"))


@in_world
async def test_a_wait_for_an_event_without_its_timer_gives_up_in_time(world: World) -> None:
    run = await begin(world, LISTENS)
    await forget(world, lambda unit: unit.timers.cancel(f"{run.id}:wait:steps/0"))
    world.timers.kick()
    await world.pass_time(timedelta(hours=2, minutes=1))
    assert (await world.run(run.id)).status is RunStatus.TIMED_OUT


@pytest.mark.parametrize("text", [GATED, ASKED], ids=["gate", "question"])
@in_world
async def test_a_question_without_its_end_still_ends(world: World, text: str) -> None:
    run = await begin(world, text)
    asked = await world.pending()
    for timer in await world.read(lambda unit: unit.timers.list(f"{asked.id}:")):
        await world.write(lambda unit, timer=timer: unit.timers.cancel(timer.id))
    assert await world.watchdog.look() == 1
    world.timers.kick()
    await world.pass_time(timedelta(minutes=31))
    assert (await world.run(run.id)).status.is_final


@in_world
async def test_a_decision_that_its_run_never_heard_of_is_told(world: World) -> None:
    world.host.script("crm.note", ActionAnswer(output=None))
    run = await begin(world, GATED)
    world.queue._is_draining = True
    await world.vote("ann")
    world.queue._is_draining = False
    (told,) = await world.read(lambda unit: unit.inbox.peek(run.id))
    await forget(world, lambda unit: unit.inbox.remove([told.id]))
    assert (await world.run(run.id)).status is RunStatus.SUCCEEDED


@in_world
async def test_a_retry_without_its_timer_is_made_now(world: World) -> None:
    world.host.script("crm.find", ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"), ActionAnswer(output=None))
    run = await begin(world, HEAD + "  - {id: find, uses: crm.find, retry: {attempts: 2, delay: 1h, max_delay: 1h}}\n")
    (timer,) = [timer for timer in await world.timers_set() if ":retry:" in timer.id]
    await forget(world, lambda unit: unit.timers.cancel(timer.id))
    world.timers.kick()
    await world.pass_time(timedelta(seconds=1))
    assert (await world.run(run.id)).status is RunStatus.SUCCEEDED


@in_world
async def test_a_run_that_was_never_begun_is_begun(world: World) -> None:
    world.queue._is_draining = True
    run = await begin(world, WAITS)
    world.queue._is_draining = False
    (told,) = await world.read(lambda unit: unit.inbox.peek(run.id))
    await forget(world, lambda unit: unit.inbox.remove([told.id]))
    assert (await world.run(run.id)).status is RunStatus.WAITING


@in_world
async def test_a_run_that_is_held_for_nobody_is_let_begin(world: World) -> None:
    playbook = await world.serve("held", WAITS.replace("timeout", "concurrency: {mode: queue}\ntimeout"))
    first, second = [
        await world.write(lambda unit: world.requests.request_by_hand(unit, playbook, {}, ANN, world.clock.now()))
        for _ in range(2)
    ]
    await world.settle()
    assert await world.watchdog.look() == 0
    begun = await world.run(first.id)
    ended = replace(begun, status=RunStatus.FAILED, finished_at=world.clock.now())
    await forget(world, lambda unit: unit.runs.update(ended, before=begun))
    assert (await world.run(second.id)).status is RunStatus.WAITING
    assert not (await world.run(second.id)).is_held


@in_world
async def test_the_end_of_a_called_playbook_that_was_never_told_is_told(world: World) -> None:
    await world.serve("waits", WAITS)
    parent = await begin(world, CALLS)
    assert await world.watchdog.look() == 0
    (child,) = [run for run in await world.list_runs() if run.parent == parent.id]
    ended = replace(child, status=RunStatus.SUCCEEDED, finished_at=world.clock.now())
    await forget(world, lambda unit: unit.runs.update(ended, before=child))
    assert (await world.run(parent.id)).status is RunStatus.SUCCEEDED


@in_world
async def test_the_end_of_a_lift_that_was_never_told_is_told(world: World) -> None:
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))
    world.host.script("crm.unlock", ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"))
    run = await begin(world, LIFTS)
    assert (await world.statuses(run.id))["steps/1"] == "running"
    assert await world.watchdog.look() == 0
    (held,) = await world.held()
    lifted = replace(held, status=ResponseStatus.LIFTED, lifted_at=world.clock.now())
    await forget(world, lambda unit: unit.responses.update(lifted))
    assert (await world.run(run.id)).status is RunStatus.SUCCEEDED


@in_world
async def test_a_run_that_nothing_can_wake_is_reported_once_and_kept_as_a_letter(world: World) -> None:
    run = await begin(world, GATED)
    asked = await world.pending()
    await world.write(lambda unit: unit._connection.exec_driver_sql("DELETE FROM approvals"))
    for expected in (1, 2):
        assert await world.watchdog.look() == 1
        letter = await world.read(lambda unit: unit.dead_letters.get(name_letter(LetterKind.STUCK, run.id)))
        assert letter is not None
        assert (letter.subject, letter.tries) == (run.id, expected)
        assert asked.id in letter.reason
    (event,) = await world.audit("run.stuck")
    assert event["target"]["id"] == run.id
    assert len(world.reports) == 2
    await world.pass_time(timedelta(days=1, minutes=1))
    assert (await world.run(run.id)).status is RunStatus.TIMED_OUT


@in_world
async def test_a_run_whose_playbook_cannot_be_read_any_more_is_reported(world: World) -> None:
    run = await begin(world, WAITS)
    await world.write(lambda unit: unit.timers.cancel(f"{run.id}:wait:steps/0"))
    await world.write(lambda unit: unit._connection.exec_driver_sql("UPDATE revisions SET text = 'name: ['"))
    world.planner._programs.clear()
    assert await world.watchdog.look() == 1
    letter = await world.read(lambda unit: unit.dead_letters.get(name_letter(LetterKind.STUCK, run.id)))
    assert letter is not None
    assert "cannot be parsed" in letter.reason


@in_world
async def test_what_is_wrong_with_one_run_keeps_nobody_from_looking_at_the_others(world: World) -> None:
    broken, run = await begin(world, WAITS), await begin(world, WAITS)
    entry = JournalEntry(sequence=broken.sequence + 2, at=world.clock.now(), event=None, changes={})
    await world.write(lambda unit: unit.journal.append(broken.id, [entry]))
    for each in (broken, run):
        await world.write(lambda unit, each=each: unit.timers.cancel(f"{each.id}:wait:steps/0"))
    assert await world.watchdog.look() == 2
    assert await world.read(lambda unit: unit.timers.get(f"{run.id}:wait:steps/0")) is not None
    letter = await world.read(lambda unit: unit.dead_letters.get(name_letter(LetterKind.STUCK, broken.id)))
    assert letter is not None
    assert "the journal jumps" in letter.reason


@in_world
async def test_a_run_that_cannot_be_mended_is_reported_and_the_others_are(world: World) -> None:
    first, second = await begin(world, GATED), await begin(world, WAITS)
    asked = await world.pending()

    def forget_both(unit: Unit) -> None:
        unit.timers.cancel(f"{second.id}:wait:steps/0")
        unit.timers.cancel(f"{first.id}:run")
        unit._connection.exec_driver_sql("UPDATE approvals SET card = '{}'")

    await world.write(forget_both)
    assert asked.run == first.id
    assert await world.watchdog.look() == 2
    assert len(world.reports) == 1
    assert await world.read(lambda unit: unit.timers.get(f"{second.id}:wait:steps/0")) is not None


@in_world
async def test_the_watchdog_looks_at_the_start_and_every_five_minutes(world: World) -> None:
    run = await begin(world, WAITS)
    keeping = asyncio.create_task(world.watchdog.run())
    for _ in range(2):
        await world.write(lambda unit: unit.timers.cancel(f"{run.id}:wait:steps/0"))
        await world.pass_time(timedelta(minutes=5, seconds=1))
        assert await world.read(lambda unit: unit.timers.get(f"{run.id}:wait:steps/0")) is not None
    keeping.cancel()
