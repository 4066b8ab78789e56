from ipaddress import IPv4Address

import pytest

from soar.ingest.inputs import bind_inputs
from soar.model.errors import InputError
from soar.model.playbook import InputSpec
from soar.model.values import Value
from tests.support.builders import build_alert, build_playbook
from tests.support.clock import START

ALERT = build_alert(raw={"from": "billing@evil.example", "ip": "198.51.100.7", "n": 7, "null": None})


def bind(*specs: InputSpec, given: dict[str, Value] | None = None, is_by_hand: bool = False) -> dict[str, Value]:
    playbook = build_playbook(inputs={spec.id: spec for spec in specs})
    alert = None if is_by_hand else ALERT.to_value()
    return bind_inputs(playbook, alert=alert, given=given, config={"vip": "ada"}, now=START)


def refuse(*specs: InputSpec, **how: object) -> InputError:
    with pytest.raises(InputError) as caught:
        bind(*specs, **how)
    return caught.value


def test_inputs_come_from_the_alert_with_their_types() -> None:
    bound = bind(
        InputSpec(id="sender", type="email", source="alert.raw.from"),
        InputSpec(id="ip", type="ip", source="alert.raw.ip"),
    )
    assert bound == {"sender": "billing@evil.example", "ip": IPv4Address("198.51.100.7")}


def test_what_the_alert_lacks_is_said_as_its_reader_would() -> None:
    error = refuse(InputSpec(id="sender", type="email", source="alert.raw.sender"))
    assert error.message == "inputs.sender: the alert has no raw.sender"
    assert [fault.pointer for fault in error.faults] == ["/sender"]


def test_all_faults_come_at_once() -> None:
    error = refuse(
        InputSpec(id="a", type="string", source="alert.raw.a"),
        InputSpec(id="b", type="int", source="alert.raw.from"),
        given={"c": 1},
    )
    assert {fault.pointer for fault in error.faults} == {"/a", "/b", "/c"}


def test_a_default_stands_in_for_what_is_missing_or_null_and_never_for_what_is_wrong() -> None:
    default = {"has_default": True, "default": "${{ config.vip }}"}
    assert bind(InputSpec(id="a", type="string", source="alert.raw.a", **default)) == {"a": "ada"}
    assert bind(InputSpec(id="a", type="string", source="alert.raw.null", **default)) == {"a": "ada"}
    assert bind(InputSpec(id="a", type="string?", source="alert.raw.null", **default)) == {"a": None}
    assert refuse(InputSpec(id="a", type="string", source="alert.raw.n", **default)).faults[0].pointer == "/a"


def test_what_is_not_required_may_be_missing() -> None:
    optional = InputSpec(id="a", type="int", source="alert.raw.a", is_required=False, minimum=5)
    assert bind(optional) == {"a": None}
    assert bind(optional, is_by_hand=True) == {"a": None}
    assert bind(InputSpec(id="a", type="int?", source="alert.raw.a")) == {"a": None}


def test_by_hand_what_is_given_counts_and_the_rest_is_asked_for() -> None:
    spec = InputSpec(id="sender", type="email", source="alert.raw.from")
    assert bind(spec, given={"sender": "ann@corp.example"}, is_by_hand=True) == {"sender": "ann@corp.example"}
    error = refuse(spec, is_by_hand=True)
    assert error.message == "inputs.sender: it is needed, and no alert is there to take it from"


@pytest.mark.parametrize(
    ("spec", "value", "message"),
    [
        (InputSpec(id="a", type="string", enum=("x", "y")), "z", "it is not one of x, y"),
        (InputSpec(id="a", type="int", minimum=1), 0, "it is less than 1"),
        (InputSpec(id="a", type="int", maximum=9), 10, "it is more than 9"),
        (InputSpec(id="a", type="list<int>", maximum=1), [1, 2], "it is more than 1"),
        (InputSpec(id="a", type="string", pattern="[a-z]+|x"), "abc1", "it does not match [a-z]+|x"),
    ],
)
def test_bounds_hold(spec: InputSpec, value: Value, message: str) -> None:
    assert refuse(spec, given={"a": value}, is_by_hand=True).message == f"inputs.a: {message}"


def test_a_pattern_is_for_the_whole_text() -> None:
    spec = InputSpec(id="a", type="string", pattern="a|b")
    assert bind(spec, given={"a": "b"}, is_by_hand=True) == {"a": "b"}
    refuse(spec, given={"a": "ab"}, is_by_hand=True)
