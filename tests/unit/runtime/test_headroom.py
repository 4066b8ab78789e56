"""How many runs are driven at once while the loop is late."""

from soar.runtime.headroom import Headroom

LATE, PUNCTUAL = 0.005, 0.003


def make_headroom(*, waits: float = 0.0, times: int = 0) -> Headroom:
    headroom = Headroom(200)
    for source in ("loud", "quiet"):
        headroom.note_source(source, 0.0)
    for _ in range(times):
        headroom.note_delay(waits)
    return headroom


def test_a_punctual_loop_leaves_all_places_and_a_late_one_two_at_last() -> None:
    assert make_headroom(waits=PUNCTUAL, times=99).find_places(0.0) == 200.0
    assert make_headroom(waits=LATE, times=1).find_places(0.0) == 180.0
    assert make_headroom(waits=LATE, times=99).find_places(0.0) == 2.0


def test_places_are_won_back_within_some_hundred_punctual_turns() -> None:
    headroom = make_headroom(waits=LATE, times=99)
    for _ in range(120):
        headroom.note_delay(PUNCTUAL)
    assert 20.0 < headroom.find_places(0.0) < 25.0
    for _ in range(120):
        headroom.note_delay(PUNCTUAL)
    assert headroom.find_places(0.0) == 200.0


def test_one_wait_in_eight_that_is_too_long_takes_nothing_away_for_long() -> None:
    headroom = make_headroom(waits=LATE, times=20)
    before = headroom.find_places(0.0)
    for _ in range(8):
        headroom.note_delay(LATE)
        for _ in range(7):
            headroom.note_delay(PUNCTUAL)
    assert headroom.find_places(0.0) > before


def test_a_source_that_is_alone_has_all_places_however_late_the_loop_is() -> None:
    headroom = Headroom(200)
    for moment in range(99):
        headroom.note_source("loud", float(moment))
        headroom.note_delay(LATE)
    assert headroom.find_places(99.0) == 200.0
    headroom.note_source("quiet", 99.0)
    assert headroom.find_places(99.0) == 2.0
    assert headroom.find_places(108.9) == 2.0
    assert headroom.find_places(109.0) == 200.0


def test_fewer_places_than_the_fewest_stay_as_they_are() -> None:
    headroom = Headroom(1)
    for source in ("loud", "quiet"):
        headroom.note_source(source, 0.0)
    headroom.note_delay(LATE)
    assert headroom.find_places(0.0) == 1.0
