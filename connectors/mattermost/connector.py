"""Mattermost's REST API, version 4: https://developers.mattermost.com/api-documentation/."""

import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import httpx
from pydantic import BaseModel, Field, JsonValue, StringConstraints

from soar.sdk import (
    ActionCode,
    Arguments,
    Connector,
    Context,
    Effect,
    Output,
    PermanentError,
    Repeat,
    TransientError,
    UnknownOutcomeError,
    action,
    path,
    read_document,
)

LIMIT = 3000
"""Characters of a message at most; Mattermost takes 16,383, and escaping makes texts longer."""

_API = "/api/v4"
_CUT = "…"
_MARKUP = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$^=&\"'])")
_AT = str.maketrans({"@": "\uff20"})  # looks alike, and mentions nobody
_GUESTS = frozenset({"system_guest", "team_guest"})

Document = TypeVar("Document", bound=BaseModel)
Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{26}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^(~[a-z0-9][a-z0-9_-]{0,63}|[a-z0-9]{26})$")]
Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 3,000 characters.")]


class Post(Arguments):
    """A message to a channel."""

    channel: Channel = Field(description="`~name` of a channel of the team, or a channel's id.")
    text: Text
    thread: Id | None = Field(default=None, description="Id of the message that it answers.")


class Card(Arguments):
    """A message with an attachment."""

    channel: Channel = Field(description="`~name` of a channel of the team, or a channel's id.")
    attachment: dict[str, JsonValue] = Field(description="Message attachment; its buttons are proved to be ours.")


class Edit(Card):
    """What a message with an attachment says from now on."""

    message: Id = Field(description="Id of the message.")


class Dialog(Arguments):
    """A dialog for whoever has just pressed a button."""

    trigger: str = Field(min_length=1, max_length=1000, description="What the press may open a dialog with; for 3 s.")
    url: str = Field(min_length=1, max_length=2000, description="Where Mattermost sends what was filled in.")
    dialog: dict[str, JsonValue] = Field(description="The interactive dialog.")


class Whisper(Arguments):
    """A message that one person sees."""

    channel: Channel = Field(description="Id of the channel.")
    user: Id = Field(description="Id of the person.")
    text: Text


class Wanted(Arguments):
    """A member."""

    user: Id = Field(description="Id of the person.")


class Posted(Output):
    """Where the message is."""

    channel: str = Field(description="Id of the channel.")
    message: str = Field(description="Id of the message.")


class Done(Output):
    """That it was done."""

    ok: bool = Field(description="Always true.")


class Member(Output):
    """Who somebody is."""

    team: str = Field(description="Id of the team; empty for somebody who is not in it.")
    is_full: bool = Field(description="Whether they are a full member: no guest, no bot, nobody's from another server.")


class _Channel(BaseModel):
    id: Id
    delete_at: int = 0


class _Post(BaseModel):
    id: Id
    channel_id: Id


class _User(BaseModel):
    id: str
    delete_at: int = 0
    is_bot: bool = False
    roles: str = ""
    remote_id: str | None = None


class _Membership(BaseModel):
    team_id: str
    user_id: str
    delete_at: int = 0
    roles: str = ""
    scheme_guest: bool = False


class _Status(BaseModel):
    status: str = "OK"


