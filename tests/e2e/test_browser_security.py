"""People look after themselves and others in a real browser: factors, tokens, accounts, rights, the record."""

import json
import re
import socket
from datetime import timedelta
from pathlib import Path

import pyotp
import pytest
from playwright.sync_api import Browser, Page, expect

from soar.app.clock import SystemClock
from tests.e2e.browsing import (
    AXE,
    IN_A_BROWSER,
    Demo,
    find_barriers_in_both,
    serve_playbook,
    sign_in,
    take_pictures,
)
from tests.support.server import Client

pytestmark = IN_A_BROWSER

STEP = timedelta(seconds=30)  # that a code of an authenticator program is shown
GATED = """\
name: Account check
owner: team:soc
on: {manual: {}}
steps:
  - id: drill
    name: Take part in the drill
    approve: {by: [role:analyst], reason: A drill., assurance: mfa}
    steps:
      - id: block
        uses: opnsense.block_ip
        with: {ip: 203.0.113.7, alias: drill}
"""


def expect_refusals(complaints: list[str], status: int, count: int) -> None:
    """Take out as many refusals as were provoked; the browser notes each."""
    heard = [said for said in complaints if f"status of {status}" in said]
    assert len(heard) == count, complaints
    complaints[:] = [said for said in complaints if said not in heard]


def add_program(page: Page, url: str) -> pyotp.TOTP:
    """Add an authenticator program on the account's page, with the code of the step before this one."""
    page.goto(f"{url}/account")
    page.get_by_role("button", name="Add an authenticator program…").click()
    page.get_by_label("Name").fill("phone")
    page.get_by_role("button", name="Show its secret").click()
    expect(page.get_by_role("img", name="QR code")).to_be_visible()
    program = pyotp.TOTP(page.locator(".secret-text").inner_text().replace(" ", ""))
    page.get_by_label("The code that it shows now").fill(program.at(SystemClock().now() - STEP))
    page.get_by_role("button", name="Add it").click()
    return program


