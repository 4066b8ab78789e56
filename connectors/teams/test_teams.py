import json
from typing import Any

import httpx
import pytest
import respx

from connectors.teams.connector import LIMIT, Teams
from connectors.teams.simulator import TeamsInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, MemoryLedger, StillClock, check_failures

API = "https://smba.trafficmanager.net/emea/v3/conversations"
TENANT, APPLICATION = "11111111-2222-3333-4444-555555555555", "a" * 8 + "-2222-3333-4444-555555555555"
USER = "b" * 8 + "-2222-3333-4444-555555555555"
TEAM, CHANNEL = "19:team@thread.tacv2", "19:soc@thread.tacv2"
PLACE = f"{API}/19%3Asoc%40thread.tacv2"
BENCH = Bench(
    Teams,
    hosts={"smba.trafficmanager.net"},
    settings={
        "tenant": TENANT,
        "application": APPLICATION,
        "team": TEAM,
        "channels": {"SOC": CHANNEL},
        "service_url": "https://smba.trafficmanager.net/emea/",
    },
    credentials={"token": SECRET},
)
POST = {"channel": CHANNEL, "text": "Hello"}
CARD = {"channel": "SOC", "card": {"type": "AdaptiveCard", "fallbackText": "AB12"}}
WRITES: dict[str, dict[str, Any]] = {
    "post": POST,
    "post_card": CARD,
    "edit_card": CARD | {"message": "169"},
    "whisper": {"channel": CHANNEL, "user": USER, "text": "no"},
}
PLACES = {
    "post": ("POST", f"{PLACE}/activities"),
    "post_card": ("POST", f"{PLACE}/activities"),
    "edit_card": ("PUT", f"{PLACE}/activities/169"),
    "whisper": ("POST", f"{API}/a%3A1/activities"),
}


async def send(name: str, arguments: dict[str, Any], place: str = "") -> dict[str, Any]:
    """Call a writing action and return the body that arrived."""
    router = respx.Router(assert_all_called=False)
    opened = router.post(API).respond(json={"id": "a:1"})
    route = router.request(PLACES[name][0], place or PLACES[name][1]).respond(json={"id": "170"})
    answer = await BENCH.call(name, arguments, router.async_handler)
    assert answer.code is None, answer.message
    for call in (*opened.calls, *route.calls):
        assert call.request.headers["Authorization"] == f"Bearer {SECRET}"
    body: dict[str, Any] = json.loads(route.calls.last.request.content)
    return body


async def test_a_text_is_posted_as_it_is_and_answers_a_message() -> None:
    body = await send("post", POST | {"text": "<at>all</at> **x**", "channel": "SOC"})
    assert body == {"type": "message", "textFormat": "plain", "text": "<at>all</at> **x**"}
    assert len((await send("post", POST | {"text": "x" * 9999}))["text"]) == LIMIT
    await send("post", POST | {"thread": "169"}, f"{PLACE}%3Bmessageid%3D169/activities")


async def test_a_card_is_posted_and_edited() -> None:
    for name in ("post_card", "edit_card"):
        body = await send(name, WRITES[name])
        assert body["summary"] == "AB12"
        (attachment,) = body["attachments"]
        assert attachment == {"contentType": "application/vnd.microsoft.card.adaptive", "content": CARD["card"]}


async def test_a_person_is_written_to_in_their_own_chat() -> None:
    assert (await send("whisper", WRITES["whisper"]))["text"] == "no"


@pytest.mark.parametrize(
    ("changes", "is_full"),
    [
        ({}, True),
        ({"userRole": "guest"}, False),
        ({"userRole": "anonymous"}, False),
        ({"userRole": None}, False),
        ({"aadObjectId": TENANT}, False),
    ],
)
async def test_guests_and_strangers_are_no_full_members(changes: dict[str, Any], *, is_full: bool) -> None:
    router = respx.Router()
    member = {"id": "29:x", "aadObjectId": USER, "tenantId": TENANT, "userRole": "user"} | changes
    shown = {name: value for name, value in member.items() if value is not None}
    router.get(f"{API}/19%3Ateam%40thread.tacv2/members/{USER}").respond(json=shown)
    answer = await BENCH.call("member", {"user": USER}, router.async_handler)
    assert answer.output == {"team": TENANT, "is_full": is_full}


async def test_who_is_not_in_the_team_is_no_member() -> None:
    answer = await BENCH.call("member", {"user": USER}, lambda _: httpx.Response(404, json={}))
    assert answer.output == {"team": "", "is_full": False}


async def test_a_channel_that_nobody_named_is_not_found() -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | {"channel": "HR"}, router.async_handler)
    assert answer.code is ActionCode.NOT_FOUND
    assert not router.calls


@pytest.mark.parametrize("body", [b"", b"<html>", b"[1]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "member", {"user": USER})
    for name, arguments in WRITES.items():
        await check_failures(BENCH, name, arguments, on_server_error=ActionCode.UNKNOWN_OUTCOME)


@pytest.mark.parametrize("change", [{"channel": ""}, {"text": ""}, {"thread": "x/y"}])
async def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


async def test_in_small_every_message_has_an_id_of_its_own() -> None:
    simulator = TeamsInSmall(MemoryLedger(), StillClock().now)
    messages = []
    for key in ("a", "b"):
        answer = await BENCH.simulate("post_card", CARD, simulator, key=key)
        assert isinstance(answer.output, dict)
        messages.append(answer.output["message"])
    assert messages == ["1", "2"]
    for name in ("edit_card", "whisper"):
        answer = await BENCH.simulate(name, WRITES[name], simulator, key=name)
        assert answer.output == {"ok": True}
    answer = await BENCH.simulate("member", {"user": USER}, simulator)
    assert answer.output == {"team": TENANT, "is_full": True}
