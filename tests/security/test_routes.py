"""Every route, every kind of stranger, every way to write an address or a method: nobody gets in."""

import itertools
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from soar.access.permissions import Permission
from soar.access.tokens import format_token, hash_token
from soar.api.authentication import Authenticator
from soar.api.openapi import print_path
from soar.api.route import Public, Route, Self, SourceOr, find_permission
from soar.api.routes import build_routes
from soar.app.passwords import Passwords
from soar.model.identity import Token
from tests.api.test_routes import PUBLIC
from tests.security.wire import Reply, Wire
from tests.support.service import Face, open_face

PAGE = b"<!doctype html><title>the page, which holds no data</title>"
JSON = {"Content-Type": "application/json"}
REFUSED = frozenset({400, 401, 403, 404, 405})
SUFFIXES = (
    "/", "//", "/.", "/..", "/../", ".json", ".svg", ".css", ".js", ".png", ";x", ";.css", ";jsessionid=1",
    "%00", "%00.css", "%20", "%09", "%0a", "%0d%0a", "%23", "%2e%2e", "%2f", "%2f..%2f", "%3b", "%3f", "%5c", "%ff",
    "/%2e%2e/healthz", "/../healthz", "/..;/healthz", "#healthz", "~", "/*", "?", "?x=1", "?access_token=x",
    "?_method=GET",
)  # fmt: skip
PREFIXES = ("/", "/.", "/./", "/x/..", "/%2e", "/healthz/..", "/assets/..", "/assets/..%2f..", "/;", "/\\")
METHODS = (
    "HEAD", "OPTIONS", "TRACE", "PATCH", "CONNECT", "PROPFIND", "DEBUG", "get", "GET", "POST", "PUT", "DELETE",
)  # fmt: skip
HEADERS = (
    {"X-HTTP-Method-Override": "GET"},
    {"X-HTTP-Method": "GET"},
    {"X-Method-Override": "GET"},
    {"X-Original-URL": "/healthz"},
    {"X-Rewrite-URL": "/healthz"},
    {"X-Forwarded-Uri": "/healthz"},
    {"X-Forwarded-Prefix": "/healthz"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-User": "root"},
    {"X-Remote-User": "root"},
    {"Remote-User": "root"},
    {"X-User": "u_root"},
    {"X-Real-IP": "127.0.0.1"},
    {"Forwarded": "for=127.0.0.1;host=localhost"},
    {"X-Custom-IP-Authorization": "127.0.0.1"},
    {"Referer": "http://127.0.0.1/healthz"},
    {"Content-Type": "text/plain"},
    {"Accept": "image/svg+xml"},
    {"Cookie": "soar_session=; __Host-soar="},
    {"Upgrade": "websocket"},
)


@pytest.fixture(scope="module")
def passwords() -> Iterator[Passwords]:
    made = Passwords()
    yield made
    made.close()


@pytest.fixture
async def face(tmp_path: Path, passwords: Passwords) -> AsyncIterator[Face]:
    pages = tmp_path / "pages"
    pages.mkdir()
    (pages / "index.html").write_bytes(PAGE)
    async with open_face(tmp_path, passwords, pages=pages) as opened:
        yield opened
        assert opened.faults == []


def list_routes(face: Face) -> tuple[Route, ...]:
    return build_routes(face.services, Authenticator(face.services))


def fill(route: Route) -> str:
    return re.sub(r"\{\w+\}", "x", print_path(route).replace("{source}", "probe"))


def list_mutations(method: str, path: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """Yield the request as it is, and in every other way of writing it."""
    yield method, path, {}
    for suffix in SUFFIXES:
        yield method, path + suffix, {}
    for prefix in PREFIXES:
        yield method, prefix + path, {}
    yield method, path.upper(), {}
    yield method, path.replace("/v1", "/%761"), {}
    yield method, path.replace("/api", "/api/."), {}
    yield method, path.replace("/", "%2f"), {}
    yield method, path.replace("/", "\\"), {}
    yield method, f"http://127.0.0.1{path}", {}
    yield method, f"http://elsewhere.test{path}", {}
    for other in METHODS:
        if other != method:
            yield other, path, {}
    for headers in HEADERS:
        yield method, path, headers


async def make_strangers(face: Face) -> dict[str, dict[str, str]]:
    """Return everybody who must not get in, each as the headers they send."""

    async def sign_in(**changes: object) -> dict[str, str]:
        text = await face.make_token("root")
        token_id = "_".join(text.removeprefix("soar_pat_").split("_")[:2])

        def change(unit) -> None:  # noqa: ANN001 -- the store's unit
            unit.tokens.update(replace(unit.tokens.get(token_id), **changes))

        await face.write(change)
        return {"Authorization": f"Bearer {text}"}

    now = face.clock.now()
    text = format_token("t_elsewhere", bytes(32))
    foreign = Token(
        id="t_elsewhere",
        key=hash_token(text),
        user="u_root",
        name="test",
        scopes=frozenset(Permission),
        created_at=now,
        expires_at=now + timedelta(days=1),
    )
    await face.store.write("elsewhere", lambda unit: unit.tokens.add(foreign))
    return {
        "no login": {},
        "garbage": {"Authorization": "Bearer nonsense"},
        "expired": await sign_in(expires_at=now),
        "revoked": await sign_in(revoked_at=now),
        "of another workspace": {"Authorization": f"Bearer {text}"},
        "of another scope": await sign_in(scopes=frozenset({"made:up"})),
    }


def is_refused(reply: Reply, method: str, target: str, route: Route, stranger: str) -> bool:
    """Whether nothing was given away: a refusal, or the page, which holds no data."""
    is_own = isinstance(route.access, Self) and stranger == "of another scope"
    is_login = (method, target) == ("POST", "/api/v1/session") and reply.status in {415, 422}
    is_source = isinstance(route.access, SourceOr) and reply.status == 415  # said before a source's proof is looked at
    return reply.status in REFUSED or reply.body == PAGE or is_own or is_login or is_source


async def test_no_stranger_reaches_a_route_whatever_they_write(face: Face, capsys: pytest.CaptureFixture[str]) -> None:
    private = [route for route in list_routes(face) if not isinstance(route.access, Public)]
    strangers = await make_strangers(face)
    sent, unexpected, ways = 0, [], 0
    for index, (route, (stranger, headers)) in enumerate(itertools.product(private, strangers.items())):
        if route.path.endswith("/stream") and stranger == "of another scope":
            continue  # it is refused by its permission, which the test of scopes below shows
        mutations = list(list_mutations(route.method, fill(route)))
        ways = len(mutations)
        chosen = mutations if stranger == "no login" else [mutations[0], *mutations[1 + index % 5 :: 5]]
        async with Wire(face.running.url) as wire:
            for method, target, more in chosen:
                reply = await wire.send(method, target, {**JSON, **headers, **more}, b"{}")
                sent += 1
                if not is_refused(reply, method, target, route, stranger):
                    unexpected.append((stranger, method, target, more, reply))
    with capsys.disabled():
        print(  # noqa: T201 -- the numbers are the result
            f"\n{len(private)} routes x {len(strangers)} strangers x {ways} ways to write each (all of them with no "
            f"login, every fifth with a login that does not hold): {sent} requests, {len(unexpected)} unexpected"
        )
    assert ways > 40
    assert unexpected == []


async def test_no_stranger_is_told_more_than_who_they_are_not(face: Face) -> None:
    strangers = await make_strangers(face)
    async with Wire(face.running.url) as wire:
        for route in list_routes(face):
            if isinstance(route.access, Public):
                continue
            for name in ("no login", "garbage", "expired", "revoked", "of another workspace"):
                reply = await wire.send(route.method, fill(route), {**JSON, **strangers[name]}, b"{}")
                assert reply.status == 401, (route.path, name, reply)


async def test_a_token_of_another_scope_is_refused_by_every_permission(face: Face) -> None:
    strangers = await make_strangers(face)
    async with Wire(face.running.url) as wire:
        asked = [route for route in list_routes(face) if find_permission(route.access) is not None]
        for route in asked:
            reply = await wire.send(route.method, fill(route), strangers["of another scope"], b"{}")
            assert reply.status == 403, (route.path, reply)
    assert len(asked) > 30


async def test_the_routes_that_want_nobody_are_these(face: Face) -> None:
    found = {(route.method, print_path(route)) for route in list_routes(face) if isinstance(route.access, Public)}
    pages = {(method, path) for method, path in found if "{page" in path or "{file" in path}
    assert found - pages == {(method, path) for method, path in PUBLIC if path not in {"/{page}", "/assets/{file}"}}
    assert len(pages) == 2  # the pages and their files


async def test_what_wants_nobody_gives_nothing_of_the_workspace_away(face: Face) -> None:
    async with Wire(face.running.url) as wire:
        for path in ("/healthz", "/readyz", "/version", "/", "/runs/x", "/assets/x.js"):
            reply = await wire.send("GET", path, {})
            assert reply.status in {200, 404}
            assert b"corp.example" not in reply.body
            assert b"purge" not in reply.body
        assert (await wire.send("POST", "/hooks/probe", {"Content-Type": "application/json"}, b"{}")).status == 401
        assert (await wire.send("POST", "/hooks/none", {"Content-Type": "application/json"}, b"{}")).status == 401
