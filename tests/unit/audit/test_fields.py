"""Where each fact of an event stands in each format: what a receiver has mapped must stay where it is."""

import csv
import io
import json
from collections.abc import Mapping

import pytest

from soar.audit.format import Format
from soar.audit.writer import Writer
from soar.model.audit import AuditRecord
from soar.model.values import JsonValue
from tests.support.clock import START

AT = "2026-03-01T09:00:00.250000Z"
MILLIS = 1_772_355_600_250
ACTOR: dict[str, JsonValue] = {
    "kind": "user",
    "id": "u_1",
    "name": "carol",
    "roles": ["analyst", "soc-lead"],
    "via": "web",
    "ip": "203.0.113.9",
}
EVENT: dict[str, JsonValue] = {
    "seq": 7,
    "id": "ev_7",
    "at": AT,
    "type": "action.started",
    "outcome": "success",
    "actor": ACTOR,
    "target": {"kind": "action", "id": "edr.isolate", "name": "Isolate", "host": "srv-1", "targets": ["srv-1"]},
    "reason": "files are renaming",
    "before": {"votes": 1},
    "after": {"votes": 2},
    "context": {"run": "r_1", "playbook": "contain", "step": "steps/0"},
    "digest": "sha256:4b",
    "prev": "sha256:00",
    "workspace": "default",
}
SENTENCE = "carol began action Isolate on srv-1: files are renaming"
BARE: dict[str, JsonValue] = {"type": "odd"}


def write(format_: Format, document: Mapping[str, JsonValue]) -> str:
    writer = Writer(format_, "1.2.3", "soar.example")
    (line,) = writer.write([AuditRecord(sequence=7, at=START, document=document, leaf="00")])
    return line


