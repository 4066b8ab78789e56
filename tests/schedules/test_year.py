from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from soar.model.playbook import CatchUp
from tests.schedules.oracle import Absence, Sort, find_faults, list_expected
from tests.schedules.year import play_year
from tests.support.clock import START

HOUR = timedelta(hours=1)
HOURLY = Sort(zone="UTC", catch_up=CatchUp.ALL, every=HOUR)


def test_a_sample_of_schedules_keeps_its_promises_while_clocks_are_put_on_and_back() -> None:
    story = play_year(10, days=60, seed=3)
    assert (story.faults, story.reports) == ({}, [])
    assert story.starts > 700
    assert min(len(story.absences), story.deaths, story.jumps) > 5


@pytest.mark.parametrize(
    ("local", "kind", "expected"),
    [
        ((2026, 3, 29), "strict", [(29, 1, 0)]),  # 02:30 is left out; the clocks show 03:00 instead
        ((2026, 3, 29), "loose", []),
        ((2026, 10, 25), "strict", [(25, 0, 30)]),
        ((2026, 10, 25), "loose", [(25, 0, 30), (25, 1, 30)]),
    ],
)
def test_the_oracle_knows_the_nights_on_which_clocks_change(
    local: tuple[int, int, int], kind: str, expected: list[tuple[int, int, int]]
) -> None:
    sort = Sort(zone="Europe/Berlin", catch_up=CatchUp.ALL, minutes=(30,), hours=(2,), is_loose=kind == "loose")
    night = datetime(*local, tzinfo=UTC)
    found = list_expected(sort, night, night + 12 * HOUR)
    assert [(moment.day, moment.hour, moment.minute) for moment in found] == expected


@pytest.mark.parametrize(
    ("hours", "says"),
    [
        ([1, 2, 3, 3, 4, 5, 6], "twice"),
        ([1, 2, 4, 3, 5, 6], "out of order"),
        ([1, 2, 3, 4, 5, 6, 6.5], "no moment of it"),
        ([1, 2, 3, 5, 6], "1 moments were missed"),
    ],
)
def test_the_oracle_finds_what_is_wrong(hours: list[float], says: str) -> None:
    expected = list_expected(HOURLY, START, START + 6 * HOUR)
    (fault, *_) = find_faults(HOURLY, expected, [START + hour * HOUR for hour in hours], [])
    assert says in fault


@pytest.mark.parametrize(
    ("catch_up", "right", "wrong"),
    [
        (CatchUp.ALL, [1, 2, 3, 4, 5, 6], [1, 4, 5, 6]),
        (CatchUp.LATEST, [1, 4, 5, 6], [1, 3, 4, 5, 6]),
        (CatchUp.LATEST, [1, 4, 5, 6], [1, 5, 6]),
        (CatchUp.NONE, [1, 5, 6], [1, 4, 5, 6]),
    ],
)
def test_the_oracle_knows_what_an_absence_excuses(catch_up: CatchUp, right: list[int], wrong: list[int]) -> None:
    sort = replace(HOURLY, catch_up=catch_up)
    expected = list_expected(sort, START, START + 6 * HOUR)
    absence = [Absence(START + 1.5 * HOUR, START + 4.5 * HOUR)]
    assert [*find_faults(sort, expected, [START + hour * HOUR for hour in right], absence)] == []
    assert [*find_faults(sort, expected, [START + hour * HOUR for hour in wrong], absence)] != []
