"""Forged votes over the API: replayed, altered, unsigned, old, of another workspace, prefetched, cross-site, doubled.

None counts, and every one that shows something of somebody is in the audit.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from soar.access.tokens import format_token, hash_token
from soar.model.identity import Token
from tests.support.builders import build_user
from tests.support.service import Answer, Face, Person

CLICKS = 1_000
AT_ONCE = 50


async def ask(face: Face) -> Mapping[str, Any]:
    """Bring a run to its question and return it."""
    await face.report_mail(messages=["m1", "m2"])
    (approval,) = (await (await face.person("vera")).get("/approvals?status=pending")).json["items"]
    return approval


def write_vote(approval: Mapping[str, Any], **changes: object) -> dict[str, object]:
    return {"vote": "approve", "digest": approval["digest"], "confirm": "2", **changes}


def address(approval: Mapping[str, Any], what: str = "votes") -> str:
    return f"/api/v1/approvals/{approval['id']}/{what}"


async def still_asked(face: Face, approval: Mapping[str, Any]) -> None:
    shown = (await (await face.person("vera")).get(f"/approvals/{approval['id']}")).json
    assert (shown["status"], shown["votes"], shown["inquiries"], shown["is_extended"]) == ("pending", [], [], False)
    assert not any(call.action == "exchange.purge_messages" for call in face.host.calls)


@dataclass(frozen=True)
class Forgery:
    """A request that looks like ann's vote; `changes` are of its body, None takes a header away."""

    name: str
    status: int
    code: str
    changes: Mapping[str, object] = field(default_factory=dict)
    headers: Mapping[str, str | None] = field(default_factory=dict)
    is_recorded: bool = True


FORGERIES = (
    Forgery("unsigned", 401, "unauthenticated", headers={"Cookie": None}, is_recorded=False),
    Forgery("no CSRF token", 403, "csrf", headers={"X-CSRF-Token": None}),
    Forgery("an empty CSRF token", 403, "csrf", headers={"X-CSRF-Token": ""}),
    Forgery("another CSRF token", 403, "csrf", headers={"X-CSRF-Token": "x" * 43}),
    Forgery("another site's page", 403, "cross_origin", headers={"Origin": "https://evil.test"}),
    Forgery("another site's form", 403, "cross_origin", headers={"Sec-Fetch-Site": "cross-site"}),
    Forgery("a sandboxed frame", 403, "cross_origin", headers={"Origin": "null"}),
    Forgery("a made-up login", 401, "unauthenticated", headers={"Cookie": "soar_session=" + 43 * "A"}),
    Forgery("a made-up token", 401, "unauthenticated", headers={"Authorization": "Bearer soar_pat_t_" + 43 * "A"}),
    Forgery("another digest", 409, "digest_differs", {"digest": "sha256:" + 64 * "0"}),
    Forgery("an empty digest", 422, "", {"digest": ""}, is_recorded=False),
    Forgery("another count typed", 422, "confirm_missing", {"confirm": "3"}),
    Forgery("nothing typed", 422, "confirm_missing", {"confirm": None}),
    Forgery("an unknown choice", 422, "", {"vote": "yes"}, is_recorded=False),
    Forgery("a voter in the body", 422, "", {"user": "u_bob"}, is_recorded=False),
    Forgery("an assurance in the body", 422, "", {"assurance": "mfa"}, is_recorded=False),
)


@pytest.mark.parametrize("forgery", FORGERIES, ids=lambda forgery: forgery.name)
async def test_a_forged_vote_does_not_count_and_is_in_the_audit(face: Face, forgery: Forgery) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    headers = {name: value for name, value in {**ann.headers, **forgery.headers}.items() if value is not None}
    before = len(await face.events("access.denied")) + len(await face.events("approval.voted"))
    forger = Person(face.http, face.running.url, headers)
    answer = await forger.send("POST", address(approval), write_vote(approval, **forgery.changes))
    assert answer.status == forgery.status, answer.body
    assert not forgery.code or answer.code == forgery.code
    await still_asked(face, approval)
    events = [*await face.events("access.denied"), *await face.events("approval.voted")]
    assert len(events) == before + forgery.is_recorded
    assert all(event["outcome"] == "denied" for event in events)


async def test_nothing_that_only_looks_decides(face: Face) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    paths = [*(address(approval, what) for what in ("votes", "extensions", "inquiries")), f"/a/{approval['code']}"]
    queries = ["", "?vote=approve", f"?vote=approve&digest={approval['digest']}&confirm=2"]
    for method in ("GET", "HEAD", "OPTIONS"):
        for path in paths:
            for query in queries:
                await ann.send(method, path + query)
    for header in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        await ann.send("GET", address(approval), headers={header: "POST"})
    await still_asked(face, approval)


