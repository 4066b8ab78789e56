import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from soar.ingest.ocsf import build_finding
from soar.model.alert import Severity
from soar.model.values import JsonValue
from tests.support.builders import build_alert
from tests.support.clock import START
from tests.support.payloads import Expected, find_more, list_folder, list_shipped, map_payload, read_payload, read_table
from tests.support.repository import ROOT

SCHEMA = json.loads((ROOT / "tests" / "fixtures" / "ocsf" / "detection_finding.schema.json").read_text("utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


def list_faults(finding: JsonValue) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(finding)]


def test_the_schema_is_one_that_refuses() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    good: dict[str, Any] = build_finding(build_alert())
    assert list_faults(good) == []
    assert list_faults({**good, "severity_id": 17})
    assert list_faults({**good, "our_own": 1})
    assert list_faults({**good, "class_uid": 2001})
    assert list_faults({**good, "finding_info": {"title": "x"}})
    assert list_faults({**good, "observables": [{"value": "x", "type_id": 1234}]})
    assert list_faults({**good, "time": "2026"})


@pytest.mark.parametrize("row", list_shipped(), ids=str)
def test_every_payload_has_a_view_that_is_valid(row: Expected) -> None:
    assert list_faults(build_finding(map_payload(row, read_payload(row)))) == []


def test_every_payload_that_the_environment_names_has_a_view_that_is_valid() -> None:
    folder = find_more()
    if folder is None:
        pytest.skip("no folder with payloads is named; those in the repository are tested above")
    files = list_folder(folder)
    for row in read_table():
        assert list_faults(build_finding(map_payload(row, read_payload(row, files[row.file])))) == []


@pytest.mark.parametrize(
    ("severity", "number"), [(Severity.LOW, 2), (Severity.MEDIUM, 3), (Severity.HIGH, 4), (Severity.CRITICAL, 5)]
)
def test_severities_are_those_of_the_framework(severity: Severity, number: int) -> None:
    finding = build_finding(build_alert(severity=severity))
    assert (finding["severity_id"], finding["severity"]) == (number, severity.value.capitalize())


def test_a_finding_says_what_the_alert_says() -> None:
    alert = build_alert(
        time=START,
        url="https://siem.example/1",
        fingerprint="f",
        entities={"ips": ("192.0.2.1",), "cves": ("CVE-2024-3094",), "odd": ("x",)},
        labels={"technique": "T1110.001", "team": "blue"},
    )
    finding: dict[str, Any] = build_finding(alert)
    assert finding["time"] == int(START.timestamp() * 1000)
    assert finding["metadata"]["labels"] == ["technique: T1110.001", "team: blue"]
    assert (finding["finding_info"]["src_url"], finding["finding_info"]["uid_alt"]) == ("https://siem.example/1", "f")
    assert finding["finding_info"]["attacks"] == [
        {"technique": {"uid": "T1110"}, "sub_technique": {"uid": "T1110.001"}}
    ]
    assert finding["observables"] == [
        {"name": "unmapped.entities.ips[0]", "type_id": 2, "type": "IP Address", "value": "192.0.2.1"},
        {"name": "unmapped.entities.cves[0]", "type_id": 18, "type": "CVE Object: uid", "value": "CVE-2024-3094"},
        {"name": "unmapped.entities.odd[0]", "type_id": 99, "type": "Other", "value": "x"},
    ]
    assert json.loads(finding["raw_data"]) == alert.raw
    assert list_faults(finding) == []


def test_an_alert_that_says_little_says_when_it_came() -> None:
    finding: dict[str, Any] = build_finding(
        build_alert(time=None, url=None, fingerprint="", labels={"technique": "T1"})
    )
    assert finding["time"] == finding["metadata"]["logged_time"]
    assert not {"src_url", "uid_alt", "attacks", "first_seen_time"} & finding["finding_info"].keys()
    assert list_faults(finding) == []
