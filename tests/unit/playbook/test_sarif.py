"""What is asserted of the form is what the schema of SARIF 2.1.0 requires, and what code hosts need besides."""

import json
from typing import Any

import pytest

from soar.model.catalog import Catalog
from soar.playbook import CODES, Finding, Severity, validate_text, write_sarif
from soar.policy import DEFAULT_POLICY


def make_finding(file: str = "a.yaml", severity: Severity = Severity.ERROR, **changes: str | None) -> Finding:
    fields = {"path": "steps[0]", "message": "unknown key", "hint": "remove it"} | changes
    return Finding(code="P101", severity=severity, file=file, line=2, column=3, source_line="", **fields)  # type: ignore[arg-type]  # a table of fields


def write_run(*findings: Finding) -> Any:  # noqa: ANN401 -- JSON that is looked into
    """Return the one run of a log as programs read it back."""
    log = json.loads(json.dumps(write_sarif(findings, "1.2.3")))
    assert log["version"] == "2.1.0"
    assert log["$schema"].endswith("/sarif-schema-2.1.0.json")
    (run,) = log["runs"]
    return run


def test_the_tool_and_its_rules_are_named_even_where_nothing_is_found() -> None:
    run = write_run()
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("soar playbook validate", "1.2.3")
    assert {rule["id"]: rule["shortDescription"]["text"] for rule in driver["rules"]} == dict(CODES)
    assert all(rule["helpUri"].endswith(f"/reference/findings.md#{rule['id'].lower()}") for rule in driver["rules"])
    assert run["results"] == []


def test_a_result_says_what_is_wrong_and_where() -> None:
    run = write_run(make_finding(), make_finding(severity=Severity.WARNING, hint=None))
    error, warning = run["results"]
    assert error["message"] == {"text": "unknown key\nremove it"}
    assert (error["level"], warning["level"]) == ("error", "warning")
    assert warning["message"] == {"text": "unknown key"}
    (location,) = error["locations"]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "a.yaml"},
        "region": {"startLine": 2, "startColumn": 3},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "steps[0]"}]
    assert run["columnKind"] == "unicodeCodePoints"


def test_a_result_leads_to_its_rule() -> None:
    run = write_run(make_finding())
    (result,) = run["results"]
    assert result["ruleId"] == run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "P101"


def test_a_finding_about_the_document_has_no_logical_place() -> None:
    (result,) = write_run(make_finding(path=""))["results"]
    assert "logicalLocations" not in result["locations"][0]


URIS = {
    "playbooks/a.yaml": "playbooks/a.yaml",
    "/srv/play books/a.yaml": "file:///srv/play%20books/a.yaml",
    "a:b?c#d.yaml": "a%3Ab%3Fc%23d.yaml",
    "ä.yaml": "%C3%A4.yaml",
    "a\n\udcff.yaml": "a%0A%ED%B3%BF.yaml",
}


@pytest.mark.parametrize(("file", "uri"), URIS.items())
def test_a_path_becomes_a_uri(file: str, uri: str) -> None:
    (result,) = write_run(make_finding(file))["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri


def test_hostile_text_stays_in_its_place(catalog: Catalog) -> None:
    text = 'name: a\nowner: team:a\non: {manual: {}}\n"\\e[2J\\u202e\\n::error::": 1\nsteps: [{stop: {}}]\n'
    _, findings = validate_text(text, playbook_id="a", file="a.yaml", catalog=catalog, policy=DEFAULT_POLICY)
    (result,) = write_run(*findings)["results"]
    assert result["message"]["text"].split("\n")[0] == "unknown key `\ufffd[2J\ufffd\ufffd::error::`"
