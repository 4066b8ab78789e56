import json
from typing import Any

import httpx
import pytest
import respx
from pydantic import JsonValue

from connectors.matrix.connector import LARGEST, LIMIT, Matrix
from connectors.matrix.simulator import HomeserverInSmall
from soar.sdk import ActionCode
from soar.sdk.testing import SECRET, Bench, Ledger, MemoryLedger, StillClock, check_double_call, check_failures

API = "https://matrix.corp.example/_matrix/client/v3"
BOT, ALICE, ROOM = "@soar:corp.example", "@alice:corp.example", "!soc:corp.example"
SETTINGS: dict[str, JsonValue] = {
    "homeserver": "https://matrix.corp.example/",
    "user": BOT,
    "rooms": [ROOM],
    "reactions": False,
    "private": False,
}
BENCH = Bench(Matrix, hosts={"matrix.corp.example"}, settings=SETTINGS, credentials={"access_token": SECRET})
POST = {"channel": ROOM, "text": "Hello"}
CARD = {"channel": ROOM, "text": "AB12: Block?", "html": "<h4>Block?</h4>", "notice": "AB12"}
WRITES: dict[str, dict[str, Any]] = {"post": POST, "post_card": CARD, "edit_card": CARD | {"message": "$1"}}
SENT = r".*/rooms/%21soc%3Acorp\.example/send/m\.room\.message/(?P<key>[^/]+)$"
WHISPER = {"channel": ROOM, "user": ALICE, "text": "for you"}
DIRECTS = f"{API}/user/%40soar%3Acorp.example/account_data/m.direct"


