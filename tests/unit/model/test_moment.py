from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.moment import read_moment


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-20T08:15:30Z",
        "2026-11-20t08:15:30z",
        "2026-11-20T09:15:30+01:00",
        "2026-11-20T09:15:30+0100",
        "2026-11-20 08:15:30",
        "2026-11-20 08:15:30 UTC",
        "2026-11-20 08:15:30 (UTC)",
        "2026-11-20 08:15:30.000000000",
        "20261120T081530Z",
        "Fri Nov 20 08:15:30 UTC 2026",
        "Fri Nov 20 08:15:30 2026",
        "Fri, 20 Nov 2026 03:15:30 -0500",
        "20/Nov/2026:08:15:30 +0000",
        "20-Nov-2026 08:15:30",
        "Nov 20 2026 08:15:30",
        "11/20/2026, 8:15:30.000 AM",
        "11/20/2026 08:15:30",
        1795162530,
        1795162530.0,
        1795162530000,
        1795162530000000,
        1795162530000000000,
        "1795162530",
        "1795162530000000000",
        datetime(2026, 11, 20, 8, 15, 30, tzinfo=UTC),
    ],
)
def test_products_write_one_moment_in_many_ways(written: object) -> None:
    assert read_moment(written) == datetime(2026, 11, 20, 8, 15, 30, tzinfo=UTC)


def test_a_day_is_its_beginning() -> None:
    assert read_moment("2026-11-20") == datetime(2026, 11, 20, tzinfo=UTC)


def test_noon_and_midnight_are_told_apart() -> None:
    assert read_moment("1/2/2026, 12:00:00 AM") == datetime(2026, 1, 2, tzinfo=UTC)
    assert read_moment("1/2/2026, 12:00:00 PM") == datetime(2026, 1, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize("digits", ["1795162530.123456", 1795162530123, 1795162530123456])
def test_parts_of_a_second_are_kept(digits: object) -> None:
    moment = read_moment(digits)
    assert moment is not None
    assert moment.microsecond // 1000 == 123


@pytest.mark.parametrize(
    "written",
    [
        "",
        "yesterday",
        "{timestamp}",
        "...",
        "7",
        7,
        -1,
        True,
        None,
        [],
        "13/45/2026 00:00:00",
        "9999-99-99",
        "1" * 65,
        10**30,
        "Foo 20 2026 08:15:30",
        "0001-01-01T00:00:00+10:00",
    ],
)
def test_what_is_no_moment_is_none(written: object) -> None:
    assert read_moment(written) is None


@given(st.text(max_size=80) | st.integers() | st.floats())
def test_nothing_is_too_odd(written: object) -> None:
    moment = read_moment(written)
    assert moment is None or moment.tzinfo is UTC
