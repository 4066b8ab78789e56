"""A started demo, a browser, and what the browser complains of."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.e2e.browsing import CHROMIUM, FLAGS, Demo
from tests.e2e.first_ten_minutes import ROOT
from tests.support.server import Client, Server, wait_for


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    server = Server(["demo", "--folder", str(tmp_path / "demo"), "--listen", "127.0.0.1:0"], cwd=ROOT)
    try:
        url = server.find(r"^soar demo: (\S+)$")
        wait_for(lambda: Client(url).send("GET", "/readyz").status == 200)
        yield Demo(server, url)
    finally:
        server.kill()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What browsers complained of, violations of the content security policy among it; nothing, at the end.

    A browser notes every answer from 400 on: 401 is what a stranger gets, 422 what a wrong confirmation gets.
    """
    heard: list[str] = []
    yield heard
    assert [said for said in heard if "status of 401" not in said and "status of 422" not in said] == []
