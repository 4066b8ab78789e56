"""What may not happen too often."""

from datetime import timedelta

from soar.api import throttle
from soar.api.throttle import Backoff, Throttle
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


def test_a_flood_of_keys_takes_no_more_memory_than_it_may(clock: SteppedClock) -> None:
    bounded = Throttle(1, 60.0, clock)
    for number in range(throttle._MOST_KEYS + 50):
        bounded.add(str(number))
    assert len(bounded._events) <= throttle._MOST_KEYS
    assert bounded.wait(str(throttle._MOST_KEYS + 49)) == 60.0
    clock.advance(timedelta(seconds=60))
    bounded.add("fresh")
    assert list(bounded._events) == ["fresh"]


def test_waits_double_up_to_a_bound_and_end(clock: SteppedClock) -> None:
    bounded = Backoff(2, 10.0, clock)
    waits = []
    for _ in range(7):
        bounded.add("a")
        waits.append(bounded.wait("a"))
    assert waits == [0.0, 1.0, 2.0, 4.0, 8.0, 10.0, 10.0]
    assert bounded.wait("b") == 0.0
    clock.advance(timedelta(seconds=4))
    assert bounded.wait("a") == 6.0
    clock.advance(timedelta(seconds=17))
    bounded.add("a")
    assert bounded.wait("a") == 0.0, "what was long ago is forgotten"


def test_a_failure_that_was_none_is_taken_back_and_all_are_forgotten(clock: SteppedClock) -> None:
    bounded = Backoff(1, 10.0, clock)
    for _ in range(2):
        bounded.add("a")
    bounded.take_back("a")
    assert bounded.wait("a") == 1.0
    bounded.forget("a")
    assert bounded.wait("a") == 0.0
    bounded.take_back("never seen")
    assert bounded.wait("never seen") == 0.0


def test_a_flood_of_names_takes_no_more_memory_than_it_may(clock: SteppedClock) -> None:
    bounded = Backoff(1, 10.0, clock)
    for number in range(throttle._MOST_KEYS + 50):
        bounded.add(str(number))
    assert len(bounded._failures) == throttle._MOST_KEYS
    assert bounded.wait(str(throttle._MOST_KEYS + 49)) == 1.0
