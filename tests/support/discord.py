"""Discord in small, as strict as its documentation, behind the real connector."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from connectors.discord.connector import Discord
from soar.model.process import ActionAnswer, ActionCall
from soar.sdk.testing import Bench
from tests.support.slack import walk

GUILD, APPLICATION, CHANNEL = "1100", "2200", "3300"
ANN = "4400"
KEY = Ed25519PrivateKey.from_private_bytes(b"discord's own private signing ke")
PUBLIC_KEY = KEY.public_key().public_bytes_raw().hex()
TOKEN = "a made-up bot's token"
_NUMBERS = count(77)
ROW, BUTTON, INPUT, TEXT, LABEL = 1, 2, 4, 10, 18


def check_message(message: Mapping[str, Any]) -> list[str]:
    """Check embeds and buttons against Discord's documented limits, and return what the embed shows."""
    (embed,) = message["embeds"]
    assert len(embed["title"]) <= 256
    assert len(embed["description"]) <= 4096
    assert len(embed["fields"]) <= 25
    texts = [embed["title"], *embed["description"].split("\n")]
    for each in embed["fields"]:
        assert 1 <= len(each["name"]) <= 256
        assert 1 <= len(each["value"]) <= 1024
        texts += [each["name"], each["value"]]
    assert sum(map(len, texts)) <= 6000
    for row in message["components"]:
        assert row["type"] == ROW
        assert 1 <= len(row["components"]) <= 5
        for button in row["components"]:
            _check_button(button)
    return texts


def _check_button(button: Mapping[str, Any]) -> None:
    assert button["type"] == BUTTON
    assert 1 <= len(button["label"]) <= 80
    assert ("url" in button) is (button["style"] == 5)
    assert ("custom_id" in button) is (button["style"] != 5)
    assert len(button.get("custom_id", "")) <= 100
    assert len(button.get("url", "")) <= 512


def check_modal(modal: Mapping[str, Any]) -> None:
    """Check a modal against Discord's documented limits."""
    assert 1 <= len(modal["custom_id"]) <= 100
    assert 1 <= len(modal["title"]) <= 45
    assert 1 <= len(modal["components"]) <= 5
    for part in modal["components"]:
        assert part["type"] in (TEXT, LABEL)
        if part["type"] == TEXT:
            assert 1 <= len(part["content"]) <= 4000
            continue
        assert 1 <= len(part["label"]) <= 45
        assert part["component"]["type"] == INPUT
        assert part["component"]["style"] in (1, 2)
        assert 1 <= part["component"]["max_length"] <= 4000
        assert 1 <= len(part["component"]["custom_id"]) <= 100


