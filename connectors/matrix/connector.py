"""Matrix's client-server API: https://spec.matrix.org/v1.15/client-server-api/."""

import json
from collections.abc import AsyncIterator, Mapping
from http import HTTPStatus
from typing import Annotated

from pydantic import BaseModel, Field, JsonValue, StringConstraints

from soar.sdk import (
    ActionInputError,
    Arguments,
    Batch,
    Connector,
    Context,
    Effect,
    Feed,
    Output,
    PermanentError,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    trigger,
)

from .hearing import begin_sync, enter_rooms, find_token, list_items, name_account, sync_rooms
from .homeserver import Room, check, find, find_room, locate, name_server, prove, read_outcome, read_setting

LIMIT = 4000
"""Characters of a text at most."""
LARGEST = 60_000
"""Bytes of a message's content at most: an event has 65,536 with what the homeserver adds to it."""

_CUT = "…"
_PRESENT = frozenset({"join", "invite"})

Channel = Annotated[str, StringConstraints(pattern=r"^[#!]\S{1,254}$")]
EventId = Annotated[str, StringConstraints(pattern=r"^\$[!-~]{1,254}$")]
UserId = Annotated[str, StringConstraints(pattern=r"^@[a-z0-9._=/+-]{1,200}:[A-Za-z0-9.:\[\]-]{1,230}$")]
Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 4,000 characters.")]


class Post(Arguments):
    """A message to a room."""

    channel: Channel = Field(description="`#alias`, of our homeserver unless it names another, or the room's id.")
    text: Text
    thread: EventId | None = Field(default=None, description="Id of the message whose thread it goes to.")


class Card(Arguments):
    """A message in HTML."""

    channel: Channel = Field(description="`#alias`, of our homeserver unless it names another, or the room's id.")
    text: str = Field(min_length=1, max_length=16_000, description="What clients show that know no HTML.")
    html: str = Field(min_length=1, max_length=30_000, description="What all others show.")
    notice: str = Field(min_length=1, max_length=LIMIT, description="What an edit says where no edits are known.")


class Edit(Card):
    """What a message in HTML says from now on."""

    message: EventId = Field(description="Id of the message.")


class Whisper(Arguments):
    """A message to one person."""

    channel: Channel = Field(description="Where it came about; not used, as nobody is shown something alone there.")
    user: UserId = Field(description="The person's Matrix id.")
    text: Text


class Wanted(Arguments):
    """A member."""

    user: UserId = Field(description="The person's Matrix id.")


class Hearing(Arguments):
    """How to listen."""

    seconds: int = Field(default=25, ge=0, le=50, description="How long to wait for something new.")


class Posted(Output):
    """Where the message is."""

    channel: str = Field(description="Id of the room.")
    message: str = Field(description="Id of the message.")


class Done(Output):
    """That it was done."""

    ok: bool = Field(description="Always true.")


class Member(Output):
    """Who somebody is."""

    team: str = Field(description="Name of the homeserver that they belong to.")
    is_full: bool = Field(description="Whether they are of our homeserver, and joined to a room that counts.")


class _Sent(BaseModel):
    event_id: str


class _Membership(BaseModel):
    membership: str


class _Access(BaseModel):
    guest_access: str = "forbidden"


