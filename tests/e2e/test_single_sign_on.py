"""Logging in and out through an identity provider that others have written: `oidc-provider`, run by Node.

Its package is fetched when the test runs, so it does so only when it is asked to: `make e2e`.
"""

import asyncio
import os
import re
import shutil
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.support.repository import ROOT
from tests.support.server import Server
from tests.support.site import keep_credential, write_site

NODE, NPM = shutil.which("node"), shutil.which("npm")
SECRET = "a secret of sufficient length"

pytestmark = [
    pytest.mark.skipif("SOAR_E2E" not in os.environ, reason="it fetches a package; `make e2e` runs it"),
    pytest.mark.skipif(NODE is None or NPM is None, reason="there is no Node or no npm"),
]


@contextmanager
def run_provider(folder: Path, url: str) -> Iterator[str]:
    """Fetch and start the identity provider; yield its address."""
    shutil.copytree(ROOT / "tests" / "e2e" / "oidc", folder)
    fetch = [str(NPM), "install", "--ignore-scripts", "--no-audit", "--no-fund", "--no-package-lock"]
    subprocess.run(fetch, cwd=folder, check=True, capture_output=True, timeout=300)
    process = subprocess.Popen(
        [str(NODE), "provider.mjs"],
        cwd=folder,
        env={**os.environ, "SOAR_URL": url, "CLIENT_SECRET": SECRET},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield _read_address(process)
    finally:
        process.terminate()
        process.communicate(timeout=30)


def _read_address(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    said = []
    for line in process.stdout:
        said.append(line)
        if found := re.search(r"listening on (\S+)", line):
            return found[1]
    raise AssertionError("".join(said))


@pytest.fixture
async def addresses(tmp_path: Path) -> AsyncIterator[tuple[str, str]]:
    """Start both, and yield our address and theirs."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    folder = tmp_path / "site"
    folder.mkdir()
    site = await asyncio.to_thread(write_site, folder, "http://127.0.0.1:1")
    with run_provider(tmp_path / "provider", address) as issuer:
        text = site.settings_file.read_text("utf-8").replace("127.0.0.1:0", f"127.0.0.1:{port}")
        section = f"""
sign_on:
  name: Corp ID
  issuer: {issuer}
  client_id: soar
  credential: sign_on_client
  scopes: [openid, profile, groups]
  roles: {{soc: analyst}}
"""
        site.settings_file.write_text(text + section, "utf-8")
        await keep_credential(site.settings_file, "sign_on_client", SECRET)
        server = await asyncio.to_thread(lambda: site.serve()[0])
        try:
            yield address, issuer
        finally:
            await asyncio.to_thread(_stop, server)


def _stop(server: Server) -> None:
    assert server.stop() == 0, server.output


class Browser:
    """Follows redirects and fills in the provider's forms, as a person would."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self.http, self.url = http, url

    async def log_in(self, name: str) -> tuple[int, str]:
        """Return how the page answers that the person sees at the end, and what is on it."""
        page = await self._open("GET", f"{self.url}/login/sso/start")
        for _ in range(2):  # who they are, and that they agree
            page = await self._submit(*page, {"login": name, "password": "any"})
        return page[1], page[2]

    async def log_out(self) -> str:
        """Log out here and at the provider, and return where that ends."""
        async with self.http.get(f"{self.url}/api/v1/session") as answer:
            csrf = (await answer.json())["csrf"]
        headers = {"X-CSRF-Token": csrf, "Origin": self.url}
        async with self.http.post(f"{self.url}/api/v1/sign-on/end", json={}, headers=headers) as answer:
            end = (await answer.json())["url"]
        return await self.end(end)

    async def end(self, address: str) -> str:
        """Log out at the provider, and return where that ends."""
        return (await self._submit(*await self._open("GET", address), {"logout": "yes"}))[0]

    async def status(self) -> int:
        async with self.http.get(f"{self.url}/api/v1/session") as answer:
            return answer.status

    async def _open(self, method: str, url: str, form: dict[str, str] | None = None) -> tuple[str, int, str]:
        async with self.http.request(method, url, data=form) as answer:
            return str(answer.url), answer.status, await answer.text()

    async def _submit(self, _: str, __: int, page: str, filled: dict[str, str]) -> tuple[str, int, str]:
        action = re.search(r'<form[^>]*action="([^"]+)"', page)
        assert action is not None, page
        hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))
        return await self._open("POST", action[1], {**hidden, **filled})


@pytest.mark.timeout(600)
async def test_people_log_in_get_roles_and_log_out_through_somebody_elses_provider(addresses: tuple[str, str]) -> None:
    url, issuer = addresses
    async with (
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as one,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as other,
    ):
        jane, stranger = Browser(one, url), Browser(other, url)
        await jane.log_in("jane")
        async with one.get(f"{url}/api/v1/session") as answer:
            user = (await answer.json())["user"]
        assert (user["name"], user["roles"]) == ("jane", ["analyst"])
        status, page = await stranger.log_in("stranger")
        assert (status, "none of your groups has a role here" in page) == (403, True)
        assert await stranger.status() == 401
        await jane.end(f"{issuer}/session/end")
        assert await jane.status() == 401, "a logout there is heard here"
        await jane.log_in("jane")
        assert await jane.log_out() == f"{url}/"
        assert await jane.status() == 401
