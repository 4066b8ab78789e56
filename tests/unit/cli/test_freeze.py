import pytest

from tests.unit.cli.fakes import FakeApi, Soar

FREEZE = {
    "id": "action:crm.lock",
    "kind": "action",
    "name": "crm.lock",
    "reason": "it locks the wrong people",
    "frozen_at": "2024-03-01T10:00:00Z",
    "frozen_by": "u_ann",
    "frozen_by_name": "ann",
    "lift_asked_at": None,
    "lift_asked_by": None,
    "lift_asked_by_name": None,
}
EVERYTHING = {**FREEZE, "id": "everything", "kind": "everything", "name": ""}


@pytest.mark.parametrize(
    ("options", "frozen", "sent", "name"),
    [
        ((), EVERYTHING, {"kind": "everything"}, "everything"),
        (("--action", "crm.lock"), FREEZE, {"kind": "action", "name": "crm.lock"}, "action crm.lock"),
    ],
)
def test_one_thing_is_frozen(
    soar: Soar, api: FakeApi, options: tuple[str, ...], frozen: dict[str, object], sent: dict[str, object], name: str
) -> None:
    api.answer("POST", "/api/v1/freeze", frozen)
    outcome = soar("freeze", *options, "--reason", "why")
    assert outcome.out == f"✔ {name} is frozen\ntwo people lift it: soar unfreeze\n"
    assert api.bodies("POST", "/api/v1/freeze") == [{**sent, "reason": "why"}]


def test_more_than_one_thing_at_once_is_a_wrong_line(soar: Soar, api: FakeApi) -> None:
    assert soar("freeze", "--action", "crm.lock", "--connector", "crm", "--reason", "why").code == 2
    assert api.asked == []


@pytest.mark.parametrize(
    ("is_lifted", "said"),
    [
        (False, "… connection corp stays frozen until somebody else asks, too\n"),
        (True, "✔ connection corp goes on\n"),
    ],
)
def test_a_freeze_is_lifted_by_the_second(soar: Soar, api: FakeApi, *, is_lifted: bool, said: str) -> None:
    frozen = {**FREEZE, "id": "connection:corp", "kind": "connection", "name": "corp"}
    api.answer("POST", "/api/v1/freeze/connection%3Acorp/lift", {"freeze": frozen, "is_lifted": is_lifted})
    outcome = soar("unfreeze", "--connection", "corp", "--reason", "why")
    assert (outcome.code, outcome.out) == (0, said)
    assert [asked.body for asked in api.asked] == [{"reason": "why"}]


def test_the_state_of_the_whole_is_told(soar: Soar, api: FakeApi) -> None:
    counts = {"alerts": 3, "runs": 1, "waiting": 2}
    asked = {
        **EVERYTHING,
        "lift_asked_at": "2024-03-01T10:05:00Z",
        "lift_asked_by": "u_bob",
        "lift_asked_by_name": "bob",
    }
    api.answer("GET", "/api/v1/now", {"freezes": [asked, FREEZE], "counts": counts})
    first, second, told = soar("status").out.splitlines()
    assert first.startswith("✖ everything is frozen since ")
    assert first.endswith("(bob has asked to lift it; somebody else has to, too)")
    assert second.endswith(" by ann: it locks the wrong people")
    assert told == "1 open run · 2 open questions · 3 alerts in 24 h"


def test_where_nothing_is_frozen_that_is_said(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/now", {"freezes": [], "counts": {}})
    assert soar("status").out.splitlines()[0] == "nothing is frozen"
