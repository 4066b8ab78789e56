"""The wall clock is set: by an hour, by ten years, forward and back. Nothing fires twice, early or never."""

from datetime import timedelta

import pytest

from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.run import RunStatus
from tests.support.world import SlowHost, World, in_world

HOUR, DECADE = timedelta(hours=1), timedelta(days=3652)
jumps = pytest.mark.parametrize(
    "jump", [HOUR, DECADE, -HOUR, -DECADE], ids=["hour", "decade", "hour back", "decade back"]
)

PLAIN = "name: T\non: {manual: {}}\nsteps: [{id: a, uses: crm.find}, {id: b, uses: crm.page, needs: [a]}]\n"
GATED = "name: T\non: {manual: {}}\nsteps: [{uses: crm.note, approve: {by: role:analyst, reason: r, timeout: 30m}}]\n"
ASKED_LATER = (
    "name: T\non: {manual: {}}\ntimeout: 5000d\nsteps: [{id: a, uses: crm.find},"
    " {uses: crm.note, needs: [a], approve: {by: role:analyst, reason: r}}]\n"
)
RETRIED = (
    "name: T\non: {manual: {}}\ntimeout: 5000d\n"
    "steps: [{uses: crm.find, retry: {attempts: 3, delay: 10s, jitter: false}}]\n"
)
HELD = "name: T\non: {manual: {}}\nsteps: [{uses: crm.lock, with: {user: eve}, undo: auto, expires: 2h}]\n"


def script(world: World) -> None:
    for action in ("crm.find", "crm.note", "crm.page", "crm.unlock"):
        world.host.script(action, ActionAnswer(output={}))
    world.host.script("crm.lock", ActionAnswer(output={"ticket": "T-1"}))


async def catch_up(world: World, jump: timedelta) -> None:
    """Let the hour pass that the clock was set back by, or have ten years put right; and then a quarter of a day."""
    if jump == -DECADE:
        world.clock.jump(DECADE)
    await world.pass_time(max(-jump, timedelta(0)) % DECADE + timedelta(hours=6))


@jumps
@in_world
async def test_a_jump_at_rest_or_while_calls_are_under_way_changes_nothing(world: World, jump: timedelta) -> None:
    script(world)
    assert isinstance(world.host, SlowHost)
    world.host.seconds = 10
    world.clock.jump(jump)
    run = await world.start(PLAIN)
    await world.clock.sleep(5)
    world.clock.jump(jump)
    await world.settle()
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    assert [call.action for call in world.host.calls] == ["crm.find", "crm.page"]
    await catch_up(world, jump)
    assert await world.timers_set() == []


@jumps
@in_world
async def test_a_question_is_open_until_its_moment_and_then_expires_once(world: World, jump: timedelta) -> None:
    script(world)
    run = await world.start(GATED)
    await world.settle()
    asked = await world.pending()
    world.clock.jump(jump)
    await world.pass_time(timedelta(minutes=2))
    found = await world.approval(run)
    assert found.status == ("pending" if jump < timedelta(0) else "expired")
    await catch_up(world, jump)
    closed = await world.approval(run)
    assert closed.status == "expired"
    assert closed.decided_at >= asked.expires_at
    kinds = [event["type"] for event in await world.audit("approval.")]
    assert kinds.count("approval.expired") == 1
    assert kinds.count("approval.reminded") <= len(asked.remind_at)
    assert (await world.run(run)).status is RunStatus.DENIED
    assert world.host.calls == []


@pytest.mark.parametrize("jump", [-HOUR, -DECADE], ids=["hour back", "decade back"])
@in_world
async def test_a_question_can_be_answered_after_the_clock_was_set_back(world: World, jump: timedelta) -> None:
    script(world)
    run = await world.start(GATED)
    await world.settle()
    world.clock.jump(jump)
    await world.vote("bob")
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    assert len(world.host.calls) == 1
    assert await world.timers_set() == []


@jumps
@in_world
async def test_what_is_asked_after_a_jump_has_its_whole_time(world: World, jump: timedelta) -> None:
    script(world)
    assert isinstance(world.host, SlowHost)
    world.host.seconds = 10
    run = await world.start(ASKED_LATER)
    await world.clock.sleep(5)
    world.clock.jump(jump)
    await world.settle()
    asked = await world.pending()
    assert asked.expires_at - world.clock.now() == timedelta(minutes=30)
    await world.vote("bob")
    assert (await world.run(run)).status is RunStatus.SUCCEEDED


@jumps
@in_world
async def test_a_retry_comes_once_whatever_the_clock_says(world: World, jump: timedelta) -> None:
    script(world)
    world.host.script("crm.find", ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"), ActionAnswer(output={}))
    run = await world.start(RETRIED)
    await world.settle()
    world.clock.jump(jump)
    await catch_up(world, jump)
    assert (await world.run(run)).status is RunStatus.SUCCEEDED
    assert len(world.host.calls) == 2
    assert await world.timers_set() == []


@jumps
@in_world
async def test_what_is_held_is_taken_back_once(world: World, jump: timedelta) -> None:
    script(world)
    await world.start(HELD)
    await world.settle()
    world.clock.jump(jump)
    await catch_up(world, jump)
    assert [held.status for held in await world.held()] == ["lifted"]
    assert [call.action for call in world.host.calls] == ["crm.lock", "crm.unlock"]


@jumps
@in_world
async def test_a_crash_and_a_jump_together_lose_and_double_nothing(world: World, jump: timedelta) -> None:
    script(world)
    world.host.script("crm.find", ActionAnswer(code=ActionCode.UNAVAILABLE, message="down"), ActionAnswer(output={}))
    runs = [await world.start(RETRIED), await world.start(GATED)]
    await world.settle()
    await world.stop()
    world.clock.jump(jump)
    after = await world.restart()
    await catch_up(after, jump)
    assert [(await after.run(run)).status for run in runs] == [RunStatus.SUCCEEDED, RunStatus.DENIED]
    assert len(after.host.calls) == 2
    assert await after.timers_set() == []
    assert (await after.verify()).is_sound
    await after.stop()


@jumps
@in_world
async def test_a_schedule_that_the_clock_jumped_over_starts_no_flood(world: World, jump: timedelta) -> None:
    script(world)
    await world.serve("hourly", PLAIN.replace("{manual: {}}", "{schedule: {cron: '30 * * * *', timezone: UTC}}"))
    await world.pass_time(timedelta(minutes=31))
    assert len(await world.list_runs()) == 1
    world.clock.jump(jump)
    if jump == -DECADE:
        world.clock.jump(DECADE)
    await world.pass_time(max(-jump, timedelta(0)) % DECADE + timedelta(hours=1, minutes=1))
    moments = [run.created_at for run in await world.list_runs()]
    assert len(moments) == len(set(moments))
    assert 2 <= len(moments) <= 3
