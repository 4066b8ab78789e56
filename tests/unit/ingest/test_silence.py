"""Sources that fall silent, in virtual time: told once a silence, and without a write for each alert."""

from datetime import timedelta

import pytest

from soar.ingest.silence import TIMER_KIND, arrange_silences, wake
from soar.ingest.source import Source, parse_source
from soar.model.errors import InputError
from soar.model.event import EventType
from soar.model.values import JsonValue
from tests.support.builders import build_delivery
from tests.support.clock import START
from tests.support.world import World, in_world

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
TELL = """
name: Tell of a silence
on: {event: {type: source.silent}}
inputs:
  source: {type: string, from: event.data.source}
  silent_for: {type: duration, from: event.data.silent_for}
steps:
  - {id: done, set: {source: "${{ inputs.source }}"}}
"""


def build_siem(silent_after: str = "1h") -> Source:
    document: dict[str, JsonValue] = {"auth": {"bearer": {"secret": "hook"}}, "alert": {}, "silent_after": silent_after}
    return parse_source(document, "siem")


async def watch(world: World, source: Source) -> None:
    world.timers._wakers[TIMER_KIND] = wake
    await world.serve("tell", TELL)
    await world.write(lambda unit: arrange_silences(unit, [source], world.clock.now()))
    world.timers.kick()


async def deliver(world: World, source: str = "siem") -> None:
    id_, at = world.ids.new("dl"), world.clock.now()
    await world.write(lambda unit: unit.deliveries.add(build_delivery(id=id_, key=id_, source=source, received_at=at)))


async def told_at(world: World) -> list[timedelta]:
    return [run.created_at.replace(microsecond=0) - START for run in await world.list_runs("tell")]


@in_world
async def test_a_silence_is_told_once_and_the_next_one_again(world: World) -> None:
    await watch(world, build_siem())
    await world.pass_time(5 * HOUR)
    assert await told_at(world) == [HOUR]
    await world.pass_time(20 * MINUTE)
    await deliver(world)
    await world.pass_time(59 * MINUTE)
    assert await told_at(world) == [HOUR]
    await world.pass_time(5 * HOUR)
    assert await told_at(world) == [HOUR, 6 * HOUR + 20 * MINUTE]
    (run, _) = await world.list_runs("tell")
    assert run.inputs == {"source": "siem", "silent_for": HOUR}


@in_world
async def test_a_source_that_is_heard_of_is_not_silent_and_its_alerts_move_no_timer(world: World) -> None:
    await watch(world, build_siem())
    for _ in range(20):
        (before,) = await world.timers_set()
        await world.pass_time(7 * MINUTE)
        await deliver(world)
        await deliver(world, "another")
        (after,) = await world.timers_set()
        assert before == after or before.due_at <= world.clock.now()
    assert await told_at(world) == []


@in_world
async def test_another_source_does_not_speak_for_it(world: World) -> None:
    await watch(world, build_siem())
    for _ in range(8):
        await world.pass_time(10 * MINUTE)
        await deliver(world, "another")
    assert await told_at(world) == [HOUR]


@in_world
async def test_time_in_which_nobody_listened_does_not_count(world: World) -> None:
    await watch(world, build_siem())
    await world.pass_time(50 * MINUTE)
    await world.stop()
    await world.clock.sleep(HOUR.total_seconds())
    after = await world.restart()
    await watch(after, build_siem())
    await after.pass_time(59 * MINUTE)
    assert await told_at(after) == []
    await after.pass_time(2 * MINUTE)
    assert await told_at(after) == [2 * HOUR + 50 * MINUTE]
    await after.stop()


@in_world
async def test_a_changed_setting_counts_anew_and_one_that_is_gone_is_forgotten(world: World) -> None:
    await watch(world, build_siem())
    await world.pass_time(30 * MINUTE)
    now = world.clock.now()
    await world.write(lambda unit: arrange_silences(unit, [build_siem()], now))
    assert [timer.due_at for timer in await world.timers_set()] == [START + HOUR]
    await world.write(lambda unit: arrange_silences(unit, [build_siem("2h")], now))
    assert [timer.due_at for timer in await world.timers_set()] == [now + 2 * HOUR]
    await world.write(lambda unit: arrange_silences(unit, [], now))
    assert await world.timers_set() == []


@in_world
async def test_where_nobody_waits_nothing_is_put_down(world: World) -> None:
    await watch(world, build_siem())
    await world.write(lambda unit: unit.happenings.set_triggers([(EventType.RUN_FAILED, "tell")]))
    await world.pass_time(3 * HOUR)
    assert await world.store.happenings() == []


@pytest.mark.parametrize("silent_after", ["30s", "32d", "60", "soon"])
def test_a_silence_that_nobody_counts_is_refused(silent_after: str) -> None:
    with pytest.raises(InputError, match="silent_after"):
        build_siem(silent_after)
