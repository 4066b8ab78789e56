"""Slack in small, as strict as its documentation, behind the real connector."""

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import urlencode

import httpx

from connectors.slack.connector import Slack
from soar.model.process import ActionAnswer, ActionCall
from soar.sdk.testing import Bench

TEAM, APPLICATION, CHANNEL = "T0000001", "A0000001", "C0000001"
KEY = "the secret that Slack signs with"
TOKEN = "xoxb-made-up"
SOCKET_TOKEN = "xapp-made-up"
_NUMBERS = count(1)
CREDENTIALS = {"bot_token": TOKEN, "signing_secret": KEY, "app_token": SOCKET_TOKEN}

_LIMITS = {"header": 150, "section": 3000, "button": 75}  # docs.slack.dev/reference/block-kit
_BLOCKS = {"header", "section", "context", "rich_text", "actions", "input"}
_KINDS = _BLOCKS | {
    "plain_text",
    "rich_text_section",
    "rich_text_list",
    "text",
    "button",
    "plain_text_input",
    "modal",
}


def check_slack(document: Mapping[str, Any]) -> list[str]:
    """Check blocks against Slack's documented limits, and return what they show."""
    blocks = document["blocks"]
    assert 1 <= len(blocks) <= 50
    for block in blocks:
        assert block["type"] in _BLOCKS
        if block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
        if block["type"] == "actions":
            assert 1 <= len(block["elements"]) <= 25
        if block["type"] in _LIMITS and "text" in block:
            assert 1 <= len(block["text"]["text"]) <= _LIMITS[block["type"]]
    texts = []
    for node in walk(list(blocks)):
        if "type" in node:
            assert node["type"] in _KINDS  # above all no `mrkdwn`, `user`, `broadcast` or `link`
        if isinstance(node.get("text"), str):
            texts.append(node["text"])
            assert 1 <= len(node["text"]) <= 2000
        if node.get("type") == "button":
            assert len(node["text"]["text"]) <= _LIMITS["button"]
            assert len(node["action_id"]) <= 255
            assert len(node.get("value", "")) <= 2000
    return texts


