from datetime import timedelta

import pytest

from soar.app.clock import SystemClock
from soar.model.values import parse_timestamp
from tests.unit.cli.documents import HOSTILE, page
from tests.unit.cli.fakes import FakeApi, Soar

ENTRY = {
    "id": "le_1",
    "value": "192.0.2.64/26",
    "note": "Their offices",
    "added_by": "user:carol@corp.example",
    "added_at": "2024-03-01T10:00:00Z",
    "expires_at": None,
}
ADD = "/api/v1/lists/partners/entries"


def test_the_lists_say_how_much_they_hold(soar: Soar, api: FakeApi) -> None:
    listed = {"name": "partners", "entries": 2, "created_at": "2024-03-01T10:00:00Z", "created_by": "user:carol"}
    api.answer("GET", "/api/v1/lists", page(listed))
    heading, line = soar("list", "ls").out.splitlines()
    assert heading.split() == ["LIST", "HOLDS", "MADE", "BY"]
    assert line.startswith("partners")
    assert "2 values" in line
    assert "user:carol" in line


def test_where_there_is_no_list_the_next_step_is_said(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/lists", page())
    assert "next: soar list add LIST VALUE" in soar("list", "ls").out


def test_a_list_shows_its_values_however_hostile(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/lists/partners", page(ENTRY, {**ENTRY, "value": HOSTILE, "note": HOSTILE}))
    outcome = soar("list", "show", "partners", "--limit", "7")
    heading, line, *_ = outcome.out.splitlines()
    assert heading.split() == ["VALUE", "ENDS", "BY", "ADDED", "NOTE"]
    assert line.split()[:3] == ["192.0.2.64/26", "never", "user:carol@corp.example"]
    assert "Their offices" in line
    assert api.asked[0].query == {"limit": "7"}
    assert "\x1b" not in outcome.out


def test_an_empty_list_says_so(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/lists/partners", page())
    assert soar("list", "show", "partners").out.startswith("Nothing is on partners.\n")


def test_a_value_is_added_for_good(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", ADD, {"is_new": True, "entry": ENTRY}, status=201)
    outcome = soar("list", "add", "partners", "192.0.2.70/26", "-m", "Their offices")
    assert outcome.out == "✔ 192.0.2.64/26 is on partners\n"
    assert api.bodies("POST", ADD) == [{"value": "192.0.2.70/26", "note": "Their offices", "expires_at": None}]


def test_a_value_is_added_for_a_while(soar: Soar, api: FakeApi) -> None:
    until = SystemClock().now() + timedelta(days=30, hours=1)
    api.answer("POST", ADD, {"is_new": True, "entry": {**ENTRY, "expires_at": until.isoformat()}}, status=201)
    assert soar("list", "add", "partners", "a", "--expires", "30d").out.endswith("is on partners; it ends in 30 d\n")
    (sent,) = api.bodies("POST", ADD)
    assert isinstance(sent, dict)
    assert timedelta(days=29) < parse_timestamp(str(sent["expires_at"])) - SystemClock().now() <= timedelta(days=30)


def test_a_value_that_was_there_is_told_with_who_put_it_there(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", ADD, {"is_new": False, "entry": ENTRY}, status=201)
    outcome = soar("list", "add", "partners", "192.0.2.64/26")
    assert outcome.out == "· 192.0.2.64/26 was on partners already, by user:carol@corp.example\n"
    assert soar("list", "add", "partners", "192.0.2.64/26", "--json").document == {"is_new": False, "entry": ENTRY}


@pytest.mark.parametrize("length", ["30", "0s", "3651d", "soon"])
def test_a_length_that_is_none_is_refused_before_anything_is_sent(soar: Soar, api: FakeApi, length: str) -> None:
    outcome = soar("list", "add", "partners", "a", "--expires", length)
    assert outcome.code == 2
    assert "hint: write" in outcome.err
    assert api.asked == []


def test_a_value_is_removed_by_its_own_name(soar: Soar, api: FakeApi) -> None:
    api.answer("DELETE", f"{ADD}/192.0.2.64%2F26", b"", status=204)
    assert soar("list", "remove", "partners", "192.0.2.64/26").out == "✔ 192.0.2.64/26 is off partners\n"


def test_what_is_not_there_cannot_be_removed(soar: Soar, api: FakeApi) -> None:
    api.refuse("DELETE", f"{ADD}/a", 404, "a is not on the list partners", hint="soar list show partners")
    outcome = soar("list", "remove", "partners", "a")
    assert (outcome.code, outcome.err.splitlines()[0]) == (6, "error: a is not on the list partners")
