import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.playbook.lettering import measure, wrap


def test_a_short_text_is_one_line() -> None:
    assert wrap("Read the asset", 200, 13) == ("Read the asset",)


def test_lines_break_between_words() -> None:
    assert wrap("one two three", 45, 10) == ("one two", "three")


@pytest.mark.parametrize("text", ["", " ", "  a  b "])
def test_spaces_are_no_trouble(text: str) -> None:
    assert "".join(wrap(text, 50, 10)).replace(" ", "") == text.replace(" ", "")


def test_wide_letters_take_more_room() -> None:
    assert measure("表表表", 10) > measure("iii", 10) * 2


@given(st.text(max_size=200), st.floats(20, 300))
def test_no_line_is_wider_than_it_may_be_and_nothing_is_lost(text: str, width: float) -> None:
    lines = wrap(text, width, 10, most=1000)
    assert all(measure(line, 10) <= width or len(line) == 1 for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_too_many_lines_end_in_an_ellipsis() -> None:
    lines = wrap("a b c d e f", 10, 10, most=2)
    assert len(lines) == 2
    assert lines[-1].endswith("…")
