"""`soar oncall` in front of an API at the wire."""

from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar

NIGHT = {
    "name": "night",
    "timezone": "Europe/Berlin",
    "at": "2026-03-02T09:00:00Z",
    "until": "2026-03-09T08:00:00Z",
    "people": [{"email": "carol@corp.example", "name": "carol"}, {"email": "x@corp.example", "name": None}],
    "following": [{"email": "dave@corp.example", "name": "dave"}],
}


def test_who_is_on_call_is_listed_and_whom_nobody_knows_is_said_to_be_nobody(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/oncall", page(NIGHT, {**NIGHT, "name": "day", "people": []}))
    told = soar("oncall", "show", "night", "--at", "2026-03-02T09:00:00Z")
    assert told.code == 0
    assert dict(api.asked[0].query) == {"name": "night", "at": "2026-03-02T09:00:00Z"}
    _, night, day = told.out.splitlines()
    assert "carol (carol@corp.example), x@corp.example (nobody here)" in night
    assert night.split()[-3:] == ["dave", "(dave@corp.example)", "Europe/Berlin"]
    assert day.split()[:2] == ["day", "nobody"]


def test_without_rotas_the_next_step_is_said(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/oncall", page())
    assert "config/oncall.yaml" in soar("oncall", "show").out
