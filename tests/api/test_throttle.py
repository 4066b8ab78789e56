"""What may not happen too often."""

from datetime import timedelta

from soar.api import throttle
from soar.api.throttle import Throttle
from tests.support.clock import SteppedClock


def test_only_so_many_fit_into_the_window_and_it_slides(clock: SteppedClock) -> None:
    bounded = Throttle(2, 60.0, clock)
    assert bounded.take("a")
    clock.advance(timedelta(seconds=20))
    assert bounded.take("a")
    assert not bounded.take("a")
    assert bounded.wait("a") == 40.0
    assert bounded.take("b")
    clock.advance(timedelta(seconds=40))
    assert bounded.take("a")
    assert bounded.wait("a") == 20.0


def test_what_is_taken_back_or_forgotten_does_not_count(clock: SteppedClock) -> None:
    bounded = Throttle(1, 60.0, clock)
    bounded.add("a")
    bounded.take_back("a")
    assert bounded.take("a")
    bounded.forget("a")
    assert bounded.wait("a") == 0.0
    bounded.take_back("never seen")
    assert bounded.wait("never seen") == 0.0


def test_a_flood_of_keys_takes_no_more_memory_than_it_may(clock: SteppedClock) -> None:
    bounded = Throttle(1, 60.0, clock)
    for number in range(throttle._MOST_KEYS + 50):
        bounded.add(str(number))
    assert len(bounded._events) <= throttle._MOST_KEYS
    assert bounded.wait(str(throttle._MOST_KEYS + 49)) == 60.0
    clock.advance(timedelta(seconds=60))
    bounded.add("fresh")
    assert list(bounded._events) == ["fresh"]
