"""Schedules in virtual time: each moment once, whatever the clocks, the restarts and the number of keepers."""

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise, takewhile
from zoneinfo import ZoneInfo

import pytest

from soar.ingest.schedule import MOST_CAUGHT_UP, find_upcoming
from soar.model.run import RunStatus
from soar.model.values import print_timestamp
from soar.playbook import parse_playbook
from soar.playbook.schedule import list_latest, list_moments
from tests.support.clock import START
from tests.support.world import WORKSPACE, World, in_world

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
SWEEP = """
name: Sweep
on: {schedule: {cron: "30 2 * * *", timezone: Europe/Berlin}}
steps:
  - {id: done, set: {ok: true}}
"""
HOURLY = SWEEP.replace("30 2 * * *", "0 * * * *")


def write_sweep(cron: str, catch_up: str = "none", more: str = "") -> str:
    return (
        f'name: Sweep\non: {{schedule: {{cron: "{cron}", catch_up: {catch_up}}}}}\n{more}'
        "steps:\n  - {id: done, set: {ok: true}}\n"
    )


async def starts(world: World) -> list[datetime]:
    return [run.created_at.replace(microsecond=0) for run in await world.list_runs()]


@pytest.mark.parametrize("cron", ["30 2 * * *", "15 1-3 * * 6,0"])
@in_world
async def test_a_year_with_summer_time_has_each_of_its_moments_once(world: World, cron: str) -> None:
    await world.serve("sweep", SWEEP.replace("30 2 * * *", cron))
    await world.stop()
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    after.playbooks.update(world.playbooks)
    while (due := await after.store.next_timer()) <= START + 365 * DAY:
        await world.clock.sleep((due - world.clock.now()).total_seconds())
        await after.timers.fire_due()
    expected = [*takewhile(lambda moment: moment <= START + 365 * DAY, list_moments(cron, "Europe/Berlin", START))]
    assert await starts(world) == expected
    local = [moment.astimezone(ZoneInfo("Europe/Berlin")).date() for moment in expected]
    assert len(expected) > 100
    assert cron != "30 2 * * *" or len(set(local)) == len(expected) == 365


@pytest.mark.parametrize("minutes", [0, 10, 40])
def test_no_moment_lies_before_the_one_it_is_counted_from_in_the_hour_that_comes_twice(minutes: int) -> None:
    again = datetime(2026, 10, 25, 1, minutes, tzinfo=UTC)  # 02:00 in Berlin, for the second time
    (first, second) = islice(list_moments("30 2 * * *", "Europe/Berlin", again), 2)
    assert (first, second) == (datetime(2026, 10, 26, 1, 30, tzinfo=UTC), datetime(2026, 10, 27, 1, 30, tzinfo=UTC))


@in_world
async def test_an_interval_is_time_that_passes_whatever_the_clocks_on_the_wall_show(world: World) -> None:
    await world.serve("sweep", HOURLY.replace('cron: "0 * * * *"', "every: 8h"))
    await world.pass_time(30 * DAY)
    found = await starts(world)
    assert found[0] == datetime(2026, 3, 1, 15, 0, tzinfo=UTC)  # 16:00 in Berlin, 8 hours a step from a midnight there
    assert [*{after - before for before, after in pairwise(found)}] == [8 * HOUR]
    assert len(found) == 30 * 3


@pytest.mark.parametrize(("every", "says"), [("30s", "at least 1m"), ("60w", "at most 366d"), ("15", "needs a unit")])
def test_an_interval_that_nobody_counts_is_refused(every: str, says: str) -> None:
    _, findings = parse_playbook(HOURLY.replace('cron: "0 * * * *"', f"every: {every}"), playbook_id="s", file="s.yaml")
    assert says in findings[0].message


@pytest.mark.parametrize(("moments", "code"), [("timezone: UTC", "P102"), ('cron: "0 7 * * *", every: 1h', "P106")])
def test_a_schedule_says_its_moments_in_one_way(moments: str, code: str) -> None:
    text = f"name: Sweep\non: {{schedule: {{{moments}}}}}\nsteps:\n  - {{id: done, set: {{ok: true}}}}\n"
    _, findings = parse_playbook(text, playbook_id="s", file="s.yaml")
    assert [found.code for found in findings] == [code]


def test_six_fields_are_no_schedule() -> None:
    _, findings = parse_playbook(write_sweep("0 0 7 * * *"), playbook_id="s", file="s.yaml")
    assert [found.code for found in findings] == ["P117"]


@in_world
async def test_a_run_by_schedule_says_so_and_succeeds(world: World) -> None:
    await world.serve("sweep", HOURLY)
    await world.pass_time(HOUR)
    (run,) = await world.list_runs()
    assert (run.initiator, run.status, run.alert) == ("schedule:sweep", RunStatus.SUCCEEDED, None)
    (requested,) = await world.audit("run.requested")
    actor = requested["actor"]
    assert isinstance(actor, dict)
    assert (actor["kind"], actor["id"]) == ("schedule", "sweep")
    assert requested["context"]["moment"] == print_timestamp(START + HOUR)


