"""Chats over HTTP: how each proves itself, and who owns which account."""

import json
from datetime import timedelta

import pytest

from soar.model.process import ActionAnswer
from tests.support import discord, mattermost, teams
from tests.support.service import Answer, Face
from tests.support.slack import TEAM, command, press, sign

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}


async def send(face: Face, body: bytes, **headers: str) -> Answer:
    signed = sign(body, face.clock.now())
    return await face.stranger.send("POST", "/chat/slack", body, {**FORM, **signed, **headers})


async def ask_for_code(face: Face) -> str:
    answer = await send(face, command("link"))
    assert answer.status == 200, answer.body
    return str(answer.json["text"].split()[-1])


def admit(face: Face, *, is_full: bool = True) -> None:
    face.host.script("slack.member", ActionAnswer(output={"team": TEAM, "is_full": is_full}))


async def test_an_account_is_linked_listed_and_unlinked(face: Face) -> None:
    admit(face)
    ann, bob = await face.person("ann"), await face.person("bob")
    answer = await ann.post("/chat-accounts", {"code": await ask_for_code(face)})
    assert answer.status == 201, answer.body
    linked = {"platform": "slack", "team": TEAM, "account": "U0000001"}
    assert answer.json.items() >= linked.items()
    assert [item["account"] for item in (await ann.get("/chat-accounts")).json["items"]] == ["U0000001"]
    assert (await bob.get("/chat-accounts")).json["items"] == []
    path = f"/api/v1/chat-accounts/slack/{TEAM}/U0000001"
    assert (await bob.send("DELETE", path)).status == 404
    assert (await ann.send("DELETE", path)).status == 204
    assert (await ann.get("/chat-accounts")).json["items"] == []
    assert [event["actor"]["id"] for event in await face.events("chat.")] == ["u_ann", "u_ann"]


async def test_a_code_counts_once_and_no_other_does(face: Face) -> None:
    admit(face)
    ann = await face.person("ann")
    code = await ask_for_code(face)
    assert (await ann.post("/chat-accounts", {"code": code})).status == 201
    for used in (code, "7k2m9q4wz1xt03ab", "é"):
        answer = await ann.post("/chat-accounts", {"code": used})
        assert (answer.status, answer.code) == (422, "chat.code")


async def test_a_guest_is_not_linked(face: Face) -> None:
    admit(face)
    ann, code = await face.person("ann"), await ask_for_code(face)
    admit(face, is_full=False)
    answer = await ann.post("/chat-accounts", {"code": code})
    assert (answer.status, answer.code) == (403, "chat.guest")
    assert (await ann.get("/chat-accounts")).json["items"] == []


async def test_linking_needs_a_fresh_proof(face: Face) -> None:
    ann = await face.log_in("ann")
    code = await ask_for_code(face)
    face.clock.advance(timedelta(minutes=6))
    answer = await ann.post("/chat-accounts", {"code": code})
    assert (answer.status, answer.code) == (403, "step_up_required")


async def test_what_slack_did_not_sign_is_refused_and_recorded(face: Face) -> None:
    body = press("ap_1|approve|x")
    for headers, code in (
        ({"x-slack-signature": "v0=" + "0" * 64}, "chat.signature"),
        (sign(body, face.clock.now() - timedelta(minutes=6)), "chat.timestamp"),
    ):
        answer = await send(face, body, **headers)
        assert (answer.status, answer.code) == (403, code)
    events = await face.events("access.denied")
    assert [event["context"]["code"] for event in events] == ["chat.signature", "chat.timestamp"]


async def test_a_signed_press_is_answered_with_nothing_at_once(face: Face) -> None:
    answer = await send(face, press("ap_1|approve|x"))
    assert (answer.status, answer.body) == (200, b"")
    assert face.host.calls == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
async def test_nothing_that_a_prefetcher_sends_is_heard(face: Face, method: str) -> None:
    assert (await face.stranger.send(method, "/chat/slack")).status == 405


async def test_another_type_of_body_is_refused(face: Face) -> None:
    answer = await send(face, b"{}", **{"Content-Type": "application/json"})
    assert answer.code == "unsupported_media_type"


async def test_mattermost_is_heard_by_its_token_and_what_it_did_not_send_is_recorded(face: Face) -> None:
    face.host.script("mattermost.member", ActionAnswer(output={"team": mattermost.TEAM, "is_full": True}))
    for token, status in ((mattermost.COMMAND_TOKEN, 200), ("x", 403)):
        body = mattermost.command("link", token=token)
        answer = await face.stranger.send("POST", "/chat/mattermost", body, FORM)
        assert answer.status == status
    press = {
        "user_id": mattermost.ANN,
        "channel_id": mattermost.CHANNEL,
        "team_id": mattermost.TEAM,
        "post_id": mattermost.OTHER,
        "trigger_id": "x",
        "context": {"claim": "ap_1|approve|x", "proof": "x"},
    }
    answer = await face.stranger.send("POST", "/chat/mattermost", json.dumps(press).encode(), JSON)
    assert (answer.status, answer.code) == (403, "chat.signature")
    events = await face.events("access.denied")
    assert [(event["target"]["id"], event["context"]["code"]) for event in events] == [
        ("POST /chat/mattermost", "chat.signature")
    ] * 2
    assert (await face.stranger.send("GET", "/chat/mattermost")).status == 405


async def test_discord_finds_out_that_its_signature_is_checked(face: Face) -> None:
    body, at = discord.ping(), face.clock.now()
    answer = await face.stranger.send("POST", "/chat/discord", body, JSON | discord.sign(body, at))
    assert (answer.status, answer.json) == (200, {"type": 1})
    wrong = discord.sign(body, at) | {"x-signature-ed25519": "0" * 128}
    answer = await face.stranger.send("POST", "/chat/discord", body, JSON | wrong)
    assert answer.status == 401
    (event,) = await face.events("access.denied")
    assert event["target"]["id"] == "POST /chat/discord"
    assert (await face.stranger.send("GET", "/chat/discord")).status == 405


async def test_teams_is_heard_by_its_token_and_what_it_did_not_send_is_recorded(face: Face) -> None:
    body = teams.act("message", text="pending")
    answer = await face.stranger.send("POST", "/chat/teams", body, JSON | teams.prove(face.clock.now()))
    assert (answer.status, answer.body) == (200, b"")
    answer = await face.stranger.send("POST", "/chat/teams", body, JSON)
    assert (answer.status, answer.code) == (403, "chat.signature")
    (event,) = await face.events("access.denied")
    assert event["target"]["id"] == "POST /chat/teams"
    assert (await face.stranger.send("GET", "/chat/teams")).status == 405


@pytest.mark.parametrize("body", [b"", b"payload=", b"payload=%7B", b"payload=%7B%7D&payload=1", b"\xff\xfe"])
async def test_what_slack_has_signed_and_nobody_can_read_is_recorded_too(face: Face, body: bytes) -> None:
    answer = await send(face, body)
    assert 400 <= answer.status < 500
    (event,) = await face.events("access.denied")
    assert event["target"]["id"] == "POST /chat/slack"
