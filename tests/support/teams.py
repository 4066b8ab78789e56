"""Teams in small, as strict as its documentation, behind the real connector; its tokens are really signed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
from typing import Any

import httpx
import orjson
from joserfc.jwk import ECKey, OctKey, OKPKey, RSAKey

from connectors.teams.connector import Teams
from soar.federation.bot_token import ISSUER, METADATA
from soar.model.process import ActionAnswer, ActionCall
from soar.sdk.testing import Bench, WireEgress
from tests.support.identity_provider import make_key, sign
from tests.support.slack import walk

TENANT = "11111111-2222-3333-4444-555555555555"
APPLICATION = "99999999-2222-3333-4444-555555555555"
ANN = "aaaaaaaa-2222-3333-4444-555555555555"
TEAM, CHANNEL = "19:team@thread.tacv2", "19:soc@thread.tacv2"
SERVICE = "https://smba.trafficmanager.net/emea/"
KEYS = "https://login.botframework.com/v1/.well-known/keys"
TOKEN = "a made-up access token"
_NUMBERS = count(1)

_LARGEST = 28 * 1024  # bytes of a message: learn.microsoft.com/microsoftteams/limits-specifications-teams
_FIELDS: Mapping[str, tuple[set[str], set[str]]] = {
    "AdaptiveCard": ({"version", "body", "actions"}, {"$schema", "fallbackText"}),
    "RichTextBlock": ({"inlines"}, {"horizontalAlignment", "spacing"}),
    "TextRun": ({"text"}, {"weight", "size", "isSubtle", "fontType", "color", "italic", "strikethrough"}),
    "Input.Text": ({"id"}, {"label", "maxLength", "isMultiline", "isRequired", "errorMessage", "placeholder", "value"}),
    "Action.Execute": ({"title"}, {"verb", "data", "style", "associatedInputs"}),
    "Action.OpenUrl": ({"title", "url"}, {"style"}),
}
"""What each kind must and may have of what https://adaptivecards.io/explorer/ lists for version 1.4."""
_WORDS: Mapping[str, set[str]] = {
    "weight": {"Default", "Lighter", "Bolder"},
    "size": {"Default", "Small", "Medium", "Large", "ExtraLarge"},
    "fontType": {"Default", "Monospace"},
    "style": {"default", "positive", "destructive"},
    "associatedInputs": {"auto", "none"},
}
_FLAGS = {"isSubtle", "isMultiline", "isRequired"}


def check_card(card: Mapping[str, Any]) -> None:
    """Check a card against Teams' limits, and that nothing in it reads Markdown."""
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert len(orjson.dumps(card)) <= _LARGEST
    assert len(card["actions"]) <= 6
    inputs = [node["id"] for node in walk(card) if node.get("type") == "Input.Text"]
    assert len(inputs) == len(set(inputs))
    for node in walk(card):
        if "type" in node:
            check_node(node)


def check_node(node: Mapping[str, Any]) -> None:
    """Check that a part of a card is of a kind that we use, has what it must have and nothing that it may not."""
    needed, further = _FIELDS[node["type"]]
    assert needed <= node.keys() <= needed | further | {"type"}, node
    for name, value in node.items():
        assert name not in _WORDS or value in _WORDS[name], (name, value)
        assert name not in _FLAGS or isinstance(value, bool), (name, value)
        assert name not in {"text", "title", "label", "id"} or isinstance(value, str), (name, value)
    assert node.get("maxLength", 1) > 0


