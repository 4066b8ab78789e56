import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.documents import HOSTILE, alert, page
from tests.unit.cli.fakes import FakeApi, Soar


def test_an_alert_is_sent_as_its_source_would(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    file = tmp_path / "phishing.json"
    file.write_text('{"subject": "Rechnung für Sie"}', "utf-8")
    api.answer("POST", "/api/v1/alerts", {"alert": "al_1", "duplicate_of": None}, status=202)
    outcome = soar("alert", "send", "phish-report", str(file))
    assert (outcome.code, outcome.out) == (0, "✔ al_1 is kept\nnext: soar alert show al_1\n")
    assert api.asked[0].body == {"source": "phish-report", "alert": {"subject": "Rechnung für Sie"}}


def test_an_alert_comes_from_standard_input_too(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/alerts", {"alert": "al_2", "duplicate_of": "al_1"}, status=202)
    outcome = soar("alert", "send", "wazuh", "-", stdin='{"rule": 5712}')
    assert outcome.out.endswith("the same as al_1, which is kept\nnext: soar alert show al_1\n")
    assert api.asked[0].body == {"source": "wazuh", "alert": {"rule": 5712}}


def test_a_check_keeps_nothing_and_says_why(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/hooks/wazuh/check", {"alerts": [{"why": alert()["why"]}]})
    outcome = soar("alert", "send", "wazuh", "-", "--check", stdin='{"rule": 5712}')
    assert outcome.out.splitlines() == [
        "✔ takes it   phishing-triage",
        "✖ does not   block-ip",
        '      alert.kind == "ids.hit"  is false',
    ]
    assert api.asked[0].body == {"rule": 5712}
    assert [asked.path for asked in api.asked] == ["/hooks/wazuh/check"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": 1,\n"b"}', "- is no JSON at line 2, column 4"),
        ("[1]", "- holds no JSON object"),
        ("[" * 100_000, "- is nested too deep"),
        ("", "- is no JSON at line 1, column 1"),
    ],
)
def test_what_is_no_alert_is_refused_before_it_is_sent(soar: Soar, api: FakeApi, text: str, told: str) -> None:
    outcome = soar("alert", "send", "wazuh", "-", stdin=text)
    assert outcome.code == 2
    assert told in outcome.err
    assert api.asked == []


def test_a_file_that_cannot_be_read_is_named(soar: Soar, api: FakeApi, tmp_path: Path) -> None:
    missing, latin = tmp_path / "missing.json", tmp_path / "latin.json"
    latin.write_bytes(b'{"a": "\xfc"}')
    assert soar("alert", "send", "wazuh", str(missing)).err.startswith(f"error: {missing} cannot be read: No such file")
    assert soar("alert", "send", "wazuh", str(latin)).err.startswith(f"error: {latin} is not UTF-8 at byte 7")


def test_the_list_says_what_happened_to_each(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts", page(alert(), alert(id="al_2", matches=[])))
    outcome = soar("alert", "list", "--severity", "high", "--limit", "2")
    heading, first, second = outcome.out.splitlines()
    assert heading.split() == ["ALERT", "RECEIVED", "SEVERITY", "SOURCE", "TITLE", "WHAT", "HAPPENED"]
    assert "started phishing-triage run_1" in first
    assert "no playbook took it" in second
    assert api.asked[0].query == {"severity": "high", "limit": "2"}


@pytest.mark.parametrize(("option", "asked"), [("--suppressed", "true"), ("--not-suppressed", "false")])
def test_what_a_rule_suppresses_is_listed_apart(soar: Soar, api: FakeApi, option: str, asked: str) -> None:
    api.answer("GET", "/api/v1/alerts", page())
    assert soar("alert", "list", option).out.startswith("No such alert.")
    assert api.asked[0].query["suppressed"] == asked


def test_a_longer_list_says_that_there_is_more(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts", {"items": [alert()], "next": "cursor"})
    assert "there are more: ask for them with --limit" in soar("alert", "list").out


def test_where_there_is_no_alert_yet_the_first_is_one_line_away(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts", page())
    api.answer("GET", "/api/v1/now", {"first_alert": {"curl": "curl", "cli": "soar alert send phish-report x.json"}})
    assert soar("alert", "list").out.splitlines()[-1] == "next: soar alert send phish-report x.json"
    assert soar("alert", "list", "--source", "wazuh").out.startswith("No such alert.")


def test_one_alert_says_why_playbooks_took_it_or_not(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts", page(alert()))
    api.answer("GET", "/api/v1/alerts/al_7k2m9q4wz1xt", alert())
    told = soar("alert", "show", "@last").out
    assert "al_7k2m9q4wz1xt  Invoice overdue" in told
    assert "  ips: 192.0.2.7" in told
    assert '      alert.kind == "ids.hit"  is false' in told
    assert told.endswith("next: soar run show run_1\n")


def test_an_alert_is_shown_in_the_words_of_ocsf(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts/al_1/ocsf", {"class_uid": 2004})
    assert soar("alert", "show", "al_1", "--ocsf").document == {"class_uid": 2004}


def test_an_address_that_nobody_else_has_is_marked(soar: Soar, api: FakeApi) -> None:
    seen = [
        {"kind": "ips", "value": "10.0.0.1", "scope": "private"},
        {"kind": "ips", "value": "8.8.8.8", "scope": "public"},
    ]
    api.answer("GET", "/api/v1/alerts/al_1", alert(entities={"ips": ["10.0.0.1", "8.8.8.8"]}, observables=seen))
    assert "  ips: 10.0.0.1 (private), 8.8.8.8" in soar("alert", "show", "al_1").out


def test_json_is_the_answer_itself(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/alerts/al_1", alert())
    api.answer("GET", "/api/v1/alerts", page(alert()))
    assert soar("alert", "show", "al_1", "--json").document == alert()
    assert soar("alert", "list", "--json").document == page(alert())


def test_a_hostile_alert_can_neither_forge_a_line_nor_move_the_terminal(api: FakeApi) -> None:
    hostile = alert(title=HOSTILE, entities={HOSTILE: [HOSTILE]}, source=HOSTILE)
    api.answer("GET", "/api/v1/alerts/al_1", hostile)
    api.answer("GET", "/api/v1/alerts", page(hostile))
    for command in (["show", "al_1"], ["show", "al_1", "--json"], ["list"], ["list", "--json"]):
        program = [sys.executable, "-c", "from soar.cli.main import main; main()", "alert", *command]
        written = subprocess.run(program, check=True, capture_output=True).stdout
        text = written.decode("utf-8")
        assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b", "\r"} & set(text)
        assert not any(line.startswith("APPROVED") for line in text.splitlines())
        if "--json" in command:
            document = json.loads(text)
            assert (document["items"][0] if command[0] == "list" else document)["title"] == HOSTILE
        elif command == ["list"]:
            assert len(text.splitlines()) == 2
