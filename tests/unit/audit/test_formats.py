"""No text of an event changes the structure of a line: readers that know nothing of the writers read it back."""

import csv
import io
import json
import re
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from soar.audit.format import Format
from soar.audit.seal import ERASABLE, erase_fields
from soar.audit.writer import Writer
from soar.model.audit import AuditRecord
from soar.model.values import JsonValue
from tests.support.clock import START

HOSTILE = (
    "=cmd|' /C calc'!A0",
    '","=1+1',
    "a\r\nb\nc\rd",
    "x|y\\|z=1 cs1=forged",
    '"] forged [event@1 a="b',
    "\u2028\u2029\x85\x0b\x0c\x1c\x00\x1b[2J\u202e",
    "\\n\\\\",
    "@SUM(1)",
    "-1",
    "+1",
    "\t=1",
    "CEF:0|evil|evil|1|x|y|10|",
    "\n<14>1 2026-01-01T00:00:00Z evil evil - - - forged",
)
TEXTS = st.text(max_size=30) | st.sampled_from(HOSTILE) | st.text(alphabet='=|\\"] \n\r,+-@\t', max_size=12)
HEADER = re.compile(r"((?:[^\\|]|\\.)*)\|", re.DOTALL)
MEMBER = re.compile(r'([A-Za-z]+)="((?:[^"\\\]]|\\.)*)"', re.DOTALL)


def build(text: str, other: str, version_of: str = "action.started") -> AuditRecord:
    document: dict[str, JsonValue] = {
        "seq": 7,
        "id": "ev_7",
        "at": "2026-03-01T09:00:00Z",
        "type": version_of,
        "outcome": "failure",
        "actor": {"kind": "user", "id": other, "name": text, "roles": [other], "via": text, "ip": text},
        "target": {"kind": text, "id": text, "name": other, "host": other, "targets": [text, other], "action": text},
        "reason": text,
        "before": None,
        "after": {"status": text, other: text},
        "digest": None,
        "context": {"run": text, "playbook": other, "step": text},
        "workspace": "default",
        "prev": "sha256:0",
    }
    return AuditRecord(sequence=7, at=START, document=document, leaf="00")


def write(format_: Format, *records: AuditRecord) -> str:
    writer = Writer(format_, "1.2.3", "soar.example")
    return writer.begin() + "".join(writer.write(records))


def flat(text: str) -> str:
    """Return a text as the formats of one line have it: what cannot be seen, as an escape."""
    return "".join(
        letter
        if letter.isprintable()
        else (f"\\u{ord(letter):04x}" if ord(letter) < 0x10000 else f"\\U{ord(letter):08x}")
        for letter in text
    )


def hostile(test: object) -> object:
    for text in HOSTILE:
        test = example(text, text)(test)
    return given(TEXTS, TEXTS)(test)


@hostile
def test_a_cell_is_what_was_said_and_never_a_formula(text: str, other: str) -> None:
    rows = [*csv.reader(io.StringIO(write(Format.CSV, build(text, other), build("x", "y")), newline=""), strict=True)]
    heading, first, second = rows
    assert len(heading) == len(first) == len(second) == len(set(heading))
    row = dict(zip(heading, first, strict=True))
    assert row["reason"].removeprefix("'") == text.removeprefix("'")
    assert row["actor_id"] in {other, f"'{other}"}
    assert not [cell for cell in first if cell[:1] in {"=", "+", "-", "@", "\t", "\r", "\0"}]
    assert second[heading.index("reason")] == "x"


@hostile
def test_a_line_of_cef_has_seven_headers_and_its_own_keys_alone(text: str, other: str) -> None:
    written = write(Format.CEF, build(text, other), build("x", "y"))
    assert len(written.splitlines()) == 2
    line = written.splitlines()[0]
    headers, place = [], 0
    for _ in range(7):
        found = HEADER.match(line, place)
        assert found is not None
        headers.append(re.sub(r"\\([\\|])", r"\1", found[1]))
        place = found.end()
    assert headers[:5] == ["CEF:0", "soar", "soar", "1.2.3", "action.started"]
    assert headers[6] == "5"
    fields = read_extension(line[place:])
    assert fields.get("reason", "") == "\n".join(map(flat, re.split("\r\n|\r|\n", text)))
    assert fields.get("suid", "") == "\n".join(map(flat, re.split("\r\n|\r|\n", other)))
    assert set(fields) <= {
        *("rt", "externalId", "cn1", "cn1Label", "act", "outcome", "suid", "suser", "spriv", "src", "dhost", "reason"),
        *("c6a2", "c6a2Label"),
        *(f"cs{number}{label}" for number in range(1, 7) for label in ("", "Label")),
    }


