import json
from datetime import UTC, datetime, timedelta

import pytest

from soar.cli.output import Line, cut, describe_length, describe_moment, note, print_error, show, show_json
from soar.model.errors import SoarError
from tests.unit.cli.documents import HOSTILE

FORBIDDEN = {chr(point) for point in (*range(0x0A), *range(0x0B, 0x20), *range(0x7F, 0xA0))} | set("\u202e\u200b\u2066")


def assert_inert(text: str) -> None:
    assert not FORBIDDEN & set(text)
    assert "\\u001b]0;owned\\u0007\\u202eecin\\u200b" in text
    assert "APPROVED by CISO \\u009b31m" in text


def test_hostile_text_stays_in_its_line_and_moves_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    show(Line(HOSTILE.replace("\ud800", ""), "red"))
    note(HOSTILE.replace("\ud800", ""))
    print_error(SoarError("bad", hint=HOSTILE.replace("\ud800", "")))
    out, err = capsys.readouterr()
    assert_inert(out)
    assert_inert(err)
    assert len(out.splitlines()) == 1
    assert len(err.splitlines()) == 3
    assert "\\u200b\\u000aAPPROVED" in out
    assert "[red]:bomb:" in out


def test_json_is_inert_and_still_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    text = HOSTILE.replace("\ud800", "")
    show_json({"title": text, "name": "Jürgen"})
    out, _ = capsys.readouterr()
    assert_inert(out)
    assert "Jürgen" in out
    assert json.loads(out) == {"title": text, "name": "Jürgen"}


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.42, "0.4 s"), (9.9, "9.9 s"), (14, "14 s"), (60, "1 min"), (3599, "59 min"), (7200, "2 h"), (200_000, "2 d")],
)
def test_a_length_is_told_in_its_largest_unit(seconds: float, told: str) -> None:
    assert describe_length(timedelta(seconds=seconds)) == told


def test_a_moment_is_told_as_seen_from_now() -> None:
    assert describe_moment(None) == ""
    assert describe_moment(datetime(2020, 1, 1, tzinfo=UTC)).endswith(" d ago")
    assert describe_moment(datetime(9000, 1, 1, tzinfo=UTC)).startswith("in ")


def test_what_is_cut_says_so() -> None:
    assert cut("abc", 3) == "abc"
    assert cut("abcd", 3) == "ab…"
