"""A person approves in a real browser: Debian's chromium, headless, against a started demo."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.e2e.first_ten_minutes import ROOT, find_run, post_first_alert
from tests.support.server import Client, Server, wait_for

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
PICTURES = os.environ.get("SOAR_PICTURES")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium is not installed"),
    pytest.mark.skipif(not PAGES.exists(), reason="the web pages were not built (no Node)"),
    pytest.mark.skipif(
        not (shutil.which("curl") and shutil.which("openssl")), reason="the printed line needs curl and openssl"
    ),
]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[tuple[Server, str]]:
    server = Server(["demo", "--folder", str(tmp_path / "demo"), "--listen", "127.0.0.1:0"], cwd=ROOT)
    try:
        url = server.find(r"^soar demo: (\S+)$")
        wait_for(lambda: Client(url).send("GET", "/readyz").status == 200)
        yield server, url
    finally:
        server.kill()


@pytest.fixture
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield started
        started.close()


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


def test_a_person_signs_in_reads_the_card_and_approves(browser: Browser, demo: tuple[Server, str]) -> None:
    server, url = demo
    password = server.find(r"^\s+bob\s+analyst\s+(\S+)$")
    complaints: list[str] = []
    page = browser.new_page()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(url)
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("Nothing yet").first).to_be_visible()
    take_pictures(browser, page, "now-empty")

    alert = post_first_alert(server.find(r"^\s+((?:ts=|curl).+)$"))
    client = Client(url)
    client.sign_in("bob", password)
    run = find_run(client, alert, "waiting")
    expect(page.get_by_role("article").first).to_be_visible()
    take_pictures(browser, page, "now")

    page.goto(f"{url}/approvals")
    card = page.get_by_role("article").filter(has_text="Purge every copy")
    expect(card.first).to_contain_text("exchange.purge_messages")
    take_pictures(browser, page, "approvals")
    card.first.get_by_role("button", name="Approve…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To confirm").fill("11")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog.get_by_text("12").first).to_be_visible()
    assert client.send("GET", f"/api/v1/runs/{run['id']}").json["status"] == "waiting"
    dialog.get_by_label("To confirm").fill("12")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_be_hidden()

    find_run(client, alert, "succeeded")
    page.goto(f"{url}/runs/{run['id']}")
    expect(page.get_by_text("Purge every copy").first).to_be_visible()
    for name, path in (
        ("run", f"/runs/{run['id']}"),
        ("alerts", "/alerts"),
        ("alert", f"/alerts/{alert}"),
        ("responses", "/responses"),
    ):
        page.goto(url + path)
        take_pictures(browser, page, name)
    assert [said for said in complaints if "401" not in said and "422" not in said] == []


def test_hostile_text_stays_text(browser: Browser, demo: tuple[Server, str], tmp_path: Path) -> None:
    server, url = demo
    password = server.find(r"^\s+bob\s+analyst\s+(\S+)$")
    line = server.find(r"^\s+((?:ts=|curl).+)$")
    evil = tmp_path / "evil.json"
    subject = '"subject": "'
    body = (ROOT / "examples" / "phishing.json").read_text("utf-8")
    assert subject in body
    evil.write_text(
        body.replace(subject, subject + "<img src=x onerror=document.title=1>\\u202e APPROVED by CISO "), "utf-8"
    )
    alert = post_first_alert(line.replace("examples/phishing.json", str(evil)))
    page = browser.new_page()
    page.goto(url)
    page.get_by_label("Name").fill("bob")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("navigation").first).to_be_visible()
    page.goto(f"{url}/alerts/{alert}")
    expect(page.get_by_text("<img src=x").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert "\u202e" not in page.inner_text("body")