async def test_a_form_of_another_site_decides_nothing(face: Face) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    cookie = Person(face.http, face.running.url, {"Cookie": ann.headers["Cookie"]})
    body = f"vote=approve&digest={approval['digest']}&confirm=2".encode()
    for kind in ("application/x-www-form-urlencoded", "text/plain", "multipart/form-data; boundary=x"):
        answer = await cookie.send("POST", address(approval), body, {"Content-Type": kind})
        assert answer.status in {403, 415}
    await still_asked(face, approval)


async def test_what_has_ended_does_not_vote(face: Face) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    old = Person(face.http, face.running.url, dict(ann.headers))
    assert (await ann.send("DELETE", "/api/v1/session")).status == 204
    assert (await old.send("POST", address(approval), write_vote(approval))).status == 401
    token = await face.person("bob")
    await face.write(lambda unit: unit.tokens.revoke_of("u_bob", face.clock.now()))
    assert (await token.send("POST", address(approval), write_vote(approval))).status == 401
    await still_asked(face, approval)
    assert len([event for event in await face.events("access.denied") if event["outcome"] == "denied"]) == 2


async def test_a_person_of_another_workspace_does_not_vote(face: Face) -> None:
    approval = await ask(face)
    text, at = format_token("t_far", bytes(32)), face.clock.now()
    token = Token(
        id="t_far",
        key=hash_token(text),
        user="u_far",
        name="far",
        scopes=frozenset({"approval:vote"}),
        created_at=at,
        expires_at=at + timedelta(days=1),
    )
    far = build_user(id="u_far", name="far", email="far@corp.example", roles=frozenset({"analyst"}))
    await face.store.write("other", lambda unit: (unit.users.add(far), unit.tokens.add(token)))
    person = Person(face.http, face.running.url, {"Authorization": f"Bearer {text}"})
    assert (await person.send("POST", address(approval), write_vote(approval))).status == 401
    await still_asked(face, approval)


async def test_a_vote_on_one_question_is_none_on_another(face: Face) -> None:
    first = await ask(face)
    ann = await face.log_in("ann")
    used = write_vote(first)
    assert (await ann.send("POST", address(first), used)).status == 200
    await face.settle()
    calls = len(face.host.calls)
    await face.report_mail(title="Another", messages=["m1", "m2"])
    (second,) = (await ann.get("/approvals?status=pending")).json["items"]
    replayed = await ann.send("POST", address(second), used)
    assert (replayed.status, replayed.code) == (409, "digest_differs")
    again = await ann.send("POST", address(first), used)
    assert (again.status, again.code) == (409, "already_decided")
    purges = [call for call in face.host.calls[calls:] if call.action == "exchange.purge_messages"]
    assert purges == []


async def test_a_thousand_clicks_are_one_vote(face: Face) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    limit = asyncio.Semaphore(AT_ONCE)

    async def click() -> Answer:
        async with limit:
            return await ann.send("POST", address(approval), write_vote(approval))

    answers = await asyncio.gather(*(click() for _ in range(CLICKS)))
    await face.settle()
    counted = [answer for answer in answers if answer.status == 200]
    assert len(counted) == 1
    assert {answer.status for answer in answers} <= {200, 409, 429}
    voted = await face.read(lambda unit: unit.audit.list(2_000, type_prefix="approval.voted"))
    outcomes = [event.document["outcome"] for event in voted.items]
    assert outcomes.count("success") == 1
    assert outcomes.count("denied") == sum(answer.status == 409 for answer in answers)
    assert len([call for call in face.host.calls if call.action == "exchange.purge_messages"]) == 1


async def test_a_command_in_chat_needs_what_a_vote_needs(face: Face) -> None:
    approval, ann = await ask(face), await face.log_in("ann")
    sent = {"channel": "#soc", "text": f"!approve {approval['code']} 2 seen it"}
    for headers in ({}, {**ann.headers, "X-CSRF-Token": "x"}, {**ann.headers, "Origin": "https://evil.test"}):
        forger = Person(face.http, face.running.url, headers)
        assert (await forger.send("POST", "/api/v1/messages", sent)).status in {401, 403}
    reader = await face.person("ann", scopes=frozenset({"message:write"}))
    said = await reader.post("/messages", sent)
    assert said.json["answer"]["text"].startswith(f"No open request {approval['code']}.")
    await still_asked(face, approval)
