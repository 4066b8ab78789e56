"""The sources that come with the product, each with a document as its product sends it."""

from datetime import UTC, datetime

import pytest

from soar.ingest.bodies.syslog import read_syslog
from soar.ingest.mapping import map_alert
from soar.ingest.match import match_alert
from soar.ingest.source import parse_source
from soar.ingest.strict_json import parse_json
from soar.model.alert import Alert, Severity
from soar.model.errors import InputError
from soar.model.values import JsonValue
from soar.playbook import parse_playbook, read_document
from tests.support.clock import START
from tests.support.payloads import (
    PAYLOADS,
    VARIABLE,
    Expected,
    count_entities,
    find_more,
    list_folder,
    list_shipped,
    map_payload,
    read_payload,
    read_table,
)
from tests.support.repository import ROOT

SOURCES = ROOT / "config" / "sources"
NAMES = sorted(file.stem for file in SOURCES.glob("*.yaml"))

# Wazuh's alert of rule 5712 and Suricata's EVE alert, as their documentation shows them, shortened.
WAZUH: JsonValue = {
    "timestamp": "2022-05-11T12:29:19.905+0000",
    "rule": {
        "level": 10,
        "description": "sshd: brute force",
        "id": "5712",
        "groups": ["sshd", "authentication_failures"],
    },
    "agent": {"id": "000", "name": "web-1"},
    "data": {"srcip": "172.17.1.1", "srcuser": "paco"},
}
SURICATA: JsonValue = {
    "timestamp": "2017-04-07T22:24:37.251547+0100",
    "event_type": "alert",
    "src_ip": "192.168.2.14",
    "dest_ip": "209.53.113.5",
    "alert": {"signature_id": 2018358, "signature": "ET HUNTING suspicious POST", "severity": 2},
}
GENERIC: JsonValue = {
    "kind": "disk.full",
    "message": "No space left",
    "entities": {"hosts": ["db-1"]},
    "url": "https://x",
}


# The alert resource of Defender for Endpoint's API and the riskDetection of Graph, as their documentation shows them,
# shortened.
DEFENDER: JsonValue = {
    "id": "da637029414680409372_735564929",
    "severity": "Medium",
    "category": "Ransomware",
    "title": "Ransomware behaviour detected in the file system",
    "alertCreationTime": "2019-09-01T13:31:08.0252869Z",
    "computerDnsName": "srv-files-01",
    "relatedUser": {"userName": "ann", "domainName": "CORP"},
}
ENTRA: JsonValue = {
    "risk_event_type": "unlikelyTravel",
    "risk_level": "high",
    "detected_date_time": "2026-11-21T02:09:30Z",
    "user_principal_name": "ann@corp.example",
    "ip_address": "203.0.113.7",
}


