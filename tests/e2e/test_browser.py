"""People use the pages in a real browser: Debian's chromium, headless, against a started demo."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.e2e.browsing import (
    AXE,
    IN_A_BROWSER,
    Demo,
    change_example,
    find_barriers_in_both,
    serve_playbook,
    sign_in,
    take_pictures,
)
from tests.e2e.first_ten_minutes import find_run, post_first_alert
from tests.support.server import Client, wait_for

pytestmark = IN_A_BROWSER


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
        (bob, "/freezes", "Nothing is frozen"),
        (bob, "/standing", "Nothing is approved beforehand"),
        (bob, "/oncall", "There are no rotas"),
        (bob, "/alerts?rule=suppressed", "No alert that is suppressed"),
        (olga, "/approvals?show=others", "does not allow you to vote"),
        (olga, "/audit", "asked for approval"),
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
    (held,) = client.send("GET", "/api/v1/responses").json["items"]
    carol = sign_in(browser, demo, "carol", complaints)
    carol.context.add_init_script(path=AXE)
    carol.goto(f"{demo.url}/freezes")
    carol.get_by_role("button", name="Freeze…").click()
    carol.get_by_label("Reason").fill("the playbooks run wild")
    carol.get_by_role("dialog").get_by_role("button", name="Freeze", exact=True).click()
    for page, path, shown in (
        (bob, f"/runs/{run['id']}", "APPROVED by bob"),
        (bob, "/responses", "We hold 1 thing down"),
        (bob, f"/responses/{held['id']}", "Last look"),
        (carol, f"/responses/{held['id']}", "No such write is begun"),
        (carol, "/freezes", "nobody has asked"),
    ):
        page.goto(demo.url + path)
        expect(page.get_by_text(shown).first).to_be_visible()
        take_pictures(browser, page, f"{path.split('/')[1]}-{'one' if path.count('/') > 1 else 'all'}")
        barriers += find_barriers_in_both(page)
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


def test_a_question_is_answered_in_a_form_that_fits_a_phone(
    browser: Browser, demo: Demo, complaints: list[str], tmp_path: Path
) -> None:
    with serve_playbook(demo, tmp_path, QUESTION) as served:
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