def walk(node: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object within a document."""
    if isinstance(node, dict):
        yield node
        for child in node.values():
            yield from walk(child)
    elif isinstance(node, list):
        for child in node:
            yield from walk(child)


@dataclass
class FakeSlack:
    """A Slack workspace with one channel; its connector is the real one.

    Attributes:
        messages: blocks by id, as they are now.
        threads: lines by the message that they answer.
        whispers: person and text.
        views: dialogs that were opened.
        down: how many of the next calls fail with a 503.
        marks: what `users.info` says of a person besides their id.
        hand_out: returns an address for Socket Mode.
    """

    messages: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    views: list[Any] = field(default_factory=list)
    down: int = 0
    marks: dict[str, Any] = field(default_factory=dict)
    calls: int = 0
    hand_out: Callable[[], str] = lambda: ""

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call as the service's host does."""
        assert (call.connection, call.action.partition(".")[0]) == ("slack", "slack")
        bench = Bench(Slack, hosts={"slack.com"}, credentials=CREDENTIALS)
        arguments: Any = call.arguments
        return await bench.call(call.action.partition(".")[2], arguments, self._answer, key=call.effect_key)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        is_opening = request.url.path == "/api/apps.connections.open"
        assert request.headers["Authorization"] == f"Bearer {SOCKET_TOKEN if is_opening else TOKEN}"
        self.calls += 1
        if self.down:
            self.down -= 1
            return httpx.Response(503)
        if is_opening:
            return httpx.Response(200, json={"ok": True, "url": self.hand_out()})
        if request.url.path == "/api/users.info":
            user = {"id": request.url.params["user"], "team_id": TEAM, **self.marks}
            return httpx.Response(200, json={"ok": True, "user": user})
        return httpx.Response(200, json=self._obey(request.url.path.removeprefix("/api/"), json.loads(request.content)))

    def _obey(self, method: str, body: dict[str, Any]) -> dict[str, Any]:
        match method:
            case "chat.postMessage" if body["channel"] not in ("#soc", CHANNEL):
                return {"ok": False, "error": "channel_not_found"}
            case "chat.postMessage" if "thread_ts" in body:
                if body["thread_ts"] not in self.messages:
                    return {"ok": False, "error": "thread_not_found"}
                self.threads.setdefault(body["thread_ts"], []).append(body["text"])
                return {"ok": True, "channel": CHANNEL, "ts": "9.9"}
            case "chat.postMessage":
                check_slack(body)
                stamp = f"{len(self.messages) + 1}.1"
                self.messages[stamp] = body
                return {"ok": True, "channel": CHANNEL, "ts": stamp}
            case "chat.update" if body["channel"] == CHANNEL and body["ts"] in self.messages:
                check_slack(body)
                self.messages[body["ts"]] = body
                return {"ok": True, "channel": CHANNEL, "ts": body["ts"]}
            case "chat.update":
                return {"ok": False, "error": "message_not_found"}
            case "chat.postEphemeral":
                self.whispers.append((body["user"], body["text"]))
                return {"ok": True}
            case "views.open":
                check_slack(body["view"])
                self.views.append(body["view"])
                return {"ok": True}
            case _:
                return {"ok": False, "error": "unknown_method"}

    def shown(self, message: str = "1.1") -> str:
        """Return everything that a message shows."""
        return "\n".join(check_slack(self.messages[message]))

    def value(self, choice: str, message: str = "1.1") -> str:
        """Return what a button of a message carries."""
        values = [str(node["value"]) for node in walk(self.messages[message]) if "value" in node]
        return next(value for value in values if f"|{choice}|" in value)


def press(
    value: str,
    *,
    account: str = "U0000001",
    team: str = TEAM,
    home: str = TEAM,
    program: str = APPLICATION,
    trigger: str | None = None,
) -> bytes:
    """Return the request that a press on a card's button makes."""
    kind = next((kind for kind in ("deny", "ask", "undo") if f"|{kind}|" in value), "approve")
    action = {"action_id": f"soar_{kind}", "value": value, "type": "button"}
    return _interact("block_actions", account, team, home, program, trigger, {"actions": [action]})


def submit(
    value: str,
    *,
    confirm: str | None = None,
    comment: str | None = None,
    account: str = "U0000001",
    team: str = TEAM,
    home: str = TEAM,
    program: str = APPLICATION,
    trigger: str | None = None,
) -> bytes:
    """Return the request that a dialog's button makes."""
    values = {
        name: {name: {"type": "plain_text_input", "value": typed}}
        for name, typed in (("confirm", confirm), ("comment", comment))
    }
    callback = "soar_wish" if {"ask", "undo"} & {*value.split("|")} else "soar_vote"
    view = {"callback_id": callback, "private_metadata": value, "state": {"values": values}}
    return _interact("view_submission", account, team, home, program, trigger, {"view": view})


def command(text: str, *, account: str = "U0000001", team: str = TEAM, trigger: str | None = None) -> bytes:
    """Return the request that a command makes."""
    sent = {"command": "/soar", "text": text, "team_id": team, "user_id": account, "api_app_id": APPLICATION}
    return urlencode({**sent, "trigger_id": number(trigger)}).encode()


def number(trigger: str | None = None) -> str:
    """Return the id of what somebody does: this one, or one that was not there yet."""
    return f"{next(_NUMBERS)}.2.3" if trigger is None else trigger


def _interact(
    kind: str, account: str, team: str, home: str, program: str, trigger: str | None, more: Mapping[str, object]
) -> bytes:
    payload = {
        "type": kind,
        "team": {"id": team, "domain": "corp"},
        "user": {"id": account, "username": "ciso", "name": "ciso", "team_id": home},
        "api_app_id": program,
        "trigger_id": number(trigger),
        **more,
    }
    return urlencode({"payload": json.dumps(payload)}).encode()


def sign(body: bytes, at: datetime, key: str = KEY) -> dict[str, str]:
    """Return the headers with which Slack sends a body at a moment."""
    stamp = str(int(at.timestamp()))
    digest = hmac.new(key.encode(), f"v0:{stamp}:".encode() + body, hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": stamp, "x-slack-signature": f"v0={digest}"}
