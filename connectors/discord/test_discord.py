import json
from typing import Any

import httpx
import pytest
import respx

from connectors.discord.connector import LIMIT, Discord
from connectors.discord.simulator import ServerInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://discord.com/api/v10"
GUILD, CHANNEL, MESSAGE, USER = "1", "2", "3", "4"
SETTINGS = {"guild": GUILD, "application": "9", "role": ""}
BENCH = Bench(Discord, hosts={"discord.com"}, settings=SETTINGS, credentials={"bot_token": SECRET})
POST = {"channel": CHANNEL, "text": "Hello"}
CARD = {"channel": CHANNEL, "embeds": [{"title": "AB12"}], "components": [{"type": 1}]}
WRITES: dict[str, dict[str, Any]] = {
    "post": POST,
    "post_card": CARD,
    "edit_card": CARD | {"message": MESSAGE},
    "answer": {"token": "interaction-token", "text": "Counted."},
    "whisper": {"channel": CHANNEL, "user": USER, "text": "no"},
}
PLACES = {
    "post": ("POST", f"/channels/{CHANNEL}/messages"),
    "post_card": ("POST", f"/channels/{CHANNEL}/messages"),
    "edit_card": ("PATCH", f"/channels/{CHANNEL}/messages/{MESSAGE}"),
    "answer": ("PATCH", "/webhooks/9/interaction-token/messages/@original"),
    "whisper": ("POST", "/channels/7/messages"),
}


async def send(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a writing action and return the body that arrived."""
    router = respx.Router(assert_all_called=False)
    method, place = PLACES[name]
    router.post(f"{API}/users/@me/channels").respond(json={"id": "7"})
    listed = [{"id": "8", "name": "soc", "type": 2}, {"id": CHANNEL, "name": "soc", "type": 0}]
    router.get(f"{API}/guilds/{GUILD}/channels").respond(json=listed)
    route = router.request(method, API + place).respond(json={"id": MESSAGE, "channel_id": CHANNEL})
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bot {SECRET}"
    assert request.headers["User-Agent"].startswith("DiscordBot (")
    body: dict[str, Any] = json.loads(request.content)
    assert body["allowed_mentions"] == {"parse": []}
    return body


async def test_a_text_is_posted_as_it_is() -> None:
    body = await send("post", {"channel": "#soc", "text": "@everyone *x* <@1> é"})
    assert body["content"] == "\\@everyone \\*x\\* \\<\\@1\\> é"
    assert body["flags"] == 4
    assert len((await send("post", POST | {"text": "x" * 9999}))["content"]) == LIMIT


async def test_a_card_is_posted_and_edited() -> None:
    for name in ("post_card", "edit_card"):
        body = await send(name, WRITES[name])
        assert (body["embeds"], body["components"]) == (CARD["embeds"], CARD["components"])


async def test_an_interaction_is_answered_and_a_person_written_to() -> None:
    assert (await send("answer", WRITES["answer"]))["content"] == "Counted\\."
    assert (await send("whisper", WRITES["whisper"]))["content"] == "no"


async def test_a_thread_is_opened_with_its_first_line() -> None:
    router = respx.Router()
    lines = router.post(f"{API}/channels/{MESSAGE}/messages")
    lines.side_effect = [httpx.Response(404, json={}), httpx.Response(200, json={"id": "5", "channel_id": MESSAGE})]
    opened = router.post(f"{API}/channels/{CHANNEL}/messages/{MESSAGE}/threads").respond(json={"id": MESSAGE})
    answer = await BENCH.call("post", POST | {"thread": MESSAGE}, router.async_handler)
    assert answer.output == {"channel": MESSAGE, "message": "5"}
    assert opened.call_count == 1
    lines.side_effect = [httpx.Response(403)]
    answer = await BENCH.call("post", POST | {"thread": MESSAGE}, router.async_handler)
    assert answer.code is ActionCode.FORBIDDEN


async def test_an_interactions_token_is_in_no_error() -> None:
    for status in (400, 404, 500):
        answer = await BENCH.call("answer", WRITES["answer"], lambda _, status=status: httpx.Response(status))
        assert answer.code is not None
        assert "interaction-token" not in answer.message


@pytest.mark.parametrize(
    ("changes", "role", "is_full"),
    [
        ({}, "", True),
        ({"roles": ["5"]}, "5", True),
        ({"roles": ["6"]}, "5", False),
        ({"user": {"id": USER, "bot": True}}, "", False),
        ({"user": {"id": USER, "system": True}}, "", False),
        ({"user": {"id": "5"}}, "", False),
        ({"pending": True}, "", False),
        ({"flags": 16}, "", False),
        ({"flags": 2}, "", True),
    ],
)
async def test_guests_bots_and_strangers_are_no_full_members(
    changes: dict[str, Any], role: str, *, is_full: bool
) -> None:
    bench = Bench(Discord, hosts={"discord.com"}, settings=SETTINGS | {"role": role}, credentials={"bot_token": SECRET})
    router = respx.Router()
    router.get(f"{API}/guilds/{GUILD}/members/{USER}").respond(json={"user": {"id": USER}, "roles": []} | changes)
    answer = await bench.call("member", {"user": USER}, router.async_handler)
    assert answer.output == {"team": GUILD, "is_full": is_full}


async def test_who_is_not_in_the_server_is_no_member() -> None:
    answer = await BENCH.call("member", {"user": USER}, lambda _: httpx.Response(404, json={"code": 10007}))
    assert answer.output == {"team": "", "is_full": False}


@pytest.mark.parametrize("listed", [[], [{"id": "8", "name": "soc", "type": 2}], [{"id": "8", "name": "soc"}] * 2])
async def test_a_name_that_is_no_single_channels_is_not_found(listed: list[Any]) -> None:
    answer = await BENCH.call("post", POST | {"channel": "#soc"}, lambda _: httpx.Response(200, json=listed))
    assert answer.code is ActionCode.NOT_FOUND


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


@pytest.mark.parametrize("body", [b"", b"[1]", b"5", b'[{"name": "soc"}]'])
async def test_a_list_of_channels_that_makes_no_sense_is_none(body: bytes) -> None:
    answer = await BENCH.call("post", POST | {"channel": "#soc"}, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.INVALID


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "member", {"user": USER})
    for name, arguments in WRITES.items():
        await check_failures(BENCH, name, arguments, on_server_error=ActionCode.UNKNOWN_OUTCOME)


@pytest.mark.parametrize("change", [{"channel": "soc"}, {"channel": "#"}, {"text": ""}, {"thread": "x"}])
async def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_in_small_every_message_has_an_id_of_its_own() -> None:
    simulator = ServerInSmall(MemoryLedger(), StillClock().now)
    messages = []
    for key in ("a", "b"):
        answer = await BENCH.simulate("post_card", CARD | {"channel": "#soc"}, simulator, key=key)
        assert isinstance(answer.output, dict)
        messages.append(answer.output["message"])
    assert messages == ["1", "2"]
    for name in ("edit_card", "answer", "whisper"):
        answer = await BENCH.simulate(name, WRITES[name], simulator, key=name)
        assert answer.output == {"ok": True}
    answer = await BENCH.simulate("member", {"user": USER}, simulator)
    assert answer.output == {"team": GUILD, "is_full": True}
