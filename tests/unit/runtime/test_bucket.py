"""How often a product may be asked; seconds are data."""

import pytest

from soar.model.rate import Rate
from soar.runtime.bucket import LONGEST_PAUSE, Bucket

FOUR_A_MINUTE = Rate(requests=4, seconds=60)


def empty(now: float = 0.0) -> Bucket:
    bucket = Bucket(FOUR_A_MINUTE, now)
    for _ in range(4):
        assert bucket.find_wait(now) == 0
        bucket.take(now)
    return bucket


def test_as_many_as_the_rate_names_go_at_once_and_then_one_by_one() -> None:
    bucket = empty()
    assert bucket.find_wait(0.0) == 15.0
    assert bucket.find_wait(5.0) == pytest.approx(10.0)
    assert bucket.find_wait(15.0) == 0
    bucket.take(15.0)
    assert bucket.find_wait(15.0) == 15.0


def test_those_ahead_are_waited_for_too() -> None:
    assert empty().find_wait(0.0, ahead=3) == 60.0
    assert Bucket(FOUR_A_MINUTE, 0.0).find_wait(0.0, ahead=3) == 0


def test_it_never_holds_more_than_the_rate_names() -> None:
    bucket = Bucket(FOUR_A_MINUTE, 0.0)
    assert bucket.find_wait(1e6, ahead=4) == 15.0
    bucket.settle(1e6, -7)
    assert bucket.find_wait(1e6, ahead=4) == 15.0


def test_what_a_call_sent_beyond_one_request_is_a_debt_of_the_next() -> None:
    bucket = empty()
    bucket.settle(0.0, 3)
    assert bucket.find_wait(0.0) == 60.0


def test_what_was_taken_for_nothing_is_given_back() -> None:
    bucket = empty()
    bucket.settle(0.0, -1)
    assert bucket.find_wait(0.0) == 0


def test_a_plea_for_patience_holds_even_where_there_is_no_rate() -> None:
    bucket = Bucket(None, 0.0)
    assert bucket.find_wait(0.0, ahead=1000) == 0
    bucket.pause(10.0, 20.0)
    bucket.pause(11.0, 1.0)
    assert bucket.find_wait(12.0) == 18.0
    assert bucket.find_wait(30.0) == 0
    bucket.settle(30.0, 50)
    assert bucket.find_wait(30.0) == 0


def test_a_plea_and_a_rate_are_both_kept() -> None:
    bucket = empty()
    bucket.pause(0.0, 5.0)
    assert bucket.find_wait(0.0) == 15.0
    bucket.pause(0.0, 40.0)
    assert bucket.find_wait(0.0) == 40.0


def test_no_plea_is_longer_than_we_bear() -> None:
    bucket = Bucket(None, 0.0)
    bucket.pause(0.0, 86_400.0)
    assert bucket.find_wait(0.0) == LONGEST_PAUSE


def test_waiting_as_long_as_it_says_is_enough_whatever_arithmetic_loses() -> None:
    bucket = Bucket(Rate(requests=3, seconds=0.7), 0.1)
    now = 0.1
    for _ in range(1000):
        now += bucket.find_wait(now)
        assert bucket.find_wait(now) == 0
        bucket.take(now)
    assert now == pytest.approx(0.1 + 997 * 0.7 / 3)
