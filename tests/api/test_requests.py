"""What is refused before a handler sees it, and in which words."""

from pathlib import Path

import pytest

from soar.app.passwords import Passwords
from soar.model.run import RunStatus
from tests.security.neighbours.wire import exchange
from tests.support.builders import build_journal_entry, build_run
from tests.support.service import Face, open_face


async def test_every_answer_carries_the_headers_that_protect_people(face: Face) -> None:
    for path in ("/healthz", "/api/v1/runs", "/nothing/here"):
        answer = await face.stranger.send("GET", path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Request-Id"].startswith("req_")
        assert answer.headers["Server"] == "soar"
        assert not any(name.startswith("Access-Control") for name in answer.headers)


@pytest.mark.parametrize(
    "lengths",
    [
        ("Content-Length: 2", "Transfer-Encoding: chunked"),
        ("Transfer-Encoding: chunked", "Content-Length: 2"),
        ("Content-Length: 2", "Content-Length: 30"),
        ("Content-Length: +2",),
        ("Content-Length: 2, 2",),
        ("Content-Length : 2",),
        ("Transfer-Encoding: chunked, identity",),
        ("Transfer-Encoding: xchunked", "Content-Length: 2"),
    ],
)
async def test_where_a_message_ends_has_one_answer_or_none(face: Face, lengths: tuple[str, ...]) -> None:
    lines = ("POST /hooks/probe HTTP/1.1", "Host: soar.test", "Content-Type: application/json", *lengths, "", "")
    second = "GET /healthz HTTP/1.1\r\nHost: soar.test\r\nConnection: close\r\n\r\n"
    status, received = await exchange(face, ("\r\n".join(lines) + "0\r\n\r\n" + second).encode("latin-1"))
    assert status == 400
    assert received.count(b"HTTP/1.") == 1


async def test_a_problem_says_what_where_and_what_to_do(face: Face) -> None:
    ann = await face.person("ann")
    answer = await ann.post("/tokens", {"name": "", "scopes": ["run:read"], "days": "3", "more": 1})
    assert answer.status == 422
    assert answer.code == "invalid"
    problem = answer.json
    assert set(problem) == {"type", "title", "status", "detail", "code", "hint", "errors"}
    assert {error["pointer"] for error in problem["errors"]} == {"/name", "/days", "/more"}


async def test_a_body_is_one_strict_json_document(face: Face) -> None:
    ann = await face.person("ann")
    for body, code in ((b"{", "invalid_json"), (b'{"reason": "a", "reason": "b"}', "invalid_json"), (b"[]", "invalid")):
        answer = await ann.send("POST", "/api/v1/runs/run_x/cancel", body)
        assert (answer.status, answer.code) == (422, code)


async def test_a_body_of_another_type_or_encoding_is_refused(face: Face) -> None:
    ann = await face.person("ann")
    for headers in ({"Content-Type": "text/plain"}, {"Content-Encoding": "gzip"}):
        answer = await ann.send("POST", "/api/v1/runs/run_x/cancel", b"{}", headers)
        assert (answer.status, answer.code) == (415, "unsupported_media_type")


async def test_a_body_that_is_too_large_is_not_read(face: Face) -> None:
    ann = await face.person("ann")
    answer = await ann.send("POST", "/api/v1/alerts", b'"' + b"x" * 1024 * 1024 + b'"')
    assert (answer.status, answer.code) == (413, "too_large")


async def test_parameters_are_checked(face: Face) -> None:
    ann = await face.person("ann")
    for path in (
        "/runs?limit=0",
        "/runs?limit=201",
        "/runs?limit=x",
        "/runs?sort=x",
        "/runs?status=bad",
        "/runs?cursor=x",
    ):
        assert (await ann.get(path)).status == 422, path
    assert (await ann.get("/runs?limit=1&limit=2")).status == 422


async def test_a_fault_of_ours_is_reported_and_says_nothing(face: Face) -> None:
    def break_run(unit) -> None:  # noqa: ANN001 -- the store's unit
        unit.runs.add(build_run(id="run_broken", status=RunStatus.SUCCEEDED))
        unit.journal.append("run_broken", [build_journal_entry(sequence=2)])

    await face.write(break_run)
    ann = await face.person("ann")
    answer = await ann.get("/runs/run_broken")
    assert (answer.status, answer.code) == (500, "internal")
    assert "journal" not in answer.body.decode()
    assert "err_" in answer.json["detail"]
    assert [str(error) for error in face.faults] == ["the journal jumps from 0 to 2"]
    face.faults.clear()


async def test_what_does_not_exist_is_not_found(face: Face) -> None:
    ann = await face.person("ann")
    for path in ("/alerts/x", "/runs/x", "/approvals/x", "/playbooks/x"):
        assert (await ann.get(path)).code == "not_found", path
    assert (await ann.post("/responses/x/lift")).code == "not_found"


async def test_a_service_is_healthy_and_says_which_it_is(face: Face) -> None:
    assert (await face.stranger.send("GET", "/healthz")).json == {"status": "ok"}
    assert (await face.stranger.send("GET", "/readyz")).json == {"status": "ok", "reasons": []}
    assert (await face.stranger.send("GET", "/version")).json == {"version": "0.1.0"}


async def test_a_service_that_cannot_serve_says_why(tmp_path: Path, passwords: Passwords) -> None:
    async with open_face(tmp_path, passwords, unready=("database: its schema is not current",)) as face:
        answer = await face.stranger.send("GET", "/readyz")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
        assert answer.json == {"status": "unavailable", "reasons": ["database: its schema is not current"]}
