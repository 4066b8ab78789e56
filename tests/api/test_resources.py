"""Everything else that is seen and set over the API."""

from datetime import timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.keeper import checkpoint_head
from soar.audit.note import SigningKey
from soar.audit.proof import verify_proof
from soar.expr import to_plain
from soar.model.approval import ApprovalStatus
from soar.model.breaker import Breaker, BreakerStatus
from soar.playbook import digest_text
from tests.support.builders import build_approval, build_case, build_message, build_revision
from tests.support.clock import START
from tests.support.playbooks import refresh
from tests.support.service import PASSWORD, PLAYBOOK, Face, Person


async def test_a_token_is_shown_once_and_works_within_its_scopes(face: Face) -> None:
    ann = await face.log_in("ann")
    made = (await ann.post("/tokens", {"name": "dashboard", "scopes": ["run:read"], "days": 1})).json
    machine = Person(face.http, face.running.url, {"Authorization": f"Bearer {made['token']}"})
    assert (await machine.get("/runs")).status == 200
    assert (await machine.get("/alerts")).status == 403
    (listed,) = (await ann.get("/tokens")).json["items"]
    assert (listed["id"], listed["name"], listed["scopes"]) == (made["id"], "dashboard", ["run:read"])
    assert made["token"] not in str(listed)
    (event,) = await face.events("token.created")
    assert (event["target"]["name"], event["after"]) == (
        "dashboard",
        {"user": "u_ann", "scopes": ["run:read"], "networks": []},
    )
    assert made["token"] not in str(event)


async def test_a_revoked_token_is_refused_at_once_and_only_its_owner_revokes_it(face: Face) -> None:
    ann, bob = await face.log_in("ann"), await face.log_in("bob")
    made = (await ann.post("/tokens", {"name": "dashboard", "scopes": ["run:read"]})).json
    machine = Person(face.http, face.running.url, {"Authorization": f"Bearer {made['token']}"})
    assert (await bob.send("DELETE", f"/api/v1/tokens/{made['id']}")).status == 404
    assert (await machine.get("/runs")).status == 200
    assert (await ann.send("DELETE", f"/api/v1/tokens/{made['id']}")).status == 204
    assert (await machine.get("/runs")).status == 401
    assert len(await face.events("token.revoked")) == 1


async def test_a_token_is_never_worth_more_than_who_makes_it(face: Face) -> None:
    vera = await face.log_in("vera")
    answer = await vera.post("/tokens", {"name": "t", "scopes": ["run:cancel", "no:such"]})
    assert (answer.status, answer.code) == (422, "scopes")
    assert len(answer.json["errors"]) == 2
    narrow = await face.person("ann", scopes=frozenset({"token:write", "run:read"}))
    assert (await narrow.post("/tokens", {"name": "t", "scopes": ["run:cancel"]})).code == "step_up_required"
    assert (await narrow.post("/session/step-up", {"password": PASSWORD})).status == 200
    assert (await narrow.post("/tokens", {"name": "t", "scopes": ["run:cancel"]})).code == "scopes"
    too_long = await vera.post("/tokens", {"name": "t", "scopes": ["run:read"], "days": 91})
    assert too_long.json["errors"][0]["pointer"] == "/days"


async def test_a_tokens_last_use_is_written_at_most_once_a_minute(face: Face) -> None:
    ann = await face.person("ann")
    await ann.get("/runs")
    face.clock.advance(timedelta(seconds=59))
    first = (await ann.get("/tokens")).json["items"][0]["used_at"]
    face.clock.advance(timedelta(seconds=1))
    await ann.get("/runs")
    second = (await ann.get("/tokens")).json["items"][0]["used_at"]
    assert (first, second) == ("2026-03-01T09:00:00Z", "2026-03-01T09:01:00Z")


async def test_a_credential_goes_in_and_does_not_come_out(face: Face) -> None:
    root = await face.person("root")
    sent = {"value": "s3cret-of-the-edr", "hosts": ["edr.test"]}
    answer = await root.send("PUT", "/api/v1/credentials/edr_token", sent)
    assert (answer.status, answer.json["version"], answer.json["hosts"]) == (200, 1, ["edr.test"])
    listed = await root.get("/credentials")
    assert {item["name"] for item in listed.json["items"]} == {"edr_token", "probe_hook"}
    assert b"s3cret" not in answer.body + listed.body
    assert "s3cret" not in str(await face.events("credential."))


@pytest.mark.parametrize("sent", [{"value": "short"}, {"value": "s3cret-of-the-edr", "hosts": ["HTTP://x/"]}])
async def test_a_credential_that_does_not_fit_is_refused_without_repeating_it(face: Face, sent: dict) -> None:
    root = await face.person("root")
    answer = await root.send("PUT", "/api/v1/credentials/edr_token", sent)
    assert (answer.status, answer.code) == (422, "invalid_credential")
    assert sent["value"].encode() not in answer.body


