"""Answers held against a form: taken with their types, or refused with the field and the reason."""

from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address

import pytest

from soar.approvals.answers import LONGEST_ANSWER, read_answers, say_answers
from soar.model.step import Question
from soar.model.values import JsonValue, Value


def ask(kind: str = "string", **more: object) -> dict[str, Question]:
    return {"it": Question(type=kind, label="It", **more)}


@pytest.mark.parametrize(
    ("kind", "given", "taken"),
    [
        ("string", "a drill", "a drill"),
        ("bool", False, False),
        ("int", 3, 3),
        ("number", 2.5, 2.5),
        ("timestamp", "2026-11-21T10:00:00+01:00", datetime(2026, 11, 21, 9, tzinfo=UTC)),
        ("duration", "1h30m", timedelta(minutes=90)),
        ("ip", "198.51.100.7", IPv4Address("198.51.100.7")),
        ("email", "ann@corp.example", "ann@corp.example"),
        ("string", "x" * LONGEST_ANSWER, "x" * LONGEST_ANSWER),
    ],
)
def test_an_answer_is_taken_with_its_type(kind: str, given: JsonValue, taken: Value) -> None:
    assert read_answers(ask(kind), {"it": given}) == ({"it": taken}, ())


@pytest.mark.parametrize(
    ("kind", "given", "reason"),
    [
        ("bool", "true", "`true` is not a bool"),
        ("int", True, "`True` is not an int"),
        ("int", 1.5, "`1.5` is not an int"),
        ("string", None, "it is null, and not a string"),
        ("string", ["a"], "`['a']` is not a string"),
        ("ip", "198.51.100.777", "`198.51.100.777` is not an ip"),
        ("timestamp", "2026-11-21T10:00:00", "`2026-11-21T10:00:00` is not a timestamp"),
        ("string", "x" * (LONGEST_ANSWER + 1), "it is longer than 4,000 characters"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_field(kind: str, given: JsonValue, reason: str) -> None:
    answers, (fault,) = read_answers(ask(kind), {"it": given})
    assert (answers, fault.pointer, fault.message) == ({}, "/answers/it", reason)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    form = {**ask("int"), "other": Question(type="string", label="Other")}
    _, faults = read_answers(form, {"it": "x", "a/b~c": 1})
    assert [(fault.pointer, fault.message) for fault in faults] == [
        ("/answers/a~1b~0c", "this is not asked for"),
        ("/answers/it", "`x` is not an int"),
        ("/answers/other", "it is needed, and was not answered"),
    ]


def test_only_one_of_the_choices_is_an_answer_whatever_its_type() -> None:
    form = ask("duration", enum=("60m", "2h"))
    assert read_answers(form, {"it": "1h"}) == ({"it": timedelta(hours=1)}, ())
    _, (fault,) = read_answers(form, {"it": "3h"})
    assert fault.message == "it is not one of 60m, 2h"


def test_what_is_left_out_has_its_default() -> None:
    assert read_answers(ask("ip", has_default=True, default="198.51.100.7"), {}) == (
        {"it": IPv4Address("198.51.100.7")},
        (),
    )
    assert read_answers(ask("ip", has_default=True, default=None), {}) == ({"it": None}, ())


def test_answers_are_said_in_one_line() -> None:
    said = say_answers({"mine": True, "note": "two\nlines", "at": datetime(2026, 11, 21, tzinfo=UTC)})
    assert said == 'mine: true, note: "two\\nlines", at: "2026-11-21T00:00:00Z"'
