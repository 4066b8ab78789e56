"""Mattermost in small, as strict as its documentation and its server's checks, behind the real connector."""

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx

from connectors.mattermost.connector import Mattermost
from soar.model.process import ActionAnswer, ActionCall
from soar.sdk.testing import Bench
from tests.support.clock import SteppedClock

HOST = "mattermost.example"
TEAM, CHANNEL, OTHER = "team".ljust(26, "0"), "channel".ljust(26, "0"), "other".ljust(26, "0")
ANN, EVE = "ann".ljust(26, "0"), "eve".ljust(26, "0")
KEY = "what our buttons are proved with, long enough"
COMMAND_TOKEN = "mattermost made this for slash commands"
TOKEN = "a made-up bot's token"
_STYLES = {"default", "primary", "success", "good", "warning", "danger"}
_NUMBERS = count(1)
_PATIENCE = 3000  # milliseconds that a trigger counts


def check_dialog(dialog: Mapping[str, Any]) -> None:
    """Check a dialog as the server does (`Dialog.IsValid`, `DialogElement.IsValid`)."""
    assert 1 <= len(dialog["title"].encode()) <= 24
    names = [element["name"] for element in dialog["elements"]]
    assert len(names) == len(set(names))
    for element in dialog["elements"]:
        assert 1 <= len(element["display_name"]) <= 24
        assert 1 <= len(element["name"]) <= 300
        assert (element["type"], element["max_length"]) <= ("textarea", 3000)


def check_attachment(attachment: Mapping[str, Any]) -> None:
    """Check an attachment's buttons as the server does (`PostAction.IsValid`), and that presses can find them."""
    for action in attachment.get("actions", []):
        assert action["name"]
        assert action["id"].isalnum()
        assert action["style"] in _STYLES
        assert action["type"] == "button"
        assert urlsplit(action["integration"]["url"]).scheme in {"http", "https"}


