"""Searching, counting and exporting the audit over HTTP; each is itself an event."""

import csv
import io
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.export import verify_export
from soar.audit.keeper import checkpoint_head
from soar.audit.note import SigningKey
from tests.support.clock import START
from tests.support.service import Face

KEY = SigningKey("soar.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(32)))


async def test_a_query_finds_events_and_each_is_a_sentence(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    page = (await olga.get("/audit?q=type:approval.*+outcome:success&limit=1")).json
    (event,) = page["items"]
    assert event["type"] == "approval.requested"
    assert event["sentence"].startswith("soar asked for approval ")
    assert event["sequence"] == event["seq"]
    assert (await olga.get("/audit?q=type:approval.*&actor=nobody")).json["items"] == []


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("q=colour:red", 422, "query.field"),
        ("q=%22open", 422, "query.syntax"),
        ("q=after:soon", 422, "query.moment"),
        ("view=none", 404, "not_found"),
        ("q=" + "x" * 501, 422, "invalid"),
    ],
)
@pytest.mark.parametrize("route", ["/audit", "/audit/export"])
async def test_a_question_that_is_none_is_refused_and_leaves_no_event(
    face: Face, route: str, query: str, status: int, code: str
) -> None:
    olga = await face.person("olga")
    answer = await olga.get(f"{route}?{query}")
    assert (answer.status, answer.code) == (status, code)
    assert await face.events("audit.") == []


async def test_a_question_is_an_event_once_and_its_pages_are_none(face: Face) -> None:
    olga, root = await face.person("olga"), await face.person("root")
    for _ in range(3):
        page = (await olga.get("/audit?q=type:session.*&limit=1")).json
    await olga.get(f"/audit?q=type:session.*&limit=1&cursor={page['next']}")
    await root.get("/audit?q=type:session.*")
    await olga.get("/audit/facets?q=type:run.*")
    found = await face.events("audit.searched")
    assert [(event["actor"]["name"], event["context"]["asked"]) for event in found] == [
        ("olga", {"q": "type:session.*"}),
        ("root", {"q": "type:session.*"}),
        ("olga", {"q": "type:run.*"}),
    ]


async def test_events_are_counted(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    facets = (await olga.get("/audit/facets?q=type:approval.*")).json
    assert (facets["types"], facets["is_complete"]) == ([{"value": "approval.requested", "count": 1}], True)
    assert facets["days"] == [{"value": "2026-03-01", "count": 1}]


async def test_every_view_is_listed_and_answers(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    views = (await olga.get("/audit/views")).json["items"]
    assert len(views) == 10
    for view in views:
        assert (await olga.get(f"/audit?view={view['name']}")).status == 200
    access = (await olga.get("/audit?view=audit-access&limit=200")).json["items"]
    assert {event["context"]["asked"]["view"] for event in access} == {view["name"] for view in views}


async def test_the_whole_record_is_exported_so_that_it_can_be_verified_elsewhere(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    await face.write(lambda unit: checkpoint_head(unit, key=KEY, origin=KEY.name, at=START))
    olga = await face.person("olga")
    exported = await olga.get("/audit/export")
    assert exported.status == 200
    report = verify_export(exported.body.decode().splitlines(), [KEY.verifier])
    assert (report.is_sound, report.checkpoints) == (True, 1)
    (event,) = await face.events("audit.exported")
    assert event["context"] == {"format": "jsonl", "size": report.size, "asked": {}}
    assert event["actor"]["name"] == "olga"


async def test_a_part_is_exported_oldest_first(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("soar.api.handlers.audit_export._BATCH", 2)
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    exported = (await olga.get("/audit/export?format=csv&q=type:alert.*,run.*,approval.*")).body.decode()
    rows = [*csv.DictReader(io.StringIO(exported, newline=""))]
    sequences = [int(row["seq"]) for row in rows]
    assert len(sequences) > 2
    assert sequences == sorted(sequences)
    assert {row["type"].partition(".")[0] for row in rows} == {"alert", "run", "approval"}
    some = (await olga.get("/audit/export?q=type:alert.received")).body.decode().splitlines()
    assert [json.loads(line)["event"]["type"] for line in some] == ["alert.received"]
    none = (await olga.get("/audit/export?view=own-requests-approved")).body
    assert none == b""


@pytest.mark.parametrize("format_", ["ocsf", "cef", "syslog"])
async def test_other_formats_have_a_line_for_each_event(face: Face, format_: str) -> None:
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    size = len(await face.events(""))
    exported = (await olga.get(f"/audit/export?format={format_}")).body.decode()
    assert exported.count("\n") == len(exported.splitlines()) == size


@pytest.mark.parametrize("path", ["/audit", "/audit/facets", "/audit/views", "/audit/export"])
async def test_whoever_may_not_read_the_audit_finds_nothing_out(face: Face, path: str) -> None:
    ann = await face.person("ann")
    assert (await ann.get(path)).status == 403
    assert await face.events("audit.") == []


async def test_what_cannot_be_recorded_is_not_shown(face: Face) -> None:
    olga = await face.person("olga")
    block = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no'); END"
    await face.write(lambda unit: unit._connection.exec_driver_sql(block))
    for path in ("/audit", "/audit/facets", "/audit/export"):
        for _ in range(2):
            assert (await olga.get(path)).status >= 500
    face.faults.clear()
