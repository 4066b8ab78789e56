"""Who waits in memory and who as a row, without any row being read."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.model.alert import Severity
from soar.model.standing import Standing
from soar.runtime.backlog import Backlog

LOUD, OTHER, QUIET = (Standing(source=f"source:{name}") for name in ("loud", "other", "quiet"))
CRITICAL = Standing(source="source:loud", severity=Severity.CRITICAL)


class Rows:
    """Events that wait for somebody each, and which of these are in memory."""

    def __init__(self, most: int, page: int = 4) -> None:
        self.backlog: Backlog[int] = Backlog(most)
        self.page = page
        self.last = 0
        self.rows: dict[int, Standing] = {}
        self.here: list[int] = []
        self.ended: list[int] = []

    def put(self, standing: Standing) -> int:
        """Let an event wait, and tell nobody of it."""
        self.last += 1
        self.rows[self.last] = replace(standing, place=self.last)
        return self.last

    def tell(self, standing: Standing) -> int:
        number = self.put(standing)
        if self.backlog.admit(self.rows[number]):
            self.here.append(number)
        return number

    def tell_all(self, standing: Standing, count: int) -> list[int]:
        return [self.tell(standing) for _ in range(count)]

    def miss(self, standing: Standing) -> None:
        self.put(standing)
        self.backlog.miss()

    def read(self, *told_meanwhile: Standing) -> bool:
        """Read a page, if one is wanted; return whether it was."""
        reading = self.backlog.find_reading()
        if reading is None:
            return False
        page = [(number, self.rows[number]) for number in sorted(self.rows) if number >= reading.first][: self.page]
        for standing in told_meanwhile:
            self.tell(standing)
        chosen = self.backlog.choose(reading, page, self.here.__contains__, is_last=len(page) < self.page)
        self.here += chosen
        return True

    def read_all(self) -> None:
        while self.read():
            assert len(self.here) <= self.backlog._most

    def vanish(self) -> None:
        """Let the newest event be gone of those that are rows alone."""
        rows = self.rows.keys() - set(self.here)
        if rows:
            del self.rows[max(rows)]

    def end(self) -> None:
        """Let who is longest in memory come to an end."""
        if self.here:
            number = self.here.pop(0)
            self.backlog.leave(self.rows.pop(number))
            self.ended.append(number)

    def end_all(self) -> None:
        self.read_all()
        while self.here:
            self.end()
            self.read_all()


def test_a_crowd_alone_takes_half_of_the_room_and_two_take_a_third_each() -> None:
    rows = Rows(most=12)
    rows.tell_all(LOUD, 20)
    assert len(rows.here) == 6
    rows.tell_all(OTHER, 20)
    assert len(rows.here) == 9
    for _ in range(4):
        rows.end()
    rows.read_all()
    assert sorted(rows.rows[number].source for number in rows.here) == ["source:loud"] * 5 + ["source:other"] * 3


def test_however_long_a_crowd_is_who_has_few_is_in_memory_at_once() -> None:
    rows = Rows(most=10)
    rows.tell_all(LOUD, 1_000)
    assert {rows.tell(QUIET), rows.tell(CRITICAL)} <= set(rows.here)
    assert len(rows.here) == 7


def test_of_a_crowd_more_are_read_when_half_of_those_in_memory_are_gone_and_not_before() -> None:
    rows = Rows(most=12)
    told = rows.tell_all(LOUD, 20)
    rows.end(), rows.end()
    assert not rows.read()
    rows.end()
    assert rows.read()
    assert rows.here == told[3:9]
    assert not rows.read()
    rows.end(), rows.end(), rows.end()
    reading = rows.backlog.find_reading()
    assert reading is not None
    assert reading.first == told[9]


def test_the_more_severe_of_two_crowds_is_read_first() -> None:
    rows = Rows(most=9)
    rows.tell_all(LOUD, 20)
    critical = rows.tell_all(CRITICAL, 20)
    while rows.here:
        rows.end()
    rows.read()
    assert rows.here == critical[2:6]


def test_within_a_crowd_nobody_overtakes() -> None:
    rows = Rows(most=6)
    told = rows.tell_all(LOUD, 10)
    for _ in range(10):
        rows.end()
        told.append(rows.tell(LOUD))
        rows.read()
    rows.end_all()
    assert rows.ended == told


def test_nobody_overtakes_their_crowd_where_the_rows_of_another_are_read() -> None:
    rows = Rows(most=12, page=50)
    early, critical, late = rows.tell_all(LOUD, 10), rows.tell_all(CRITICAL, 10), rows.tell_all(LOUD, 10)
    for number in (*early[:2], *critical[:3]):
        rows.here.remove(number)
        rows.here.insert(0, number)
        rows.end()
    rows.read()
    assert set(critical[3:5]) <= set(rows.here)
    assert not set(late) & set(rows.here)
    rows.end_all()
    assert sorted(rows.ended) == [*early, *critical, *late]


def test_reading_ends_where_rows_are_gone_that_were_known() -> None:
    rows = Rows(most=4)
    rows.tell_all(LOUD, 9)
    for _ in range(7):
        rows.vanish()
    rows.end_all()
    assert rows.ended == [1, 2]
    assert rows.backlog.find_reading() is None


def test_what_is_told_while_an_empty_page_is_read_is_read_next() -> None:
    rows = Rows(most=1, page=1)
    rows.tell(LOUD)
    rows.backlog.recall()
    rows.read()
    rows.read(LOUD)
    rows.end_all()
    assert rows.ended == [1, 2]


def test_who_is_missed_while_all_rows_are_read_does_not_hide_those_before() -> None:
    rows = Rows(most=100)
    for _ in range(20):
        rows.put(LOUD)
    rows.backlog.recall()
    rows.read()
    rows.tell(LOUD)
    rows.miss(LOUD)
    rows.end_all()
    assert sorted(rows.ended) == list(range(1, 23))


def test_while_all_rows_are_read_a_crowd_that_is_short_has_every_second_page() -> None:
    rows = Rows(most=4, page=3)
    for _ in range(30):
        rows.put(LOUD)
    rows.backlog.recall()
    firsts = []
    for _ in range(6):
        reading = rows.backlog.find_reading()
        assert reading is not None
        firsts.append(reading.first)
        rows.read()
        while rows.here:
            rows.end()
    assert firsts == [0, 3, 6, 5, 9, 7]


def test_what_is_told_while_the_last_page_is_read_is_read_next() -> None:
    rows = Rows(most=20, page=50)
    rows.tell_all(LOUD, 11)
    for _ in range(10):
        rows.end()
    rows.read(LOUD, LOUD, LOUD)
    assert rows.here == [11]
    rows.end_all()
    assert rows.ended == list(range(1, 15))


def test_nothing_is_read_where_all_fit() -> None:
    rows = Rows(most=100)
    rows.tell_all(LOUD, 40)
    assert not rows.read()
    rows.end_all()
    assert not rows.read()


def test_after_a_start_everything_is_found_page_by_page() -> None:
    rows = Rows(most=10)
    put = [rows.put(LOUD) for _ in range(200)]
    quiet = rows.put(QUIET)
    rows.backlog.recall()
    rows.read_all()
    assert rows.here == [*put[:5], quiet]
    rows.end_all()
    assert sorted(rows.ended) == [*put, quiet]


def test_who_has_no_event_always_fits_because_no_row_would_bring_them_back() -> None:
    rows = Rows(most=2)
    rows.tell_all(LOUD, 9)
    assert all(rows.backlog.admit(LOUD) for _ in range(5))


@pytest.mark.parametrize("most", [1, 2, 3])
def test_with_hardly_any_room_each_comes_in_turn(most: int) -> None:
    rows = Rows(most)
    for _ in range(6):
        for standing in (LOUD, OTHER, QUIET, CRITICAL):
            rows.tell(standing)
    rows.end_all()
    assert sorted(rows.ended) == list(range(1, 25))


_STANDINGS = st.sampled_from([LOUD, LOUD, LOUD, OTHER, QUIET, CRITICAL])
_STEPS = st.one_of(
    st.tuples(st.sampled_from(["tell", "tell", "miss"]), _STANDINGS),
    st.tuples(st.sampled_from(["end", "read", "recall", "vanish"]), st.none()),
    st.tuples(st.just("read and tell"), _STANDINGS),
)


@given(st.integers(1, 8), st.integers(1, 5), st.lists(_STEPS, max_size=60))
def test_nobody_is_lost_and_no_more_than_fit_are_in_memory(
    most: int, page: int, steps: Sequence[tuple[str, Standing | None]]
) -> None:
    rows = Rows(most, page)
    for step, standing in steps:
        match step, standing:
            case "end", _:
                rows.end()
            case "read", _:
                rows.read()
            case "vanish", _:
                rows.vanish()
            case "recall", _:
                rows.backlog.recall()
            case "tell", Standing():
                rows.tell(standing)
            case "miss", Standing():
                rows.miss(standing)
            case _, Standing():
                rows.read(standing)
        assert len(rows.here) <= most
    rows.end_all()
    assert rows.rows == {}
