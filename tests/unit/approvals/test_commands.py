"""What people type in a chat, read into commands."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.approvals.commands import (
    HELP,
    Command,
    Misunderstood,
    Verb,
    parse_command,
    split_confirmation,
    suggest_code,
)


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("!approve ab12 seen it, files are renaming", Command(Verb.APPROVE, "AB12", "seen it, files are renaming")),
        ("  !APPROVE  ab12", Command(Verb.APPROVE, "AB12")),
        ("/soar approve AB12 web-1 fine", Command(Verb.APPROVE, "AB12", "web-1 fine")),
        ("!deny `oi23`, wrong host", Command(Verb.DENY, "0123", "wrong host")),
        ("!deny uLo7 no", Command(Verb.DENY, "V107", "no")),
        ("!ask ab12 who owns it?", Command(Verb.ASK, "AB12", "who owns it?")),
        ("!ask ab12 first\nsecond", Command(Verb.ASK, "AB12", "first\nsecond")),
        ("!extend ab12 15m", Command(Verb.EXTEND, "AB12", "15m")),
        ("!takeback ab12", Command(Verb.TAKE_BACK, "AB12")),
        ("!show ab12", Command(Verb.SHOW, "AB12")),
        ("!pending", Command(Verb.PENDING)),
        ("!undo r_31x8 isolate", Command(Verb.UNDO, words="r_31x8 isolate")),
        ("!link", Command(Verb.LINK)),
        ("!whoami", Command(Verb.WHOAMI)),
        ("!help", Command(Verb.HELP)),
        ("/soar", Command(Verb.HELP)),
    ],
)
def test_a_command_is_read_as_people_type_it(text: str, command: Command) -> None:
    assert parse_command(text) == command


@pytest.mark.parametrize(
    "text", ["", "approve ab12", "please !approve ab12", "! approve ab12", "!remindme at ten", "!!"]
)
def test_what_is_not_for_us_is_left_alone(text: str) -> None:
    assert parse_command(text) is None


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("!aprove ab12", "There is no !aprove. Did you mean !approve?"),
        ("!approv\u202ee ab12", "There is no !approve. Did you mean !approve?"),
        ("/soar dance", f"There is no !dance. These are known: {HELP}"),
        ("!approve", "Which one? !approve ab12 seen it, and !pending lists what is open."),
    ],
)
def test_what_was_meant_for_us_is_answered(text: str, reply: str) -> None:
    assert parse_command(text) == Misunderstood(reply)


@pytest.mark.parametrize(
    ("words", "split"),
    [
        ("srv-files-01 seen it", ("srv-files-01", "seen it")),
        ("SRV-Files-01", ("SRV-Files-01", "")),
        ("srv-files-011 seen it", (None, "srv-files-011 seen it")),
        ("seen srv-files-01", (None, "seen srv-files-01")),
        ("", (None, "")),
    ],
)
def test_what_must_be_typed_stands_in_front_of_the_comment(words: str, split: tuple[str | None, str]) -> None:
    assert split_confirmation("srv-files-01", words) == split


def test_where_nothing_must_be_typed_all_of_it_is_the_comment() -> None:
    assert split_confirmation("", "seen it") == (None, "seen it")


@pytest.mark.parametrize(
    ("code", "codes", "near"),
    [
        ("AB13", ("AB12", "ZZ99"), "AB12"),
        ("ZZ99", ("AB12",), "AB12"),
        ("QQQQ", ("AB12", "CD34"), None),
        ("A", (), None),
    ],
)
def test_a_code_that_is_not_open_is_compared_with_those_that_are(
    code: str, codes: tuple[str, ...], near: str | None
) -> None:
    assert suggest_code(code, codes) == near


@given(st.text())
def test_whatever_is_typed_gives_a_command_an_answer_or_nothing(text: str) -> None:
    read = parse_command(text)
    assert read is None or isinstance(read, Command | Misunderstood)
    if isinstance(read, Command):
        assert text.lstrip()[0] in "!/"
