"""Logging in and out through an identity provider, over real HTTP."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest

from soar.app.passwords import Passwords
from soar.store import Unit
from tests.support.clock import SteppedClock
from tests.support.identity_provider import (
    CLIENT,
    SUBJECT,
    encode,
    make_key,
    open_identity_provider,
    read_query,
    sign,
)
from tests.support.meeting import LOGIN_COOKIE, Meeting
from tests.support.service import PASSWORD, Face, open_face
from tests.support.token_lies import list_lies


@pytest.fixture
async def meeting(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Meeting]:
    clock = SteppedClock()
    async with (
        open_identity_provider(clock) as there,
        open_face(tmp_path, passwords, provider=there.provider, clock=clock) as face,
    ):
        yield Meeting(face, there)
        assert face.faults == []


async def test_a_person_logs_in_and_is_made(meeting: Meeting) -> None:
    jane = await meeting.enter()
    session = (await jane.get("/session")).json
    assert session["user"]["name"] == "jane"
    assert session["user"]["roles"] == ["analyst"]
    assert session["authenticated_at"] == "2026-03-01T09:00:00Z"
    account = await meeting.face.read(lambda unit: unit.accounts.find(meeting.there.url, SUBJECT))
    assert account.id == session["user"]["id"]
    (made,) = await meeting.face.events("user.created")
    assert made["after"] == {"roles": ["analyst"], "subject": SUBJECT}
    (started,) = await meeting.face.events("session.started")
    assert (started["outcome"], started["actor"]["id"], started["actor"]["assurance"]) == ("success", account.id, "mfa")


async def test_no_lie_in_a_token_is_believed(meeting: Meeting) -> None:
    lies = list_lies(meeting.there)
    assert len(lies) >= 250
    for name, lie in lies.items():
        meeting.there.make_token = lie
        answer = await meeting.log_in()
        assert answer.status == 403, (name, answer.status, answer.body)
        assert "soar_session" not in answer.cookies, name
        assert b"is not accepted" in answer.body, (name, answer.body)
    meeting.there.make_token = None
    assert (await meeting.log_in()).status == 303


@pytest.mark.parametrize("algorithm", ["RS256", "PS256", "ES256", "EdDSA"])
async def test_every_algorithm_that_is_taken_works(meeting: Meeting, algorithm: str) -> None:
    meeting.there.algorithm = algorithm
    meeting.there.published = [make_key(algorithm), make_key("RS256", "other")]
    assert (await meeting.log_in()).status == 303


@pytest.mark.parametrize("changes", [{"azp": CLIENT, "aud": [CLIENT]}, {"at_hash": ...}, {"iat": 0.5}, {"nbf": 1}])
async def test_an_honest_token_may_be_written_in_several_ways(meeting: Meeting, changes: dict[str, object]) -> None:
    offset = changes.get("iat")
    meeting.there.claims |= {**changes, "iat": meeting.there.now() - offset} if isinstance(offset, float) else changes
    assert (await meeting.log_in()).status == 303


async def test_what_is_asked_binds_code_browser_and_token_together(meeting: Meeting) -> None:
    begun = await meeting.begin()
    asked = read_query(begun.headers["Location"])
    cookie = begun.cookies[LOGIN_COOKIE]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["max-age"]) == (True, "Lax", "/", "600")
    assert asked["code_challenge_method"] == "S256"
    assert asked["redirect_uri"] == f"{meeting.face.running.url}/login/sso/callback"
    assert len({asked["state"], asked["nonce"], asked["code_challenge"], cookie.value}) == 4
    kept = await meeting.face.write(lambda unit: unit.pending_logins.take(asked["state"]))
    assert kept is None, "the state itself is in the store"


async def test_over_https_the_browsers_secret_is_bound_to_the_host(tmp_path: Path, passwords: Passwords) -> None:
    clock = SteppedClock()
    async with (
        open_identity_provider(clock) as there,
        open_face(tmp_path, passwords, url="https://soar.test", provider=there.provider, clock=clock) as face,
    ):
        begun = await Meeting(face, there).begin()
        cookie = begun.cookies["__Host-soar-login"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")


async def test_a_login_comes_back_once(meeting: Meeting) -> None:
    begun = await meeting.begin()
    back = (await meeting.get(begun.headers["Location"])).headers["Location"]
    secret = begun.cookies[LOGIN_COOKIE].value
    assert (await meeting.get(back, secret)).status == 303
    assert (await meeting.get(back, secret)).status == 403
    assert meeting.there.count("/token") == 1


async def test_a_login_that_another_browser_began_is_refused(meeting: Meeting) -> None:
    mine, theirs = await meeting.begin(), await meeting.begin()
    back = (await meeting.get(theirs.headers["Location"])).headers["Location"]
    for cookie in (None, "", "made-up", mine.cookies[LOGIN_COOKIE].value):
        assert (await meeting.get(back, cookie)).status == 403
    assert meeting.there.count("/token") == 0
    assert [event["outcome"] for event in await meeting.face.events("session.started")] == ["denied"] * 4


async def test_a_login_has_ten_minutes_to_come_back(meeting: Meeting) -> None:
    begun = await meeting.begin()
    meeting.face.clock.advance(timedelta(minutes=10))
    answer = await meeting.come_back(begun)
    assert (answer.status, b"too late" in answer.body) == (403, True)


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.test"},
        {"iss": None},
        {"iss": ""},
        {"state": "wrong"},
        {"state": None},
        {"code": None},
        {"code": ""},
        {"code": "made-up"},
        {"error": "access_denied"},
    ],
)
async def test_a_way_back_that_was_tampered_with_is_refused(meeting: Meeting, changes: dict[str, str | None]) -> None:
    meeting.there.answer = changes
    answer = await meeting.log_in()
    assert answer.status == 403
    assert "soar_session" not in answer.cookies


async def test_a_parameter_that_stands_twice_is_refused(meeting: Meeting) -> None:
    begun = await meeting.begin()
    back = (await meeting.get(begun.headers["Location"])).headers["Location"]
    answer = await meeting.get(f"{back}&code=other", begun.cookies[LOGIN_COOKIE].value)
    assert (answer.status, meeting.there.count("/token")) == (403, 0)


async def test_what_the_provider_says_is_shown_as_text(meeting: Meeting) -> None:
    meeting.there.answer = {"error": "<script>alert(1)</script>\n\u202e"}
    answer = await meeting.log_in()
    assert b"&lt;script&gt;alert(1)" in answer.body
    assert b"<script>" not in answer.body
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_a_code_that_somebody_else_got_cannot_be_exchanged(meeting: Meeting) -> None:
    victim, thief = await meeting.begin(), await meeting.begin()
    stolen = read_query((await meeting.get(victim.headers["Location"])).headers["Location"])["code"]
    meeting.there.answer = {"code": stolen}
    answer = await meeting.come_back(thief)
    assert (answer.status, b"does not exchange the code" in answer.body) == (403, True)


async def test_a_new_key_is_looked_for_but_not_at_every_token(meeting: Meeting) -> None:
    await meeting.enter()
    new = make_key("RS256", "new")
    meeting.there.published = [new]
    meeting.there.make_token = lambda claims: sign({"alg": "RS256", "kid": new.kid}, json.dumps(claims).encode(), new)
    for _ in range(3):
        assert (await meeting.log_in()).status == 403
    assert meeting.there.count("/keys") == 1
    meeting.face.clock.advance(timedelta(minutes=1))
    assert (await meeting.log_in()).status == 303
    assert (meeting.there.count("/keys"), meeting.there.count("/.well-known/openid-configuration")) == (2, 1)


async def test_a_key_that_is_not_published_any_more_is_forgotten_after_an_hour(meeting: Meeting) -> None:
    await meeting.enter()
    meeting.there.published = [make_key("RS256", "new")]
    meeting.face.clock.advance(timedelta(hours=1, seconds=1))
    assert (await meeting.log_in()).status == 403


async def test_groups_that_the_token_does_not_name_are_asked_for(meeting: Meeting) -> None:
    meeting.there.claims["groups"] = ...
    assert (await meeting.log_in()).status == 403
    meeting.there.info = {"groups": ["leads"]}
    jane = await meeting.enter()
    assert (await jane.get("/session")).json["user"]["roles"] == ["soc-lead"]
    meeting.there.info = {"groups": ["leads"], "sub": "somebody else"}
    assert (await meeting.log_in()).status == 403


async def test_roles_follow_the_groups_at_each_login(meeting: Meeting) -> None:
    jane = await meeting.enter()
    meeting.there.claims["groups"] = ["leads", "soc"]
    await meeting.enter()
    assert (await jane.get("/session")).json["user"]["roles"] == ["analyst", "soc-lead"]
    (changed,) = await meeting.face.events("user.roles_changed")
    assert (changed["before"], changed["after"]) == ({"roles": ["analyst"]}, {"roles": ["analyst", "soc-lead"]})


@pytest.mark.parametrize(("groups", "said"), [([], b"none of your groups"), (["admins", "auditors"], b"together")])
async def test_whose_groups_give_no_sound_role_is_not_let_in(meeting: Meeting, groups: list[str], said: bytes) -> None:
    meeting.there.claims["groups"] = groups
    answer = await meeting.log_in()
    assert (answer.status, said in answer.body) == (403, True)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert await meeting.face.read(lambda unit: unit.accounts.count()) == 0


async def test_a_person_is_known_by_issuer_and_subject_alone(meeting: Meeting) -> None:
    await meeting.enter()
    meeting.there.claims |= {"preferred_username": "renamed", "name": "Other"}
    again = await meeting.enter()
    assert (await again.get("/session")).json["user"]["name"] == "jane"
    meeting.there.claims |= {"sub": "another", "preferred_username": "jane"}
    namesake = await meeting.enter()
    shown = (await namesake.get("/session")).json["user"]
    assert shown["name"].startswith("jane-")
    assert shown["email"] == "", "an address is not given to a second person"


async def test_nobody_becomes_somebody_who_was_here_before(meeting: Meeting) -> None:
    meeting.there.claims |= {"preferred_username": "root", "email": "root@corp.example", "sub": "u_root"}
    impostor = await meeting.enter()
    shown = (await impostor.get("/session")).json["user"]
    assert shown["id"] != "u_root"
    assert shown["name"] != "root"
    assert shown["roles"] == ["analyst"]


async def test_an_address_that_is_not_verified_is_not_kept(meeting: Meeting) -> None:
    meeting.there.claims["email_verified"] = False
    jane = await meeting.enter()
    assert (await jane.get("/session")).json["user"]["email"] == ""
    meeting.there.claims["email_verified"] = True
    jane = await meeting.enter()
    assert (await jane.get("/session")).json["user"]["email"] == "jane@corp.example"


async def test_a_name_is_made_fit_to_be_shown(meeting: Meeting) -> None:
    meeting.there.claims["preferred_username"] = "\u202e\x1b[31m" + "x" * 300
    jane = await meeting.enter()
    assert (await jane.get("/session")).json["user"]["name"] == "[31m" + "x" * 96


async def test_who_is_switched_off_stays_so(meeting: Meeting) -> None:
    jane = await meeting.enter()
    id_ = (await jane.get("/session")).json["user"]["id"]

    def switch_off(unit: Unit) -> None:
        unit.users.update(replace(unit.users.get(id_), disabled_at=meeting.face.clock.now()))

    await meeting.face.write(switch_off)
    answer = await meeting.log_in()
    assert (answer.status, b"switched off" in answer.body) == (403, True)


async def test_the_last_admin_stays_one(meeting: Meeting) -> None:
    meeting.there.claims["groups"] = ["admins"]
    await meeting.enter()

    def leave_only_jane(unit: Unit) -> None:
        unit.users.update(replace(unit.users.get("u_root"), disabled_at=meeting.face.clock.now()))

    await meeting.face.write(leave_only_jane)
    meeting.there.claims["groups"] = ["soc"]
    answer = await meeting.log_in()
    assert (answer.status, b"last admin" in answer.body) == (409, True)


async def test_a_person_without_a_password_cannot_log_in_by_one(meeting: Meeting) -> None:
    await meeting.enter()
    for password in ("", PASSWORD):
        assert (await meeting.face.stranger.post("/session", {"name": "jane", "password": password})).status == 401


@pytest.mark.parametrize(
    ("changes", "assurance"),
    [({}, "mfa"), ({"acr": "silver"}, "linked"), ({"acr": ...}, "linked"), ({"auth_time": ...}, "linked")],
)
async def test_how_sure_we_are_follows_what_the_provider_says(
    meeting: Meeting, changes: dict[str, object], assurance: str
) -> None:
    meeting.there.claims |= changes
    await meeting.enter()
    (started,) = await meeting.face.events("session.started")
    assert started["actor"]["assurance"] == assurance


async def test_where_nobody_says_when_the_login_was_it_counts_as_long_ago(meeting: Meeting) -> None:
    meeting.there.claims["auth_time"] = ...
    jane = await meeting.enter()
    assert (await jane.get("/session")).json["authenticated_at"] == "2026-02-28T21:00:00Z"


async def test_a_fresh_login_asks_for_a_second_factor_and_checks_that_it_was_now(meeting: Meeting) -> None:
    begun = await meeting.begin("?fresh=true")
    asked = read_query(begun.headers["Location"])
    assert (asked["max_age"], asked["prompt"], asked["acr_values"]) == ("0", "login", "gold")
    assert (await meeting.come_back(begun)).status == 303
    meeting.there.claims["auth_time"] = meeting.there.now() - 61
    assert (await meeting.log_in("?fresh=true")).status == 403
    assert (await meeting.log_in()).status == 303


async def test_a_person_sees_the_page_they_wanted(meeting: Meeting) -> None:
    assert (await meeting.log_in("?to=/approvals/ap_1?tab=2")).headers["Location"] == "/approvals/ap_1?tab=2"


@pytest.mark.parametrize("to", ["//evil.test", "https://evil.test", "/\\evil.test", "/a b", "", "evil", "/%0d\n"])
async def test_nobody_is_sent_elsewhere_afterwards(meeting: Meeting, to: str) -> None:
    answer = await meeting.begin(f"?{urlencode({'to': to})}")
    assert (answer.status, answer.headers["Content-Type"]) == (422, "text/html; charset=utf-8")


async def test_while_the_provider_is_away_people_are_told(meeting: Meeting) -> None:
    meeting.there.discovery = {"issuer": "https://evil.test"}
    answer = await meeting.begin()
    assert (answer.status, b"calls itself by another name" in answer.body) == (422, True)
    assert LOGIN_COOKIE not in answer.cookies


async def test_logins_that_are_begun_are_bounded(meeting: Meeting) -> None:
    for _ in range(600):
        assert (await meeting.begin()).status == 302
    assert (await meeting.begin()).status == 429


async def test_the_button_has_the_providers_name(meeting: Meeting) -> None:
    assert (await meeting.face.stranger.get("/sign-on")).json == {"name": "Corp ID"}


async def test_without_a_provider_there_is_no_button_and_nothing_behind_it(face: Face) -> None:
    assert (await face.stranger.get("/sign-on")).json == {"name": None}
    for method, path in (("GET", "start"), ("GET", "callback"), ("POST", "back-channel")):
        assert (await face.stranger.send(method, f"/login/sso/{path}")).status == 404


async def test_logging_out_ends_the_login_here_and_says_where_to_end_it_there(meeting: Meeting) -> None:
    jane = await meeting.enter()
    answer = await jane.post("/sign-on/end")
    url = answer.json["url"]
    assert url.startswith(f"{meeting.there.url}/logout?")
    assert read_query(url) == {"client_id": CLIENT, "post_logout_redirect_uri": f"{meeting.face.running.url}/"}
    assert (await jane.get("/session")).status == 401
    assert len(await meeting.face.events("session.ended")) == 1


async def test_who_logged_in_by_password_has_nothing_to_end_elsewhere(meeting: Meeting) -> None:
    ann = await meeting.face.log_in("ann")
    assert (await ann.post("/sign-on/end")).json == {"url": None}
    assert (await ann.get("/session")).status == 401


async def test_a_logout_there_ends_that_login_here_at_once(meeting: Meeting) -> None:
    jane = await meeting.enter()
    meeting.there.claims["sid"] = "there-2"
    elsewhere = await meeting.enter()
    answer = await meeting.log_out_there(meeting.there.sign(meeting.there.make_logout(sid="there-1")))
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (await jane.get("/session")).status == 401
    assert (await elsewhere.get("/session")).status == 200
    (ended,) = await meeting.face.events("session.ended")
    assert (ended["actor"]["id"], ended["target"]["name"]) == ("sign_on", "jane")


async def test_a_logout_without_a_login_ends_all_of_the_person(meeting: Meeting) -> None:
    first, second = await meeting.enter(), await meeting.enter()
    ann = await meeting.face.log_in("ann")
    token = meeting.there.sign(meeting.there.make_logout(sid=..., exp=...), typ="logout+jwt")
    assert (await meeting.log_out_there(token)).status == 200
    assert [(await one.get("/session")).status for one in (first, second, ann)] == [401, 401, 200]


NO_LOGOUTS: tuple[dict[str, object], ...] = (
    {"iss": ...},
    {"iss": "https://evil.test"},
    {"aud": ...},
    {"aud": "other"},
    {"aud": [CLIENT, "other"]},
    {"iat": ...},
    {"iat": 0},
    {"iat": "now"},
    {"exp": 1},
    {"jti": ...},
    {"jti": ""},
    {"jti": 1},
    {"events": ...},
    {"events": {}},
    {"events": []},
    {"events": {"http://schemas.openid.net/event/other": {}}},
    {"events": {"http://schemas.openid.net/event/backchannel-logout": True}},
    {"nonce": "n"},
    {"nonce": None},
    {"sub": ..., "sid": ...},
    {"sub": 1},
    {"sid": 1},
)


async def test_a_logout_token_that_is_none_ends_nothing(meeting: Meeting) -> None:
    jane = await meeting.enter()
    for changes in NO_LOGOUTS:
        answer = await meeting.log_out_there(meeting.there.sign(meeting.there.make_logout(**changes)))
        assert (answer.status, answer.json["error"]) == (400, "invalid_request"), changes
    assert (await jane.get("/session")).status == 200


async def test_a_logout_token_counts_once_and_not_when_it_is_old(meeting: Meeting) -> None:
    token = meeting.there.sign(meeting.there.make_logout(exp=meeting.there.now() + 86_400))
    assert (await meeting.log_out_there(token)).status == 200
    await meeting.enter()
    for minutes in (0, 5, 5, 20):
        meeting.face.clock.advance(timedelta(minutes=minutes))
        assert (await meeting.log_out_there(token)).status == 400


async def test_an_id_token_logs_nobody_out_and_a_logout_token_logs_nobody_in(meeting: Meeting) -> None:
    kept: list[str] = []

    def keep(claims: dict[str, object]) -> str:
        kept.append(meeting.there.sign(claims))
        return kept[0]

    meeting.there.make_token = keep
    jane = await meeting.enter()
    assert (await meeting.log_out_there(kept[0])).status == 400
    assert (await jane.get("/session")).status == 200
    meeting.there.make_token = lambda _: meeting.there.sign(meeting.there.make_logout())
    assert (await meeting.log_in()).status == 403


async def test_a_logout_signed_by_somebody_else_or_not_at_all_ends_nothing(meeting: Meeting) -> None:
    jane = await meeting.enter()
    claims = json.dumps(meeting.there.make_logout()).encode()
    forged = sign({"alg": "RS256", "kid": make_key("RS256").kid}, claims, make_key("RS256", "other"))
    unsigned = encode(b'{"alg":"none"}') + f".{encode(claims)}."
    for token in (forged, unsigned, "", "a.b.c"):
        assert (await meeting.log_out_there(token)).status == 400
    assert (await jane.get("/session")).status == 200


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"", "application/x-www-form-urlencoded", 400),
        (b"logout_token=a&logout_token=b", "application/x-www-form-urlencoded", 400),
        (b"&".join(b"a=b" for _ in range(100)), "application/x-www-form-urlencoded", 400),
        (b'{"logout_token": "a"}', "application/json", 400),
    ],
)
async def test_a_logout_has_to_be_a_form_with_one_token(meeting: Meeting, body: bytes, kind: str, status: int) -> None:
    answer = await meeting.face.stranger.send("POST", "/login/sso/back-channel", body, {"Content-Type": kind})
    assert answer.status == status
