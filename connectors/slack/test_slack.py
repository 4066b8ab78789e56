import json
from typing import Any

import httpx
import pytest
import respx

from connectors.slack.connector import LIMIT, Slack
from connectors.slack.simulator import WorkspaceInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://slack.com/api/"
SOCKET_TOKEN = "xapp-made-up"
BENCH = Bench(
    Slack, hosts={"slack.com"}, credentials={"bot_token": SECRET, "signing_secret": "sign", "app_token": SOCKET_TOKEN}
)
POST = {"channel": "#soc", "text": "Hello"}
CARD = {"channel": "C123", "text": "AB12", "blocks": [{"type": "divider"}]}
WRITES: dict[str, dict[str, Any]] = {
    "post": POST,
    "post_card": CARD,
    "edit_card": CARD | {"message": "1.2"},
    "open_dialog": {"trigger": "13345224609.738474920", "view": {"type": "modal"}},
    "whisper": {"channel": "C123", "user": "U123", "text": "no"},
}
METHODS = {
    "post": "chat.postMessage",
    "post_card": "chat.postMessage",
    "edit_card": "chat.update",
    "open_dialog": "views.open",
    "whisper": "chat.postEphemeral",
}


async def send(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a writing action and return the body that arrived."""
    router = respx.Router()
    route = router.post(API + METHODS[name]).respond(json={"ok": True, "channel": "C123", "ts": "1.2"})
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    body: dict[str, Any] = json.loads(request.content)
    return body


async def test_a_text_is_posted_as_it_is() -> None:
    body = await send("post", POST | {"text": "<!channel> a & <@U1>", "thread": "1.2"})
    assert body == {
        "channel": "#soc",
        "text": "&lt;!channel&gt; a &amp; &lt;@U1&gt;",
        "mrkdwn": False,
        "thread_ts": "1.2",
        "unfurl_links": False,
        "unfurl_media": False,
        "parse": "none",
        "link_names": False,
    }
    assert len((await send("post", POST | {"text": "x" * 9999}))["text"]) == LIMIT


async def test_a_card_is_posted_and_edited() -> None:
    posted = await send("post_card", CARD)
    assert (posted["blocks"], posted["unfurl_links"], "ts" in posted) == ([{"type": "divider"}], False, False)
    edited = await send("edit_card", WRITES["edit_card"])
    assert (edited["ts"], edited["channel"], "message" in edited) == ("1.2", "C123", False)


async def test_a_dialog_is_opened_and_a_word_is_whispered() -> None:
    assert (await send("open_dialog", WRITES["open_dialog"]))["trigger_id"] == "13345224609.738474920"
    assert (await send("whisper", WRITES["whisper"]))["user"] == "U123"


@pytest.mark.parametrize(
    ("marks", "is_full"),
    [
        ({}, True),
        ({"is_bot": True}, False),
        ({"is_restricted": True}, False),
        ({"is_ultra_restricted": True}, False),
        ({"is_stranger": True}, False),
        ({"deleted": True}, False),
        ({"id": "U999"}, False),
    ],
)
async def test_guests_bots_and_strangers_are_no_full_members(marks: dict[str, Any], *, is_full: bool) -> None:
    router = respx.Router()
    user = {"id": "U123", "team_id": "T1", **marks}
    router.get(f"{API}users.info", params={"user": "U123"}).respond(json={"ok": True, "user": user})
    answer = await BENCH.call("member", {"user": "U123"}, router.async_handler)
    assert answer.output == {"team": "T1", "is_full": is_full}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("invalid_auth", ActionCode.AUTH),
        ("not_in_channel", ActionCode.FORBIDDEN),
        ("channel_not_found", ActionCode.NOT_FOUND),
        ("ratelimited", ActionCode.RATE_LIMITED),
        ("fatal_error", ActionCode.UNKNOWN_OUTCOME),
        ("invalid_blocks", ActionCode.INVALID),
    ],
)
async def test_a_refusal_with_status_200_has_its_code(error: str, code: ActionCode) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(200, json={"ok": False, "error": error}))
    assert answer.code is code
    assert error in answer.message


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


@pytest.mark.parametrize(
    ("url", "code"),
    [("wss://wss-primary.slack.com/link/?ticket=1", None), ("https://x", ActionCode.INVALID), ("", ActionCode.INVALID)],
)
async def test_where_to_listen_is_asked_with_the_token_of_its_own(url: str, code: ActionCode | None) -> None:
    router = respx.Router()
    route = router.post(f"{API}apps.connections.open").respond(json={"ok": True, "url": url})
    answer = await BENCH.call("open_socket", {}, router.async_handler)
    assert route.calls.last.request.headers["Authorization"] == f"Bearer {SOCKET_TOKEN}"
    assert answer.code is code
    assert code is not None or answer.output == {"url": url}


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "member", {"user": "U123"})
    await check_failures(BENCH, "open_socket", {})
    for name, arguments in WRITES.items():
        await check_failures(BENCH, name, arguments, on_server_error=ActionCode.UNKNOWN_OUTCOME)


@pytest.mark.parametrize("change", [{"channel": "soc"}, {"channel": "#soc x"}, {"text": ""}, {"thread": "x"}])
async def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_in_small_every_message_has_an_id_of_its_own() -> None:
    ledger = MemoryLedger()
    simulator = WorkspaceInSmall(ledger, StillClock().now)
    stamps = []
    for key in ("a", "b"):
        answer = await BENCH.simulate("post_card", CARD, simulator, key=key)
        assert isinstance(answer.output, dict)
        stamps.append(answer.output["message"])
    assert stamps == ["1.000100", "2.000100"]
    for name in ("edit_card", "open_dialog", "whisper"):
        answer = await BENCH.simulate(name, WRITES[name], simulator, key=name)
        assert answer.output == {"ok": True}
    answer = await BENCH.simulate("member", {"user": "U123"}, simulator)
    assert answer.output == {"team": "T0000001", "is_full": True}
    answer = await BENCH.simulate("open_socket", {}, simulator)
    assert isinstance(answer.output, dict)
    assert str(answer.output["url"]).startswith("wss://")