class Mattermost(Connector):
    """Speaks to people in Mattermost."""

    @action(title="Write to a channel", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post plain text, to a channel or to a thread."""
        server = _Server(ctx)
        thread = {"root_id": arguments.thread} if arguments.thread else {}
        sent = {"channel_id": await server.find_channel(arguments.channel), **_say(arguments.text), **thread}
        posted = await server.write("POST", "/posts", sent, _Post)
        return Posted(channel=posted.channel_id, message=posted.id)

    @action(title="Post a card", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Post an attachment; presses of buttons count on the service's own cards alone."""
        server = _Server(ctx)
        channel = await server.find_channel(arguments.channel)
        sent = {"channel_id": channel, "message": "", "props": _prove(ctx, channel, arguments.attachment)}
        posted = await server.write("POST", "/posts", sent, _Post)
        return Posted(channel=posted.channel_id, message=posted.id)

    @action(title="Edit a card", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def edit_card(self, ctx: Context, arguments: Edit) -> Done:
        """Replace a message's attachment."""
        server = _Server(ctx)
        channel = await server.find_channel(arguments.channel)
        sent = {"message": "", "props": _prove(ctx, channel, arguments.attachment)}
        await server.write("PUT", path("/posts/{message}/patch", message=arguments.message), sent, _Post)
        return Done(ok=True)

    @action(title="Open a dialog", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def open_dialog(self, ctx: Context, arguments: Dialog) -> Done:
        """Open an interactive dialog; Mattermost shows it to whoever's press the trigger is of, and to nobody else."""
        sent = {"trigger_id": arguments.trigger, "url": arguments.url, "dialog": arguments.dialog}
        await _Server(ctx).write("POST", "/actions/dialogs/open", sent, _Status)
        return Done(ok=True)

    @action(title="Whisper to a person", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def whisper(self, ctx: Context, arguments: Whisper) -> Done:
        """Show a message to one person in a channel."""
        server = _Server(ctx)
        post = {"channel_id": await server.find_channel(arguments.channel), **_say(arguments.text)}
        await server.write("POST", "/posts/ephemeral", {"user_id": arguments.user, "post": post}, _Post)
        return Done(ok=True)

    @action(title="Look up a member", effect=Effect.READ, repeat=Repeat.SAFE)
    async def member(self, ctx: Context, arguments: Wanted) -> Member:
        """Say who somebody is, and whether they are in the team."""
        server = _Server(ctx)
        user = await server.get(path("/users/{user}", user=arguments.user), _User)
        place = path("/teams/{team}/members/{user}", team=server.team, user=arguments.user)
        try:
            member = await server.get(place, _Membership)
        except PermanentError as error:
            if error.action_code is ActionCode.NOT_FOUND:
                return Member(team="", is_full=False)
            raise
        is_same = user.id == member.user_id == arguments.user and member.team_id == server.team
        is_here = not (user.delete_at or member.delete_at or user.remote_id)
        is_guest = member.scheme_guest or not _GUESTS.isdisjoint(f"{user.roles} {member.roles}".split())
        return Member(team=member.team_id, is_full=is_same and is_here and not is_guest and not user.is_bot)


@dataclass(frozen=True, slots=True)
class _Server:
    """The server with the connection's bot."""

    ctx: Context

    @property
    def team(self) -> str:
        return str(self.ctx.settings["team"])

    async def find_channel(self, channel: str) -> str:
        """Return a channel's id."""
        if not channel.startswith("~"):
            return channel
        place = path("/teams/{team}/channels/name/{name}", team=self.team, name=channel.removeprefix("~"))
        found = await self.get(place, _Channel)
        if found.delete_at:
            raise PermanentError(f"the channel {channel} is archived", action_code=ActionCode.NOT_FOUND)
        return found.id

    async def get(self, place: str, kind: type[Document]) -> Document:
        response = await self.ctx.http.get(self._locate(place), headers=self._authorize())
        return _read(self.ctx.check(response), kind)

    async def write(self, method: str, place: str, body: Mapping[str, Any], kind: type[Document]) -> Document:
        """Send what changes something; a 5xx or a yes that makes no sense leaves open whether it did."""
        response = await self.ctx.http.request(method, self._locate(place), json=body, headers=self._authorize())
        try:
            return _read(self.ctx.check(response), kind)
        except TransientError as error:
            raise UnknownOutcomeError(error.message) from error
        except PermanentError as error:
            if response.is_success:
                raise UnknownOutcomeError(error.message) from error
            raise

    def _locate(self, place: str) -> str:
        return str(self.ctx.settings["url"]).rstrip("/") + _API + place

    def _authorize(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.ctx.secret('bot_token').reveal()}"}


def _read(response: httpx.Response, kind: type[Document]) -> Document:
    return read_document(
        response, kind, f"Mattermost answered something that is no {kind.__name__.lstrip('_').lower()}"
    )


def _say(text: str) -> dict[str, JsonValue]:
    """Return a text as a message in which Mattermost reads no Markdown and which mentions nobody."""
    cut = text if len(text) <= LIMIT else text[: LIMIT - len(_CUT)] + _CUT
    shown = _MARKUP.sub(r"\\\1", cut.translate(_AT))
    return {"message": shown, "props": {"disable_group_highlight": True}}


def _prove(ctx: Context, channel: str, attachment: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Return a post's props; what each button claims is bound to the channel by our key.

    Mattermost keeps a button's context to itself and sends it back with a press; no client gets to see it.
    """
    key = ctx.secret("action_key").reveal().encode()
    for context in _list_contexts(attachment):
        signed = f"press|{channel}|{context.get('claim')}".encode("utf-8", "surrogatepass")
        context["proof"] = hmac.new(key, signed, hashlib.sha256).hexdigest()
    return {"attachments": [attachment], "disable_group_highlight": True}


def _list_contexts(attachment: Mapping[str, Any]) -> Iterator[dict[str, JsonValue]]:
    actions = attachment.get("actions")
    for each in actions if isinstance(actions, list) else ():
        match each:
            case {"integration": {"context": dict(context)}}:
                yield context
            case _:
                continue
