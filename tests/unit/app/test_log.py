import io
import json
import logging
import sys
import unicodedata
from collections.abc import Iterator
from typing import TypeAlias

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from soar.app.log import configure_log, inert

STEERING = {"RLO", "LRO", "RLE", "LRE", "PDF", "RLI", "LRI", "FSI", "PDI"}
Stream: TypeAlias = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def standard_log() -> Iterator[None]:
    """Leave the standard library's log as it was."""
    root, own = logging.getLogger(), logging.getLogger("soar")
    handlers, level = list(root.handlers), own.level
    yield
    root.handlers[:] = handlers
    own.setLevel(level)


def read_lines(written: Stream) -> list[dict[str, object]]:
    return [json.loads(line) for line in written.readouterr().err.splitlines()]


def test_an_entry_is_one_line_of_json(capsys: Stream) -> None:
    configure_log("info")
    structlog.get_logger().info("serving", action="serve.started", recovered=3, url=None)
    (entry,) = read_lines(capsys)
    assert entry.pop("timestamp").endswith("Z")
    assert entry == {"event": "serving", "level": "info", "action": "serve.started", "recovered": 3, "url": None}


def test_what_is_below_the_level_is_not_written(capsys: Stream) -> None:
    configure_log("warning")
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud")
    assert [entry["event"] for entry in read_lines(capsys)] == ["loud"]


def test_hostile_text_cannot_forge_a_line(capsys: Stream) -> None:
    configure_log("info")
    forged = 'x"}\n{"event": "approved", "level": "info"}\r\u2028\x85\x1b[2K'
    structlog.get_logger().info(forged, title=forged, parts=[forged], more={"a": forged})
    (entry,) = read_lines(capsys)
    for key in ("event", "title", "parts", "more"):
        assert not set(str(entry[key])) & {"\n", "\r", "\u2028", "\x85", "\x1b"}, key


def test_a_name_that_is_no_utf_8_is_logged_all_the_same(capsys: Stream) -> None:
    configure_log("info")
    structlog.get_logger().warning("not read", file=b"\xffbad.yaml".decode("utf-8", "surrogateescape"))
    (entry,) = read_lines(capsys)
    assert entry["file"] == "\\udcffbad.yaml"


def test_an_exception_stays_on_its_line(capsys: Stream) -> None:
    configure_log("info")
    try:
        int("one\ntwo")
    except ValueError:
        structlog.get_logger().exception("it failed")
    (entry,) = read_lines(capsys)
    assert "ValueError: " in str(entry["exception"])


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b", "a\\u0000b"),
        ("a\x7fb", "a\\u007fb"),
        ("a\x9bb", "a\\u009bb"),
        ("a\u200bb", "a\\u200bb"),
        ("a\u202eb", "a\\u202eb"),
        ("a\u2066b", "a\\u2066b"),
        ("a\u061cb", "a\\u061cb"),
        ("a\ufeffb", "a\\ufeffb"),
        ("a\U000e0041b", "a\\U000e0041b"),
        ("Grüße, 世界 👋", "Grüße, 世界 👋"),
        ("plain", "plain"),
    ],
)
def test_what_steers_or_hides_is_escaped_and_what_is_read_is_not(text: str, shown: str) -> None:
    assert inert(text) == shown


@given(st.text())
def test_nothing_that_controls_is_left(text: str) -> None:
    shown = inert(text)
    assert not {unicodedata.category(letter) for letter in shown} & {"Cc", "Cs", "Zl", "Zp"}
    assert not set(map(unicodedata.bidirectional, shown)) & STEERING


def test_at_a_terminal_the_lines_are_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.StringIO()
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stderr", terminal)
    configure_log("info")
    structlog.get_logger().info("serving", url="https://soar.example\x1b[2K")
    (line,) = terminal.getvalue().splitlines()
    assert "serving" in line
    assert not line.startswith("{")
    assert "\\u001b[2K" in line


def test_what_comes_through_the_standard_library_is_one_entry_too(capsys: Stream) -> None:
    configure_log("info")
    configure_log("info")
    forged = 'x"}\n{"event": "approved"}\u2028'
    try:
        int("one\ntwo")
    except ValueError:
        logging.getLogger("some.library").exception("it failed: %s", forged)
    (entry,) = read_lines(capsys)
    assert entry["event"] == "it failed: " + 'x"}\\u000a{"event": "approved"}\\u2028'
    assert entry["level"] == "error"
    assert "ValueError: " in str(entry["exception"])


def test_libraries_are_heard_from_warnings_on_and_our_own_from_the_level_on(capsys: Stream) -> None:
    configure_log("debug")
    logging.getLogger("some.library").info("quiet")
    logging.getLogger("soar.access").debug("asked")
    assert [entry["event"] for entry in read_lines(capsys)] == ["asked"]