def write_ocsf(document: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    found = json.loads(write(Format.OCSF, document))
    assert isinstance(found, dict)
    return found


def change(**changes: JsonValue) -> dict[str, JsonValue]:
    return EVENT | changes


def test_an_event_of_cef() -> None:
    assert write(Format.CEF, EVENT) == (
        f"CEF:0|soar|soar|1.2.3|action.started|{SENTENCE}|3|"
        f"rt={MILLIS} externalId=ev_7 cn1=7 cn1Label=sequence act=action.started outcome=success "
        'suid=u_1 suser=carol spriv=["analyst", "soc-lead"] src=203.0.113.9 dhost=srv-1 '
        "cs1=action cs1Label=target kind cs2=edr.isolate cs2Label=target id cs3=Isolate cs3Label=target name "
        "cs4=r_1 cs4Label=run cs5=contain cs5Label=playbook cs6=steps/0 cs6Label=step reason=files are renaming\n"
    )


def test_an_event_of_cef_from_an_address_of_ipv6_has_it_in_its_own_field() -> None:
    written = write(Format.CEF, change(actor={"id": "u_1", "ip": "2001:db8::9"}, target={}, context={}))
    assert " suid=u_1 c6a2=2001:db8::9 c6a2Label=source address reason=" in written
    assert "src=" not in written


@pytest.mark.parametrize(
    ("outcome", "severity", "priority"),
    [("success", 3, 110), ("failure", 5, 109), ("denied", 6, 108), ("unknown", 7, 108), ("odd", 3, 108)],
)
def test_how_bad_an_outcome_is_for_those_who_sort_by_it(outcome: str, severity: int, priority: int) -> None:
    assert write(Format.CEF, change(outcome=outcome)).split("|")[6] == str(severity)
    assert write(Format.SYSLOG, change(outcome=outcome)).startswith(f"<{priority}>1 ")


def test_a_moment_that_is_none_and_what_is_missing_are_left_out() -> None:
    assert write(Format.CEF, BARE) == "CEF:0|soar|soar|1.2.3|odd|somebody odd something|3|cn1Label=sequence act=odd\n"
    assert "rt=" not in write(Format.CEF, change(at="yesterday"))
    assert write(Format.SYSLOG, BARE) == '<108>1 - soar.example soar - odd [event@32473 type="odd"] {"type": "odd"}\n'


def test_breaks_of_lines_are_spaces_in_the_head_of_cef_and_breaks_behind_it() -> None:
    written = write(Format.CEF, change(reason="a\r\nb\rc\nd", target={}))
    assert written.split("|")[5] == "carol began something: a  b c d"
    assert written.endswith(" reason=a\\nb\\nc\\nd\n")


def test_a_message_of_syslog() -> None:
    assert write(Format.SYSLOG, EVENT) == (
        f"<110>1 {AT} soar.example soar - action.started "
        '[event@32473 seq="7" id="ev_7" type="action.started" outcome="success" actor="u_1" actorName="carol" '
        'target="edr.isolate" targetKind="action" run="r_1" reason="files are renaming"] ' + json.dumps(EVENT) + "\n"
    )


def test_the_head_of_syslog_has_what_it_can_hold() -> None:
    head = write(Format.SYSLOG, change(at=f"~a \x7fé!{'b' * 300}", type="c" * 40)).split(" ")
    assert head[1] == f"~a!{'b' * 252}"
    assert head[5] == "c" * 32
    writer = Writer(Format.SYSLOG, "1.2.3", " é ")
    (written,) = writer.write([AuditRecord(sequence=7, at=START, document=BARE, leaf="00")])
    assert written.startswith("<108>1 - - soar - odd ")


def test_an_event_of_ocsf() -> None:
    assert write_ocsf(EVENT) == {
        "activity_id": 3,
        "activity_name": "action.started",
        "category_uid": 6,
        "category_name": "Application Activity",
        "class_uid": 6003,
        "class_name": "API Activity",
        "type_uid": 600303,
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 1,
        "status": "Success",
        "status_detail": "files are renaming",
        "time": MILLIS,
        "message": SENTENCE,
        "metadata": {
            "version": "1.8.0",
            "product": {"name": "soar", "vendor_name": "soar", "version": "1.2.3"},
            "uid": "ev_7",
            "sequence": 7,
            "event_code": "action.started",
            "log_name": "audit",
            "original_time": AT,
            "tenant_uid": "default",
        },
        "unmapped": EVENT,
        "actor": {"user": {"uid": "u_1", "name": "carol", "type_id": 1, "type": "User"}},
        "src_endpoint": {"name": "web", "ip": "203.0.113.9"},
        "api": {"operation": "action.started", "service": {"name": "soar"}},
        "resources": [{"uid": "edr.isolate", "name": "Isolate", "type": "action"}],
    }


@pytest.mark.parametrize(
    ("outcome", "status_id", "status", "severity_id", "severity"),
    [
        ("success", 1, "Success", 1, "Informational"),
        ("failure", 2, "Failure", 2, "Low"),
        ("denied", 2, "Failure", 2, "Low"),
        ("unknown", 0, "Unknown", 2, "Low"),
    ],
)
def test_an_outcome_in_ocsf(outcome: str, status_id: int, status: str, severity_id: int, severity: str) -> None:
    found = write_ocsf(change(outcome=outcome))
    assert (found["status_id"], found["status"]) == (status_id, status)
    assert (found["severity_id"], found["severity"]) == (severity_id, severity)


@pytest.mark.parametrize(
    ("type_", "target", "whom"),
    [
        (
            "session.started",
            {"kind": "user", "id": "u_2", "name": "dave"},
            {"uid": "u_2", "name": "dave", "type_id": 1, "type": "User"},
        ),
        ("session.ended", {}, {"uid": "u_1", "name": "carol", "type_id": 1, "type": "User"}),
    ],
)
def test_a_login_in_ocsf_says_who_logged_in(type_: str, target: JsonValue, whom: JsonValue) -> None:
    found = write_ocsf(change(type=type_, target=target))
    assert (found["class_name"], found["category_name"]) == ("Authentication", "Identity & Access Management")
    assert found["user"] == whom
    assert found["service"] == {"name": "soar"}
    assert found["src_endpoint"] == {"name": "web", "ip": "203.0.113.9"}


def test_what_is_done_about_an_active_response_in_ocsf_says_to_which() -> None:
    found = write_ocsf(change(type="response.lift_requested", target={"kind": "response", "id": "ar_1"}))
    assert (found["class_name"], found["category_name"], found["activity_id"]) == (
        "Remediation Activity",
        "Remediation",
        3,
    )
    assert found["command_uid"] == "ar_1"
    assert found["actor"] == {"user": {"uid": "u_1", "name": "carol", "type_id": 1, "type": "User"}}
    assert "src_endpoint" not in found
    assert write_ocsf(change(type="response.held", target={}))["command_uid"] == "ev_7"


def test_a_call_that_only_reads_is_a_read_in_ocsf() -> None:
    assert write_ocsf(change(context={"effect": "read"}))["activity_id"] == 2
    assert write_ocsf(change(context={"effect": "write"}))["activity_id"] == 3


@pytest.mark.parametrize(
    ("actor", "user"),
    [
        ({"kind": "system", "id": "engine"}, {"uid": "engine", "name": "engine", "type_id": 3, "type": "System"}),
        ({"kind": "playbook", "id": "p"}, {"uid": "p", "name": "p", "type_id": 3, "type": "System"}),
        ({"kind": "token", "id": "t"}, {"uid": "t", "name": "t", "type_id": 99, "type": "token"}),
        ({}, {"uid": "", "name": "unknown", "type_id": 99, "type": "Other"}),
    ],
)
def test_who_acts_in_ocsf(actor: JsonValue, user: JsonValue) -> None:
    found = write_ocsf(change(actor=actor))
    assert found["actor"] == {"user": user}
    assert found["src_endpoint"] == {"name": "soar"}


def test_what_is_missing_is_left_out_in_ocsf() -> None:
    found = write_ocsf(BARE)
    assert "status_detail" not in found
    assert (found["time"], found["status"], found["unmapped"]) == (0, "Failure", BARE)


def test_a_row_of_the_spreadsheet() -> None:
    writer = Writer(Format.CSV, "1.2.3", "soar.example")
    rows = csv.DictReader(io.StringIO(writer.begin() + write(Format.CSV, EVENT), newline=""))
    assert [*rows] == [
        {
            "seq": "7",
            "id": "ev_7",
            "at": AT,
            "type": "action.started",
            "outcome": "success",
            "actor_kind": "user",
            "actor_id": "u_1",
            "actor_name": "carol",
            "actor_via": "web",
            "actor_ip": "203.0.113.9",
            "target_kind": "action",
            "target_id": "edr.isolate",
            "target_name": "Isolate",
            "context_run": "r_1",
            "context_playbook": "contain",
            "reason": "files are renaming",
            "before": '{"votes": 1}',
            "after": '{"votes": 2}',
            "context": '{"run": "r_1", "playbook": "contain", "step": "steps/0"}',
            "digest": "sha256:4b",
            "prev": "sha256:00",
            "erased": "",
            "sentence": SENTENCE,
        }
    ]
    written = write(Format.CSV, change(reason="größer", before={"state": "größer"}))
    assert written.count("größer") == 3


def test_only_the_spreadsheet_has_a_heading_and_ends_lines_in_two_characters() -> None:
    for format_ in Format:
        is_csv = format_ is Format.CSV
        assert (Writer(format_, "1.2.3", "h").begin() == "") is not is_csv
        assert write(format_, EVENT).endswith("\r\n") is is_csv


@pytest.mark.parametrize(
    ("format_", "media_type"),
    [
        (Format.JSONL, "application/x-ndjson"),
        (Format.OCSF, "application/x-ndjson"),
        (Format.CSV, "text/csv"),
        (Format.CEF, "text/plain"),
        (Format.SYSLOG, "text/plain"),
    ],
)
def test_a_format_is_sent_as_what_it_is(format_: Format, media_type: str) -> None:
    assert format_.media_type == media_type


@pytest.mark.parametrize(
    ("shown", "escaped"), [("\u202e", "\\u202e"), ("\x1b", "\\u001b"), ("\U000e0001", "\\U000e0001")]
)
def test_what_cannot_be_seen_is_an_escape_in_lines(shown: str, escaped: str) -> None:
    written = write(Format.SYSLOG, change(reason=f"a{shown}b"))
    assert f'reason="a\\{escaped}b"' in written