async def send(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Call a writing action and return the content that arrived."""
    router = respx.Router()
    route = router.put(url__regex=SENT).respond(json={"event_id": "$9"})
    answer = await BENCH.call(name, arguments, router.async_handler, key="key/1")
    assert answer.code is None, answer.message
    request = route.calls.last.request
    assert request.headers["Authorization"] == f"Bearer {SECRET}"
    assert str(request.url).endswith("/key%2F1"), "the effect's key is the transaction's id"
    content: dict[str, Any] = json.loads(request.content)
    return content


async def test_a_text_is_posted_as_it_is_and_mentions_nobody() -> None:
    content = await send("post", POST | {"text": "@room <b>&amp;"})
    assert content == {"msgtype": "m.notice", "body": "@room <b>&amp;", "m.mentions": {}}
    assert len((await send("post", POST | {"text": "x" * 9999}))["body"]) == LIMIT


async def test_an_answer_goes_to_a_thread() -> None:
    content = await send("post", POST | {"thread": "$1"})
    assert content["m.relates_to"] == {
        "rel_type": "m.thread",
        "event_id": "$1",
        "is_falling_back": True,
        "m.in_reply_to": {"event_id": "$1"},
    }


async def test_a_card_is_posted_and_edited() -> None:
    posted = await send("post_card", CARD)
    assert posted == {
        "msgtype": "m.notice",
        "body": "AB12: Block?",
        "format": "org.matrix.custom.html",
        "formatted_body": "<h4>Block?</h4>",
        "m.mentions": {},
    }
    edited = await send("edit_card", WRITES["edit_card"])
    assert edited == {
        "msgtype": "m.notice",
        "body": "* AB12",
        "m.mentions": {},
        "m.new_content": posted,
        "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"},
    }


async def test_a_message_larger_than_an_event_may_be_is_not_sent() -> None:
    router = respx.Router()
    answer = await BENCH.call("post_card", CARD | {"html": "\U0001f4a5" * 20_000}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert str(LARGEST) in answer.message
    assert not router.calls


@pytest.mark.parametrize(
    ("channel", "alias"), [("#soc", "%23soc%3Acorp.example"), ("#soc:other.example", "%23soc%3Aother.example")]
)
async def test_a_rooms_name_is_one_of_our_homeserver_unless_it_says_another(channel: str, alias: str) -> None:
    router = respx.Router()
    router.get(f"{API}/directory/room/{alias}").respond(json={"room_id": ROOM})
    router.put(url__regex=SENT).respond(json={"event_id": "$9"})
    answer = await BENCH.call("post", POST | {"channel": channel}, router.async_handler)
    assert answer.output == {"channel": ROOM, "message": "$9"}


def open_members(membership: httpx.Response, access: httpx.Response | None = None) -> respx.Router:
    router = respx.Router(assert_all_called=False)
    router.get(url__regex=r".*/state/m\.room\.member/.*").mock(membership)
    router.get(f"{API}/rooms/%21soc%3Acorp.example/state/m.room.guest_access").mock(access or httpx.Response(404))
    return router


@pytest.mark.parametrize(
    ("user", "membership", "is_full"),
    [
        (ALICE, httpx.Response(200, json={"membership": "join"}), True),
        (ALICE, httpx.Response(200, json={"membership": "invite"}), False),
        (ALICE, httpx.Response(200, json={"membership": "ban"}), False),
        (ALICE, httpx.Response(404, json={"errcode": "M_NOT_FOUND"}), False),
        ("@alice:evil.example", httpx.Response(200, json={"membership": "join"}), False),
        ("@alice:corp.example.evil.example", httpx.Response(200, json={"membership": "join"}), False),
    ],
)
async def test_a_full_member_is_of_our_homeserver_and_joined(
    user: str,
    membership: httpx.Response,
    is_full: bool,  # noqa: FBT001 -- a case of the table
) -> None:
    answer = await BENCH.call("member", {"user": user}, open_members(membership).async_handler)
    assert answer.output == {"team": user.partition(":")[2], "is_full": is_full}


async def test_in_a_room_that_lets_guests_join_nobody_is_a_full_member() -> None:
    joined = httpx.Response(200, json={"membership": "join"})
    router = open_members(joined, httpx.Response(200, json={"guest_access": "can_join"}))
    answer = await BENCH.call("member", {"user": ALICE}, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert "lets guests join" in answer.message
    router = open_members(joined, httpx.Response(200, json={"guest_access": "forbidden"}))
    answer = await BENCH.call("member", {"user": ALICE}, router.async_handler)
    assert answer.output == {"team": "corp.example", "is_full": True}


async def test_a_whisper_goes_to_the_room_of_the_two() -> None:
    router = respx.Router()
    router.get(DIRECTS).respond(json={ALICE: ["!left:corp.example", "!ours:corp.example"]})
    router.get(url__regex=r".*/rooms/%21ours.*/state/m\.room\.member/.*").respond(json={"membership": "invite"})
    sent = router.put(url__regex=r".*/rooms/%21ours.*/send/.*").respond(json={"event_id": "$9"})
    answer = await BENCH.call("whisper", WHISPER, router.async_handler)
    assert answer.output == {"ok": True}
    assert json.loads(sent.calls.last.request.content)["body"] == "for you"


@pytest.mark.parametrize("known", [None, {"@bob:corp.example": ["!bob:corp.example"]}])
async def test_where_there_is_no_room_of_the_two_one_is_opened_and_noted(known: dict[str, list[str]] | None) -> None:
    router = respx.Router()
    router.get(DIRECTS).respond(200 if known else 404, json=known or {"errcode": "M_NOT_FOUND"})
    opened = router.post(f"{API}/createRoom").respond(json={"room_id": "!new:corp.example"})
    noted = router.put(DIRECTS).respond(json={})
    router.put(url__regex=r".*/rooms/%21new.*/send/.*").respond(json={"event_id": "$9"})
    answer = await BENCH.call("whisper", WHISPER, router.async_handler)
    assert answer.output == {"ok": True}
    wanted = {"preset": "trusted_private_chat", "is_direct": True, "invite": [ALICE]}
    assert json.loads(opened.calls.last.request.content) == wanted
    assert json.loads(noted.calls.last.request.content) == {**(known or {}), ALICE: ["!new:corp.example"]}


async def test_whether_a_room_was_opened_nobody_knows_after_a_5xx() -> None:
    router = respx.Router()
    router.get(DIRECTS).respond(404)
    router.post(f"{API}/createRoom").respond(502)
    answer = await BENCH.call("whisper", WHISPER, router.async_handler)
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


def open_rooms(*joined: str) -> respx.Router:
    router = respx.Router(assert_all_called=False)
    router.get(f"{API}/joined_rooms").respond(json={"joined_rooms": list(joined)})
    router.post(f"{API}/join/%21soc%3Acorp.example").respond(json={"room_id": ROOM})
    return router


def tell(token: str, *events: dict[str, Any], room: str = ROOM) -> httpx.Response:
    shares = {"join": {room: {"timeline": {"events": list(events), "limited": True}}}} if events else {}
    return httpx.Response(200, json={"next_batch": token, "rooms": shares})


CURSOR: dict[str, JsonValue] = {"homeserver": SETTINGS["homeserver"], "user": BOT, "since": "s1"}


async def test_the_first_sync_takes_nothing_that_was_said_before() -> None:
    router = open_rooms()
    sync = router.get(f"{API}/sync").mock(tell("s1", {"event_id": "$old"}))
    (batch,) = await BENCH.poll("sync", {}, router.async_handler)
    assert (batch.items, batch.cursor) == ([], CURSOR)
    assert "since" not in sync.calls.last.request.url.params
    assert [call.request.method for call in router.calls] == ["GET", "POST", "GET"], "it joined the room"


async def test_what_is_new_is_told_with_its_room_until_there_is_no_more() -> None:
    router = open_rooms(ROOM)
    sync = router.get(f"{API}/sync").mock(side_effect=[tell("s2", {"event_id": "$1"}), tell("s3")])
    first, last = await BENCH.poll("sync", {"seconds": 7}, router.async_handler, CURSOR)
    assert [(item.key, item.document) for item in first.items] == [("$1", {"event_id": "$1", "room_id": ROOM})]
    assert (first.cursor, last.items, last.cursor) == (CURSOR | {"since": "s2"}, [], CURSOR | {"since": "s3"})
    asked = [call.request.url.params for call in sync.calls]
    assert [(one["since"], one["timeout"]) for one in asked] == [("s1", "7000"), ("s2", "7000")]
    assert json.loads(asked[0]["filter"])["room"]["rooms"] == [ROOM]


async def test_what_is_said_in_another_room_is_not_told_even_if_it_comes() -> None:
    router = open_rooms(ROOM)
    router.get(f"{API}/sync").mock(tell("s2", {"event_id": "$1"}, room="!other:corp.example"))
    (batch,) = await BENCH.poll("sync", {}, router.async_handler, CURSOR)
    assert batch.items == []


async def test_an_unknown_token_begins_anew_and_takes_nothing_old() -> None:
    router = open_rooms(ROOM)
    unknown = httpx.Response(400, json={"errcode": "M_UNKNOWN", "error": "Invalid stream token"})
    router.get(f"{API}/sync").mock(side_effect=[unknown, tell("s9", {"event_id": "$old"})])
    (batch,) = await BENCH.poll("sync", {}, router.async_handler, CURSOR)
    assert (batch.items, batch.cursor) == ([], CURSOR | {"since": "s9"})


@pytest.mark.parametrize("change", [{"user": "@other:corp.example"}, {"homeserver": "https://old.example"}])
async def test_another_accounts_token_is_not_used(change: dict[str, str]) -> None:
    router = open_rooms(ROOM)
    sync = router.get(f"{API}/sync").mock(tell("s1"))
    await BENCH.poll("sync", {}, router.async_handler, {**CURSOR, **change})
    assert "since" not in sync.calls.last.request.url.params


@pytest.mark.parametrize("error", [{"retry_after_ms": 2500}, {"retry_after_ms": "soon"}, []])
async def test_how_long_to_wait_may_stand_in_the_body_alone(error: object) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(429, json=error))
    assert answer.code is ActionCode.RATE_LIMITED
    assert answer.retry_after == (2.5 if error == {"retry_after_ms": 2500} else None)


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}"])
async def test_an_answer_that_makes_no_sense_is_no_success(body: bytes) -> None:
    answer = await BENCH.call("post", POST, lambda _: httpx.Response(200, content=body))
    assert answer.code is ActionCode.UNKNOWN_OUTCOME


async def test_every_failure_has_its_code() -> None:
    await check_failures(BENCH, "member", {"user": ALICE})
    for name, arguments in {**WRITES, "whisper": WHISPER}.items():
        await check_failures(BENCH, name, arguments)


@pytest.mark.parametrize(
    "change", [{"channel": "soc"}, {"channel": "#soc x"}, {"text": ""}, {"thread": "1"}, {"channel": "!"}]
)
async def test_what_cannot_be_posted_is_refused(change: dict[str, str]) -> None:
    router = respx.Router()
    answer = await BENCH.call("post", POST | change, router.async_handler)
    assert answer.code is ActionCode.INVALID
    assert not router.calls


def open_homeserver(ledger: Ledger) -> HomeserverInSmall:
    return HomeserverInSmall(ledger, StillClock().now)


@pytest.mark.parametrize("name", WRITES)
async def test_in_small_a_second_message_with_the_same_key_is_the_first(name: str) -> None:
    await check_double_call(BENCH, name, WRITES[name], open_homeserver)


async def test_in_small_everybody_is_there() -> None:
    ledger = MemoryLedger()
    homeserver = open_homeserver(ledger)
    answer = await BENCH.simulate("post", POST | {"channel": "#soc"}, homeserver)
    assert answer.output == {"channel": "!soc:sim.example", "message": "$1"}
    assert (await BENCH.simulate("whisper", WHISPER, homeserver, key="w")).output == {"ok": True}
    answer = await BENCH.simulate("member", {"user": ALICE}, homeserver)
    assert answer.output == {"team": "corp.example", "is_full": True}
