import json
from datetime import timedelta

import pytest

from soar.model.values import parse_timestamp
from tests.unit.cli.documents import alert, page
from tests.unit.cli.fakes import FakeApi, Soar

FILL = "/api/v1/playbooks/block-ip/backfill"


def build_part(seen: int, runs: list[str], after: int | None, known: int = 0) -> dict[str, object]:
    return {"mode": "shadow", "total": 230, "seen": seen, "known": known, "runs": runs, "after": after}


def test_one_alert_is_replayed(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/alerts/al_1/replay", {"alerts": [{"alert": "al_2", "duplicate_of": None}]}, status=202)
    assert soar("alert", "replay", "al_1").out == "✔ al_2 is kept\nnext: soar alert why al_2\n"
    assert api.asked[0].body == {}


def test_a_backfill_goes_on_until_no_alert_is_left(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", FILL, build_part(100, ["run_1", "run_2"], 104))
    api.answer("POST", FILL, build_part(30, ["run_3"], None, known=5))
    outcome = soar("alert", "replay", "--since", "7d", "--playbook", "block-ip")
    assert outcome.out.splitlines() == [
        "✔ 130 alerts · 5 dealt with before · 3 runs of block-ip, shadow",
        "next: soar run list --playbook block-ip",
    ]
    bodies = [asked.body for asked in api.asked]
    assert [(body["after"], body["limit"], body["mode"]) for body in bodies] == [
        (0, 100, "shadow"),
        (104, 100, "shadow"),
    ]
    assert {(body["since"], body["until"]) for body in bodies} == {(bodies[0]["since"], bodies[0]["until"])}
    assert parse_timestamp(bodies[0]["until"]) - parse_timestamp(bodies[0]["since"]) == timedelta(days=7)


def test_a_backfill_starts_no_more_runs_than_it_may(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", FILL, build_part(3, ["run_1"], 3))
    api.answer("POST", FILL, build_part(2, ["run_2", "run_3"], 5))
    outcome = soar("alert", "replay", "--since", "7d", "--playbook", "block-ip", "--limit", "3", "--mode", "live")
    assert "there are more alerts; the same again goes on with them" in outcome.out
    assert [(asked.body["limit"], asked.body["mode"]) for asked in api.asked] == [(3, "live"), (2, "live")]


def test_a_backfill_is_plain_data_for_programs(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", FILL, build_part(1, ["run_1"], None))
    outcome = soar("alert", "replay", "--since", "7d", "--playbook", "block-ip", "--json")
    assert json.loads(outcome.out) == {"mode": "shadow", "seen": 1, "known": 0, "runs": ["run_1"], "is_whole": True}


@pytest.mark.parametrize(
    "typed",
    [
        (),
        ("al_1", "--since", "7d"),
        ("--since", "7d"),
        ("--playbook", "block-ip"),
        ("--since", "soon", "--playbook", "block-ip"),
        ("--since", "1h", "--until", "2h", "--playbook", "block-ip"),
    ],
)
def test_what_says_not_which_alerts_is_refused_before_it_is_sent(
    soar: Soar, api: FakeApi, typed: tuple[str, ...]
) -> None:
    assert (soar("alert", "replay", *typed).code, api.asked) == (2, [])


def test_why_tells_of_one_playbook_or_of_all(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts", page(alert()))
    api.answer("GET", f"/api/v1/alerts/{alert()['id']}", {**alert(), "suppressed_by": "sup_1"})
    assert soar("alert", "why", "@last").out.splitlines() == [
        "suppressed by sup_1: it starts nothing; soar suppress list",
        "✔ takes it   phishing-triage",
        "✖ does not   block-ip",
        '      alert.kind == "ids.hit"  is false',
    ]
    one = soar("alert", "why", str(alert()["id"]), "--playbook", "block-ip")
    assert "phishing-triage" not in one.out
    assert soar("alert", "why", str(alert()["id"]), "--playbook", "nothing").code == 6


def test_a_check_tells_of_the_rule_that_would_take_it(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/hooks/wazuh/check", {"alerts": [{"suppressed_by": "sup_1", "why": alert()["why"]}]})
    outcome = soar("alert", "check", "-", "--source", "wazuh", stdin='{"rule": 5712}')
    assert outcome.out.splitlines()[:2] == [
        "suppressed by sup_1: it starts nothing; soar suppress list",
        "✔ takes it   phishing-triage",
    ]
    assert [asked.path for asked in api.asked] == ["/hooks/wazuh/check"]


def test_an_alert_shows_how_often_it_came(soar: Soar, api: FakeApi) -> None:
    burst = {"count": 10_000, "first_at": "2024-03-01T10:00:00Z", "last_at": "2024-03-01T10:05:00Z"}
    api.answer("GET", "/api/v1/alerts/al_1", {**alert(), "burst": burst, "samples": [{}, {}]})
    assert "came 10,000 times, the last one " in soar("alert", "show", "al_1").out