@dataclass
class FakeMattermost:
    """A Mattermost server with one team and one channel; its connector is the real one.

    Attributes:
        clock: the server's; triggers grow old by it.
        messages: posts with attachments by id, as they are now.
        threads: lines by the message that they answer.
        whispers: person and text.
        dialogs: what is open, by the person who sees it.
        down: how many of the next calls fail with a 503.
        marks: what the API says of a person besides their id.
        membership: what it says of their membership; None for somebody who is not in the team.
    """

    clock: SteppedClock = field(default_factory=SteppedClock)
    messages: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    dialogs: dict[str, Any] = field(default_factory=dict)
    down: int = 0
    marks: dict[str, Any] = field(default_factory=dict)
    membership: dict[str, Any] | None = field(default_factory=dict)
    calls: int = 0

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call as the service's host does."""
        assert (call.connection, call.action.partition(".")[0]) == ("mattermost", "mattermost")
        bench = Bench(
            Mattermost,
            hosts={HOST},
            settings={"url": f"https://{HOST}", "team": TEAM},
            credentials={"bot_token": TOKEN, "action_key": KEY},
        )
        arguments: Any = call.arguments
        return await bench.call(call.action.partition(".")[2], arguments, self._answer, key=call.effect_key)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        self.calls += 1
        if self.down:
            self.down -= 1
            return httpx.Response(503)
        place = request.url.path.removeprefix("/api/v4").strip("/").split("/")
        status, answer = self._obey(request.method, place, json.loads(request.content or b"{}"))
        return httpx.Response(status, json=answer)

    def _obey(self, method: str, place: list[str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match method, *place:
            case "GET", "users", user:
                return 200, {"id": user, "roles": "system_user", "delete_at": 0, **self.marks}
            case "GET", "teams", team, "members", user if team == TEAM and self.membership is not None:
                return 200, {"team_id": TEAM, "user_id": user, "delete_at": 0, "roles": "", **self.membership}
            case "GET", "teams", team, "channels", "name", "soc" if team == TEAM:
                return 200, {"id": CHANNEL, "delete_at": 0}
            case "POST", "posts" if body["channel_id"] == CHANNEL:
                return self._post(body)
            case "PUT", "posts", message, "patch" if message in self.messages:
                check_attachment(*body["props"]["attachments"])
                self.messages[message] = body
                return 200, {"id": message, "channel_id": CHANNEL}
            case "POST", "posts", "ephemeral":
                self.whispers.append((body["user_id"], body["post"]["message"]))
                return 201, {"id": "w".ljust(26, "0"), "channel_id": CHANNEL}
            case "POST", "actions", "dialogs", "open":
                return self._open(body)
            case _:
                return 404, {"id": "api.not_found", "status_code": 404}

    def _post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert len(body["message"]) <= 16_383
        if "root_id" in body:
            if body["root_id"] not in self.messages:
                return 400, {"id": "api.post.create_post.root_id"}
            self.threads.setdefault(body["root_id"], []).append(body["message"])
            return 201, {"id": "t".ljust(26, "0"), "channel_id": CHANNEL}
        check_attachment(*body["props"]["attachments"])
        message = f"post{len(self.messages) + 1}".ljust(26, "0")
        self.messages[message] = body
        return 201, {"id": message, "channel_id": CHANNEL}

    def _open(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        named = base64.b64decode(body["trigger_id"]).decode().split(":")
        age = self.clock.now().timestamp() * 1000 - int(named[2])
        if body["trigger_id"] != self._sign(named[1], int(named[2])) or age > _PATIENCE:
            return 400, {"id": "interactive_message.decode_trigger_id.verify_signature_failed"}
        check_dialog(body["dialog"])
        self.dialogs[named[1]] = body["dialog"]
        return 200, {"status": "OK"}

    def trigger(self, user: str) -> str:
        """Return what a dialog may be opened with for somebody, for three seconds."""
        return self._sign(user, int(self.clock.now().timestamp() * 1000))

    def _sign(self, user: str, stamp: int) -> str:
        named = f"{'trigger'.ljust(26, '0')}:{user}:{stamp}:"
        proof = hmac.new(b"the server's own key", named.encode(), hashlib.sha256).digest()
        return base64.b64encode(f"{named}{base64.b64encode(proof).decode()}".encode()).decode()

    def shown(self, message: str = "") -> str:
        """Return everything that a message shows, without the escapes."""
        (attachment,) = self.messages[message or next(iter(self.messages))]["props"]["attachments"]
        return "\n".join(_list_texts({**attachment, "actions": []})).replace("\\", "")

    def press(self, choice: str, user: str = ANN, **changes: object) -> bytes:
        """Return the request that a press on the first card's button makes."""
        message, post = next(iter(self.messages.items()))
        (attachment,) = post["props"]["attachments"]
        (action,) = (action for action in attachment["actions"] if action["id"] == choice)
        sent = {
            "user_id": user,
            "user_name": "ciso",
            "channel_id": CHANNEL,
            "team_id": TEAM,
            "post_id": message,
            "trigger_id": self.trigger(user),
            "type": "",
            "data_source": "",
            "context": action["integration"]["context"],
        }
        return json.dumps(sent | changes).encode()

    def submit(self, user: str = ANN, **changes: object) -> bytes:
        """Return the request that the button of somebody's dialog makes; fields are given by their names."""
        dialog = self.dialogs[user]
        typed = {name: changes.pop(name, None) for name in ("confirm", "comment")}
        sent = {
            "type": "dialog_submission",
            "callback_id": dialog["callback_id"],
            "state": dialog["state"],
            "user_id": user,
            "channel_id": CHANNEL,
            "team_id": TEAM,
            "submission": typed,
            "cancelled": False,
        }
        return json.dumps(sent | changes).encode()


def command(text: str, user: str = ANN, **changes: str) -> bytes:
    """Return the request that a command makes."""
    sent = {
        "channel_id": CHANNEL,
        "channel_name": "soc",
        "command": "/soar",
        "response_url": f"https://{HOST}/hooks/commands/x",
        "team_domain": "corp",
        "team_id": TEAM,
        "text": text,
        "token": COMMAND_TOKEN,
        "trigger_id": f"trigger{next(_NUMBERS)}",
        "user_id": user,
        "user_name": "ciso",
    }
    return urlencode(sent | changes).encode()


def _list_texts(node: object) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for child in node.values():
            yield from _list_texts(child)
    elif isinstance(node, list):
        for child in node:
            yield from _list_texts(child)