class Matrix(Connector):
    """Speaks to people in Matrix."""

    @action(title="Write to a room", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post plain text; see https://spec.matrix.org/v1.15/client-server-api/#sending-events-to-a-room."""
        room = await find_room(ctx, arguments.channel)
        content = _build_text(arguments.text)
        if arguments.thread is not None:
            content["m.relates_to"] = {
                "rel_type": "m.thread",
                "event_id": arguments.thread,
                "is_falling_back": True,
                "m.in_reply_to": {"event_id": arguments.thread},
            }
        return await _send(ctx, room, content)

    @action(title="Post a card", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Post HTML; reactions and commands count for the service's own cards alone."""
        return await _send(ctx, await find_room(ctx, arguments.channel), build_card(arguments))

    @action(title="Edit a card", effect=Effect.WRITE, repeat=Repeat.KEYED, is_for_service=True)
    async def edit_card(self, ctx: Context, arguments: Edit) -> Done:
        """Replace a message; see https://spec.matrix.org/v1.15/client-server-api/#event-replacements."""
        await _send(ctx, await find_room(ctx, arguments.channel), build_edit(arguments))
        return Done(ok=True)

    @action(title="Whisper to a person", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def whisper(self, ctx: Context, arguments: Whisper) -> Done:
        """Write into the room that the bot and a person have for themselves; open it where there is none."""
        room = await _find_direct(ctx, arguments.user) or await _open_direct(ctx, arguments.user)
        await _send(ctx, room, _build_text(arguments.text))
        return Done(ok=True)

    @action(title="Look up a member", effect=Effect.READ, repeat=Repeat.SAFE)
    async def member(self, ctx: Context, arguments: Wanted) -> Member:
        """Say whether somebody is of our homeserver and in a room that counts."""
        team = name_server(arguments.user)
        is_ours = team == name_server(read_setting(ctx, "user"))
        return Member(team=team, is_full=is_ours and await _is_joined(ctx, arguments.user))

    @trigger(title="Hear rooms")
    async def sync(self, feed: Feed, arguments: Hearing, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is said in the connection's rooms; nothing that was said before the first time.

        See https://spec.matrix.org/v1.15/client-server-api/#syncing.
        """
        rooms = await enter_rooms(feed)
        since = find_token(feed, cursor)
        while True:
            heard = None if since is None else await sync_rooms(feed, rooms, since, arguments.seconds)
            items = [] if heard is None else list_items(heard, rooms)
            since = (heard or await begin_sync(feed, rooms)).next_batch
            yield Batch(items=items, cursor={**name_account(feed), "since": since})
            if not items:
                return


def build_card(card: Card) -> dict[str, JsonValue]:
    """Return the content of a card's message."""
    html: dict[str, JsonValue] = {"format": "org.matrix.custom.html", "formatted_body": card.html}
    return {**_build_notice(card.text), **html}


def build_edit(edit: Edit) -> dict[str, JsonValue]:
    """Return the content of the message that puts a card in another's place."""
    return {
        **_build_notice(f"* {edit.notice}"),
        "m.new_content": build_card(edit),
        "m.relates_to": {"rel_type": "m.replace", "event_id": edit.message},
    }


def _build_notice(body: str) -> dict[str, JsonValue]:
    """Return a message that says whom it mentions, which is nobody: else clients look for names in its text."""
    return {"msgtype": "m.notice", "body": body, "m.mentions": {}}


def _build_text(text: str) -> dict[str, JsonValue]:
    return _build_notice(text if len(text) <= LIMIT else text[: LIMIT - len(_CUT)] + _CUT)


async def _send(ctx: Context, room: str, content: Mapping[str, JsonValue]) -> Posted:
    """Send a message; the same effect is the same transaction, and the same message."""
    if len(json.dumps(content, ensure_ascii=False).encode()) > LARGEST:
        raise ActionInputError(f"the message is larger than {LARGEST} bytes")
    url = locate(ctx, "/rooms/{room}/send/m.room.message/{key}", room=room, key=ctx.idempotency_key)
    answer = check(ctx, await ctx.http.put(url, json=content, headers=prove(ctx)))
    return Posted(channel=room, message=read_outcome(answer, _Sent).event_id)


async def _is_joined(ctx: Context, user: str) -> bool:
    for room in [await find_room(ctx, name) for name in ctx.settings.texts("rooms")]:
        if await _find_membership(ctx, room, user) != "join":
            continue
        access = await find(ctx, _Access, "/rooms/{room}/state/m.room.guest_access", room=room)
        if access is not None and access.guest_access == "can_join":
            raise PermanentError(
                f"{room} lets guests join, so nobody in it can be told from one",
                hint="set the room's guest access to forbidden",
            )
        return True
    return False


async def _find_membership(ctx: Context, room: str, user: str) -> str:
    found = await find(ctx, _Membership, "/rooms/{room}/state/m.room.member/{user}", room=room, user=user)
    return found.membership if found else "leave"


async def _find_direct(ctx: Context, user: str) -> str | None:
    """Return the latest room for the two that the person is in or invited to; None if there is none."""
    for room in reversed((await _list_directs(ctx)).get(user, [])):
        if await _find_membership(ctx, room, user) in _PRESENT:
            return room
    return None


async def _open_direct(ctx: Context, user: str) -> str:
    """Open a room for the two, and note it; see https://spec.matrix.org/v1.15/client-server-api/#direct-messaging."""
    wanted = {"preset": "trusted_private_chat", "is_direct": True, "invite": [user]}
    answer = await ctx.http.post(locate(ctx, "/createRoom"), json=wanted, headers=prove(ctx))
    try:
        room = read_outcome(check(ctx, answer), Room).room_id
    except TransientError as error:
        raise UnknownOutcomeError(error.message) from error
    known = await _list_directs(ctx)
    url = locate(ctx, "/user/{bot}/account_data/m.direct", bot=read_setting(ctx, "user"))
    check(ctx, await ctx.http.put(url, json={**known, user: [*known.get(user, []), room]}, headers=prove(ctx)))
    return room


async def _list_directs(ctx: Context) -> dict[str, list[str]]:
    url = locate(ctx, "/user/{bot}/account_data/m.direct", bot=read_setting(ctx, "user"))
    answer = await ctx.http.get(url, headers=prove(ctx))
    if answer.status_code == HTTPStatus.NOT_FOUND:
        return {}
    found = check(ctx, answer).json()
    if not isinstance(found, dict):
        raise PermanentError("the homeserver answered something that names no rooms")
    return {str(user): [str(room) for room in rooms] for user, rooms in found.items() if isinstance(rooms, list)}
