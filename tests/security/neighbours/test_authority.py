"""Acts that other products let the wrong people do."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from soar.access.tokens import parse_token
from soar.store import Unit
from tests.security.neighbours.table import answers
from tests.support.builders import build_alert
from tests.support.service import WORKSPACE, Answer, Face, Person

YES = {"vote": "approve", "comment": None, "confirm": "2"}
MESSAGES = ["m1", "m2"]


async def ask(face: Face) -> Mapping[str, Any]:
    """Bring a run to its question and return it."""
    await face.report_mail(messages=MESSAGES)
    (approval,) = (await (await face.person("vera")).get("/approvals?status=pending")).json["items"]
    return approval


async def vote(person: Person, approval: Mapping[str, Any], **changes: object) -> Answer:
    return await person.post(f"/approvals/{approval['id']}/votes", {**YES, "digest": approval["digest"], **changes})


def count_purges(face: Face) -> int:
    return sum(call.action == "exchange.purge_messages" for call in face.host.calls)


@answers("CVE-2026-27111")
async def test_who_may_see_an_approval_may_not_therefore_give_it(face: Face) -> None:
    approval = await ask(face)
    for name in ("vera", "olga", "root", "carol"):
        assert (await vote(await face.person(name), approval)).status == 403, name
    narrow = await face.person("ann", scopes=frozenset({"approval:read"}))
    assert (await vote(narrow, approval)).code == "outside_scope"
    await face.settle()
    assert count_purges(face) == 0


@answers("CVE-2021-39943")
async def test_nobody_approves_what_they_asked_for(face: Face) -> None:
    ann = await face.person("ann")
    await ann.post("/playbooks/purge/runs", {"inputs": {"messages": MESSAGES}})
    await face.settle()
    (approval,) = (await ann.get("/approvals")).json["items"]
    for person in (ann, await face.log_in("ann")):
        answer = await vote(person, approval)
        assert (answer.status, answer.code) == (403, "excluded_initiator")
    assert count_purges(face) == 0


@answers("CVE-2026-58424")
async def test_a_second_try_asks_again(face: Face) -> None:
    approval = await ask(face)
    ann, bob = await face.person("ann"), await face.person("bob")
    await vote(ann, approval, vote="deny", confirm=None, comment="a false alarm")
    await face.settle()
    assert (await bob.post(f"/runs/{approval['run']}/retry")).status == 202
    await face.settle()
    (asked,) = (await bob.get("/approvals?status=pending")).json["items"]
    assert asked["id"] != approval["id"]
    assert (await vote(bob, asked)).code == "excluded_initiator"
    assert count_purges(face) == 0


@answers("CVE-2026-58439", "CVE-2023-4812")
async def test_a_yes_is_to_the_calls_that_were_shown_and_no_others(face: Face) -> None:
    approval = await ask(face)
    other = await face.report_mail(messages=["m3", "m4"])
    assert other.status == 202
    ann = await face.person("ann")
    pending = (await ann.get("/approvals?status=pending")).json["items"]
    (second,) = (found for found in pending if found["id"] != approval["id"])
    assert second["digest"] != approval["digest"]
    assert (await vote(ann, second, digest=approval["digest"])).code == "digest_differs"
    assert (await vote(ann, approval)).status == 200
    await face.settle()
    (purge,) = (call for call in face.host.calls if call.action == "exchange.purge_messages")
    assert purge.arguments == {"messages": MESSAGES}


@answers("CVE-2026-20779", "CVE-2024-1949")
async def test_of_votes_at_the_same_moment_one_counts(face: Face) -> None:
    approval = await ask(face)
    ann, bob = await face.person("ann"), await face.person("bob")
    tries = [vote(person, approval) for person in (ann, bob) * 5]
    statuses = [answer.status for answer in await asyncio.gather(*tries)]
    assert sorted(statuses) == [200] + [409] * 9
    await face.settle()
    assert count_purges(face) == 1


@answers("CVE-2024-4198")
@pytest.mark.parametrize("field", ["roles", "user", "workspace", "permissions", "initiator", "id", "is_admin"])
async def test_nobody_is_more_than_they_are_by_saying_so(face: Face, field: str) -> None:
    ann = await face.person("ann")
    for path, body in (
        ("/tokens", {"name": "x", "scopes": ["run:read"]}),
        ("/playbooks/purge/runs", {"inputs": {"messages": MESSAGES}}),
        ("/session", {"name": "ann", "password": "x"}),
    ):
        answer = await ann.post(path, {**body, field: ["admin"]})
        assert (answer.status, answer.code) == (422, "invalid"), path
        assert f"/{field}" in {error["pointer"] for error in answer.json["errors"]}


@answers("CVE-2025-68941", "CVE-2025-68944")
async def test_a_token_makes_none_that_reaches_further(face: Face) -> None:
    text = await face.make_token("ann", scopes=frozenset({"token:write", "token:read", "run:read"}))
    narrow = Person(face.http, face.running.url, {"Authorization": f"Bearer {text}"})
    for scopes in (["run:read", "approval:vote"], ["run:read"]):
        assert (await narrow.post("/tokens", {"name": "more", "scopes": scopes})).code == "step_up_required"

    def prove(unit: Unit) -> None:
        token = unit.tokens.get(parse_token(text) or "")
        assert token is not None
        unit.tokens.update(replace(token, authenticated_at=face.clock.now()))

    await face.write(prove)
    answer = await narrow.post("/tokens", {"name": "wider", "scopes": ["run:read", "approval:vote"]})
    assert (answer.status, answer.code) == (422, "scopes")
    made = await narrow.post("/tokens", {"name": "as wide", "scopes": ["run:read"]})
    child = Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})
    assert [(await child.get(path)).status for path in ("/runs", "/alerts", "/tokens")] == [200, 403, 403]


@answers("CVE-2025-52554", "CVE-2021-45230")
async def test_who_may_look_may_not_start_stop_or_repeat(face: Face) -> None:
    approval = await ask(face)
    vera = await face.person("vera")
    for path, body in (
        (f"/runs/{approval['run']}/cancel", {}),
        (f"/runs/{approval['run']}/retry", {}),
        (f"/runs/{approval['run']}/undo", {}),
        ("/playbooks/purge/runs", {"inputs": {"messages": MESSAGES}}),
    ):
        answer = await vera.post(path, body)
        assert (answer.status, answer.code) == (403, "missing_permission"), path
    assert (await vera.get(f"/runs/{approval['run']}")).json["status"] == "waiting"


@answers("CVE-2026-30225")
async def test_a_run_that_is_tried_again_is_whose_who_tries_again(face: Face) -> None:
    approval = await ask(face)
    carol = await face.person("carol")
    assert (await carol.post(f"/runs/{approval['run']}/cancel")).status == 202
    await face.settle()
    again = await carol.post(f"/runs/{approval['run']}/retry")
    assert (again.status, again.json["initiator"]) == (202, {"kind": "user", "name": "carol"})


@answers("CVE-2020-11009")
async def test_what_belongs_to_a_run_is_seen_by_those_who_may_see_runs(face: Face) -> None:
    approval = await ask(face)
    narrow = await face.person("ann", scopes=frozenset({"session:read", "token:read"}))
    for path in (f"/runs/{approval['run']}", f"/approvals/{approval['id']}", "/alerts", "/responses", "/audit"):
        answer = await narrow.get(path)
        assert answer.status == 403, path
        assert approval["run"].encode() not in answer.body


@answers("CVE-2020-14337")
async def test_who_may_not_see_is_not_told_what_there_is(face: Face) -> None:
    approval = await ask(face)
    narrow = await face.person("ann", scopes=frozenset({"token:read"}))
    for kind, there in (("runs", approval["run"]), ("approvals", approval["id"]), ("playbooks", "purge")):
        known, unknown = await narrow.get(f"/{kind}/{there}"), await narrow.get(f"/{kind}/nothing")
        assert (known.status, known.body) == (403, unknown.body), kind


@answers("CVE-2025-14986", "CVE-2026-5199")
async def test_one_workspace_holds_nothing_of_another(face: Face) -> None:
    await face.store.write("other", lambda unit: unit.alerts.add(build_alert(id="al_other")))
    assert await face.store.read("other", lambda unit: unit.alerts.get("al_other")) is not None
    assert await face.store.read(WORKSPACE, lambda unit: unit.alerts.get("al_other")) is None
    root = await face.person("root")
    assert (await root.get("/alerts/al_other")).status == 404
    listed = await root.send("GET", "/api/v1/alerts", headers={"X-Workspace": "other"})
    assert listed.json["items"] == []


@answers("CVE-2024-1887")
async def test_every_change_has_its_line_in_the_record(face: Face) -> None:
    approval = await ask(face)
    root = await face.person("root")
    await vote(await face.person("ann"), approval)
    await root.send("PUT", "/api/v1/credentials/edr_token", {"value": "a value of some length"})
    made = await root.post("/tokens", {"name": "x", "scopes": ["run:read"]})
    await root.send("DELETE", f"/api/v1/tokens/{made.json['id']}")
    kinds = {event["type"] for event in await face.events("")}
    assert kinds >= {"approval.voted", "credential.set", "token.created", "token.revoked"}
    assert (await root.post("/audit/verify")).json["is_sound"] is True
    assert "a value of some length" not in json.dumps([dict(event) for event in await face.events("")], default=str)
