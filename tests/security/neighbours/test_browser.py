"""What other sites, and texts that are shown, did to people's browsers."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from soar.app.passwords import Passwords
from tests.security.neighbours.table import answers
from tests.security.neighbours.wire import count_stored, list_private, list_public_posts, read_refusal
from tests.support.service import PASSWORD, Face, open_face

EVIL = "https://evil.test"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


@answers("CVE-2017-17835")
async def test_another_site_changes_nothing_with_the_cookie_that_a_browser_sends(face: Face) -> None:
    ann = await face.log_in("ann")
    cookie = {"Cookie": ann.headers["Cookie"]}
    for method, path in list_private(face):
        if method == "GET" or path.startswith("/hooks/"):
            continue
        form = {**cookie, "Content-Type": "application/x-www-form-urlencoded"}
        for headers in (cookie, form, {**cookie, "Origin": EVIL}, {**cookie, "Sec-Fetch-Site": "cross-site"}):
            answer = await face.stranger.send(method, path, b"{}", headers)
            assert read_refusal(answer) in {(403, "csrf"), (403, "cross_origin")}, path
    assert (await ann.get("/session")).status == 200
    assert await count_stored(face) == (0, 0)


@answers("CVE-2019-0229")
async def test_another_site_logs_nobody_in(face: Face) -> None:
    paths = list_public_posts(face)
    assert "/api/v1/session" in paths
    assert "/api/v1/invitations" in paths
    for path in paths:
        for headers in ({"Origin": EVIL}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}):
            sent = {"name": "ann", "password": PASSWORD}
            answer = await face.stranger.send("POST", path, sent, headers)
            assert (answer.status, answer.code) == (403, "cross_origin"), path
            assert not answer.cookies


@answers("CVE-2025-34291", "CVE-2023-36829")
@pytest.mark.parametrize("origin", [EVIL, "null", "http://127.0.0.1.evil.test", "https://evil.test:443", "file://"])
async def test_no_other_site_may_read_an_answer(face: Face, origin: str) -> None:
    ann = await face.log_in("ann")
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-csrf-token"}
    received = [
        await ann.send("GET", "/api/v1/session", headers={"Origin": origin}),
        await ann.send("OPTIONS", "/api/v1/runs", headers={"Origin": origin, **asked}),
        await ann.send("POST", "/api/v1/session", {"name": "ann", "password": PASSWORD}, {"Origin": origin}),
    ]
    assert [answer.status for answer in received] == [200, 405, 403]
    assert [name for answer in received for name in answer.headers if name.startswith("Access-Control")] == []


@answers("CVE-2024-23898")
async def test_no_other_site_opens_a_channel(face: Face) -> None:
    ann = await face.log_in("ann")
    upgrade: Mapping[str, str] = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Origin": EVIL,
    }
    async with face.http.get(f"{face.running.url}/api/v1/stream", headers={**ann.headers, **upgrade}) as stream:
        assert (stream.status, stream.headers["Content-Type"]) == (200, "text/event-stream")
        assert [name for name in stream.headers if name.startswith("Access-Control")] == []
    login = await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})
    assert login.cookies["soar_session"]["samesite"] == "Strict"


@answers("CVE-2022-29947", "CVE-2026-23960")
async def test_what_an_alert_says_is_never_a_page(tmp_path: Path, passwords: Passwords) -> None:
    pages = tmp_path / "static"
    pages.mkdir()
    (pages / "index.html").write_text('<!doctype html><script nonce="__CSP_NONCE__"></script>')
    async with open_face(tmp_path, passwords, pages=pages) as face:
        kept = await face.report_mail(title=SCRIPT)
        ann = await face.log_in("ann")
        shown = await ann.get(f"/alerts/{kept.json['alert']}")
        assert shown.json["title"] == SCRIPT
        assert shown.headers["Content-Type"] == "application/json; charset=utf-8"
        assert shown.headers["X-Content-Type-Options"] == "nosniff"
        page = await ann.send("GET", f"/alerts/{kept.json['alert']}")
        assert page.headers["Content-Type"] == "text/html; charset=utf-8"
        assert b"alert(1)" not in page.body
        policy = page.headers["Content-Security-Policy"]
        assert "require-trusted-types-for 'script'" in policy
        assert "unsafe" not in policy


@answers("CVE-2021-32561", "CVE-2017-12614")
async def test_an_error_is_no_page_either(face: Face) -> None:
    ann = await face.person("ann")
    for path in (f"/runs/{SCRIPT}", f"/runs?limit={SCRIPT}", f"/runs?{SCRIPT}=1", f"/{SCRIPT}"):
        answer = await ann.get(path)
        assert answer.status in {404, 422}, path
        assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@answers("CVE-2024-25142")
async def test_no_browser_keeps_what_it_was_shown(face: Face) -> None:
    root = await face.log_in("root")
    for method, path in list_private(face):
        if method == "GET" and path != "/api/v1/stream":
            assert (await root.send("GET", path)).headers["Cache-Control"] == "no-store", path
