"""What a connector's check is asked, and what its answer stands for."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from soar.engine.check import Verdict, find_check_arguments, read_verdict
from soar.engine.commands import Call
from soar.model.catalog import Effect, Repeat
from soar.model.values import JsonValue
from tests.support.interpretation import spec

RESULT: Mapping[str, JsonValue] = {
    "properties": {"ip": {"type": "string"}, "was_there": {"default": False}, "more": {}}
}
BLOCK = spec(
    "fw.block",
    Effect.WRITE,
    Repeat.CHECKABLE,
    check="blocked",
    check_arguments={"address": "with.ip", "alias": "with.alias"},
)


def call(arguments: JsonValue, *secrets: tuple[str, str]) -> Call:
    return Call(step="steps/0", action="fw.block", connection="fw", arguments=arguments, secrets=secrets)


def test_it_is_asked_about_what_was_sent() -> None:
    assert find_check_arguments(BLOCK, call({"ip": "203.0.113.7", "alias": "a", "note": "n"})) == {
        "address": "203.0.113.7",
        "alias": "a",
    }


@pytest.mark.parametrize("arguments", [{"alias": "a"}, {"alias": "a", "note": None}])
def test_what_the_call_left_out_is_left_out(arguments: JsonValue) -> None:
    assert find_check_arguments(BLOCK, call(arguments)) == {"alias": "a"}


@pytest.mark.parametrize(("pointer", "is_askable"), [("/ip", False), ("/ip/0", False), ("/note", True)])
def test_what_is_secret_cannot_be_asked_about(pointer: str, *, is_askable: bool) -> None:
    asked = find_check_arguments(BLOCK, call({"ip": None, "note": None}, (pointer, "key")))
    assert (asked is not None) is is_askable


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ({"holds": False, "ip": "x"}, Verdict(has_happened=False)),
        (
            {"holds": True, "ip": "x", "other": 1},
            Verdict(has_happened=True, output={"ip": "x", "was_there": False, "more": None}),
        ),
        ({"ip": "x"}, Verdict(None)),
        ({"holds": "yes"}, Verdict(None)),
        (["holds"], Verdict(None)),
        (None, Verdict(None)),
    ],
)
def test_its_answer_stands_for_the_output(found: JsonValue, verdict: Verdict) -> None:
    assert read_verdict(replace(BLOCK, result=RESULT), found) == verdict


def test_an_action_without_fields_has_an_empty_output() -> None:
    assert read_verdict(BLOCK, {"holds": True}) == Verdict(has_happened=True, output={})
