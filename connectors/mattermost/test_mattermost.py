import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
import respx

from connectors.mattermost.connector import LIMIT, Mattermost
from connectors.mattermost.simulator import ServerInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://chat.example/api/v4"
TEAM, CHANNEL, MESSAGE, USER = ("t" * 26, "c" * 26, "m" * 26, "u" * 26)
BENCH = Bench(
    Mattermost,
    hosts={"chat.example"},
    settings={"url": "https://chat.example/", "team": TEAM},
    credentials={"bot_token": SECRET, "action_key": "key", "command_token": "token"},
)
POST = {"channel": CHANNEL, "text": "Hello"}
BUTTON = {"id": "approve", "integration": {"url": "https://soar.example", "context": {"claim": "ap_1|approve|n"}}}
CARD = {"channel": CHANNEL, "attachment": {"title": "AB12", "actions": [BUTTON, "odd"]}}
WRITES: dict[str, dict[str, Any]] = {
    "post": POST,
    "post_card": CARD,
    "edit_card": CARD | {"message": MESSAGE},
    "open_dialog": {"trigger": "dHJpZ2dlcg==", "url": "https://soar.example", "dialog": {"title": "Approve"}},
    "whisper": {"channel": CHANNEL, "user": USER, "text": "no"},
}
PLACES = {
    "post": ("POST", "/posts"),
    "post_card": ("POST", "/posts"),
    "edit_card": ("PUT", f"/posts/{MESSAGE}/patch"),
    "open_dialog": ("POST", "/actions/dialogs/open"),
    "whisper": ("POST", "/posts/ephemeral"),
}


async def send(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a writing action and return the body that arrived."""
    router = respx.Router()
    method, place = PLACES[name]
    router.get(f"{API}/teams/{TEAM}/channels/name/soc").respond(json={"id": CHANNEL})
    route = router.request(method, API + place).respond(json={"id": MESSAGE, "channel_id": CHANNEL, "status": "OK"})
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    body: dict[str, Any] = json.loads(request.content)
    return body


async def test_a_text_is_posted_as_it_is() -> None:
    body = await send("post", {"channel": "~soc", "text": "@all *x* [y](z)", "thread": MESSAGE})
    assert body == {
        "channel_id": CHANNEL,
        "message": "\uff20all \\*x\\* \\[y\\]\\(z\\)",
        "props": {"disable_group_highlight": True},
        "root_id": MESSAGE,
    }
    assert len((await send("post", POST | {"text": "x" * 9999}))["message"]) == LIMIT


async def test_a_cards_buttons_are_bound_to_its_channel_by_our_key() -> None:
    expected = hmac.new(b"key", f"press|{CHANNEL}|ap_1|approve|n".encode(), hashlib.sha256).hexdigest()
    for name in ("post_card", "edit_card"):
        body = await send(name, WRITES[name])
        (attachment,) = body["props"]["attachments"]
        assert attachment["actions"][0]["integration"]["context"] == {"claim": "ap_1|approve|n", "proof": expected}


async def test_an_attachment_without_buttons_is_posted_too() -> None:
    body = await send("post_card", CARD | {"attachment": {"title": "done"}})
    assert body["props"]["attachments"] == [{"title": "done"}]


async def test_a_dialog_is_opened_and_a_word_is_whispered() -> None:
    assert (await send("open_dialog", WRITES["open_dialog"]))["trigger_id"] == "dHJpZ2dlcg=="
    assert (await send("whisper", WRITES["whisper"]))["user_id"] == USER


@pytest.mark.parametrize(
    ("user", "membership", "is_full"),
    [
        ({}, {}, True),
        ({"is_bot": True}, {}, False),
        ({"roles": "system_guest"}, {}, False),
        ({"delete_at": 5}, {}, False),
        ({"remote_id": "another"}, {}, False),
        ({"id": "x" * 26}, {}, False),
        ({}, {"delete_at": 5}, False),
        ({}, {"scheme_guest": True}, False),
        ({}, {"roles": "team_guest"}, False),
        ({}, {"user_id": "x" * 26}, False),
        ({}, {"team_id": "x" * 26}, False),
    ],
)
async def test_guests_bots_and_strangers_are_no_full_members(
    user: dict[str, Any], membership: dict[str, Any], *, is_full: bool
) -> None:
    router = respx.Router()
    router.get(f"{API}/users/{USER}").respond(json={"id": USER, "roles": "system_user", **user})
    router.get(f"{API}/teams/{TEAM}/members/{USER}").respond(json={"team_id": TEAM, "user_id": USER} | membership)
    answer = await BENCH.call("member", {"user": USER}, router.async_handler)
    assert answer.output == {"team": membership.get("team_id", TEAM), "is_full": is_full}


async def test_who_is_not_in_the_team_is_no_member() -> None:
    router = respx.Router()
    router.get(f"{API}/users/{USER}").respond(json={"id": USER})
    place = router.get(f"{API}/teams/{TEAM}/members/{USER}").respond(404, json={})
    answer = await BENCH.call("member", {"user": USER}, router.async_handler)
    assert answer.output == {"team": "", "is_full": False}
    place.respond(403)
    answer = await BENCH.call("member", {"user": USER}, router.async_handler)
    assert answer.code is ActionCode.FORBIDDEN


async def test_an_archived_channel_is_none() -> None:
    router = respx.Router()
    router.get(f"{API}/teams/{TEAM}/channels/name/soc").respond(json={"id": CHANNEL, "delete_at": 5})
    answer = await BENCH.call("post", {"channel": "~soc", "text": "x"}, router.async_handler)
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(201, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "member", {"user": USER})
    for name, arguments in WRITES.items():
        await check_failures(BENCH, name, arguments, on_server_error=ActionCode.UNKNOWN_OUTCOME)


@pytest.mark.parametrize("change", [{"channel": "soc"}, {"channel": "~soc x"}, {"text": ""}, {"thread": "x"}])
async def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_in_small_every_message_has_an_id_of_its_own() -> None:
    simulator = ServerInSmall(MemoryLedger(), StillClock().now)
    messages = []
    for key in ("a", "b"):
        answer = await BENCH.simulate("post_card", CARD | {"channel": "~soc"}, simulator, key=key)
        assert isinstance(answer.output, dict)
        messages.append(answer.output["message"])
    assert messages == ["1".zfill(26), "2".zfill(26)]
    for name in ("edit_card", "open_dialog", "whisper"):
        answer = await BENCH.simulate(name, WRITES[name], simulator, key=name)
        assert answer.output == {"ok": True}
    answer = await BENCH.simulate("member", {"user": USER}, simulator)
    assert answer.output == {"team": TEAM, "is_full": True}