def test_a_second_factor_is_added_and_asked_for(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    bob = sign_in(browser, demo, "bob", complaints)
    program = add_program(bob, demo.url)
    codes = bob.get_by_role("region", name="Recovery codes").inner_text().split()
    assert len(codes) == 10
    bob.get_by_role("button", name="I have kept them").click()
    expect(bob.get_by_role("row").filter(has_text="authenticator program")).to_contain_text("phone")
    expect(bob.get_by_text("10 recovery codes left")).to_be_visible()
    take_pictures(browser, bob, "account")

    bob.get_by_role("button", name="Sign out", exact=True).click()
    bob.get_by_label("Name").fill("bob")
    bob.get_by_label("Password").fill(demo.find_password("bob"))
    bob.get_by_role("button", name="Sign in").click()
    expect(bob.get_by_role("heading", name="One more proof")).to_be_visible()
    bob.get_by_label("Code").fill("not a code")
    bob.get_by_role("button", name="Sign in").click()
    expect(bob.get_by_text("the name, the password or the code is wrong")).to_be_visible()
    bob.get_by_label("Code").fill(program.now())
    bob.get_by_role("button", name="Sign in").click()
    expect(bob.get_by_role("heading", name="Your account")).to_be_visible()
    expect(bob.get_by_role("row").filter(has_text="this one")).to_contain_text("shown")
    expect_refusals(complaints, 403, 1)


def test_a_vote_waits_for_the_proof_that_it_wants(
    browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path
) -> None:
    ann = demo.find_password("ann")
    with serve_playbook(demo, tmp_path, GATED) as served:
        bob = sign_in(browser, served, "bob", complaints)
        program = add_program(bob, served.url)
        client = Client(served.url)
        client.sign_in("ann", ann)
        run = client.send("POST", "/api/v1/playbooks/account-check/runs", {"inputs": {}}).json["id"]
        bob.goto(f"{served.url}/approvals")
        bob.get_by_role("button", name="Approve…").click()
        bob.get_by_label("To confirm").fill("203.0.113.7")
        bob.get_by_role("button", name="Approve", exact=True).click()
        proof = bob.get_by_role("dialog", name="Prove that it is you")
        expect(proof.get_by_text("Nothing has been done yet")).to_be_visible()
        assert client.send("GET", f"/api/v1/runs/{run}").json["status"] == "waiting"
        proof.get_by_label("Password").fill(served.bob)
        proof.get_by_label("Code").fill(program.now())
        proof.get_by_role("button", name="Prove it, and go on").click()
        expect(bob.get_by_text("is approved")).to_be_visible()
        bob.goto(f"{served.url}/runs/{run}")
        expect(bob.get_by_text("APPROVED by bob")).to_be_visible()
        expect_refusals(complaints, 403, 1)


def test_a_security_key_is_added_and_signs_in(
    browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://localhost:{probe.getsockname()[1]}"
    with serve_playbook(demo, tmp_path, GATED, url) as served:
        bob = sign_in(browser, served, "bob", complaints)
        plug_in_key(bob)
        bob.goto(f"{url}/account")
        bob.get_by_role("button", name="Add a security key…").click()
        bob.get_by_label("Name").fill("blue key")
        bob.get_by_role("button", name="Add it").click()
        bob.get_by_role("button", name="I have kept them").click()
        expect(bob.get_by_role("row").filter(has_text="security key")).to_contain_text("blue key")
        bob.get_by_role("button", name="Sign out", exact=True).click()
        bob.get_by_label("Name").fill("bob")
        bob.get_by_label("Password").fill(served.bob)
        bob.get_by_role("button", name="Sign in").click()
        bob.get_by_role("button", name="Use a security key").click()
        expect(bob.get_by_role("heading", name="Your account")).to_be_visible()
        expect_refusals(complaints, 403, 1)


def plug_in_key(page: Page) -> None:
    """Give the browser a security key that checks its owner, and is always touched."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    key = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
    }
    session.send("WebAuthn.addVirtualAuthenticator", {"options": key})


def test_a_token_is_made_shown_once_and_revoked(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    bob = sign_in(browser, demo, "bob", complaints)
    bob.goto(f"{demo.url}/account")
    expect(bob.get_by_text("You have none.")).to_be_visible()
    bob.get_by_role("button", name="Make a token…").click()
    bob.get_by_label("What it is for").fill("nightly <b>report</b>")
    bob.get_by_role("dialog").get_by_label("run:read").check()
    bob.get_by_label("How long").select_option("7 days")
    bob.get_by_label("From these addresses only").fill("127.0.0.1")
    bob.get_by_role("button", name="Make it").click()
    text = bob.get_by_role("region", name="Token", exact=True).inner_text().strip()
    bob.get_by_role("button", name="I have kept it").click()
    assert text not in bob.inner_text("body")

    program = Client(demo.url)
    program.headers = {"Authorization": f"Bearer {text}"}
    assert program.send("GET", "/api/v1/runs").status == 200
    assert program.send("GET", "/api/v1/alerts").status == 403
    row = bob.get_by_role("row").filter(has_text="nightly <b>report</b>")
    expect(row).to_contain_text("from 127.0.0.1")
    row.get_by_role("button", name="Revoke…").click()
    bob.get_by_role("button", name="Revoke it").click()
    expect(row).to_contain_text("revoked")
    assert program.send("GET", "/api/v1/runs").status == 401


def join(browser: Browser, demo: Demo, code: str) -> Page:
    """Return the page of somebody who has taken an invitation and signed in."""
    eva = browser.new_context().new_page()
    eva.goto(demo.url)
    eva.get_by_role("link", name="I have an invitation").click()
    eva.get_by_label("Code").fill(code)
    chosen = eva.get_by_label("New password")
    expect(chosen).to_have_attribute("type", "password")
    expect(chosen).to_have_attribute("autocomplete", "new-password")
    chosen.focus()
    eva.keyboard.insert_text("correct horse battery")  # as a paste or a password manager does, without a key
    eva.get_by_role("button", name="Set it").click()
    eva.get_by_role("link", name="Sign in").click()
    eva.get_by_label("Name").fill("eva")
    eva.get_by_label("Password").fill("correct horse battery")
    eva.get_by_role("button", name="Sign in").click()
    expect(eva.get_by_text("eva (analyst)")).to_be_visible()
    return eva


def change_password(eva: Page, demo: Demo) -> None:
    eva.goto(f"{demo.url}/account")
    eva.get_by_role("button", name="Change your password…").click()
    eva.get_by_label("Present password").fill("correct horse")
    eva.get_by_label("New password").fill("password1234")
    eva.get_by_role("button", name="Change it").click()
    expect(eva.get_by_text("the present password is wrong")).to_be_visible()
    eva.get_by_label("Present password").fill("correct horse battery")
    eva.get_by_role("button", name="Change it").click()
    expect(eva.get_by_text("this is a very common password").first).to_be_visible()
    eva.get_by_label("New password").fill("another horse battery")
    eva.get_by_role("button", name="Change it").click()
    expect(eva.get_by_text("Your password is changed")).to_be_visible()


def test_a_person_is_invited_joins_and_is_switched_off(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    admin = sign_in(browser, demo, "admin", complaints)
    admin.get_by_role("link", name="People").click()
    admin.get_by_role("button", name="Invite a person…").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Name").fill("eva")
    dialog.get_by_label("E-mail").fill("eva@corp.example")
    dialog.get_by_label("analyst").check()
    dialog.get_by_role("button", name="Invite").click()
    code = admin.get_by_role("region", name="Code of the invitation").inner_text().strip()
    admin.get_by_role("button", name="I have kept it").click()
    expect(admin.get_by_role("row").filter(has_text="eva@corp.example")).to_contain_text("invited")

    eva = join(browser, demo, code)
    change_password(eva, demo)

    admin.get_by_role("link", name="eva", exact=True).click()
    admin.get_by_role("button", name="Roles for a part…").click()
    admin.get_by_label("Grants").fill("author@playbook=phishing-*")
    admin.get_by_role("button", name="Give exactly these").click()
    expect(admin.get_by_text("author@playbook=phishing-*")).to_be_visible()
    take_pictures(browser, admin, "person")
    admin.get_by_role("link", name="Ask what they may do").click()
    admin.get_by_label("Permission").fill("user:write")
    admin.get_by_role("button", name="Ask").click()
    expect(admin.get_by_text("eva may not user:write")).to_be_visible()
    take_pictures(browser, admin, "access")

    admin.goto(f"{demo.url}/people/eva")
    admin.get_by_role("button", name="Switch off…").click()
    admin.get_by_label("Reason").fill("left the company")
    admin.get_by_role("button", name="Switch off", exact=True).click()
    expect(admin.get_by_text("switched off").first).to_be_visible()
    expect(eva.get_by_role("heading", name="Sign in to soar")).to_be_visible(timeout=15_000)


def test_the_record_is_searched_counted_and_taken_along(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    demo.open_client("bob")
    stranger = Client(demo.url)
    assert stranger.send("POST", "/api/v1/session", {"name": "bob", "password": "<i>wrong</i>"}).status == 401
    olga = sign_in(browser, demo, "olga", complaints)
    olga.get_by_role("link", name="Audit").click()
    olga.get_by_role("searchbox").fill("actor:bob type:session.*")
    olga.get_by_role("button", name="Search").click()
    events = olga.locator("ol.audit > li")
    expect(events).to_have_count(2)
    expect(events.first).to_contain_text("denied")
    expect(olga).to_have_url(re.compile(r"\?q=actor%3Abob\+type%3Asession"))

    olga.get_by_text("Count by type").click()
    olga.get_by_role("region", name="Outcome").get_by_role("link", name="denied").click()
    expect(events).to_have_count(1)
    take_pictures(browser, olga, "audit")
    events.first.locator("summary").click()
    expect(olga.get_by_role("region", name="Event")).to_contain_text("wrong name or password")
    with olga.expect_download() as proof:
        olga.get_by_role("button", name="Download the proof").click()
    assert proof.value.suggested_filename.endswith(".tlog-proof")
    assert Path(proof.value.path()).read_text("utf-8").startswith("c2sp.org/tlog-proof")

    with olga.expect_download() as export:
        olga.get_by_role("link", name="JSON lines").click()
    (line,) = Path(export.value.path()).read_text("utf-8").splitlines()
    assert json.loads(line)["event"]["reason"] == "wrong name or password"
    olga.get_by_role("link", name="Show everything").first.click()
    olga.get_by_text("Ready-made questions").click()
    olga.get_by_role("link", name="Who searched, exported and checked the audit").click()
    expect(events.first).to_contain_text("olga")
    olga.get_by_role("searchbox").fill("colour:red")
    olga.get_by_role("button", name="Search").click()
    expect(olga.get_by_text("there is no field `colour`").first).to_be_visible()


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: `npm ci` in web/ does")
def test_the_pages_of_security_meet_wcag_2_2_aa(browser: Browser, demo: Demo, complaints: list[str]) -> None:
    program = {
        "name": "nightly",
        "email": "nightly@corp.example",
        "kind": "service",
        "owner": "ann",
        "roles": ["viewer"],
    }
    assert demo.open_client("admin").send("POST", "/api/v1/users", program).status == 201
    admin = sign_in(browser, demo, "admin", complaints)
    admin.context.add_init_script(path=AXE)
    admin.set_viewport_size({"width": 320, "height": 720})
    plan = (
        ("/account", "You have none.", None),
        ("/account", "Where you are signed in", "Add an authenticator program…"),
        ("/account", "Where you are signed in", "Make a token…"),
        ("/people", "bob@", None),
        ("/people", "bob@", "Invite a person…"),
        ("/people/bob", "Everywhere", None),
        ("/people/bob", "Everywhere", "Roles…"),
        ("/people/bob", "Everywhere", "Roles for a part…"),
        ("/people/bob", "Everywhere", "Switch off…"),
        ("/people/nightly", "It has none", "Make a token…"),
        ("/emergencies", "The glass was never broken", None),
        ("/roles?role=analyst", "analyst allows", None),
        ("/access", "Name what is to be done", None),
        ("/access?user=bob&permission=user:write", "What decides it", None),
        ("/audit?view=audit-access", "Ready-made", None),
    )
    barriers: list[str] = []
    for path, shown, button in plan:
        admin.goto(demo.url + path)
        expect(admin.get_by_text(shown).first).to_be_visible()
        if button is not None:
            admin.get_by_role("button", name=button).click()
            expect(admin.get_by_role("dialog")).to_be_visible()
        assert admin.evaluate("document.documentElement.scrollWidth") <= 320, path
        barriers += find_barriers_in_both(admin)
        if button is None:
            take_pictures(browser, admin, path.strip("/").replace("/", "-").partition("?")[0])
    admin.get_by_role("button", name="Sign out", exact=True).click()
    for path, shown in (("/", "Sign in to soar"), ("/join", "Set your password")):
        admin.goto(demo.url + path)
        expect(admin.get_by_role("heading", name=shown)).to_be_visible()
        barriers += find_barriers_in_both(admin)
    assert barriers == []
