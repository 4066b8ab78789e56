"""What is said in rooms, as it comes: https://spec.matrix.org/v1.15/client-server-api/#syncing."""

import json
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, JsonValue

from soar.sdk import ActionInputError, Feed, Item, PermanentError, read_document

from .homeserver import check, find_room, get, locate, prove, read_setting

MOST_ROOMS = 10
"""Rooms that are heard at most."""

_TIMELINE = 100  # events of a room in one answer
_HEARD = ("m.room.message", "m.reaction", "m.room.redaction", "m.room.encrypted")
_NOTHING: JsonValue = {"types": []}


class _Rooms(BaseModel):
    joined_rooms: list[str]


class _Timeline(BaseModel):
    events: list[dict[str, Any]] = []


class _Joined(BaseModel):
    timeline: _Timeline = _Timeline()


class _Shares(BaseModel):
    join: dict[str, _Joined] = {}


class _Sync(BaseModel):
    next_batch: str
    rooms: _Shares = _Shares()


async def enter_rooms(feed: Feed) -> list[str]:
    """Return the ids of the rooms that are heard, all of which the bot is in by now."""
    names = feed.settings.texts("rooms")
    if not 1 <= len(names) <= MOST_ROOMS:
        raise ActionInputError(f"the connection names {len(names)} rooms", hint=f"name 1 to {MOST_ROOMS} in `rooms`")
    rooms = [await find_room(feed, name) for name in names]
    joined = (await get(feed, _Rooms, "/joined_rooms")).joined_rooms
    for room in rooms:
        if room not in joined:
            check(feed, await feed.http.post(locate(feed, "/join/{room}", room=room), json={}, headers=prove(feed)))
    return rooms


async def begin_sync(feed: Feed, rooms: list[str]) -> _Sync:
    """Return where to begin; what it tells besides was said before."""
    answer = await sync_rooms(feed, rooms, None, 0)
    if answer is None:
        raise PermanentError("the homeserver takes no sync")
    return answer


async def sync_rooms(feed: Feed, rooms: list[str], since: str | None, seconds: int) -> _Sync | None:
    """Wait for something new; None if the homeserver does not know the token (any more)."""
    wanted: JsonValue = {
        "room": {
            "rooms": list(rooms),
            "timeline": {"types": list(_HEARD), "limit": _TIMELINE},
            "state": {"types": [], "lazy_load_members": True},
            "ephemeral": _NOTHING,
            "account_data": _NOTHING,
        },
        "presence": _NOTHING,
        "account_data": _NOTHING,
    }
    asked: dict[str, str | int] = {"filter": json.dumps(wanted), "timeout": 0 if since is None else seconds * 1000}
    if since is not None:
        asked["since"] = since
    answer = await feed.http.get(locate(feed, "/sync"), params=asked, headers=prove(feed))
    if since is not None and answer.status_code == HTTPStatus.BAD_REQUEST:
        return None
    return read_document(check(feed, answer), _Sync, "the homeserver answered something that is no sync")


def list_items(answer: _Sync, rooms: list[str]) -> list[Item]:
    """Return what is new in our rooms, each event with the room that it was in."""
    return [
        Item(key=str(event.get("event_id", "")), document={**event, "room_id": room})
        for room in rooms
        for event in answer.rooms.join.get(room, _Joined()).timeline.events
    ]


def name_account(feed: Feed) -> dict[str, JsonValue]:
    """Return whose token one is: it is good for nobody else."""
    return {"homeserver": read_setting(feed, "homeserver"), "user": read_setting(feed, "user")}


def find_token(feed: Feed, cursor: JsonValue) -> str | None:
    """Return where to go on; None where it was another account's."""
    if not isinstance(cursor, dict) or {**cursor, **name_account(feed)} != cursor:
        return None
    since = cursor.get("since")
    return since if isinstance(since, str) else None