def map_document(name: str, raw: JsonValue) -> Alert:
    node, findings = read_document((SOURCES / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
    assert findings == []
    assert node is not None
    source = parse_source(node.to_plain(), name)
    return map_alert(source, raw, alert_id="al_1", delivery="dl_1", now=START)


def test_the_example_is_what_the_phishing_playbook_waits_for() -> None:
    raw = parse_json((ROOT / "examples" / "phishing.json").read_bytes())
    alert = map_document("phish-report", raw)
    assert (alert.kind, alert.severity, alert.labels) == ("email.reported", Severity.MEDIUM, {})
    assert alert.entities == {
        "emails": ("billing@evil.example", "ann@corp.example"),
        "urls": ("https://evil.example/pay",),
        "domains": ("evil.example",),
    }
    assert alert.fingerprint
    text = (ROOT / "playbooks" / "phishing-triage.yaml").read_text("utf-8")
    playbook, _ = parse_playbook(text, playbook_id="phishing-triage", file="phishing-triage.yaml")
    assert playbook is not None
    assert [verdict.is_match for verdict in match_alert(alert, [playbook], config={}, now=START)] == [True]


def test_a_wazuh_alert_says_what_where_and_how_bad() -> None:
    alert = map_document("wazuh", WAZUH)
    assert (alert.kind, alert.title, alert.severity) == ("signin.brute_force", "sshd: brute force", Severity.HIGH)
    assert alert.entities == {"ips": ("172.17.1.1",), "hosts": ("web-1",), "users": ("paco",)}
    assert alert.time is not None
    assert alert.labels == {}


def test_a_suricata_alert_says_who_speaks_to_whom() -> None:
    alert = map_document("suricata", SURICATA)
    assert (alert.kind, alert.title, alert.severity) == (
        "suricata.alert",
        "ET HUNTING suspicious POST",
        Severity.MEDIUM,
    )
    assert alert.entities == {"ips": ("192.168.2.14", "209.53.113.5")}
    assert alert.labels == {}


def test_ransomware_seen_by_defender_is_what_the_playbook_waits_for() -> None:
    alert = map_document("defender", DEFENDER)
    assert (alert.kind, alert.severity) == ("malware.ransomware", Severity.CRITICAL)
    assert alert.entities == {"hosts": ("srv-files-01",), "users": ("ann",)}
    assert is_taken("isolate-ransomware-host", alert)


def test_travel_that_nobody_can_do_is_what_the_playbook_waits_for() -> None:
    alert = map_document("entra", ENTRA)
    assert (alert.kind, alert.severity) == ("signin.impossible_travel", Severity.HIGH)
    assert alert.entities == {"users": ("ann@corp.example",), "ips": ("203.0.113.7",)}
    assert is_taken("account-takeover", alert)


def is_taken(playbook_id: str, alert: Alert) -> bool:
    text = (ROOT / "playbooks" / f"{playbook_id}.yaml").read_text("utf-8")
    playbook, _ = parse_playbook(text, playbook_id=playbook_id, file=f"{playbook_id}.yaml")
    assert playbook is not None
    return match_alert(alert, [playbook], config={}, now=START)[0].is_match


def test_whoever_speaks_our_words_is_understood() -> None:
    alert = map_document("generic", GENERIC)
    assert (alert.kind, alert.title, alert.url) == ("disk.full", "No space left", "https://x")
    assert alert.entities == {"hosts": ("db-1",)}
    assert alert.labels == {}


def test_a_line_that_a_collector_passes_on_says_who_what_and_how_bad() -> None:
    line = "<35>1 2026-11-21T23:00:58.752939+00:00 bastion-1 su - - - FAILED SU (to root) ann from 198.51.100.24"
    alert = map_document("syslog", read_syslog(line))
    assert (alert.kind, alert.severity) == ("syslog.su", Severity.HIGH)
    assert alert.title == "FAILED SU (to root) ann from 198.51.100.24"
    assert alert.time == datetime(2026, 11, 21, 23, 0, 58, 752939, tzinfo=UTC)
    assert (alert.entities["hosts"], alert.entities["ips"]) == (("bastion-1",), ("198.51.100.24",))
    assert alert.labels == {}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("raw", [{}, {"raw": 1}, {"rule": [], "alert": 7, "body": {}, "entities": "x"}])
def test_no_shipped_source_loses_an_odd_document(name: str, raw: JsonValue) -> None:
    alert = map_document(name, raw)
    assert alert.kind
    assert alert.title
    assert alert.raw == raw


def test_every_source_of_a_product_is_shown_an_alert_of_it() -> None:
    shown_above = {"generic", "phish-report", "entra", "syslog"}
    assert set(NAMES) == {row.source for row in list_shipped()} | shown_above


def test_every_payload_says_where_it_is_from() -> None:
    origins = (PAYLOADS / "README.md").read_text("utf-8")
    files = sorted(path.relative_to(PAYLOADS).as_posix() for path in PAYLOADS.rglob("*.json"))
    assert [file for file in files if f"| `{file}` | " not in origins] == []


@pytest.mark.parametrize("row", list_shipped(), ids=str)
def test_a_payload_becomes_the_alert_that_the_table_says(row: Expected) -> None:
    assert_as_expected(row, map_payload(row, read_payload(row)))


def test_every_payload_that_the_environment_names_becomes_the_alert_that_the_table_says() -> None:
    folder = find_more()
    if folder is None:
        pytest.skip(f"{VARIABLE} names no folder with payloads; those in the repository are tested above")
    rows, files = read_table(), list_folder(folder)
    for row in rows:
        assert_as_expected(row, map_payload(row, read_payload(row, files.get(row.file))))
    assert files.keys() - {row.file for row in rows} <= NO_ALERTS


# No JSON at all, as their names say; texts that are lines of a log; and keys for the tests of signatures.
NO_ALERTS = {
    "stix21/validator_invalid_braces.json",
    "stix21/validator_invalid_comma.json",
    "syslog_cef_leef/sc4s_leef_templates.json",
    "syslog_other/secops_huawei_vrp__0.json",
    "syslog_other/secops_huawei_vrp__1.json",
    "syslog_other/secops_huawei_vrp__2.json",
    "webhook_signature_vectors/pagerduty_v3.json",
    "webhook_signature_vectors/slack_go_vector.json",
    "webhook_signature_vectors/standard_webhooks_spec_blocks.json",
    "webhook_signature_vectors/standard_webhooks_v1.json",
}
# What these payloads hold for a moment is a placeholder of whoever published them.
HAS_NO_MOMENT = ("wazuh/", "aws_cloudtrail/streamalert", "slack_interactions/", "other_monitoring/keep_coralogix")


def assert_as_expected(row: Expected, alert: Alert) -> None:
    assert (alert.kind, alert.severity.value) == (row.kind, row.severity)
    assert alert.title.startswith(row.title)
    assert (alert.time.isoformat() if alert.time else "") == row.time
    assert dict(count_entities(alert)) == row.entities
    assert (bool(alert.fingerprint), alert.url is not None) == (row.has_fingerprint, row.has_url)
    fault = alert.labels.get("mapping.error", "time:")
    assert fault.startswith("time:")
    assert "mapping.error" not in alert.labels or row.file.startswith(HAS_NO_MOMENT)


def test_a_number_that_loses_digits_is_read_as_a_text_where_the_source_says_so() -> None:
    body = b'{"output": "shell", "priority": "Notice", "output_fields": {"evt.time": 1683727757699479000}}'
    with pytest.raises(InputError, match="loses digits"):
        parse_json(body)
    raw = parse_json(body, is_large_text=True)
    assert map_document("falco", raw).title == "shell"
    assert raw["output_fields"]["evt.time"] == "1683727757699479000"  # type: ignore[index, call-overload] -- as it was sent
    with pytest.raises(InputError, match="loses digits"):
        parse_json(b'{"a": ' + b"9" * 21 + b"}", is_large_text=True)
