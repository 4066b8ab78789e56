"""What the tests in a real browser are made of: Debian's chromium, headless, against a started service."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.e2e.first_ten_minutes import ROOT
from tests.support.server import Client, Server

CHROMIUM = shutil.which("chromium")
PAGES = ROOT / "soar" / "api" / "static" / "index.html"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
PICTURES = os.environ.get("SOAR_PICTURES")

IN_A_BROWSER = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(not PAGES.exists(), reason="the web pages were not built (no Node)"),
]


@dataclass(frozen=True)
class Demo:
    """A started demo: what it printed, and where it answers."""

    server: Server
    url: str

    def find_password(self, name: str) -> str:
        return self.server.find(rf"^\s+{name}\s+\S+\s+(\S+)$")

    def find_line(self) -> str:
        return self.server.find(r"^\s+((?:ts=|curl).+)$")

    def open_client(self, name: str) -> Client:
        client = Client(self.url)
        client.sign_in(name, self.find_password(name))
        return client


@dataclass(frozen=True)
class Served(Demo):
    """The demo's installation, served anew: its passwords were printed before."""

    bob: str

    def find_password(self, name: str) -> str:
        assert name == "bob"
        return self.bob


@contextmanager
def serve_playbook(demo: Demo, folder: Path, playbook: str, url: str | None = None) -> Iterator[Served]:
    """Serve the demo's installation with one playbook of our own, at an address of our own if one is named."""
    bob = demo.find_password("bob")
    demo.server.kill()
    state, playbooks = folder / "demo", folder / "playbooks"
    playbooks.mkdir()
    (playbooks / "account-check.yaml").write_text(playbook, "utf-8")
    port = urlsplit(url).port if url else 0
    settings = {
        "server": {"listen": f"127.0.0.1:{port}", **({"url": url} if url else {})},
        "database": {"url": f"sqlite:///{state / 'soar.db'}"},
        "vault": {"key_file": str(state / "vault.key")},
        "audit": {
            "key_file": str(state / "audit.key"),
            "origin": "soar.demo/audit",
            "anchors": [str(state / "anchor.txt")],
        },
        "paths": {
            "playbooks": str(playbooks),
            "connectors": str(ROOT / "connectors"),
            "sources": str(ROOT / "config" / "sources"),
            "connections": str(state / "connections.yaml"),
            "ledgers": str(state / "simulated"),
        },
    }
    config = folder / "soar.yaml"
    config.write_text(json.dumps(settings), "utf-8")
    server = Server(["serve", "--config", str(config)], cwd=ROOT)
    try:
        found = server.find(r"(http://(?:127\.0\.0\.1|localhost):\d+)")
        yield Served(server, url or found, bob)
    finally:
        server.kill()


def sign_in(browser: Browser, demo: Demo, name: str, complaints: list[str]) -> Page:
    """Open a browser window of somebody's own and sign them in."""
    page = browser.new_context().new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(demo.url)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(demo.find_password(name))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    return page


def take_pictures(browser: Browser, page: Page, name: str) -> None:
    """Keep pictures of a page, light and dark, wide and narrow, where somebody asked for them."""
    if PICTURES is None:
        return
    state = page.context.storage_state()
    for theme in ("light", "dark"):
        for width, height in ((1280, 900), (320, 720)):
            context = browser.new_context(
                storage_state=state, color_scheme=theme, viewport={"width": width, "height": height}
            )
            shown = context.new_page()
            shown.goto(page.url)
            shown.wait_for_load_state("load")
            shown.wait_for_timeout(800)
            shown.screenshot(path=f"{PICTURES}/{name}-{theme}-{width}.png", full_page=width < 400)
            context.close()


def change_example(folder: Path, old: str, new: str) -> str:
    """Write the example alert with other text in it, and return the file's path."""
    text = (ROOT / "examples" / "phishing.json").read_text("utf-8")
    assert old in text
    changed = folder / "changed.json"
    changed.write_text(text.replace(old, new), "utf-8")
    return str(changed)


def find_barriers(page: Page) -> list[str]:
    """Return what axe-core finds against WCAG 2.2 A and AA on the page as it stands."""
    found = page.evaluate("(tags) => axe.run({runOnly: tags})", WCAG_2_2_AA)
    assert found["passes"], "axe-core looked at nothing"
    return [f"{page.url} {rule['id']}: {node['html']}" for rule in found["violations"] for node in rule["nodes"]]


def find_barriers_in_both(page: Page) -> list[str]:
    """Look at the page in light and in dark."""
    found = []
    for theme in ("light", "dark"):
        page.emulate_media(color_scheme=theme)
        found += [f"{theme} {barrier}" for barrier in find_barriers(page)]
    return found