def read_extension(text: str) -> dict[str, str]:
    """Read an extension: a key is what stands before an equals sign that nothing escapes."""
    equals = [found.start() for found in re.finditer(r"(?:\\.)|=", text) if found[0] == "="]
    starts = [text.rfind(" ", 0, place) + 1 for place in equals]
    ends = [*(start - 1 for start in starts[1:]), len(text)]
    fields = {}
    for start, place, end in zip(starts, equals, ends, strict=True):
        key = text[start:place]
        assert key not in fields
        fields[key] = re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text[place + 1 : end])
    return fields


@hostile
def test_a_message_of_syslog_has_its_own_parameters_alone(text: str, other: str) -> None:
    written = write(Format.SYSLOG, build(text, other, version_of=f"{text} {other}"), build("x", "y"))
    assert len(written.splitlines()) == 2
    line = written.splitlines()[0]
    priority, moment, host, program, process, kind, rest = line.split(" ", 6)
    assert (priority, moment, host, program, process) == ("<109>1", "2026-03-01T09:00:00Z", "soar.example", "soar", "-")
    assert re.fullmatch(r"[!-~]{1,32}", kind)
    assert rest.startswith("[event@32473 ")
    place, members = len("[event@32473"), {}
    while rest[place] == " ":
        found = MEMBER.match(rest, place + 1)
        assert found is not None
        assert found[1] not in members
        members[found[1]] = re.sub(r'\\(["\\\]])', r"\1", found[2])
        place = found.end()
    assert rest[place : place + 2] == "] "
    assert members.get("reason", "") == flat(text)
    assert members.get("actor", "") == flat(other)
    assert json.loads(rest[place + 2 :]) == build(text, other, version_of=f"{text} {other}").document


@pytest.mark.parametrize("format_", [Format.CSV, Format.OCSF, Format.CEF, Format.SYSLOG])
def test_what_was_erased_is_empty_and_named(format_: Format) -> None:
    salts = {"actor.name": "00" * 16, "reason": "11" * 16}
    record = replace(build("carol", "u_carol"), salts=salts)
    shown = write(format_, erase_fields(record, ERASABLE))
    assert not re.search(r"sha256:[0-9a-f]{64}", shown)
    assert re.search(r"\[\W{1,2}actor\.name\W+reason\W{1,2}\]", shown)
    assert "actor.name" not in write(format_, record)


def test_json_lines_keep_the_commitments_that_verification_takes() -> None:
    record = erase_fields(replace(build("carol", "u_carol"), salts={"reason": "11" * 16}), ERASABLE)
    assert json.loads(write(Format.JSONL, record))["event"] == record.document


@hostile
def test_json_lines_are_one_an_event_and_say_the_same(text: str, other: str) -> None:
    record = build(text, other)
    (line,) = write(Format.JSONL, record).split("\n")[:-1]
    assert json.loads(line) == {"event": record.document, "leaf": "00"}
    (line,) = write(Format.OCSF, record).splitlines()
    assert json.loads(line)["unmapped"] == record.document


@pytest.mark.parametrize(
    ("type_", "class_uid", "activity"),
    [
        ("session.started", 3002, 1),
        ("session.ended", 3002, 2),
        ("response.held", 7001, 99),
        ("response.lifted", 7001, 3),
        ("action.started", 6003, 3),
        ("case.opened", 6003, 1),
        ("audit.exported", 6003, 2),
        ("token.revoked", 6003, 4),
        ("list.entry_added", 6003, 1),
        ("access.denied", 6003, 99),
    ],
)
def test_an_event_has_a_class_of_ocsf_and_all_that_the_class_requires(
    type_: str, class_uid: int, activity: int
) -> None:
    found = json.loads(write(Format.OCSF, build("carol", "203.0.113.9", type_)))
    assert (found["class_uid"], found["activity_id"]) == (class_uid, activity)
    assert found["category_uid"] == class_uid // 1000
    assert found["type_uid"] == class_uid * 100 + activity
    assert (found["severity_id"], found["status_id"], found["time"]) == (2, 2, 1_772_355_600_000)
    assert (found["metadata"]["version"], found["metadata"]["product"]["name"]) == ("1.8.0", "soar")
    assert (found["metadata"]["uid"], found["metadata"]["sequence"]) == ("ev_7", 7)
    required = {6003: {"actor", "api", "src_endpoint"}, 3002: {"user", "service"}, 7001: {"command_uid"}}[class_uid]
    assert required <= set(found)
    if class_uid == 6003:
        assert found["api"]["operation"] == type_