@dataclass
class FakeDiscord:
    """A Discord server with one channel; its connector is the real one.

    Attributes:
        messages: what was posted in the channel by id, as it is now.
        threads: lines by the message on which they hang.
        answers: what interactions that were put off came to, by their tokens.
        down: how many of the next calls fail with a 503.
        user: what the API says of a person besides their id.
        marks: what it says of their membership; None for somebody who is not there.
        deferred: tokens of interactions that wait for an answer.
    """

    messages: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    answers: dict[str, str] = field(default_factory=dict)
    down: int = 0
    user: dict[str, Any] = field(default_factory=dict)
    marks: dict[str, Any] | None = field(default_factory=dict)
    deferred: set[str] = field(default_factory=set)

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call as the service's host does."""
        assert (call.connection, call.action.partition(".")[0]) == ("discord", "discord")
        settings = {"guild": GUILD, "application": APPLICATION, "role": "", "public_key": PUBLIC_KEY}
        bench = Bench(Discord, hosts={"discord.com"}, settings=settings, credentials={"bot_token": TOKEN})
        arguments: Any = call.arguments
        return await bench.call(call.action.partition(".")[2], arguments, self._answer, key=call.effect_key)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bot {TOKEN}"
        if self.down:
            self.down -= 1
            return httpx.Response(503)
        place = request.url.path.removeprefix("/api/v10").strip("/").split("/")
        status, answer = self._obey(request.method, place, json.loads(request.content or b"{}"))
        return httpx.Response(status, json=answer)

    def _obey(self, method: str, place: list[str], body: dict[str, Any]) -> tuple[int, Any]:
        match method, *place:
            case "GET", "guilds", guild, "members", user if guild == GUILD and self.marks is not None:
                return 200, {"user": {"id": user, **self.user}, "roles": [], "flags": 0, **self.marks}
            case "GET", "guilds", guild, "channels" if guild == GUILD:
                return 200, [{"id": CHANNEL, "name": "soc", "type": 0}, {"id": "9", "name": "voice", "type": 2}]
            case "POST", "channels", channel, "messages" if channel == CHANNEL:
                message = str(5000 + len(self.messages))
                self._keep(message, body)
                return 200, {"id": message, "channel_id": CHANNEL}
            case "PATCH", "channels", channel, "messages", message if channel == CHANNEL and message in self.messages:
                self._keep(message, body)
                return 200, {"id": message, "channel_id": CHANNEL}
            case "POST", "channels", channel, "messages", message, "threads" if channel == CHANNEL:
                assert 1 <= len(body["name"]) <= 100
                self.threads[message] = []
                return 201, {"id": message, "name": body["name"], "type": 11}
            case "POST", "channels", thread, "messages" if thread in self.threads:
                self.threads[thread].append(body["content"])
                return 200, {"id": "7", "channel_id": thread}
            case "PATCH", "webhooks", application, token, "messages", "@original" if application == APPLICATION:
                return self._end(token, body)
            case _:
                return 404, {"code": 10003, "message": "Unknown Channel"}

    def _keep(self, message: str, body: dict[str, Any]) -> None:
        check_message(body)
        assert body["allowed_mentions"] == {"parse": []}
        self.messages[message] = body

    def _end(self, token: str, body: dict[str, Any]) -> tuple[int, Any]:
        if token not in self.deferred:
            return 404, {"code": 10015, "message": "Unknown Webhook"}
        assert len(body["content"]) <= 2000
        self.answers[token] = body["content"].replace("\\", "")
        return 200, {"id": "8", "channel_id": CHANNEL}

    def shown(self) -> str:
        """Return everything that the first message shows."""
        return "\n".join(check_message(next(iter(self.messages.values()))))

    def value(self, choice: str) -> str:
        """Return what a button of the first message carries."""
        values = [str(node["custom_id"]) for node in walk(next(iter(self.messages.values()))) if "custom_id" in node]
        return next(value for value in values if f"|{choice}|" in value)

    def press(self, value: str, **changes: object) -> bytes:
        """Return the request that a press on a button of the first message makes."""
        message = {"id": next(iter(self.messages), "5000")}
        sent = {"data": {"custom_id": value, "component_type": BUTTON}, "message": message}
        return interact(3, **{**sent, **changes})

    def submit(self, modal: Mapping[str, Any], typed: Mapping[str, str], **changes: object) -> bytes:
        """Return the request that a modal's button makes, as Discord's client fills it in."""
        parts = []
        for part in modal["components"]:
            if part["type"] == TEXT:
                parts.append({"type": TEXT, "id": 1})
                continue
            name = part["component"]["custom_id"]
            filled = {"type": INPUT, "id": 3, "custom_id": name, "value": typed.get(name, "")}
            parts.append({"type": LABEL, "id": 2, "component": filled})
        self.deferred.add("t1")
        return interact(5, data={"custom_id": modal["custom_id"], "components": parts}, **changes)

    def command(self, text: str, **changes: object) -> bytes:
        """Return the request that a command makes."""
        self.deferred.add("t1")
        data = {"id": "6", "name": "soar", "type": 1, "options": [{"name": "text", "type": 3, "value": text}]}
        return interact(2, data=data, **changes)


def interact(kind: int, *, account: str = ANN, **more: object) -> bytes:
    """Return an interaction's request."""
    sent = {
        "id": str(next(_NUMBERS)),
        "application_id": APPLICATION,
        "type": kind,
        "guild_id": GUILD,
        "channel_id": CHANNEL,
        "member": {"user": {"id": account, "username": "ciso"}, "nick": "ciso", "roles": [], "flags": 0},
        "token": "t1",
        "version": 1,
    }
    return json.dumps(sent | more).encode()


def ping(application: str = APPLICATION) -> bytes:
    """Return the request with which Discord looks whether we are there."""
    sent = {"id": "77", "application_id": application, "type": 1, "token": "t1", "version": 1}
    return json.dumps(sent).encode()


def sign(body: bytes, at: datetime, key: Ed25519PrivateKey = KEY) -> dict[str, str]:
    """Return the headers with which Discord sends a body at a moment."""
    stamp = str(int(at.timestamp()))
    signature = key.sign(stamp.encode() + body).hex()
    return {"x-signature-ed25519": signature, "x-signature-timestamp": stamp}