@in_world
async def test_a_restart_between_two_moments_loses_and_doubles_none(world: World) -> None:
    await world.serve("sweep", HOURLY)
    await world.pass_time(2.5 * HOUR)
    after = await world.restart()
    await after.arrange()
    await after.pass_time(2 * HOUR)
    assert await starts(after) == [START + n * HOUR for n in (1, 2, 3, 4)]
    await after.stop()


async def let_down(world: World, text: str, hours: float) -> World:
    """Let a playbook serve, and nothing run for so many hours after half an hour."""
    await world.serve("sweep", text)
    await world.pass_time(HOUR / 2)
    await world.stop()
    await world.clock.sleep(hours * 3600)
    after = await world.restart()
    await after.arrange()
    await after.pass_time(HOUR / 60)
    return after


@pytest.mark.parametrize(("catch_up", "hours"), [("none", []), ("latest", [10]), ("all", [*range(1, 11)])])
@in_world
async def test_what_was_missed_is_made_up_for_as_the_playbook_says(
    world: World, catch_up: str, hours: list[int]
) -> None:
    after = await let_down(world, write_sweep("0 * * * *", catch_up), 10)
    assert len(await starts(after)) == len(hours)
    upcoming = await after.read(lambda unit: find_upcoming(unit, after.playbooks["sweep"]))
    assert upcoming is not None
    assert upcoming.moment == START + 11 * HOUR
    assert upcoming.last_moment == (START + 10 * HOUR if hours else None)
    await after.pass_time(HOUR / 2)
    assert len(await starts(after)) == len(hours) + 1
    await after.stop()


@in_world
async def test_a_moment_less_than_two_minutes_ago_is_not_missed(world: World) -> None:
    after = await let_down(world, write_sweep("0 * * * *"), 0.5 + 50 / 3600)
    assert len(await starts(after)) == 1
    await after.stop()


@in_world
async def test_of_very_many_missed_moments_only_so_many_are_made_up_for(world: World) -> None:
    await world.serve("sweep", write_sweep("0 * * * *", "all", "inputs: {host: {type: hostname}}\n"))
    await world.stop()
    await world.clock.sleep((MOST_CAUGHT_UP + 100.5) * 3600)
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    after.playbooks.update(world.playbooks)
    await after.timers.fire_due()
    rejected = await after.audit("schedule.rejected")
    moments = [event["context"]["moment"] for event in rejected]
    assert len(moments) == MOST_CAUGHT_UP
    assert moments == sorted(moments)
    assert moments[-1] == print_timestamp(START + (MOST_CAUGHT_UP + 100) * HOUR)


@in_world
async def test_two_keepers_on_one_store_fire_a_moment_once(world: World) -> None:
    await world.serve("sweep", HOURLY)
    await world.stop()
    await world.clock.sleep(HOUR.total_seconds())
    after = World(world.store, host=world.host, clock=world.clock, ids=world.ids, has_timers=False)
    after.playbooks.update(world.playbooks)
    rival = after.build_keeper()
    now = world.clock.now()
    due = await world.store.due_timers(now)
    assert len(due) == 1
    await asyncio.gather(*(keeper._fire(WORKSPACE, timer, now) for keeper in (after.timers, rival) for _, timer in due))
    assert len(await after.list_runs()) == 1
    assert (await world.store.next_timer()) == START + 2 * HOUR
    await after.settle()
    await after.stop()


@in_world
async def test_a_changed_schedule_moves_and_one_that_is_gone_is_removed(world: World) -> None:
    await world.serve("sweep", HOURLY)
    (before,) = await world.timers_set()
    await world.serve("sweep", SWEEP)
    (moved,) = await world.timers_set()
    assert before.id == moved.id == "schedule:sweep:0"
    assert before.due_at != moved.due_at
    await world.serve("sweep", SWEEP.replace("steps:", "enabled: false\nsteps:"))
    assert await world.timers_set() == []
    await world.serve("sweep", SWEEP)
    world.playbooks.clear()
    await world.arrange()
    assert await world.timers_set() == []


@in_world
async def test_a_start_that_is_refused_is_seen_and_the_schedule_goes_on(world: World) -> None:
    playbook = await world.serve("sweep", write_sweep("0 * * * *", more="inputs: {host: {type: hostname}}\n"))
    await world.pass_time(2 * HOUR)
    assert await world.list_runs() == []
    rejected = await world.audit("schedule.rejected")
    assert len(rejected) == 2
    assert "inputs.host" in str(rejected[0]["reason"])
    upcoming = await world.read(lambda unit: find_upcoming(unit, playbook))
    assert upcoming is not None
    assert upcoming.moment == START + 3 * HOUR
    assert (upcoming.last_moment, upcoming.last_run) == (START + 2 * HOUR, None)
    assert "inputs.host" in str(upcoming.last_reason)


