import json
from pathlib import Path

import pytest

from soar.app.settings import find_bundled
from tests.unit.cli.fakes import Soar

GOOD = find_bundled("playbooks") / "phishing-triage.yaml"


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    """A folder with one playbook in which a key is misspelt."""
    folder = tmp_path / "play%books"
    folder.mkdir()
    (folder / "phishing-triage.yaml").write_text(GOOD.read_text("utf-8").replace("approve:", "aprove:", 1), "utf-8")
    (folder / "phishing-triage.test.yaml").write_text("not: read here")
    return folder


@pytest.fixture(autouse=True)
def _site(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(find_bundled("playbooks").parent)


def test_a_good_playbook_is_one_line(soar: Soar) -> None:
    outcome = soar("playbook", "validate", str(GOOD))
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.splitlines() == [
        "✔ phishing-triage  10 steps · 1 gate · 4 connectors",
        "1 playbook, 0 errors, 0 warnings",
    ]


def test_without_a_path_the_sites_own_are_checked(soar: Soar) -> None:
    outcome = soar("playbook", "validate")
    assert outcome.code == 0
    assert "✔ phishing-triage" in outcome.out


def test_a_bad_playbook_is_shown_with_place_caret_and_help(soar: Soar, bad: Path) -> None:
    outcome = soar("playbook", "validate", str(bad))
    assert outcome.code == 1
    lines = outcome.out.splitlines()
    assert lines[0] == "✖ phishing-triage"
    assert lines[1].startswith(f"  {bad}/phishing-triage.yaml:")
    assert "P101" in outcome.out
    assert "= help: did you mean `approve`?" in outcome.out
    assert any(line.endswith("| " + " " * 4 + "^") for line in lines)
    assert lines[-1] == "1 playbook, 2 errors, 0 warnings"


def test_findings_as_json(soar: Soar, bad: Path) -> None:
    outcome = soar("playbook", "validate", str(bad), str(GOOD), "--format", "json")
    assert outcome.code == 1
    first, second = json.loads(outcome.out)["files"]
    assert (first["is_valid"], second["is_valid"]) == (False, True)
    assert first["findings"][0]["file"] == first["file"] == str(bad / "phishing-triage.yaml")


def test_findings_as_annotations(soar: Soar, bad: Path) -> None:
    outcome = soar("playbook", "validate", str(bad), "--format", "github")
    assert outcome.code == 1
    escaped = str(bad / "phishing-triage.yaml").replace("%", "%25")
    found = [line for line in outcome.out.splitlines() if "title=P101::" in line]
    assert len(found) == 1
    assert found[0].startswith(f"::error file={escaped},line=")
    assert "%0Adid you mean `approve`?" in found[0]


def test_findings_as_sarif(soar: Soar, bad: Path) -> None:
    outcome = soar("playbook", "validate", str(bad), str(GOOD), "--format", "sarif")
    assert outcome.code == 1
    (run,) = json.loads(outcome.out)["runs"]
    assert {result["level"] for result in run["results"]} == {"error"}
    (place,) = run["results"][0]["locations"]
    assert place["physicalLocation"]["artifactLocation"]["uri"].endswith("/play%25books/phishing-triage.yaml")


def test_a_warning_fails_only_where_it_is_asked_for(soar: Soar, tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: A\non: {manual: {}}\nsteps: [{stop: {}}]\n")
    outcome = soar("playbook", "validate", str(tmp_path))
    assert outcome.code == 0
    assert outcome.out.splitlines()[-1] == "1 playbook, 0 errors, 1 warning"
    strict = soar("playbook", "validate", str(tmp_path), "--strict")
    assert strict.code == 1
    assert "P501 nobody answers for this playbook" in strict.out
    assert strict.out.splitlines()[-1] == "1 playbook, 1 error, 0 warnings"
    assert soar("playbook", "validate", str(GOOD), "--strict").code == 0


def test_a_folder_without_playbooks_says_how_to_make_one(soar: Soar, tmp_path: Path) -> None:
    outcome = soar("playbook", "validate", str(tmp_path))
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "There is no playbook here.",
        "next: `soar playbook new ID` writes one; docs/tutorial/first-playbook.md shows how it goes on",
    ]
    assert json.loads(soar("playbook", "validate", str(tmp_path), "--format", "json").out) == {"files": []}


def test_a_path_that_is_not_there_is_a_usage_error(soar: Soar, tmp_path: Path) -> None:
    outcome = soar("playbook", "validate", str(tmp_path / "none"))
    assert outcome.code == 2
    assert outcome.err.startswith("error: there is no ")


def test_a_format_that_is_unknown_is_a_usage_error(soar: Soar) -> None:
    assert soar("playbook", "validate", str(GOOD), "--format", "xml").code == 2


def test_settings_that_do_not_fit_are_a_usage_error(soar: Soar, tmp_path: Path) -> None:
    config = tmp_path / "soar.yaml"
    config.write_text("srever: {}\n")
    outcome = soar("playbook", "validate", "--config", str(config))
    assert outcome.code == 2
    assert "srever" in outcome.err
    assert soar("playbook", "validate", "--config", str(tmp_path / "none.yaml")).code == 2
