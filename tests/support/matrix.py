"""A homeserver in small, as strict as the specification, behind the real connector."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from connectors.matrix.connector import Matrix
from soar.model.clock import Clock
from soar.model.poll import Batch
from soar.model.process import ActionAnswer, ActionCall
from soar.model.values import JsonValue
from soar.sdk.testing import Bench

SERVER = "corp.example"
BOT, ALICE, BOB = f"@soar:{SERVER}", f"@alice:{SERVER}", f"@bob:{SERVER}"
ROOM, OTHER = f"!soc:{SERVER}", f"!other:{SERVER}"
TOKEN = "syt-made-up"

_BASE = "/_matrix/client/v3/"
_LARGEST = 65_536  # https://spec.matrix.org/v1.15/client-server-api/#size-limits


def check_content(content: Mapping[str, Any]) -> None:
    """Check a message against https://spec.matrix.org/v1.15/client-server-api/#mroommessage; it mentions nobody."""
    assert content["msgtype"] == "m.notice"
    assert content["body"]
    assert content["m.mentions"] == {}
    assert ("formatted_body" in content) == (content.get("format") == "org.matrix.custom.html")
    relation = content.get("m.relates_to", {})
    assert relation.get("rel_type") in (None, "m.thread", "m.replace")
    assert ("m.new_content" in content) == (relation.get("rel_type") == "m.replace")
    if "m.new_content" in content:
        check_content(content["m.new_content"])