@in_world
async def test_a_schedule_keeps_runs_apart_as_other_starts_do(world: World) -> None:
    text = write_sweep("0 * * * *", more="concurrency: {mode: drop}\n").replace(
        "{id: done, set: {ok: true}}", "wait: 90m"
    )
    await world.serve("sweep", text)
    await world.pass_time(2.2 * HOUR)
    assert len(await world.list_runs()) == 1
    (rejected,) = await world.audit("schedule.rejected")
    assert "has the same key" in str(rejected["reason"])


@in_world
async def test_a_schedule_whose_playbook_does_not_serve_here_is_kept_and_said(world: World) -> None:
    await world.serve("sweep", HOURLY)
    del world.playbooks["sweep"]
    await world.pass_time(HOUR)
    (timer,) = await world.timers_set()
    assert timer.due_at > START + HOUR
    assert "schedule:sweep:0" in str(world.reports[0])
    await world.serve("sweep", HOURLY)
    await world.pass_time(HOUR)
    assert len(await world.list_runs()) == 2


@in_world
async def test_a_playbook_without_a_schedule_has_nothing_upcoming(world: World) -> None:
    playbook = await world.serve(
        "plain", SWEEP.replace('schedule: {cron: "30 2 * * *", timezone: Europe/Berlin}', "manual: {}")
    )
    assert await world.read(lambda unit: find_upcoming(unit, playbook)) is None


def test_the_latest_moments_are_those_that_going_forward_finds() -> None:
    year = datetime(2026, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
    for cron in ("*/15 2 * * *", "30 2 * * *"):
        forward = [*takewhile(lambda moment: moment <= year[1], list_moments(cron, "Australia/Lord_Howe", year[0]))]
        assert list_latest(cron, "Australia/Lord_Howe", *year, 10_000) == forward
        assert list_latest(cron, "Australia/Lord_Howe", *year, 1_000) == forward[-1_000:]
        assert list_latest(cron, "Australia/Lord_Howe", forward[0], forward[0], 1) == forward[:1]


def test_the_latest_moments_are_found_where_clocks_were_put_on_or_back_in_the_middle_of_an_hour() -> None:
    begin, back = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 4, 4, 15, 20, tzinfo=UTC)
    forward = [*takewhile(lambda moment: moment <= back, list_moments("*/10 2 * * 0", "Pacific/Chatham", begin))]
    assert list_latest("*/10 2 * * 0", "Pacific/Chatham", begin, back, 3) == forward[-3:]
    on = datetime(2026, 3, 29, 3, 0, tzinfo=UTC)  # in Berlin no clock has shown an hour of two on this day
    forward = [*takewhile(lambda moment: moment <= on, list_moments("*/10 2 * * *", "Europe/Berlin", begin))]
    assert list_latest("*/10 2 * * *", "Europe/Berlin", begin, on, 3) == forward[-3:]


@pytest.mark.parametrize(
    ("cron", "zone", "begin", "expected"),
    [
        ("45 * * * *", "Australia/Lord_Howe", (4, 4, 14), [(14, 45), (15, 15), (16, 15), (17, 15)]),
        ("15 * * * *", "Australia/Lord_Howe", (4, 4, 14), [(14, 15), (15, 45), (16, 45), (17, 45)]),
        ("45 * * * *", "Australia/Lord_Howe", (10, 3, 14), [(14, 15), (15, 15), (15, 45), (16, 45), (17, 45)]),
        ("*/20 2 * * *", "Australia/Lord_Howe", (10, 3, 14), [(15, 40)]),
        ("50 * * * *", "Pacific/Chatham", (4, 4, 13), [(13, 5), (14, 5), (15, 5), (16, 5)]),
        ("* 0 * * *", "America/Santiago", (9, 6, 3), []),  # midnight is left out
    ],
)
def test_no_moment_is_left_out_where_clocks_move_by_half_an_hour_or_in_the_middle_of_one(
    cron: str, zone: str, begin: tuple[int, int, int], expected: list[tuple[int, int]]
) -> None:
    month, day, hour = begin
    first = datetime(2026, month, day, hour, tzinfo=UTC)
    found = [*takewhile(lambda moment: moment < first + 4 * HOUR, list_moments(cron, zone, first - HOUR / 3600))]
    assert [(moment.hour, moment.minute) for moment in found] == expected
    assert list_latest(cron, zone, first, first + 4 * HOUR - HOUR / 3600, 2) == found[-2:]


def test_a_moment_that_comes_twice_a_year_is_found_whichever_time_it_is() -> None:
    found = [*islice(list_moments("*/30 2 25 10 *", "Europe/Berlin", datetime(2025, 12, 1, tzinfo=UTC)), 4)]
    assert found == [datetime(2026, 10, 25, hour, minute, tzinfo=UTC) for hour in (0, 1) for minute in (0, 30)]
