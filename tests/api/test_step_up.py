"""Proving again who one is, and what waits for it: promise S14."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.model.step import Assurance
from tests.api.test_factors import add_program
from tests.support.service import PASSWORD, Answer, Face, Person

LATER = timedelta(minutes=5, seconds=1)


def take_cookie(person: Person, answer: Answer) -> Person:
    """Return the person as their browser is after an answer."""
    cookie = answer.cookies["soar_session"].value
    changed = {"Cookie": f"soar_session={cookie}", "X-CSRF-Token": answer.json["csrf"]}
    return Person(person.http, person.url, {**person.headers, **changed})


async def test_a_login_goes_on_under_a_new_cookie_and_the_old_one_is_worth_nothing(face: Face) -> None:
    ann = await face.log_in("ann")
    face.clock.advance(LATER)
    answer = await ann.post("/session/step-up", {"password": PASSWORD})
    assert (answer.status, answer.json["authenticated_at"]) == (200, "2026-03-01T09:05:01Z")
    assert answer.json["expires_at"] == "2026-03-01T21:00:00Z", "a step-up makes no login longer"
    cookie = answer.cookies["soar_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "Strict", "/")
    assert (await ann.get("/session")).status == 401
    fresh = take_cookie(ann, answer)
    assert (await fresh.post("/tokens", {"name": "t", "scopes": ["run:read"]})).status == 200
    (event,) = await face.events("session.stepped_up")
    assert event["outcome"] == "success"


async def test_who_logs_in_again_in_the_same_browser_leaves_no_second_login_behind(face: Face) -> None:
    ann = await face.log_in("ann")
    answer = await ann.post("/session", {"name": "ann", "password": PASSWORD})
    assert answer.status == 200
    assert (await ann.get("/session")).status == 401
    assert (await take_cookie(ann, answer).get("/session")).status == 200


async def test_who_has_a_second_factor_needs_it_to_step_up(face: Face) -> None:
    ann = await face.log_in("ann")
    program, _ = await add_program(face, ann)
    assert (await ann.post("/session/step-up", {"password": PASSWORD})).code == "second_factor_required"
    code = program.at(face.clock.now())
    assert (await ann.post("/session/step-up", {"code": code})).code == "wrong_proof"
    answer = await ann.post("/session/step-up", {"password": PASSWORD, "code": code})
    assert (answer.status, answer.json["mfa_at"]) == (200, "2026-03-01T09:00:30Z")


async def test_a_token_steps_up_as_it_is(face: Face) -> None:
    ann = await face.person("ann", scopes=frozenset({"token:write", "run:read"}))
    wanted = {"name": "t", "scopes": ["run:read"]}
    assert (await ann.post("/tokens", wanted)).code == "step_up_required"
    assert (await ann.post("/session/step-up", {"password": PASSWORD})).status == 200
    made = await ann.post("/tokens", wanted)
    assert made.status == 200
    machine = Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})
    assert (await machine.get("/session")).json["authenticated_at"] is None, "a lesser token proves nobody's presence"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/tokens", {"name": "t", "scopes": ["run:read"]}),
        ("PUT", "/credentials/key", {"value": "a secret of some length"}),
        ("POST", "/users", {"name": "eva", "email": "eva@corp.example"}),
        ("POST", "/users/bob/roles", {"roles": ["viewer"]}),
        ("POST", "/users/bob/reset", {}),
        ("POST", "/users/bob/enable", {}),
        ("POST", "/factors/totp", {"name": "phone"}),
        ("POST", "/factors/recovery-codes", {}),
    ],
)
async def test_what_moves_the_power_to_act_wants_a_fresh_proof(
    face: Face, method: str, path: str, body: dict[str, object]
) -> None:
    root = await face.log_in("root")
    face.clock.advance(LATER)
    refused = await root.send(method, f"/api/v1{path}", body)
    assert (refused.status, refused.code) == (403, "step_up_required")
    assert "soar step-up" in refused.json["hint"]
    fresh = take_cookie(root, await root.post("/session/step-up", {"password": PASSWORD}))
    assert (await fresh.send(method, f"/api/v1{path}", body)).status != 403


# -- votes -----------------------------------------------------------------------------------------------------------


async def ask_strongly(face: Face) -> dict[str, object]:
    """Let a run ask, for a second factor; return a vote."""
    await face.report_mail(messages=["m1"])
    (asked,) = await face.read(lambda unit: unit.approvals.list(9).items)
    strong = replace(asked, assurance=Assurance.MFA, confirm="", code="AB12", version=asked.version + 1)
    await face.write(lambda unit: unit.approvals.update(strong, expected=asked.version))
    return {"vote": "approve", "digest": asked.digest}


async def test_a_vote_that_wants_a_second_factor_is_taken_within_five_minutes_of_it(face: Face) -> None:
    ann = await face.log_in("ann")
    vote = await ask_strongly(face)
    refused = await ann.post("/approvals/AB12/votes", vote)
    assert (refused.status, refused.code) == (403, "step_up_required")
    program, _ = await add_program(face, ann)
    proof = {"password": PASSWORD, "code": program.at(face.clock.now())}
    ann = take_cookie(ann, await ann.post("/session/step-up", proof))
    face.clock.advance(LATER)
    assert (await ann.post("/approvals/AB12/votes", vote)).code == "step_up_required"
    proof = {"password": PASSWORD, "code": program.at(face.clock.now())}
    ann = take_cookie(ann, await ann.post("/session/step-up", proof))
    taken = await ann.post("/approvals/AB12/votes", vote)
    await face.settle()
    assert (taken.status, taken.json["votes"][0]["assurance"]) == (200, "mfa")
    voted = await face.events("approval.voted")
    assert [event["outcome"] for event in voted] == ["denied", "denied", "success"]


async def test_a_password_alone_is_no_second_factor_for_a_vote(face: Face) -> None:
    ann = await face.person("ann")
    vote = await ask_strongly(face)
    assert (await ann.post("/session/step-up", {"password": PASSWORD})).status == 200
    assert (await ann.post("/approvals/AB12/votes", vote)).code == "step_up_required"


# -- logins seen and ended -------------------------------------------------------------------------------------------


async def test_a_login_that_is_ended_from_afar_is_over_with_the_next_request(face: Face) -> None:
    ann, away = await face.log_in("ann"), await face.log_in("ann")
    bob = await face.log_in("bob")
    listed = (await ann.get("/sessions")).json["items"]
    assert sorted(login["is_current"] for login in listed) == [False, True]
    (other,) = (login["id"] for login in listed if not login["is_current"])
    assert (await bob.send("DELETE", f"/api/v1/sessions/{other}")).status == 404
    assert (await ann.send("DELETE", f"/api/v1/sessions/{other}")).status == 204
    assert (await away.get("/session")).status == 401
    assert (await ann.get("/session")).status == 200
    (event,) = await face.events("session.revoked")
    assert event["before"] == {"session": other}


async def test_logging_out_everywhere_ends_all_logins_and_tokens_of_one_person(face: Face) -> None:
    ann, away, token = await face.log_in("ann"), await face.log_in("ann"), await face.person("ann")
    bob = await face.log_in("bob")
    assert (await ann.send("DELETE", "/api/v1/sessions")).status == 204
    assert [(await person.get("/session")).status for person in (ann, away, token, bob)] == [401, 401, 401, 200]


async def test_a_new_password_ends_all_other_logins(face: Face) -> None:
    ann, away = await face.log_in("ann"), await face.log_in("ann")
    own = "a password of my own"
    assert (await ann.post("/session/password", {"present": PASSWORD, "password": "ann"})).code == "weak_password"
    wrong = await ann.post("/session/password", {"present": own, "password": own})
    assert (wrong.status, wrong.code) == (403, "wrong_proof")
    assert (await ann.post("/session/password", {"present": PASSWORD, "password": own})).status == 204
    assert [(await person.get("/session")).status for person in (ann, away)] == [200, 401]
    for password, status in ((PASSWORD, 401), ("a password of my own", 200)):
        answer = await face.stranger.post("/session", {"name": "ann", "password": password})
        assert answer.status == status
    assert len(await face.events("user.password_set")) == 1
    face.clock.advance(LATER)
    late = await ann.post("/session/password", {"present": own, "password": PASSWORD})
    assert late.code == "step_up_required"


async def test_an_open_stream_ends_as_soon_as_its_login_does(face: Face) -> None:
    ann, away = await face.log_in("ann"), await face.log_in("ann")
    async with face.http.get(f"{face.running.url}/api/v1/stream", headers=away.headers) as stream:
        assert (await stream.content.readline()) == b": here\n"
        listed = (await ann.get("/sessions")).json["items"]
        (other,) = (login["id"] for login in listed if not login["is_current"])
        await ann.send("DELETE", f"/api/v1/sessions/{other}")
        assert (await stream.content.read()) == b"\n"


async def test_a_program_proves_nothing_again(face: Face) -> None:
    root = await face.log_in("root")
    await root.post(
        "/users", {"name": "sync", "email": "s@x.y", "roles": ["viewer"], "kind": "service", "owner": "ann"}
    )
    made = await root.post("/users/sync/tokens", {"name": "t", "scopes": ["run:read"]})
    machine = Person(face.http, face.running.url, {"Authorization": f"Bearer {made.json['token']}"})
    assert (await machine.post("/session/step-up", {"password": PASSWORD})).code == "people_only"
    assert (await machine.post("/factors/totp", {"name": "x"})).code == "step_up_required"


async def test_a_no_that_has_an_event_of_its_own_is_recorded_once(face: Face) -> None:
    ann = await face.person("ann", scopes=frozenset({"run:read"}))
    assert (await ann.post("/session/step-up", {"password": "wrong"})).code == "wrong_proof"
    assert await face.events("access.denied") == []
    (event,) = await face.events("session.stepped_up")
    assert (event["outcome"], event["actor"]["id"]) == ("denied", "u_ann")
