"""The web pages, and the end of the service."""

import re
from pathlib import Path

import aiohttp
import pytest

from soar.app.passwords import Passwords
from tests.support.service import Face, open_face

INDEX = '<!doctype html><script type="module" nonce="__CSP_NONCE__" src="/assets/index-1.js"></script>'


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-1.js").write_text("start()")
    (tmp_path / "vault.txt").write_text("not for the world")
    return folder


async def test_the_pages_are_shown_with_a_fresh_nonce_each_time(
    tmp_path: Path, passwords: Passwords, pages: Path
) -> None:
    async with open_face(tmp_path, passwords, pages=pages) as face:
        nonces = []
        for path in ("/", "/runs/run_1", "/approvals?show=others"):
            answer = await face.stranger.send("GET", path)
            policy = answer.headers["Content-Security-Policy"]
            (nonce,) = re.findall(r'nonce="([^"]+)"', answer.body.decode())
            assert f"script-src 'nonce-{nonce}' 'strict-dynamic'" in policy
            assert "frame-ancestors 'none'" in policy
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            nonces.append(nonce)
        assert len(set(nonces)) == 3


async def test_files_of_the_pages_are_served_and_no_others(tmp_path: Path, passwords: Passwords, pages: Path) -> None:
    async with open_face(tmp_path, passwords, pages=pages) as face:
        script = await face.stranger.send("GET", "/assets/index-1.js")
        assert (script.status, script.body) == (200, b"start()")
        assert script.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert script.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (await face.stranger.send("GET", "/favicon.svg")).headers[
            "Content-Type"
        ] == "image/svg+xml; charset=utf-8"
        for path in ("/assets/../../vault.txt", "/assets/%2e%2e/%2e%2e/vault.txt", "/assets/..%2f..%2fvault.txt"):
            answer = await face.stranger.send("GET", path)
            assert b"not for the world" not in answer.body, path
        assert (await face.stranger.send("GET", "/assets/other.js")).status == 404


async def test_a_folder_is_not_listed(tmp_path: Path, passwords: Passwords, pages: Path) -> None:
    async with open_face(tmp_path, passwords, pages=pages) as face:
        for folder in ("/assets", "/assets/", "/assets/."):
            assert b"index-1.js" not in (await face.stranger.send("GET", folder)).body, folder


async def test_without_built_pages_the_api_works_and_says_so(face: Face) -> None:
    answer = await face.stranger.send("GET", "/")
    assert (answer.status, "not built" in answer.json["detail"]) == (404, True)


async def test_while_it_drains_what_is_new_is_sent_away(face: Face) -> None:
    await face.running._runner.shutdown()
    answer = await face.stranger.send("GET", "/healthz")
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (503, "unavailable", "2")


async def test_at_the_end_open_streams_end_and_nobody_listens_any_more(face: Face) -> None:
    ann = await face.person("ann")
    async with ann.http.get(f"{ann.url}/api/v1/stream", headers=ann.headers) as stream:
        assert await stream.content.readline() == b": here\n"
        await face.running.close()
        assert await stream.content.read() == b"\n"
    with pytest.raises(aiohttp.ClientConnectorError):
        await face.stranger.send("GET", "/healthz")
