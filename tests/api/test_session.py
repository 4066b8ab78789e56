"""Logging in, staying logged in, and what a browser may send."""

from datetime import timedelta
from pathlib import Path

import pytest

from soar.app.passwords import Passwords
from tests.support.service import PASSWORD, Face, open_face


async def test_a_login_says_who_it_is_and_is_recorded(face: Face) -> None:
    answer = await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})
    session = answer.json
    assert session["user"] == {"id": "u_ann", "name": "ann", "email": "ann@corp.example", "roles": ["analyst"]}
    assert "approval:vote" in session["permissions"]
    assert session["installation"] == {
        "version": "0.1.0",
        "is_demo": True,
        "url": face.running.url,
    }
    assert session["authenticated_at"] == "2026-03-01T09:00:00Z"
    assert session["expires_at"] == "2026-03-01T21:00:00Z"
    (event,) = await face.events("session.started")
    assert (event["actor"]["id"], event["outcome"], event["actor"]["via"]) == ("u_ann", "success", "web")


async def test_the_cookie_cannot_be_read_by_scripts_nor_sent_by_other_sites(face: Face) -> None:
    answer = await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})
    cookie = answer.cookies["soar_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Strict", "/", "")
    assert not cookie["secure"]
    stored = await face.read(lambda unit: unit.sessions.get(cookie.value))
    assert stored is None, "the cookie itself is in the store"


async def test_over_https_the_cookie_is_bound_to_the_host_and_the_scheme(tmp_path: Path, passwords: Passwords) -> None:
    async with open_face(tmp_path, passwords, url="https://soar.test") as face:
        answer = await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})
        cookie = answer.cookies["__Host-soar"]
        assert (cookie["secure"], cookie["httponly"], cookie["path"], cookie["domain"]) == (True, True, "/", "")
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains"


async def test_a_wrong_password_and_an_unknown_name_are_answered_alike_and_recorded(face: Face) -> None:
    answers = [await face.stranger.post("/session", {"name": name, "password": "wrong"}) for name in ("ann", "nobody")]
    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].body == answers[1].body
    events = await face.events("session.started")
    assert [(event["outcome"], event["actor"]["kind"], event["target"]["id"]) for event in events] == [
        ("denied", "stranger", "u_ann"),
        ("denied", "stranger", ""),
    ]


@pytest.mark.parametrize("name", ["ann", "nobody"])
async def test_failures_make_a_name_wait_ever_longer_even_with_the_right_password(face: Face, name: str) -> None:
    for _ in range(5):
        assert (await face.stranger.post("/session", {"name": name, "password": "wrong"})).status == 401
    waits = []
    for _ in range(5):
        answer = await face.stranger.post("/session", {"name": name.upper(), "password": PASSWORD})
        assert (answer.status, answer.code) == (429, "rate_limited")
        waits.append(int(answer.headers["Retry-After"]))
        face.clock.advance(timedelta(seconds=waits[-1]))
        assert (await face.stranger.post("/session", {"name": name, "password": "wrong"})).status == 401
    assert waits == [1, 2, 4, 8, 16]


async def test_nobody_is_locked_out_for_good(face: Face) -> None:
    for _ in range(19):
        await face.stranger.post("/session", {"name": "ann", "password": "wrong"})
        face.clock.advance(timedelta(minutes=5))
    assert (await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})).status == 200


async def test_who_has_logged_in_from_an_address_does_not_wait_there_for_what_others_do(face: Face) -> None:
    await face.log_in("ann")
    for _ in range(7):
        assert (await face.stranger.post("/session", {"name": "ann", "password": "wrong"})).status == 401
    await face.log_in("ann")


async def test_an_address_that_tries_many_names_waits(face: Face) -> None:
    answers = [await face.stranger.post("/session", {"name": f"n{i}", "password": "x"}) for i in range(21)]
    assert [answer.status for answer in answers] == [401] * 20 + [429]


async def test_logins_that_succeed_are_not_counted(face: Face) -> None:
    for _ in range(15):
        await face.log_in("ann")


async def test_a_login_ends_when_it_is_not_used_and_is_kept_by_use(face: Face) -> None:
    ann = await face.log_in("ann")
    for _ in range(3):
        face.clock.advance(timedelta(minutes=29))
        assert (await ann.get("/session")).status == 200
    face.clock.advance(timedelta(minutes=30))
    assert (await ann.get("/session")).status == 401


async def test_a_login_ends_after_twelve_hours_whatever_is_done(face: Face) -> None:
    ann = await face.log_in("ann")
    for _ in range(35):
        face.clock.advance(timedelta(minutes=20))
        assert (await ann.get("/session")).status == 200
    face.clock.advance(timedelta(minutes=20))
    assert (await ann.get("/session")).status == 401


async def test_a_login_that_was_ended_is_over(face: Face) -> None:
    ann = await face.log_in("ann")
    answer = await ann.send("DELETE", "/api/v1/session")
    assert answer.status == 204
    assert answer.cookies["soar_session"].value == ""
    assert (await ann.get("/session")).status == 401
    assert len(await face.events("session.ended")) == 1


async def test_a_change_with_the_cookie_alone_is_refused(face: Face) -> None:
    ann = await face.log_in("ann")
    for token in (None, "", "another"):
        headers = {name: text for name, text in ann.headers.items() if name != "X-CSRF-Token"}
        headers |= {} if token is None else {"X-CSRF-Token": token}
        answer = await face.stranger.send("POST", "/api/v1/audit/verify", {}, headers)
        assert (answer.status, answer.code) == (403, "csrf")
    assert len(await face.events("access.denied")) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.test"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_a_change_from_another_site_is_refused(face: Face, headers: dict[str, str]) -> None:
    ann = await face.log_in("ann")
    answer = await ann.send("POST", "/api/v1/runs/run_x/cancel", {}, headers)
    assert (answer.status, answer.code) == (403, "cross_origin")
    login = await face.stranger.send("POST", "/api/v1/session", {"name": "ann", "password": PASSWORD}, headers)
    assert (login.status, login.code) == (403, "cross_origin")


async def test_a_password_does_not_expire(face: Face) -> None:
    await face.log_in("ann")
    face.clock.advance(timedelta(days=3_650))
    assert (await (await face.log_in("ann")).get("/session")).status == 200
