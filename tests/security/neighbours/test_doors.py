"""Ways in that other products left open beside the door."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.security.neighbours.table import answers
from tests.security.neighbours.wire import count_stored, get_raw, list_private, read_refusal
from tests.support.service import PASSWORD, Face

NOBODY = (401, "unauthenticated")


async def knock(face: Face, suffix: str = "", headers: Mapping[str, str] | None = None) -> set[tuple[int, str]]:
    """Ask for everything private as a stranger, and return how it was answered."""
    found = set()
    for method, path in list_private(face):
        answer = await face.stranger.send(method, path + suffix, None if method == "GET" else b"{}", headers)
        found.add(read_refusal(answer))
    return found


@answers("CVE-2020-13927")
async def test_nothing_private_is_open_by_default(face: Face) -> None:
    assert len(list_private(face)) > 30
    assert await knock(face) == {NOBODY}


@answers("CVE-2026-31816")
@pytest.mark.parametrize("suffix", ["?/webhooks/trigger", "?/hooks/probe", "?next=/healthz", "?x=.css", "?public=true"])
async def test_a_query_opens_no_route(face: Face, suffix: str) -> None:
    assert await knock(face, suffix) == {NOBODY}
    token = await face.make_token("root")
    for name in ("access_token", "token", "api_key", "authorization"):
        assert (await face.stranger.get(f"/runs?{name}={token}")).status == 401


@answers("CVE-2026-30820", "CVE-2022-35957")
@pytest.mark.parametrize(
    "headers",
    [
        {"X-Request-From": "internal"},
        {"X-Forwarded-User": "root", "X-Remote-User": "root", "X-WEBAUTH-USER": "root"},
        {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        {"X-Original-URL": "/healthz", "X-Rewrite-URL": "/healthz"},
        {"X-HTTP-Method-Override": "GET", "X-Method-Override": "GET"},
    ],
)
async def test_a_header_makes_nobody_somebody(face: Face, headers: Mapping[str, str]) -> None:
    assert await knock(face, headers=headers) == {NOBODY}
    vera = await face.person("vera")
    answer = await vera.send("GET", "/api/v1/users", headers=headers)
    assert (answer.status, answer.code) == (403, "missing_permission")


@answers("CVE-2023-27482", "CVE-2026-30824")
@pytest.mark.parametrize(
    "target",
    [
        "/healthz/../api/v1/runs",
        "/hooks/..%2fapi%2fv1%2fruns",
        "/assets/../api/v1/runs",
        "/assets/%2e%2e/api/v1/runs",
        "/assets/..;/api/v1/runs",
        "/API/v1/runs",
        "/api/v1/runs/",
        "/api/v1/runs%00.css",
        "/api/v1/runs;.js",
        "//api/v1/runs",
        "/./api/v1/runs",
        "http://soar.test/api/v1/runs",
    ],
)
async def test_no_spelling_of_an_address_finds_another_door(face: Face, target: str) -> None:
    await face.report_mail(messages=["m1"])
    status, received = await get_raw(face, target)
    assert status in {400, 401, 404, 405}
    assert b"items" not in received


@answers("CVE-2026-23517")
@pytest.mark.parametrize(
    "path", ["/debug/pprof/heap", "/metrics", "/actuator/env", "/console", "/.env", "/.git/config", "/api/v1/debug"]
)
async def test_there_is_nothing_for_those_who_debug(face: Face, path: str) -> None:
    for person in (face.stranger, await face.person("root")):
        assert (await person.send("GET", path)).status == 404


@answers("CVE-2021-38540")
async def test_a_stranger_puts_nothing_in(face: Face) -> None:
    before = await (await face.person("root")).get("/credentials")
    for method, path, body in (
        ("PUT", "/credentials/probe_hook", {"value": "a value that the stranger knows"}),
        ("POST", "/alerts", {"source": "probe", "alert": {"kind": "mail"}}),
        ("POST", "/lists/vip/entries", {"value": "eve@evil.test"}),
    ):
        answer = await face.stranger.send(method, f"/api/v1{path}", body)
        assert (answer.status, answer.code) == (401, "unauthenticated"), path
    assert await count_stored(face) == (0, 0)
    assert (await (await face.person("root")).get("/credentials")).json == before.json


@answers("CVE-2022-29165")
@pytest.mark.parametrize("algorithm", ["none", "None", "HS256"])
async def test_claims_prove_nothing(face: Face, algorithm: str) -> None:
    parts = ({"alg": algorithm, "typ": "JWT"}, {"sub": "u_root", "name": "root", "roles": ["admin"], "iss": "soar"})
    token = ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts)
    for text in (f"{token}.", f"{token}.{64 * 'A'}", token):
        for headers in ({"Authorization": f"Bearer {text}"}, {"Cookie": f"soar_session={text}"}):
            answer = await face.stranger.send("GET", "/api/v1/users", headers=headers)
            assert (answer.status, answer.code) == (401, "unauthenticated")


@answers("GHSA-f6hc-c5jr-878p")
async def test_an_empty_proof_is_none(face: Face) -> None:
    for header in ("", "Bearer", "Bearer ", "Bearer null", "Bearer undefined", "Bearer soar_pat__", "Basic Og=="):
        answer = await face.stranger.send("GET", "/api/v1/users", headers={"Authorization": header})
        assert answer.status == 401, header
    for cookie in ("", "null", '""'):
        answer = await face.stranger.send("GET", "/api/v1/users", headers={"Cookie": f"soar_session={cookie}"})
        assert answer.status == 401, cookie
    for body in ({"name": "root", "password": ""}, {"name": "root", "password": None}, {"name": "root"}):
        assert (await face.stranger.post("/session", body)).status in {401, 422}


@answers("CVE-2026-6333", "CVE-2021-30185")
async def test_what_a_request_calls_us_goes_into_no_link(face: Face) -> None:
    named = {"Host": "evil.test", "X-Forwarded-Host": "evil.test", "X-Forwarded-Proto": "https"}
    ann = await face.person("ann")
    kept = await face.report_mail(messages=["m1"])
    approval = (await ann.get("/approvals")).json["items"][0]["id"]
    for path in ("/session", "/now", f"/alerts/{kept.json['alert']}", f"/approvals/{approval}"):
        answer = await ann.send("GET", f"/api/v1{path}", headers=named)
        assert answer.status == 200
        assert b"evil.test/" not in answer.body
        assert "evil.test" not in str(answer.headers)
    login = await face.stranger.send("POST", "/api/v1/session", {"name": "ann", "password": PASSWORD}, named)
    assert login.json["installation"]["url"] == face.running.url


@answers("CVE-2019-7313")
@pytest.mark.parametrize("target", ["/x%0d%0aSet-Cookie:%20soar_session=forged", "/?next=%0d%0aX-Forged:%20yes"])
async def test_an_address_writes_no_header(face: Face, target: str) -> None:
    _, received = await get_raw(face, target)
    lines = received.partition(b"\r\n\r\n")[0].lower()
    assert b"set-cookie" not in lines
    assert b"x-forged" not in lines


@answers("CVE-2025-49592", "CVE-2021-45328")
@pytest.mark.parametrize("parameter", ["next", "redirect", "redirect_to", "return_url"])
async def test_nobody_is_sent_elsewhere(face: Face, parameter: str) -> None:
    for target in ("https://evil.test", "//evil.test", "/\\evil.test"):
        login = await face.stranger.send(
            "POST", f"/api/v1/session?{parameter}={target}", {"name": "ann", "password": PASSWORD}
        )
        pages = [await face.stranger.send("GET", f"{path}?{parameter}={target}") for path in ("/", "/login")]
        for answer in (login, *pages):
            assert not 300 <= answer.status < 400
            assert "Location" not in answer.headers


@answers("CVE-2022-41672", "CVE-2026-55435")
async def test_whoever_is_switched_off_is_out_at_once(face: Face) -> None:
    people = [await face.log_in("ann"), await face.person("ann")]
    assert [(await person.get("/runs")).status for person in people] == [200, 200]
    await face.write(lambda unit: unit.users.update(replace(unit.users.get("u_ann"), disabled_at=face.clock.now())))
    assert [(await person.get("/runs")).status for person in people] == [401, 401]
    assert (await face.stranger.post("/session", {"name": "ann", "password": PASSWORD})).status == 401
