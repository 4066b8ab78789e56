"""Who is on call at which moment, also where clocks are put forward and back."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from soar.approvals.rota import Rota, find_duties, parse_rotas
from soar.model.errors import InputError
from soar.model.values import JsonValue

CAROL, DAVE, ERIN = "carol@corp.example", "dave@corp.example", "erin@corp.example"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def rota(overrides: JsonValue = None, people: JsonValue = None) -> Rota:
    shifts: JsonValue = {
        "from": "2026-01-01",
        "handover": "monday 09:00",
        "people": [CAROL, DAVE, ERIN] if people is None else people,
    }
    plain: JsonValue = {"rotas": {"ic": {"timezone": "Europe/Berlin", "shifts": shifts, "overrides": overrides or []}}}
    return parse_rotas(plain)["ic"]


@pytest.mark.parametrize(
    ("at", "people"),
    [
        ("2026-01-05T07:59:59", ()),
        ("2026-01-05T08:00:00", (CAROL,)),
        ("2026-01-12T07:59:59", (CAROL,)),
        ("2026-01-12T08:00:00", (DAVE,)),
        ("2026-01-26T08:00:00", (CAROL,)),
        ("2026-03-30T06:59:59", (ERIN,)),
        ("2026-03-30T07:00:00", (CAROL,)),
        ("2026-10-26T07:59:59", (ERIN,)),
        ("2026-10-26T08:00:00", (CAROL,)),
    ],
)
def test_people_follow_each_other_at_nine_on_mondays_by_the_clocks_of_the_place(
    at: str, people: tuple[str, ...]
) -> None:
    assert rota().find_people(moment(at)) == people


def test_a_week_is_as_long_as_its_clocks_say() -> None:
    found = rota()
    changes = [moment("2026-03-23T08:00"), *found.list_changes(moment("2026-03-23T08:00"), moment("2026-04-07T00:00"))]
    hours = [(after - before) / timedelta(hours=1) for before, after in pairwise(changes)]
    assert hours == [167, 168]
    assert found.find_end(moment("2026-03-24T00:00")) == moment("2026-03-30T07:00")


def test_whoever_stands_in_is_on_call_instead_and_the_later_entry_counts() -> None:
    found = rota(
        [
            {"from": "2026-01-13T00:00:00Z", "to": "2026-01-15T00:00:00Z", "people": [ERIN]},
            {"from": "2026-01-14T00:00:00Z", "to": "2026-01-14T12:00:00Z", "people": []},
        ]
    )
    told = [found.find_people(moment(f"2026-01-{day}")) for day in ("12T23:59", "13T00:00", "14T00:00", "14T12:00")]
    assert told == [(DAVE,), (ERIN,), (), (ERIN,)]
    assert found.find_people(moment("2026-01-15T00:00")) == (DAVE,)


def test_a_duty_within_a_time_counts_whoever_takes_over_meanwhile() -> None:
    rotas = {"ic": rota()}
    before = moment("2026-01-12T07:55")
    assert find_duties(rotas, "CAROL@corp.example", before) == {"ic"}
    assert find_duties(rotas, DAVE, before) == frozenset()
    assert find_duties(rotas, DAVE, before, before + timedelta(minutes=15)) == {"ic"}
    assert find_duties(rotas, DAVE, before, before + timedelta(minutes=5)) == frozenset()
    assert find_duties(rotas, ERIN, before, before + timedelta(minutes=15)) == frozenset()


def test_an_empty_rota_means_nobody_at_any_time() -> None:
    assert rota(people=[]).find_people(moment("2026-06-01T00:00")) == ()
    empty = parse_rotas({"rotas": {"ic": {}}})
    assert empty["ic"].find_people(moment("2026-06-01T00:00")) == ()
    assert find_duties(empty, CAROL, moment("2026-06-01T00:00"), moment("2027-06-01T00:00")) == frozenset()
    assert parse_rotas({"rotas": {}}) == parse_rotas({}) == {}


SHIFTS: JsonValue = {"from": "2026-01-05", "people": [CAROL]}


@pytest.mark.parametrize(
    ("rota", "pointer", "words"),
    [
        ({"shift": SHIFTS}, "/shift", "unknown key `shift`"),
        ({"shifts": {"people": [CAROL]}}, "/shifts/from", "such as 2026-01-05"),
        ({"shifts": {"from": "2026-01-05", "people": "carol"}}, "/shifts/people", "mail addresses"),
        ({"shifts": {"from": "2026-01-05", "people": ["carol"]}}, "/shifts/people", "mail addresses"),
        ({"shifts": {**SHIFTS, "handover": "someday 9"}}, "/shifts/handover", "monday 09:00"),
        ({"shifts": SHIFTS, "timezone": "Mars/Olympus"}, "/timezone", "a time zone"),
        ({"shifts": SHIFTS, "overrides": {}}, "/overrides", "a list"),
        (
            {"overrides": [{"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z", "people": []}]},
            "/overrides/0",
            "end after it begins",
        ),
        ([], "", "a map with timezone"),
    ],
)
def test_a_fault_in_the_rotas_says_where_and_what(rota: JsonValue, pointer: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_rotas({"rotas": {"ic": rota}})
    assert [fault.pointer for fault in caught.value.faults] == [f"/rotas/ic{pointer}"]
    assert words in caught.value.faults[0].message
