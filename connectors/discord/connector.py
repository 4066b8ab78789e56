"""Discord's HTTP API, version 10: https://discord.com/developers/docs/reference."""

import re
from collections.abc import Mapping
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

LIMIT = 900
"""Characters of a message at most; Discord takes 2,000, and escaping makes texts longer."""

_API = "https://discord.com/api/v10"
_AGENT = "DiscordBot (soar, 1.0.0)"  # https://discord.com/developers/docs/reference#user-agent
_CUT = "…"
_MARKUP = re.compile(r"([^0-9A-Za-z\s\x80-\U0010ffff])")
_NO_EMBEDS = 1 << 2
_GUEST = 1 << 4  # https://discord.com/developers/docs/resources/guild#guild-member-object-guild-member-flags
_TEXT_CHANNELS = frozenset({0, 5})
_THREAD = "Decision"

Document = TypeVar("Document", bound=BaseModel)
Id = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,20}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^(#\S{1,100}|[0-9]{1,20})$")]
Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 900 characters.")]


class Post(Arguments):
    """A message to a channel."""

    channel: Channel = Field(description="`#name` of a channel of the server, or a channel's id.")
    text: Text
    thread: Id | None = Field(default=None, description="Id of the message in whose thread it is to stand.")


class Card(Arguments):
    """A message with embeds and buttons."""

    channel: Channel = Field(description="`#name` of a channel of the server, or a channel's id.")
    embeds: list[JsonValue] = Field(description="The embeds.")
    components: list[JsonValue] = Field(description="The rows of buttons.")


class Edit(Card):
    """What a message with embeds and buttons says from now on."""

    message: Id = Field(description="Id of the message.")


class Answer(Arguments):
    """What an interaction that was put off comes to."""

    token: str = Field(pattern=r"^[A-Za-z0-9_.=+/-]{1,1000}$", description="The interaction's; it counts for 15 min.")
    text: Text


class Whisper(Arguments):
    """A message that one person sees."""

    channel: Channel = Field(description="Id of the channel that it is about.")
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

    team: str = Field(description="Id of the Discord server; empty for somebody who is not in it.")
    is_full: bool = Field(description="Whether they are a full member: no guest, no bot, admitted, with the role.")


class _Message(BaseModel):
    id: Id
    channel_id: Id


class _Channel(BaseModel):
    id: Id
    name: str = ""
    type: int = 0


class _User(BaseModel):
    id: str
    bot: bool = False
    system: bool = False


class _Member(BaseModel):
    user: _User
    roles: list[str] = []
    flags: int = 0
    pending: bool = False


class Discord(Connector):
    """Speaks to people in Discord."""

    @action(title="Write to a channel", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post plain text, to a channel or to a message's thread."""
        channel, sent = await _find_channel(ctx, arguments.channel), _say(arguments.text)
        if arguments.thread is None:
            posted = await _write(ctx, "POST", _messages(channel), sent, _Message)
        else:
            posted = await _post_to_thread(ctx, channel, arguments.thread, sent)
        return Posted(channel=posted.channel_id, message=posted.id)

    @action(title="Post a card", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Post embeds and buttons; presses count on the service's own cards alone."""
        channel = await _find_channel(ctx, arguments.channel)
        posted = await _write(ctx, "POST", _messages(channel), _lay(arguments), _Message)
        return Posted(channel=posted.channel_id, message=posted.id)

    @action(title="Edit a card", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def edit_card(self, ctx: Context, arguments: Edit) -> Done:
        """Replace a message's embeds and buttons."""
        channel = await _find_channel(ctx, arguments.channel)
        place = _messages(channel) + path("/{message}", message=arguments.message)
        await _write(ctx, "PATCH", place, _lay(arguments), _Message)
        return Done(ok=True)

    @action(title="Answer an interaction", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def answer(self, ctx: Context, arguments: Answer) -> Done:
        """Say what became of an interaction that was put off, to whoever began it."""
        application = str(ctx.settings["application"])
        place = path("/webhooks/{it}/{token}/messages/@original", it=application, token=arguments.token)
        await _write(ctx, "PATCH", place, _say(arguments.text), _Message, shown="/webhooks/…/messages/@original")
        return Done(ok=True)

    @action(title="Whisper to a person", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def whisper(self, ctx: Context, arguments: Whisper) -> Done:
        """Send a direct message to one person."""
        direct = await _write(ctx, "POST", "/users/@me/channels", {"recipient_id": arguments.user}, _Channel)
        await _write(ctx, "POST", _messages(direct.id), _say(arguments.text), _Message)
        return Done(ok=True)

    @action(title="Look up a member", effect=Effect.READ, repeat=Repeat.SAFE)
    async def member(self, ctx: Context, arguments: Wanted) -> Member:
        """Say who somebody is, and whether they count."""
        guild, role = str(ctx.settings["guild"]), str(ctx.settings["role"])
        place = path("/guilds/{guild}/members/{user}", guild=guild, user=arguments.user)
        try:
            response = ctx.check(await ctx.http.get(_API + place, headers=_prove(ctx)))
        except PermanentError as error:
            if error.action_code is ActionCode.NOT_FOUND:
                return Member(team="", is_full=False)
            raise
        found = read_document(response, _Member, "Discord answered something that is no member")
        is_person = found.user.id == arguments.user and not (found.user.bot or found.user.system)
        is_admitted = not found.pending and not found.flags & _GUEST and (not role or role in found.roles)
        return Member(team=guild, is_full=is_person and is_admitted)


async def _find_channel(ctx: Context, channel: str) -> str:
    """Return a channel's id."""
    if not channel.startswith("#"):
        return channel
    place = path("/guilds/{guild}/channels", guild=str(ctx.settings["guild"]))
    response = ctx.check(await ctx.http.get(_API + place, headers=_prove(ctx)))
    fit = [each.id for each in _read_channels(response) if f"#{each.name}" == channel and each.type in _TEXT_CHANNELS]
    if len(fit) != 1:
        found = "several channels are" if fit else "no channel is"
        raise PermanentError(f"{found} called {channel}", action_code=ActionCode.NOT_FOUND)
    return fit[0]


def _read_channels(response: httpx.Response) -> list[_Channel]:
    try:
        return [_Channel.model_validate(each) for each in response.json()]
    except (ValueError, TypeError) as error:
        raise PermanentError("Discord answered something that is no list of channels") from error


async def _post_to_thread(ctx: Context, channel: str, message: str, sent: Mapping[str, Any]) -> _Message:
    """Post to the thread that hangs on a message, and bears its id; it is opened if there is none yet."""
    try:
        return await _write(ctx, "POST", _messages(message), sent, _Message)
    except PermanentError as error:
        if error.action_code is not ActionCode.NOT_FOUND:
            raise
    opening = _messages(channel) + path("/{message}/threads", message=message)
    opened = await _write(ctx, "POST", opening, {"name": _THREAD}, _Channel)
    return await _write(ctx, "POST", _messages(opened.id), sent, _Message)


async def _write(
    ctx: Context, method: str, place: str, body: Mapping[str, Any], kind: type[Document], *, shown: str = ""
) -> Document:
    """Send what changes something; a 5xx or a yes that makes no sense leaves open whether it did.

    Args:
        ctx: of the call.
        method: of the request.
        place: below the API's address.
        body: what is sent.
        kind: what is answered.
        shown: what errors name instead of the place, if that holds a secret.
    """
    response = await ctx.http.request(method, _API + place, json=body, headers=_prove(ctx))
    if shown:
        response.request = httpx.Request(method, _API + shown)
    try:
        return read_document(ctx.check(response), kind, "Discord answered something that does not fit")
    except TransientError as error:
        raise UnknownOutcomeError(error.message) from error
    except PermanentError as error:
        if response.is_success:
            raise UnknownOutcomeError(error.message) from error
        raise


def _messages(channel: str) -> str:
    return path("/channels/{channel}/messages", channel=channel)


def _lay(card: Card) -> dict[str, Any]:
    return {"content": "", "embeds": card.embeds, "components": card.components, "allowed_mentions": {"parse": []}}


def _say(text: str) -> dict[str, Any]:
    """Return a text as a message in which Discord reads no Markdown and which mentions nobody."""
    cut = text if len(text) <= LIMIT else text[: LIMIT - len(_CUT)] + _CUT
    return {"content": _MARKUP.sub(r"\\\1", cut), "flags": _NO_EMBEDS, "allowed_mentions": {"parse": []}}


def _prove(ctx: Context) -> dict[str, str]:
    return {"Authorization": f"Bot {ctx.secret('bot_token').reveal()}", "User-Agent": _AGENT}