@dataclass
class FakeMatrix:
    """A homeserver with the rooms `ROOM`, which `#soc` leads to, and `OTHER`; its connector is the real one.

    Attributes:
        events: what everybody in a room is told, in order, each with its room.
        members: who is in which room.
        access: whether guests may join, by room.
        directs: the bot's rooms with one person.
        down: how many of the next calls fail with a 503.
        lost: how many of the next messages are taken without an answer.
    """

    clock: Clock
    events: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, set[str]] = field(default_factory=lambda: {ROOM: {ALICE, BOB}, OTHER: {BOT, ALICE, BOB}})
    access: dict[str, str] = field(default_factory=dict)
    directs: dict[str, Any] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    down: int = 0
    lost: int = 0

    # -- what people do ---------------------------------------------------------------------------------------------

    def say(
        self, account: str, text: str, *, room: str = ROOM, kind: str = "m.text", thread: str = "", **more: object
    ) -> str:
        """Write a message, and return its id."""
        content: dict[str, Any] = {"msgtype": kind, "body": text, **more}
        if thread:
            content["m.relates_to"] = {"rel_type": "m.thread", "event_id": thread}
        return self.add(account, "m.room.message", content, room=room)

    def react(self, account: str, message: str, key: str, room: str = ROOM) -> str:
        """Put a sign on a message, and return the reaction's id."""
        relation = {"rel_type": "m.annotation", "event_id": message, "key": key}
        return self.add(account, "m.reaction", {"m.relates_to": relation}, room=room)

    def redact(self, account: str, target: str, *, is_old: bool = False) -> str:
        """Take an event away, in a room of version 11, or of an older one."""
        content = {} if is_old else {"redacts": target}
        return self.add(account, "m.room.redaction", content, **({"redacts": target} if is_old else {}))

    def add(self, account: str, kind: str, content: Mapping[str, Any], *, room: str = ROOM, **more: object) -> str:
        """Add an event, and return its id."""
        at = int(self.clock.now().timestamp() * 1000)
        event = {"type": kind, "sender": account, "content": dict(content), "origin_server_ts": at}
        id_ = f"${len(self.events) + 1}"
        self.events.append({"event_id": id_, "room_id": room, **event, **more})
        return id_

    def send_again(self, event: str, **changes: object) -> None:
        """Tell everybody an event a second time."""
        self.events.append({**self.find(event), **changes})

    # -- what is seen -----------------------------------------------------------------------------------------------

    def find(self, event: str) -> dict[str, Any]:
        return next(one for one in self.events if one["event_id"] == event)

    def posts(self, room: str = ROOM) -> list[dict[str, Any]]:
        """Return what the bot has posted besides edits."""
        ours = [one for one in self.events if one["sender"] == BOT and one["room_id"] == room]
        return [one for one in ours if "m.new_content" not in one["content"]]

    def card(self) -> str:
        """Return the id of the only card."""
        (card,) = [one for one in self.posts() if "formatted_body" in one["content"]]
        return str(card["event_id"])

    def shown(self) -> str:
        """Return what the card shows by now, as a client does that knows edits."""
        card = self.card()
        edits = [one["content"] for one in self.events if _relates(one, "m.replace", card)]
        return str(edits[-1]["m.new_content"]["body"] if edits else self.find(card)["content"]["body"])

    def answers(self, thread: str) -> list[str]:
        """Return what the bot has written to a thread."""
        return [str(one["content"]["body"]) for one in self.posts() if _relates(one, "m.thread", thread)]

    def whispers(self, account: str) -> list[str]:
        """Return what the bot has written to somebody alone."""
        return [str(one["content"]["body"]) for room in self.directs.get(account, []) for one in self.posts(room)]

    # -- the connector ----------------------------------------------------------------------------------------------

    async def call(self, call: ActionCall) -> ActionAnswer:
        """Make a call as the service's host does."""
        assert (call.connection, call.action.partition(".")[0]) == ("matrix", "matrix")
        arguments: Any = call.arguments
        return await self._bench.call(
            call.action.partition(".")[2], arguments, self.answer, key=call.effect_key, seconds=5.0
        )

    async def listen(self, cursor: JsonValue) -> list[Batch]:
        """Return what the trigger yields until there is nothing more."""
        return await self._bench.poll("sync", {"seconds": 0}, self.answer, cursor)

    @property
    def _bench(self) -> Bench:
        settings: dict[str, JsonValue] = {
            "homeserver": f"https://{SERVER}",
            "user": BOT,
            "rooms": ["#soc"],
            "reactions": False,
            "private": False,
        }
        return Bench(Matrix, hosts={SERVER}, settings=settings, credentials={"access_token": TOKEN})

    def answer(self, request: httpx.Request) -> httpx.Response:
        """Answer a request of the bot."""
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return _refuse(401, "M_UNKNOWN_TOKEN")
        if self.down:
            self.down -= 1
            return _refuse(503, "M_UNKNOWN")
        place = request.url.raw_path.decode().partition("?")[0].removeprefix(_BASE)
        parts = [unquote(part) for part in place.split("/")]
        body = json.loads(request.content) if request.content else {}
        match [request.method, *parts]:
            case ["GET", "sync"]:
                return self._sync(request.url.params)
            case ["PUT", "rooms", room, "send", "m.room.message", key]:
                return self._take(room, key, body)
            case ["GET", "rooms", room, "state", kind, *rest]:
                return self._tell_state(room, kind, rest)
            case [method, "user", account, "account_data", "m.direct"] if account == BOT:
                self.directs = body if method == "PUT" else self.directs
                return httpx.Response(200, json=self.directs) if self.directs else _refuse(404, "M_NOT_FOUND")
            case _:
                return self._enter(request.method, parts, body)

    def _enter(self, method: str, parts: list[str], body: dict[str, Any]) -> httpx.Response:
        match [method, *parts]:
            case ["GET", "directory", "room", alias] if alias == f"#soc:{SERVER}":
                return httpx.Response(200, json={"room_id": ROOM})
            case ["GET", "joined_rooms"]:
                joined = [room for room, members in self.members.items() if BOT in members]
                return httpx.Response(200, json={"joined_rooms": joined})
            case ["POST", "join", room]:
                self.members[room].add(BOT)
                return httpx.Response(200, json={"room_id": room})
            case ["POST", "createRoom"]:
                room = f"!direct{len(self.members)}:{SERVER}"
                self.members[room] = {BOT, *body["invite"]}
                return httpx.Response(200, json={"room_id": room})
            case _:
                return _refuse(404, "M_NOT_FOUND")

    def _tell_state(self, room: str, kind: str, key: list[str]) -> httpx.Response:
        match kind:
            case "m.room.member" if key[0] in self.members[room]:
                return httpx.Response(200, json={"membership": "join"})
            case "m.room.guest_access" if room in self.access:
                return httpx.Response(200, json={"guest_access": self.access[room]})
            case _:
                return _refuse(404, "M_NOT_FOUND")

    def _take(self, room: str, key: str, content: dict[str, Any]) -> httpx.Response:
        if BOT not in self.members[room]:
            return _refuse(403, "M_FORBIDDEN")
        check_content(content)
        assert len(json.dumps(content).encode()) < _LARGEST
        if key not in self.sent:
            self.sent[key] = self.add(BOT, "m.room.message", content, room=room)
        if self.lost:
            self.lost -= 1
            return _refuse(504, "M_UNKNOWN")
        return httpx.Response(200, json={"event_id": self.sent[key]})

    def _sync(self, asked: httpx.QueryParams) -> httpx.Response:
        since, wanted = asked.get("since", "s0"), json.loads(asked["filter"])["room"]
        if not since.startswith("s"):
            return _refuse(400, "M_UNKNOWN")
        shares: dict[str, Any] = {}
        for event in self.events[int(since[1:]) :]:
            room = event["room_id"]
            if room in wanted["rooms"] and event["type"] in wanted["timeline"]["types"] and BOT in self.members[room]:
                told = {name: value for name, value in event.items() if name != "room_id"}
                shares.setdefault(room, {"timeline": {"events": []}})["timeline"]["events"].append(told)
        told = json.dumps({"next_batch": f"s{len(self.events)}", "rooms": {"join": shares}})
        return httpx.Response(200, content=told)


def _relates(event: Mapping[str, Any], kind: str, target: str) -> bool:
    relation = event["content"].get("m.relates_to", {})
    return (relation.get("rel_type"), relation.get("event_id")) == (kind, target)


def _refuse(status: int, code: str) -> httpx.Response:
    return httpx.Response(status, json={"errcode": code, "error": "no"})
