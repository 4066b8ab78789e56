"""The headers that protect people, on every route and every kind of answer."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from soar.api.authentication import Authenticator
from soar.api.openapi import print_path
from soar.api.probe import make_probe
from soar.api.routes import build_routes
from soar.api.schemas.health import WorkerHealth
from soar.api.server import serve
from soar.app.passwords import Passwords
from tests.support.service import Answer, Face, Person, open_face

HTTPS = "https://soar.example"
STRICT = {
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
REFUSED_FEATURES = {"camera", "geolocation", "microphone", "payment", "usb"}
LONGEST_COOKIE = 4096  # characters of name and value that browsers keep (RFC 6265, section 6.1)
INDEX = '<script nonce="__CSP_NONCE__" src="/assets/a.js"></script>'


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX, "utf-8")
    (folder / "assets" / "a.js").write_text("1", "utf-8")
    return folder


@pytest.fixture
async def face(tmp_path: Path, passwords: Passwords, pages: Path) -> AsyncIterator[Face]:
    async with open_face(tmp_path, passwords, url=HTTPS, pages=pages) as opened:
        yield opened


@pytest.fixture
def passwords() -> Passwords:
    return Passwords()


def check(answer: Answer, where: str) -> None:
    """Hold the headers of an answer against what each must have."""
    headers = answer.headers
    assert {name: headers.get(name) for name in STRICT} == STRICT, where
    assert headers["Strict-Transport-Security"] == "max-age=63072000; includeSubDomains", where
    policy = read_policy(headers["Content-Security-Policy"])
    assert policy["default-src"] == "'none'", where
    assert policy["frame-ancestors"] == "'none'", where
    assert policy["base-uri"] == "'none'", where
    assert policy["require-trusted-types-for"] == "'script'", where
    assert not re.search(r"unsafe|\*|data:|https?:", headers["Content-Security-Policy"]), where
    features = dict(part.strip().split("=") for part in headers["Permissions-Policy"].split(","))
    assert features.keys() >= REFUSED_FEATURES, where
    assert set(features.values()) == {"()"}, where
    assert headers["Server"] == "soar", where
    assert not {"X-Powered-By", "Via"} & set(headers), where
    assert not [name for name in headers if name.startswith("Access-Control")], where


def read_policy(text: str) -> dict[str, str]:
    return {name: rest for part in text.split(";") for name, _, rest in [part.strip().partition(" ")]}


async def ask_everywhere(face: Face, person: Person) -> dict[str, Answer]:
    """Ask every route but the stream, which does not end."""
    said = {}
    for route in build_routes(face.services, Authenticator(face.services)):
        path = re.sub(r"\{\w+\}", "x1", print_path(route))
        if not path.endswith("/stream"):
            body = None if route.method == "GET" else {}
            said[f"{route.method} {path}"] = await person.send(route.method, path, body)
    return said


@pytest.mark.parametrize("name", ["", "vera", "root"])
async def test_every_route_answers_everybody_with_the_headers(face: Face, name: str) -> None:
    person = await face.person(name) if name else face.stranger
    said = await ask_everywhere(face, person)
    assert len(said) > 60
    assert len({answer.status for answer in said.values()}) >= 3
    for where, answer in said.items():
        check(answer, where)
        is_static = where == "GET /assets/x1"
        assert (
            is_static
            or "no-store" in answer.headers["Cache-Control"]
            or answer.headers["Content-Type"].startswith("text/html")
        ), where


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nothing", 404),
        ("PATCH", "/api/v1/runs", 405),
        ("GET", "/api/v1/runs", 401),
        ("GET", "/assets/nothing.js", 404),
        ("GET", "/assets/a.js", 200),
        ("GET", "/", 200),
        ("GET", "/runs/run_x", 200),
        ("GET", "/healthz", 200),
        ("OPTIONS", "/api/v1/runs", 405),
    ],
)
async def test_every_kind_of_answer_has_the_headers(face: Face, method: str, path: str, status: int) -> None:
    answer = await face.stranger.send(method, path)
    assert answer.status == status
    check(answer, path)


async def test_the_stream_has_the_headers(face: Face) -> None:
    ann = await face.person("ann")
    async with ann.http.get(ann.url + "/api/v1/stream", headers=ann.headers) as answer:
        assert answer.status == 200
        check(Answer(answer.status, answer.headers, b""), "stream")
        assert "no-store" in answer.headers["Cache-Control"]


async def test_each_page_has_a_nonce_of_its_own_and_takes_no_other_script(face: Face) -> None:
    first, second = [await face.stranger.send("GET", "/") for _ in range(2)]
    nonces = []
    for answer in (first, second):
        nonce = re.search(r'nonce="([\w-]{22,})"', answer.body.decode())
        assert nonce is not None
        policy = read_policy(answer.headers["Content-Security-Policy"])
        assert policy["script-src"] == f"'nonce-{nonce.group(1)}' 'strict-dynamic'"
        assert policy["trusted-types"] == "'none'"
        nonces.append(nonce.group(1))
    assert nonces[0] != nonces[1]


async def test_a_fault_has_the_headers_and_says_no_more_than_its_number(face: Face) -> None:
    async def fall(*_: object) -> None:
        raise RuntimeError("the inside of it")

    object.__setattr__(face.services, "verify_audit", fall)
    olga = await face.person("olga")
    answer = await olga.post("/audit/verify")
    assert answer.status == 500
    check(answer, "fault")
    assert b"inside" not in answer.body
    face.faults.clear()


async def test_cookies_are_bound_to_https_and_to_us(face: Face) -> None:
    answer = await face.stranger.send(
        "POST", "/api/v1/session", {"name": "ann", "password": "correct horse battery staple"}, {"Origin": HTTPS}
    )
    assert answer.status == 200
    said = answer.headers["Set-Cookie"]
    assert said.startswith("__Host-")
    assert {"HttpOnly", "Secure", "SameSite=Strict", "Path=/"} <= {part.strip() for part in said.split(";")}
    assert "Domain" not in said
    assert len(said.partition(";")[0]) <= LONGEST_COOKIE


async def test_without_https_nobody_is_told_to_use_it(tmp_path: Path, passwords: Passwords) -> None:
    async with open_face(tmp_path, passwords) as face:
        assert "Strict-Transport-Security" not in (await face.stranger.send("GET", "/healthz")).headers


async def test_a_workers_probe_has_the_headers_too(face: Face) -> None:
    async def is_ready() -> tuple[str, ...]:
        return ()

    health = WorkerHealth(status="ok", worker="node_1", driven=0, limit=1, looked_at=None)
    running = await serve(make_probe(lambda: health, is_ready), "127.0.0.1", 0, drain=1)
    try:
        for path in ("/healthz", "/readyz", "/nothing"):
            answer = await Person(face.http, running.url).send("GET", path)
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert answer.headers["Server"] == "soar", path
            assert answer.headers["Cache-Control"] == "no-store", path
    finally:
        await running.close()
