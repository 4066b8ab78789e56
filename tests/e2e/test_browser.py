"""People use the pages in a real browser: Debian's chromium, headless, against a started demo."""

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
WCAG_2_2_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa"]
PICTURES = os.environ.get("SOAR_PICTURES")

pytestmark = [
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


def test_a_person_signs_in_reads_the_card_approves_and_takes_it_back(
    browser: Browser, demo: Demo, complaints: list[str]
) -> None:
    page = sign_in(browser, demo, "bob", complaints)
    expect(page.get_by_text("Nothing yet").first).to_be_visible()
    take_pictures(browser, page, "now-empty")

    alert = post_first_alert(demo.find_line())
    client = demo.open_client("bob")
    run = find_run(client, alert, "waiting")
    expect(page.get_by_role("article").first).to_be_visible()
    take_pictures(browser, page, "now")

    page.goto(f"{demo.url}/runs/{run['id']}")
    expect(page.get_by_text("waits for analyst to decide")).to_be_visible()
    page.goto(f"{demo.url}/approvals")
    card = page.get_by_role("article").filter(has_text="Purge every copy")
    expect(card).to_contain_text("exchange.purge_messages")
    take_pictures(browser, page, "approvals")
    card.get_by_role("button", name="Approve…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("To confirm").fill("11")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog.get_by_text("Your vote was not counted")).to_be_visible()
    assert client.send("GET", f"/api/v1/runs/{run['id']}").json["status"] == "waiting"
    dialog.get_by_label("To confirm").fill("12")
    dialog.get_by_role("button", name="Approve", exact=True).click()
    expect(dialog).to_be_hidden()

    find_run(client, alert, "succeeded")
    for name, path in (
        ("alerts", "/alerts"),
        ("alert", f"/alerts/{alert}"),
        ("responses", "/responses"),
        ("run", f"/runs/{run['id']}"),
    ):
        page.goto(demo.url + path)
        take_pictures(browser, page, name)
    expect(page.get_by_text("APPROVED by bob")).to_be_visible()
    page.get_by_role("button", name="Undo…").click()
    dialog.get_by_role("button", name="Lift 1 active response").click()
    expect(page.get_by_role("row").filter(has_text="Purge every copy")).to_contain_text("undone")
    expect(page.get_by_role("button", name="Undo…")).to_be_hidden()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in to soar")).to_be_visible()


def test_everybody_is_offered_what_their_role_allows_and_told_the_rest(
    browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path
) -> None:
    alert = post_first_alert(demo.find_line())
    client = demo.open_client("bob")
    run = f"/runs/{find_run(client, alert, 'waiting')['id']}"
    bob = sign_in(browser, demo, "bob", complaints)
    expect(bob.get_by_role("link", name="Audit")).to_have_count(0)
    bob.goto(f"{demo.url}/audit")
    expect(bob.get_by_text("Your role (analyst) does not allow you to read this page.")).to_be_visible()

    carol = sign_in(browser, demo, "carol", complaints)
    carol.goto(f"{demo.url}/approvals?show=others")
    expect(carol.get_by_text("it needs analyst (you: soc-lead)")).to_be_visible()
    carol.get_by_role("link", name="Audit").click()
    expect(carol.get_by_text("does not allow you to verify the record")).to_be_visible()
    expect(carol.get_by_role("button", name="Verify")).to_have_count(0)

    olga = sign_in(browser, demo, "olga", complaints)
    olga.goto(demo.url + run)
    expect(olga.get_by_text("Your role (auditor) does not allow you to cancel this run.")).to_be_visible()
    expect(olga.get_by_role("button", name="Cancel…")).to_have_count(0)
    admin = sign_in(browser, demo, "admin", complaints)
    admin.goto(demo.url + run)
    expect(admin.get_by_text("Your role (admin) does not allow you to vote.")).to_be_visible()
    expect(admin.get_by_role("button", name="Approve…")).to_have_count(0)

    bob.goto(f"{demo.url}/approvals")
    bob.get_by_role("button", name="Deny…").click()
    bob.get_by_label("Comment").fill("wrong message")
    bob.get_by_role("dialog").get_by_role("button", name="Deny", exact=True).click()
    expect(olga.get_by_text("DENIED by bob: “wrong message”.")).to_be_visible()

    other = change_example(tmp_path, ".4711@", ".4712@")
    second = post_first_alert(demo.find_line().replace("examples/phishing.json", other))
    bob.goto(f"{demo.url}/runs/{find_run(client, second, 'waiting')['id']}")
    bob.get_by_role("button", name="Cancel…").click()
    bob.get_by_label("Reason").fill("a drill")
    bob.get_by_role("button", name="Cancel the run").click()
    expect(bob.get_by_text("CANCELLED with its run").first).to_be_visible()

    sent = {"source": "generic", "alert": {"title": "Disk full", "kind": "disk.full"}}
    unmatched = client.send("POST", "/api/v1/alerts", sent).json["alert"]
    bob.goto(f"{demo.url}/alerts")
    bob.get_by_role("row").filter(has_text="Disk full").get_by_role("link", name="see why").click()
    expect(bob).to_have_url(f"{demo.url}/alerts/{unmatched}")
    expect(bob.get_by_text("No playbook took this alert")).to_be_visible()

    olga.get_by_role("link", name="Audit").click()
    olga.get_by_role("button", name="Verify").click()
    expect(olga.get_by_text("Sound.")).to_be_visible()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: `npm ci` in web/ does")
def test_every_page_meets_wcag_2_2_aa_in_light_and_dark(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    alert = post_first_alert(demo.find_line())
    client = demo.open_client("bob")
    run = find_run(client, alert, "waiting")
    bob = sign_in(browser, demo, "bob", complaints)
    olga = sign_in(browser, demo, "olga", complaints)
    for page in (bob, olga):
        page.context.add_init_script(path=AXE)
    plan = (
        (bob, "/", "Purge every copy"),
        (bob, "/alerts", "started"),
        (bob, f"/alerts/{alert}", "takes it"),
        (bob, "/runs", "waiting"),
        (bob, f"/runs/{run['id']}", "Thank the reporter"),
        (bob, "/approvals", "Purge every copy"),
        (bob, "/responses", "We hold nothing down"),
        (olga, "/approvals?show=others", "does not allow you to vote"),
        (olga, "/audit", "was received"),
    )
    barriers: list[str] = []
    for page, path, shown in plan:
        page.goto(demo.url + path)
        expect(page.get_by_text(shown).first).to_be_visible()
        barriers += find_barriers_in_both(page)
    bob.goto(f"{demo.url}/approvals")
    bob.get_by_role("button", name="Approve…").click()
    barriers += find_barriers_in_both(bob)
    bob.get_by_label("To confirm").fill("12")
    bob.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).click()
    find_run(client, alert, "succeeded")
    for path, shown in ((f"/runs/{run['id']}", "APPROVED by bob"), ("/responses", "We hold 1 thing down")):
        bob.goto(demo.url + path)
        expect(bob.get_by_text(shown).first).to_be_visible()
        barriers += find_barriers_in_both(bob)
    assert barriers == []


QUESTION = """\
name: Account check
owner: team:soc
on: {manual: {}}
steps:
  - id: owner
    name: Ask the owner
    ask:
      to: role:analyst
      question: "Was it you? <img src=x onerror=document.title=1>"
      fields:
        mine: {type: bool, label: Yes that was me}
        verdict: {enum: [compromised, false_alarm], label: Verdict}
        count: {type: int, label: How many sign-ins}
outputs:
  owner: ${{ steps.owner.output }}
"""


@dataclass(frozen=True)
class Served(Demo):
    """The demo's installation, served anew: its passwords were printed before."""

    bob: str

    def find_password(self, name: str) -> str:
        assert name == "bob"
        return self.bob


@contextmanager
def serve_question(demo: Demo, folder: Path) -> Iterator[Served]:
    """Serve the demo's installation with one playbook of our own."""
    bob = demo.find_password("bob")
    demo.server.kill()
    state, playbooks = folder / "demo", folder / "playbooks"
    playbooks.mkdir()
    (playbooks / "account-check.yaml").write_text(QUESTION, "utf-8")
    settings = {
        "server": {"listen": "127.0.0.1:0"},
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
        yield Served(server, server.find(r"(http://127\.0\.0\.1:\d+)"), bob)
    finally:
        server.kill()


def test_a_question_is_answered_in_a_form_that_fits_a_phone(
    browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path
) -> None:
    with serve_question(demo, tmp_path) as served:
        url = served.url
        client = served.open_client("bob")
        run = client.send("POST", "/api/v1/playbooks/account-check/runs", {"inputs": {}}).json["id"]
        page = sign_in(browser, served, "bob", complaints)
        if AXE.exists():
            page.context.add_init_script(path=AXE)
        page.set_viewport_size({"width": 320, "height": 720})
        page.goto(f"{url}/approvals")
        expect(page.get_by_role("article")).to_contain_text("<img src=x")
        page.get_by_role("link", name="Answer…").click()
        form = page.get_by_role("form")
        expect(form).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= 320
        for target in (*form.locator("label.choice").all(), form.get_by_label("How many"), form.get_by_role("button")):
            assert (target.bounding_box() or {})["height"] >= 44
        take_pictures(browser, page, "question")
        if AXE.exists():
            assert find_barriers_in_both(page) == []
        form.get_by_role("group", name="Yes that was me").get_by_label("No").check()
        form.get_by_label("false_alarm").check()
        form.get_by_label("How many").fill("two")
        form.get_by_role("button", name="Send the answer").click()
        expect(form.get_by_text("is not an int").last).to_be_visible()
        form.get_by_label("How many").fill("2")
        form.get_by_role("button", name="Send the answer").click()
        expect(page.get_by_text("ANSWERED by bob.")).to_be_visible()
        expect(form).to_be_hidden()
        done = wait_for(lambda: _find_ended(client, run))
        assert done["outputs"] == {"owner": {"mine": False, "verdict": "false_alarm", "count": 2}}


def _find_ended(client: Client, run: str) -> dict[str, object] | None:
    found = client.send("GET", f"/api/v1/runs/{run}").json
    return found if found["status"] == "succeeded" else None


def test_hostile_text_stays_text(browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path) -> None:
    subject = '"subject": "'
    hostile = subject + "<img src=x onerror=document.title=1>\\u202e APPROVED by CISO "
    evil = change_example(tmp_path, subject, hostile)
    alert = post_first_alert(demo.find_line().replace("examples/phishing.json", evil))
    page = sign_in(browser, demo, "bob", complaints)
    page.goto(f"{demo.url}/alerts/{alert}")
    expect(page.get_by_text("<img src=x").first).to_be_visible()
    assert page.locator("img[src=x]").count() == 0
    assert "\u202e" not in page.inner_text("body")
