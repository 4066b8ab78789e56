from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.expr import ExpressionError, parse_duration, print_duration

PAIRS = [
    ("90s", timedelta(seconds=90), "1m30s"),
    ("15m", timedelta(minutes=15), "15m"),
    ("1h30m", timedelta(hours=1, minutes=30), "1h30m"),
    ("2d", timedelta(days=2), "2d"),
    ("1w", timedelta(weeks=1), "7d"),
    ("1w2d3h4m5.25s", timedelta(days=9, hours=3, minutes=4, seconds=5.25), "9d3h4m5.25s"),
    ("0.5s", timedelta(milliseconds=500), "0.5s"),
    ("0s", timedelta(), "0s"),
]


@pytest.mark.parametrize(("text", "duration", "printed"), PAIRS)
def test_a_duration_is_read_and_printed(text: str, duration: timedelta, printed: str) -> None:
    assert parse_duration(text) == duration
    assert print_duration(duration) == printed


def test_a_negative_duration_is_printed_with_its_sign() -> None:
    assert print_duration(timedelta(minutes=-90)) == "-1h30m"


def test_a_bare_number_is_told_its_unit() -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_duration("30")
    assert (caught.value.code, caught.value.hint) == ("expr.duration", "write 30s")


@pytest.mark.parametrize(
    "text", ["", "soon", "30m1h", "1.5h", "-5m", "5 m", "1h 5m", "٣s", "999999999w", "9" * 5_000 + "s"]
)
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        parse_duration(text)
    assert caught.value.code == "expr.duration"


@given(st.timedeltas(min_value=timedelta(), max_value=timedelta(days=999_999)))
def test_what_is_printed_is_read_back(duration: timedelta) -> None:
    assert parse_duration(print_duration(duration)) == duration
