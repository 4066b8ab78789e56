"""What cannot be delivered is tried ten times, kept for people, and put back when they say so."""

from collections.abc import Mapping
from datetime import datetime, timedelta

import pytest

from soar.model.dead_letter import DeadLetter, LetterKind
from soar.model.errors import BugError, NotFoundError
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.runtime.parking import put_back
from soar.store import Unit
from tests.support.builders import build_dead_letter
from tests.support.world import World, at, in_world

FAILING = "name: Failing\non: {manual: {}}\nsteps:\n  - fail: no luck\n"
FOLLOWING = "name: Following\non: {event: {type: run.failed}}\nsteps:\n  - {id: done, set: {ok: true}}\n"
POISON: JsonValue = {"kind": "poison", "n": 1}


def refuse(_unit: Unit, _event: Mapping[str, JsonValue], _now: datetime) -> None:
    raise NotFoundError("nobody is at home")


async def letters(world: World) -> tuple[DeadLetter, ...]:
    return (await world.read(lambda unit: unit.dead_letters.list(50))).items


@in_world
async def test_a_timer_that_cannot_be_fired_is_tried_ten_times_and_kept(world: World) -> None:
    world.timers._wakers = {"poison": refuse}
    await world.write(lambda unit: unit.timers.set(Timer(id="tm_1", run="", due_at=at(1), event=POISON)))
    world.timers.kick()
    await world.pass_time(timedelta(minutes=9.5))
    (timer,) = await world.timers_set()
    assert (timer.tries, timer.failed_at, timer.due_at) == (9, at(1), at(10))
    assert await letters(world) == ()
    await world.pass_time(timedelta(minutes=1))
    assert await world.timers_set() == []
    (letter,) = await letters(world)
    assert (letter.kind, letter.subject, letter.reason) == (LetterKind.TIMER, "tm_1", "nobody is at home")
    assert (letter.first_at, letter.at, letter.tries) == (at(1), at(10), 10)
    await world.pass_time(timedelta(hours=1))
    assert len(world.reports) == 10


@in_world
async def test_what_is_put_back_is_due_at_once_and_has_ten_more_tries(world: World) -> None:
    fired: list[JsonValue] = []
    world.timers._wakers = {"poison": refuse}
    await world.write(lambda unit: unit.timers.set(Timer(id="tm_1", run="", due_at=at(0), event=POISON)))
    world.timers.kick()
    await world.pass_time(timedelta(minutes=10))
    (letter,) = await letters(world)
    await world.write(lambda unit: put_back(unit, letter, world.clock.now()))
    (timer,) = await world.timers_set()
    assert (timer.id, timer.event, timer.tries, timer.failed_at) == ("tm_1", POISON, 0, None)
    world.timers._wakers = {"poison": lambda _unit, event, _now: fired.append(event)}
    await world.timers.fire_due()
    assert fired == [POISON]


@in_world
async def test_an_event_that_can_start_nothing_is_kept_and_starts_its_playbook_when_put_back(world: World) -> None:
    following = await world.serve("following", FOLLOWING)
    world.playbooks["following"] = None  # type: ignore[assignment]  # a fault of ours
    await world.start(FAILING, playbook="failing")
    await world.pass_time(timedelta(minutes=11))
    (letter,) = await letters(world)
    assert (letter.kind, letter.reason, letter.tries) == (LetterKind.EVENT, "internal: AttributeError", 10)
    world.playbooks["following"] = following
    await world.write(lambda unit: put_back(unit, letter, world.clock.now()))
    await world.timers.fire_due()
    await world.settle()
    assert len(await world.list_runs("following")) == 1


@in_world
async def test_a_letter_about_no_timer_sets_none(world: World) -> None:
    with pytest.raises(BugError):
        await world.write(lambda unit: put_back(unit, build_dead_letter(), world.clock.now()))
    assert await world.timers_set() == []
