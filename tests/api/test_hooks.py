"""Alerts come in at hooks, and nothing else does."""

import asyncio
import json

import pytest

from soar.api import reading
from tests.support.service import Face, sign

BODY = json.dumps({"kind": "mail", "title": "Invoice", "from": "eve@evil.test", "messages": ["m1"]}).encode()


async def count_stored(face: Face) -> tuple[int, int]:
    return await face.read(lambda unit: (len(unit.alerts.list(100).items), len(unit.runs.list(100).items)))


async def test_a_signed_alert_is_stored_before_it_is_answered(face: Face) -> None:
    answer = await face.report_mail(messages=["m1"])
    assert answer.status == 202
    assert set(answer.json) == {"alert", "received_at", "duplicate_of", "see"}
    assert await count_stored(face) == (1, 1)


async def test_a_source_may_say_that_it_is_another_site(face: Face) -> None:
    headers = {"X-Signature": sign(BODY), "Origin": "https://mail.test", "Sec-Fetch-Site": "cross-site"}
    assert (await face.stranger.send("POST", "/hooks/probe", BODY, headers)).status == 202
    assert (await face.stranger.send("POST", "/hooks/probe/check", BODY, headers)).status == 200
    ann = await face.log_in("ann")
    answer = await ann.send("POST", "/hooks/probe/check", BODY, {"Origin": "https://evil.test"})
    assert (answer.status, answer.code) == (403, "cross_origin")


async def test_a_repeat_is_answered_alike_and_stored_once(face: Face) -> None:
    first = await face.report_mail(messages=["m1"])
    second = await face.report_mail(messages=["m1"])
    assert (second.status, second.body) == (202, first.body)
    assert await count_stored(face) == (1, 1)


async def test_an_unknown_source_and_a_bad_signature_are_answered_alike(face: Face) -> None:
    tries = (
        ("/hooks/probe", {}),
        ("/hooks/probe", {"X-Signature": "sha256=" + 64 * "0"}),
        ("/hooks/probe", {"X-Signature": sign(b"other")}),
        ("/hooks/nobody", {"X-Signature": sign(BODY)}),
    )
    answers = [await face.stranger.send("POST", path, BODY, headers) for path, headers in tries]
    assert [answer.status for answer in answers] == [401] * 4
    assert len({answer.body for answer in answers}) == 1
    assert await count_stored(face) == (0, 0)
    events = await face.events("alert.refused")
    assert [event["target"]["id"] for event in events] == ["probe", "probe", "probe", "nobody"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"x" * (1024 * 1024 + 1), {}, 413, "too_large"),
        (BODY, {"Content-Type": "application/xml"}, 415, "unsupported_media_type"),
        (BODY, {"Content-Encoding": "gzip"}, 415, "unsupported_media_type"),
        (b"{not json", {}, 422, "invalid_json"),
        (b'{"a": 1, "a": 2}', {}, 422, "invalid_json"),
        (b"[1]", {}, 422, "invalid_json"),
    ],
)
async def test_what_is_no_alert_is_refused(
    face: Face, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    answer = await face.stranger.send("POST", "/hooks/probe", body, {"X-Signature": sign(body), **headers})
    assert (answer.status, answer.code) == (status, code)
    assert await count_stored(face) == (0, 0)


async def test_a_body_without_a_length_is_cut_off(face: Face) -> None:
    async def chunks():  # noqa: ANN202 -- an endless body
        for _ in range(40):
            yield b"x" * 65_536

    async with face.http.post(
        f"{face.running.url}/hooks/probe", data=chunks(), headers={"Content-Type": "application/json"}
    ) as answer:
        assert answer.status == 413


async def test_a_length_that_is_too_large_is_refused_before_the_body_comes(face: Face) -> None:
    host, port = face.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9999999\r\n\r\n"
    )
    await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 413")
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_does_not_come_is_not_waited_for(face: Face, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "LONGEST_WAIT", 0.01)
    host, port = face.running.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /hooks/probe HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n"
    )
    await writer.drain()
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
    await writer.wait_closed()


async def test_a_check_says_which_playbooks_would_take_it_and_stores_nothing(face: Face) -> None:
    body = BODY.replace(b"Invoice", b"harmless")
    answer = await face.stranger.send("POST", "/hooks/probe/check", body, {"X-Signature": sign(body)})
    assert answer.status == 200
    (checked,) = answer.json["alerts"]
    (why,) = checked["why"]
    assert (checked["kind"], why["playbook"], why["is_match"]) == ("mail", "purge", False)
    assert [condition["value"] for condition in why["conditions"]] == ["true", "false"]
    assert await count_stored(face) == (0, 0)


async def test_a_person_may_check_with_the_permission_and_not_without(face: Face) -> None:
    ann, vera = await face.person("ann"), await face.person("vera")
    assert (await ann.send("POST", "/hooks/probe/check", BODY)).status == 200
    assert (await vera.send("POST", "/hooks/probe/check", BODY)).code == "missing_permission"
    assert (await ann.send("POST", "/hooks/nobody/check", BODY)).code == "not_found"


async def test_a_person_brings_an_alert_in_and_is_its_initiator(face: Face) -> None:
    ann, bob = await face.person("ann"), await face.person("bob")
    sent = {"source": "probe", "alert": json.loads(BODY)}
    first = await ann.send("POST", "/api/v1/alerts", sent, {"Idempotency-Key": "k1"})
    again = await ann.send("POST", "/api/v1/alerts", sent, {"Idempotency-Key": "k1"})
    assert (first.status, again.body) == (202, first.body)
    await face.settle()
    (run,) = (await ann.get("/runs")).json["items"]
    assert run["initiator"] == {"kind": "user", "name": "ann"}
    (approval,) = (await ann.get("/approvals?status=pending")).json["items"]
    assert (approval["may_vote"], "you started this" in approval["why_not"]) == (False, True)
    assert (await bob.get(f"/approvals/{approval['code'].lower()}")).json["may_vote"]


async def test_an_alert_tells_what_became_of_it_and_why(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    await face.report_mail(title="harmless", messages=["m2"])
    ann = await face.person("ann")
    harmless, taken = (await ann.get("/alerts")).json["items"]
    assert harmless["matches"] == []
    assert [(match["playbook"], match["relation"]) for match in taken["matches"]] == [("purge", "started")]
    detail = (await ann.get(f"/alerts/{harmless['id']}")).json
    assert detail["raw"]["title"] == "harmless"
    assert detail["delivery"]["remote"] == "127.0.0.1"
    finding = (await ann.get(f"/alerts/{harmless['id']}/ocsf")).json
    assert (finding["class_uid"], finding["metadata"]["uid"]) == (2004, harmless["id"])
    assert (finding["message"], finding["finding_info"]["title"]) == ("harmless", "harmless")
    assert (await ann.get("/alerts/al_none/ocsf")).status == 404
    assert detail["why"] == [
        {
            "playbook": "purge",
            "is_match": False,
            "conditions": [
                {"source": 'alert.kind == "mail"', "value": "true", "is_deciding": False},
                {"source": 'alert.title != "harmless"', "value": "false", "is_deciding": True},
            ],
        }
    ]
    assert [item["id"] for item in (await ann.get("/alerts?severity=critical")).json["items"]] == []