@dataclass
class FakeTeams:
    """A tenant with one team and one channel; its connector is the real one.

    Attributes:
        messages: cards by the id of their message, as they are now.
        threads: lines by the message that they answer.
        whispers: what was said in the personal chat of a person.
        down: how many of the next calls fail with a 503.
        marks: what the API says of a member; None for somebody who is none.
        endorsements: channels for which the signing key may speak.
        fetched: what was asked of the Bot Connector's metadata.
    """

    messages: dict[str, Any] = field(default_factory=dict)
    threads: dict[str, list[str]] = field(default_factory=dict)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    down: int = 0
    marks: dict[str, Any] | None = field(default_factory=dict)
    endorsements: tuple[str, ...] = ("msteams", "skype")
    fetched: list[str] = field(default_factory=list)
    keys: tuple[str, ...] = ("key",)

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call as the service's host does."""
        assert (call.connection, call.action.partition(".")[0]) == ("teams", "teams")
        settings: dict[str, Any] = {"tenant": TENANT, "application": APPLICATION, "team": TEAM, "service_url": SERVICE}
        settings["channels"] = {"SOC": CHANNEL, "Gone": "19:gone@thread.tacv2"}
        bench = Bench(Teams, hosts={"smba.trafficmanager.net"}, settings=settings, credentials={"token": TOKEN})
        arguments: Any = call.arguments
        return await bench.call(call.action.partition(".")[2], arguments, self._answer, key=call.effect_key)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        assert request.headers["Authorization"] == f"Bearer {TOKEN}"
        if self.down:
            self.down -= 1
            return httpx.Response(503)
        place = request.url.path.removeprefix("/emea/v3/").split("/")
        status, answer = self._obey(request.method, place, json.loads(request.content or b"{}"))
        return httpx.Response(status, json=answer)

    def _obey(self, method: str, place: list[str], body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match method, *place:
            case "GET", "conversations", team, "members", user if team == TEAM and self.marks is not None:
                known = {"id": "29:x", "aadObjectId": user, "tenantId": TENANT, "userRole": "user"}
                return 200, known | self.marks
            case "POST", "conversations":
                assert (body["tenantId"], body["bot"]["id"]) == (TENANT, f"28:{APPLICATION}")
                return 201, {"id": f"a:{body['members'][0]['id']}"}
            case "POST", "conversations", chat, "activities" if chat.startswith("a:"):
                self.whispers.append((chat.removeprefix("a:"), body["text"]))
                return 201, {"id": "9"}
            case "POST", "conversations", channel, "activities" if channel == CHANNEL:
                message = str(1_690_000_000_000 + len(self.messages))
                self._keep(message, body)
                return 201, {"id": message}
            case "PUT", "conversations", channel, "activities", message if message in self.messages:
                assert channel == CHANNEL
                self._keep(message, body)
                return 200, {"id": message}
            case "POST", "conversations", thread, "activities" if thread.startswith(f"{CHANNEL};messageid="):
                assert (body["textFormat"], "entities" in body) == ("plain", False)
                self.threads.setdefault(thread.partition("=")[2], []).append(body["text"])
                return 201, {"id": "8"}
            case _:
                return 404, {"error": {"code": "ConversationNotFound"}}

    def _keep(self, message: str, body: dict[str, Any]) -> None:
        (attachment,) = body["attachments"]
        assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
        check_card(attachment["content"])
        self.messages[message] = attachment["content"]

    def shown(self) -> str:
        """Return everything that the first message shows."""
        return list_texts(next(iter(self.messages.values())))

    def press(
        self, title: str, card: Mapping[str, Any] | None = None, typed: object = None, **changes: object
    ) -> bytes:
        """Return the request that a press on a button makes; what was typed is merged into its data."""
        card = card or next(iter(self.messages.values()))
        (action,) = (each for each in card["actions"] if each["title"].startswith(title))
        data = {**action["data"], **(typed if isinstance(typed, dict) else {})}
        value = {"action": {"type": "Action.Execute", "verb": action["verb"], "data": data}, "trigger": "manual"}
        more = {"name": "adaptiveCard/action", "value": value, "replyToId": next(iter(self.messages), "")}
        return act("invoke", **(more | changes))

    @property
    def egress(self) -> WireEgress:
        """The way to the Bot Connector's keys."""
        return WireEgress(self._publish)

    def _publish(self, request: httpx.Request) -> httpx.Response:
        url = str(request.url)
        self.fetched.append(url)
        if url == METADATA:
            return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": KEYS, "authorization_endpoint": "https://x"})
        assert url == KEYS
        public = [make_key("RS256", name).as_dict(private=False) for name in self.keys]
        return httpx.Response(200, json={"keys": [{**each, "endorsements": self.endorsements} for each in public]})


def list_texts(card: Mapping[str, Any]) -> str:
    """Return the texts of a card, a line for each block."""
    return "\n".join("".join(run["text"] for run in block.get("inlines", [])) for block in card["body"])


def act(kind: str, **changes: object) -> bytes:
    """Return an activity of the channel."""
    sent = {
        "type": kind,
        "id": f"f:{next(_NUMBERS)}",
        "channelId": "msteams",
        "serviceUrl": SERVICE,
        "from": {"id": "29:x", "name": "ciso", "aadObjectId": ANN},
        "conversation": {"id": f"{CHANNEL};messageid=1690000000000", "conversationType": "channel", "tenantId": TENANT},
        "recipient": {"id": f"28:{APPLICATION}", "name": "soar"},
        "channelData": {"tenant": {"id": TENANT}, "team": {"id": TEAM}, "channel": {"id": CHANNEL}},
    }
    return json.dumps(sent | changes).encode()


def make_token(
    at: datetime,
    *,
    key: RSAKey | ECKey | OKPKey | OctKey | None = None,
    header: Mapping[str, object] | None = None,
    **changes: object,
) -> str:
    """Return a token as the Bot Connector sends it with a request."""
    signing = key or make_key("RS256", "key")
    now = int(at.timestamp())
    claims = {"iss": ISSUER, "aud": APPLICATION, "nbf": now, "exp": now + 3600, "serviceurl": SERVICE} | changes
    payload = json.dumps({name: value for name, value in claims.items() if value is not None}).encode()
    return sign({"alg": "RS256", "typ": "JWT", "kid": "key-RS256", "x5t": "x", **(header or {})}, payload, signing)


def prove(at: datetime) -> dict[str, str]:
    """Return the headers of a request that is Teams' own."""
    return {"authorization": f"Bearer {make_token(at)}"}
