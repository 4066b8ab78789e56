import json
import threading
from datetime import UTC, datetime, timedelta

import pytest
from rich.live import Live
from rich.text import Text

from soar.cli.output import (
    Line,
    advancing,
    cut,
    describe_length,
    describe_moment,
    note,
    print_error,
    show,
    show_json,
    waiting,
)
from soar.model.errors import SoarError
from tests.unit.cli.documents import HOSTILE, page, run
from tests.unit.cli.fakes import FakeApi, Soar

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


@pytest.mark.parametrize(("setting", "colours"), [("", 1), ("1", 0)])
def test_colours_obey_no_color(
    terminal: Soar, api: FakeApi, monkeypatch: pytest.MonkeyPatch, setting: str, colours: int
) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("NO_COLOR", setting)
    outcome = terminal("run", "show", "run_9")
    assert "error: nothing at /api/v1/runs/run_9" in outcome.err
    assert outcome.err.count("\x1b[31m") == colours


def test_in_a_narrow_terminal_ids_stay_whole_and_texts_are_folded(
    soar: Soar, api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    api.answer("GET", "/api/v1/runs", page(run(id="run_31x84k2m9q4w", reason="because of a very long story indeed")))
    told = Text.from_ansi(soar("run", "list").out).plain
    assert max(len(line) for line in told.splitlines()) <= 80, told
    assert "run_31x84k2m9q4w" in told
    assert {"because", "story", "indeed"} <= set(told.split())


def test_what_takes_long_says_so_on_a_terminal(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr("soar.cli.output._PATIENCE", 0.0)
    with waiting(f"checking {HOSTILE[:8]}"):
        for timer in threading.enumerate():
            if isinstance(timer, threading.Timer):
                timer.join()
    told = capsys.readouterr().err
    assert "checking \\u001b]0;owne" in told


def test_what_takes_long_says_nothing_elsewhere(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.cli.output._PATIENCE", 0.0)
    with waiting("checking"):
        assert not any(isinstance(thread, threading.Timer) for thread in threading.enumerate())
    assert capsys.readouterr().err == ""


def test_a_bar_is_shown_at_a_terminal_once_it_takes_its_time(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("soar.cli.output._PATIENCE", 0.0)
    with advancing(HOSTILE.replace("\ud800", ""), 1_200) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    started = threading.Event()
    start = Live.start

    def note_start(live: Live, refresh: bool = False) -> None:  # noqa: FBT001, FBT002 -- the library's signature
        start(live, refresh)
        started.set()

    monkeypatch.setattr(Live, "start", note_start)
    with advancing("backtesting", 1_200) as advance:
        assert started.wait(30)
        advance()
        advance()
    out, err = capsys.readouterr()
    assert out == ""
    assert "backtesting" in err
    assert "2/1,200" in err


def test_what_is_done_at_once_shows_no_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with advancing("backtesting", 1) as advance:
        advance()
    assert capsys.readouterr() == ("", "")
