from collections.abc import Mapping

from tests.support.repository import ROOT
from tests.unit.cli.fakes import FakeApi, Soar

YES: Mapping[str, object] = {
    "user": "ann",
    "permission": "run:cancel",
    "thing": "run run_1",
    "is_allowed": True,
    "code": None,
    "reason": None,
    "reasons": [{"is_met": True, "text": "the role analyst (everywhere) gives `run:cancel`"}],
}
NO: Mapping[str, object] = {
    **YES,
    "thing": None,
    "is_allowed": False,
    "code": "missing_permission",
    "reason": "it needs one of the roles",
    "reasons": [{"is_met": False, "text": "none of the roles"}],
}


def test_a_decision_is_told_with_its_reasons(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/access/explain", YES)
    outcome = soar("access", "explain", "ann", "run:cancel", "run:run_1")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "✔ ann may run:cancel on run run_1",
        "  ✔ the role analyst (everywhere) gives `run:cancel`",
    ]
    assert api.asked[0].query == {"user": "ann", "permission": "run:cancel", "thing": "run:run_1"}


def test_a_no_has_the_exit_code_of_a_denial(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/access/explain", NO)
    outcome = soar("access", "explain", "ann", "run:cancel")
    assert outcome.code == 5
    assert outcome.out.splitlines() == [
        "✖ ann may not run:cancel",
        "  ✖ none of the roles",
        "  it needs one of the roles",
    ]


def test_one_asks_about_oneself(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/session/access", YES)
    assert soar("whoami", "--can", "run:cancel", "run:run_1").code == 0
    assert api.asked[0].query == {"permission": "run:cancel", "thing": "run:run_1"}


def test_an_object_without_a_permission_is_refused(soar: Soar, api: FakeApi) -> None:
    assert soar("whoami", "run:run_1").code == 2
    assert api.asked == []


def test_grants_are_set_as_a_whole(soar: Soar, api: FakeApi) -> None:
    held = {"user": "u_1", "name": "ann", "roles": [], "grants": ["analyst@team=soc"], "teams": ["soc"]}
    api.answer("PUT", "/api/v1/users/ann/grants", held)
    outcome = soar("access", "grant", "ann", "analyst@team=soc", "--team", "soc")
    assert outcome.out.splitlines() == ["ann everywhere: nothing", "  analyst@team=soc", "  teams: soc"]
    assert api.asked[0].body == {"grants": ["analyst@team=soc"], "teams": ["soc"]}


def test_without_grants_all_are_taken_away(soar: Soar, api: FakeApi) -> None:
    held = {"user": "u_1", "name": "ann", "roles": ["viewer"], "grants": [], "teams": []}
    api.answer("PUT", "/api/v1/users/ann/grants", held)
    assert soar("access", "grant", "ann").out.splitlines() == ["ann everywhere: viewer", "  teams: none"]
    assert api.asked[0].body == {"grants": [], "teams": []}


def test_a_token_may_be_limited(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_new", "id": "tok_1"}, status=201)
    soar("token", "create", "ci", "--scope", "playbook:run", "--within", "playbook=sandbox-*")
    assert api.asked[0].body["within"] == "playbook=sandbox-*"


def test_a_playbook_shows_what_it_may_use(soar: Soar) -> None:
    file = str(ROOT / "playbooks" / "phishing-triage.yaml")
    lines = soar("playbook", "show", file, "--grants").out.splitlines()
    assert "action exchange.purge_messages through exchange, at steps/6/uses" in lines
    assert "channel #soc-phishing, at notify/channel" in lines
    written = soar("playbook", "show", file, "--grants", "--json").document
    assert len(written) == len(lines)
    assert {entry["kind"] for entry in written} >= {"action", "channel", "source"}
