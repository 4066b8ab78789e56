"""`soar playbook test`."""

import json
import re
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from soar.app.settings import find_bundled
from tests.unit.cli.fakes import Soar

SHIPPED = find_bundled("playbooks") / "phishing-triage.test.yaml"
DENY = """
  - name: a no is a no
    alert: reported
    mocks:
      virustotal.url_report:
        output: {url: "https://evil.example/pay", malicious: 8}
    approvals:
      purge: {deny: bob, roles: [analyst]}
    expect: {steps: {purge: denied}}
"""


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_bundled("playbooks").parent)


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    folder.mkdir()
    for file in (SHIPPED, SHIPPED.with_name("phishing-triage.yaml")):
        shutil.copy(file, folder)
    return folder / SHIPPED.name


def test_a_line_a_test_and_how_many_passed(soar: Soar) -> None:
    for names in (("phishing-triage",), (str(SHIPPED),), ("playbooks/phishing-triage.yaml",)):
        outcome = soar("playbook", "test", *names)
        assert (outcome.code, outcome.err) == (0, "")
        lines = outcome.out.splitlines()
        assert [re.sub(r" +\d+ ms$", "", line) for line in lines] == [
            "✔ a clean message is closed without asking anybody",
            "✔ a bad link is purged after a yes",
            "✔ silence is a no",
            "✔ VirusTotal being down does not hide a bad file",
            "4 passed",
        ]


def test_every_playbook_that_is_shipped_passes_its_tests(soar: Soar) -> None:
    for names in ((), ("playbooks",)):
        outcome = soar("playbook", "test", *names)
        assert (outcome.code, outcome.err) == (0, "")
        lines = outcome.out.splitlines()
        assert [line for line in lines if not line.startswith("✔")] == [
            *(word for name, count in SUITES.items() for word in (name, f"{count} passed")),
            f"{sum(SUITES.values())} passed",
        ]


SUITES = {
    "account-takeover": 7,
    "block-malicious-ip": 7,
    "hunt-new-admins": 4,
    "isolate-ransomware-host": 4,
    "phishing-triage": 4,
}


def test_coverage_says_what_the_tests_have_not_seen(soar: Soar) -> None:
    lines = soar("playbook", "test", "phishing-triage", "--cover").out.splitlines()
    assert lines[-2:] == [
        "4 passed · steps 10/10 · branches 3/4 · gate purge: yes ✔ no \N{EN DASH} silence ✔",
        "  never false: if of Purge every copy",
    ]


def test_a_gate_without_all_its_tests_fails_where_they_are_required(soar: Soar, copied: Path) -> None:
    outcome = soar("playbook", "test", str(copied), "--require-gates")
    assert outcome.code == 1
    assert outcome.out.splitlines()[-1] == "✖ gate purge: no test denies"
    copied.write_text(copied.read_text("utf-8") + DENY, "utf-8")
    outcome = soar("playbook", "test", str(copied), "--require-gates")
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "5 passed")


def test_a_test_that_fails_is_shown_with_file_line_expected_and_found(soar: Soar, copied: Path) -> None:
    copied.write_text(copied.read_text("utf-8").replace("approvals: 0", "approvals: 2"), "utf-8")
    outcome = soar("playbook", "test", str(copied))
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0].startswith("✖ a clean message")
    assert lines[1] == f"  {copied}:34: approvals: expected 2, found 0"
    assert lines[-1] == "3 passed, 1 failed"


def test_a_file_that_cannot_be_rehearsed_fails_beside_others(soar: Soar, copied: Path) -> None:
    copied.write_text(copied.read_text("utf-8").replace("expect:", "expcet:", 1), "utf-8")
    outcome = soar("playbook", "test", str(copied), str(SHIPPED))
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "phishing-triage"
    assert "= help: did you mean `expect`?" in outcome.out
    assert "✖ phishing-triage was not rehearsed" in lines
    assert lines[-1] == "4 passed · 1 not rehearsed"


def test_verdicts_as_json(soar: Soar, copied: Path) -> None:
    copied.write_text(copied.read_text("utf-8").replace("times: 1", "times: 2"), "utf-8")
    outcome = soar("playbook", "test", str(copied), "--json")
    assert outcome.code == 1
    (file,) = json.loads(outcome.out)["files"]
    assert (file["playbook"], file["is_passed"], file["findings"]) == ("phishing-triage", False, [])
    assert [test["is_passed"] for test in file["tests"]] == [True, False, True, True]
    (problem,) = file["tests"][1]["problems"]
    assert problem["line"] == 49
    assert file["coverage"]["gates"] == [{"step": "steps/6", "id": "purge", "yes": True, "no": False, "silence": True}]


def test_verdicts_as_junit(soar: Soar, tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    assert soar("playbook", "test", "phishing-triage", "--junit", str(report)).code == 0
    root = ET.fromstring(report.read_text("utf-8"))  # noqa: S314 -- written by ourselves
    assert len(root.findall("./testsuite/testcase")) == 4
    outcome = soar("playbook", "test", "phishing-triage", "--junit", str(tmp_path / "none" / "report.xml"))
    assert outcome.code == 2
    assert "cannot be written" in outcome.err


def test_a_name_that_leads_to_no_test_is_a_usage_error(soar: Soar, tmp_path: Path) -> None:
    for name in ("nothing", str(tmp_path), str(tmp_path / "x.yaml")):
        outcome = soar("playbook", "test", name)
        assert outcome.code == 2
        assert outcome.err.startswith("error: there is no ")


def test_the_open_settings_of_the_site_are_read(soar: Soar, copied: Path, tmp_path: Path) -> None:
    playbook = copied.with_name("phishing-triage.yaml")
    text = playbook.read_text("utf-8").replace("\noutputs:\n", "\noutputs:\n  zone: ${{ config.zone }}\n")
    playbook.write_text(text, "utf-8")
    wanted = copied.read_text("utf-8").replace("{purged: true, copies: 12}", "{zone: dmz}")
    copied.write_text(wanted, "utf-8")
    config = tmp_path / "soar.yaml"
    config.write_text("config: {zone: dmz}\n", "utf-8")
    assert soar("playbook", "test", str(copied), "--config", str(config)).code == 0