async def test_a_malformed_credential_is_refused_without_repeating_it(face: Face) -> None:
    root = await face.person("root")
    for body in ({}, {"value": "s3cret-of-the-edr", "reference": "env:EDR"}):
        assert (await root.send("PUT", "/api/v1/credentials/edr_token", body)).status == 422
    answer = await root.send("PUT", "/api/v1/credentials/edr_token", {"reference": "env:EDR"})
    assert answer.code == "invalid_reference"
    answer = await root.send("PUT", "/api/v1/credentials/edr_token", {"value": ["s3cret-of-the-edr"]})
    assert answer.status == 422
    assert b"s3cret" not in answer.body


async def test_the_audit_is_searched_and_checked(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    olga = await face.person("olga")
    page = (await olga.get("/audit?type=approval.&limit=1")).json
    (event,) = page["items"]
    assert (event["type"], event["sequence"]) == ("approval.requested", event["seq"])
    assert (await olga.get("/audit?actor=nobody")).json["items"] == []
    verdict = (await olga.post("/audit/verify")).json
    assert (verdict["is_sound"], verdict["faults"], verdict["last_checkpoint"]) == (True, [], None)
    assert verdict["summary"].startswith("! ")  # nobody signs here
    assert verdict["size"] > 3
    assert len(await face.events("audit.verified")) == 1


async def test_the_record_says_who_vouches_for_it(face: Face) -> None:
    olga = await face.person("olga")
    status = (await olga.get("/audit/status")).json
    assert (status["signed"], status["keys"]) == (0, [])
    assert status["size"] > 0
    (anchor,) = status["anchors"]
    assert (anchor["name"], anchor["behind"], anchor["is_late"], anchor["error"]) == (
        "far.txt",
        2,
        True,
        "no space left",
    )


async def test_an_event_is_proven_once_it_is_signed(face: Face) -> None:
    olga = await face.person("olga")
    early = await olga.get("/audit/events/0/proof")
    assert (early.status, early.code) == (503, "not_signed_yet")
    key = SigningKey("soar.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(32)))
    await face.write(lambda unit: checkpoint_head(unit, key=key, origin=key.name, at=START))
    shown = (await olga.get("/audit/events/0/proof")).json
    assert verify_proof(shown["proof"], [key.verifier]).document["seq"] == shown["sequence"] == 0
    for unknown in ("99999", "ev_1", "9" * 30):
        assert (await olga.get(f"/audit/events/{unknown}/proof")).status == 404


async def test_channels_are_for_all_and_direct_messages_for_one(face: Face) -> None:
    def post(unit) -> None:  # noqa: ANN001 -- the store's unit
        unit.messages.post(build_message(id="msg_1", key="1", channel="#soc", text="for all"))
        unit.messages.post(build_message(id="msg_2", key="2", channel="@ann@corp.example", text="for ann"))

    await face.write(post)
    ann, bob = await face.person("ann"), await face.person("bob")
    assert (await ann.get("/messages/channels")).json["items"] == ["#soc", "@ann@corp.example"]
    assert (await bob.get("/messages/channels")).json["items"] == ["#soc"]
    direct = "/messages?channel=%40ann%40corp.example"
    assert [message["text"] for message in (await ann.get(direct)).json["items"]] == ["for ann"]
    assert (await bob.get(direct)).code == "not_yours"
    assert (await bob.get("/messages")).status == 422


async def test_playbooks_are_seen_and_checked(face: Face) -> None:
    ann = await face.person("ann")
    (listed,) = (await ann.get("/playbooks")).json["items"]
    assert (listed["id"], listed["steps"], listed["gates"], listed["saves_minutes"]) == ("purge", 3, 1, 10)
    assert listed["upcoming"] is None
    assert (await ann.get("/playbooks/purge")).json["text"] == PLAYBOOK
    good = (await ann.post("/playbooks/validate", {"id": "purge", "text": PLAYBOOK})).json
    assert good == {"findings": [], "is_valid": True}
    bad = (await ann.post("/playbooks/validate", {"id": "purge", "text": PLAYBOOK.replace("approve:", "aprove:")})).json
    assert not bad["is_valid"]
    assert {finding["code"] for finding in bad["findings"]} >= {"P101", "P401"}
    assert bad["findings"][0]["line"] > 1


async def test_installed_parts_people_and_cases_are_seen(face: Face) -> None:
    await face.write(lambda unit: unit.cases.add(build_case()))
    root = await face.person("root")
    connectors = (await root.get("/connectors")).json["items"]
    assert [connector["id"] for connector in connectors] == ["chat", "exchange", "virustotal"]
    assert connectors[1]["actions"][0]["undo"] == "restore_messages"
    assert [connection["id"] for connection in connectors[1]["connections"]] == ["exchange"]
    (source,) = (await root.get("/sources")).json["items"]
    assert (source["id"], source["credentials"]) == ("probe", ["probe_hook"])
    users = (await root.get("/users?limit=2")).json
    assert [user["name"] for user in users["items"]] == ["root", "olga"]
    assert users["next"]
    assert "password" not in str(users)
    assert [case["title"] for case in (await root.get("/cases")).json["items"]] == ["Logins of ada"]


async def test_connections_say_whether_they_are_left_alone(face: Face) -> None:
    ann = await face.person("ann")
    (fresh,) = (await ann.get("/connections")).json["items"]
    assert (fresh["id"], fresh["connector"], fresh["simulate"]) == ("exchange", "exchange", True)
    assert (fresh["calling"], fresh["waiting"]) == (2, 3)
    assert (fresh["status"], fresh["host"], fresh["since"], fresh["retry_at"]) == ("closed", None, None, None)
    face.breakers["exchange"] = Breaker(
        connection="exchange",
        host="outlook.example",
        status=BreakerStatus.OPEN,
        since=START,
        reason="it hung",
        retry_at=START + timedelta(seconds=30),
    )
    (shut,) = (await ann.get("/connections")).json["items"]
    assert (shut["status"], shut["host"], shut["reason"]) == ("open", "outlook.example", "it hung")
    assert (shut["since"], shut["retry_at"]) == ("2026-03-01T09:00:00Z", "2026-03-01T09:00:30Z")


async def test_only_what_may_be_started_by_hand_is_and_by_whom_it_names(face: Face, tmp_path: Path) -> None:
    for name, change in (
        ("off", ("tags: [mail]", "enabled: false")),
        ("alerts-only", ("  manual: {}\n", "")),
        ("for-carol", ("manual: {}", "manual: {by: ['user:carol@corp.example']}")),
    ):
        (tmp_path / "playbooks" / f"{name}.yaml").write_text(PLAYBOOK.replace(*change), "utf-8")
    assert all(checked.playbook for checked in refresh(face.services.library))
    ann, carol = await face.person("ann"), await face.person("carol")
    inputs = {"inputs": {"messages": ["m1"]}}
    for name, status, code in (
        ("off", 409, "playbook_disabled"),
        ("alerts-only", 409, "playbook_not_manual"),
        ("for-carol", 403, "not_meant"),
    ):
        answer = await ann.post(f"/playbooks/{name}/runs", inputs)
        assert (answer.status, answer.code) == (status, code)
    assert (await face.read(lambda unit: unit.runs.list(10))).items == ()
    (denial,) = await face.events("access.denied")
    assert (denial["actor"]["id"], denial["context"]) == ("u_ann", {"code": "not_meant"})
    assert denial["target"]["named"] == {"id": "for-carol"}
    text = face.services.library.text("for-carol")
    await face.write(lambda unit: unit.revisions.put(build_revision(digest=digest_text(text), text=text)))
    assert (await carol.post("/playbooks/for-carol/runs", inputs)).status == 202
    await face.settle()
    assert (await carol.get("/runs?playbook=for-carol")).json["items"][0]["status"] == "waiting"


async def test_the_first_page_shows_only_what_its_reader_may_see(face: Face) -> None:
    await face.report_mail(messages=["m1"])
    narrow = await face.person("ann", scopes=frozenset({"token:read"}))
    now = (await narrow.get("/now")).json
    assert (now["waiting_for_me"], now["waiting_for_others"], now["running"]) == ([], 0, [])
    assert now["counts"] == {"alerts": 0, "runs": 0, "waiting": 0}


async def test_decided_questions_are_listed_past_those_that_wait(face: Face) -> None:
    def add(unit) -> None:  # noqa: ANN001 -- the store's unit
        unit.approvals.add(build_approval(id="ap_old", code="OLD1", status=ApprovalStatus.DENIED))
        for number in range(3):
            unit.approvals.add(build_approval(id=f"ap_{number}", code=f"NEW{number}"))

    await face.write(add)
    ann = await face.person("ann")
    page = (await ann.get("/approvals?status=decided&limit=1")).json
    assert ([found["id"] for found in page["items"]], page["next"]) == (["ap_old"], None)
    assert len((await ann.get("/approvals?status=pending&limit=2")).json["items"]) == 2


def test_every_value_is_written_as_people_and_programs_read_it() -> None:
    written = to_plain(
        {
            "at": START,
            "span": timedelta(hours=1, minutes=30),
            "bytes": b"\x00\xff",
            "ip": IPv4Address("192.0.2.1"),
            "list": [1, 2.5, True, None, "x"],
        }
    )
    assert written == {
        "at": "2026-03-01T09:00:00Z",
        "span": "1h30m",
        "bytes": "AP8=",
        "ip": "192.0.2.1",
        "list": [1, 2.5, True, None, "x"],
    }
