"""What an event of a Matrix room says, read without believing more of it than the homeserver vouches for. Pure.

https://spec.matrix.org/v1.15/client-server-api/#events
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeAlias

from soar.model.approval import VoteChoice
from soar.model.values import JsonValue

EDITED = "an edit is no command"
"""Why what an edit says does not count: whoever reads the room may have seen something else."""

_USER = re.compile(r"@[^\s:]+:\S+")
_LONGEST = 255  # of an id
_LONGEST_TEXT = 4000
_LATEST = 253_402_300_799_000  # milliseconds; the end of the year 9999
_AS_EMOJI = "\ufe0f"
_CHOICES: Mapping[str, VoteChoice] = {"\u2705": VoteChoice.APPROVE, "\u26d4": VoteChoice.DENY}


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an event comes from.

    Attributes:
        room: id of the room.
        event: id of the event.
        account: Matrix id of who sent it.
        at: when the homeserver says that it was sent.
    """

    room: str
    event: str
    account: str
    at: datetime

    @property
    def server(self) -> str:
        """Name of the homeserver that the sender belongs to."""
        return self.account.partition(":")[2]


@dataclass(frozen=True, slots=True)
class Said:
    """Somebody has written something.

    Attributes:
        flaw: why it is no command, whatever it says; empty for what a person has typed.
        thread: id of the message whose thread it is in; its own if it is in none.
    """

    origin: Origin
    text: str
    flaw: str
    thread: str


@dataclass(frozen=True, slots=True)
class Reacted:
    """Somebody has put a sign that is a vote on a message."""

    origin: Origin
    message: str
    choice: VoteChoice


@dataclass(frozen=True, slots=True)
class Redacted:
    """Somebody has taken an event away."""

    origin: Origin
    target: str


@dataclass(frozen=True, slots=True)
class Sealed:
    """Somebody has written something that we cannot read."""

    origin: Origin


Event: TypeAlias = Said | Reacted | Redacted | Sealed


def read_event(document: Mapping[str, JsonValue]) -> Event | None:
    """Return what an event says; None if it is none, or says nothing that concerns us."""
    origin = _read_origin(document)
    content = document.get("content")
    if origin is None or not isinstance(content, dict) or "state_key" in document:
        return None
    match document.get("type"):
        case "m.room.message":
            return _read_message(origin, content)
        case "m.reaction":
            return _read_reaction(origin, content)
        case "m.room.redaction":
            target = content.get("redacts", document.get("redacts"))  # within the content from room version 11 on
            return Redacted(origin, target) if isinstance(target, str) else None
        case "m.room.encrypted":
            return Sealed(origin)
        case _:
            return None


def _read_origin(document: Mapping[str, JsonValue]) -> Origin | None:
    match document:
        case {"event_id": str(event), "room_id": str(room), "sender": str(account), "origin_server_ts": int(at)}:
            is_named = event.startswith("$") and room.startswith("!") and _USER.fullmatch(account) is not None
            is_sound = all(len(id_) <= _LONGEST and id_.isprintable() for id_ in (event, room, account))
            if not (is_named and is_sound and 0 <= at <= _LATEST):
                return None
            return Origin(room, event, account, datetime.fromtimestamp(at / 1000, UTC))
        case _:
            return None


def _read_message(origin: Origin, content: Mapping[str, Any]) -> Said | None:
    text = content.get("body")
    if not isinstance(text, str):
        return None
    relation = content.get("m.relates_to")
    relation = relation if isinstance(relation, dict) else {}
    kind, root = relation.get("rel_type"), relation.get("event_id")
    new = content.get("m.new_content")
    if kind == "m.replace" or new is not None:
        said = new.get("body") if isinstance(new, dict) else None
        return Said(origin, _tidy(said if isinstance(said, str) else text), EDITED, origin.event)
    flaw = "" if content.get("msgtype") == "m.text" else "only what a person types is a command"
    return Said(origin, _tidy(text), flaw, root if kind == "m.thread" and isinstance(root, str) else origin.event)


def _read_reaction(origin: Origin, content: Mapping[str, Any]) -> Reacted | None:
    match content.get("m.relates_to"):
        case {"rel_type": "m.annotation", "event_id": str(message), "key": str(key)}:
            choice = _CHOICES.get(key.removesuffix(_AS_EMOJI))
            return Reacted(origin, message, choice) if choice else None
        case _:
            return None


def _tidy(text: str) -> str:
    """Return a text without half characters, which JSON can hold and nothing else can."""
    return text[:_LONGEST_TEXT].encode("utf-8", "replace").decode()
