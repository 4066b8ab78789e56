"""The Bot Connector's REST API, as Teams serves it.

See https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-api-reference.
"""

from collections.abc import Mapping
from typing import Annotated, Any, TypeVar

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
"""Characters of a message at most."""

_CUT = "…"
_CARD = "application/vnd.microsoft.card.adaptive"

Document = TypeVar("Document", bound=BaseModel)
User = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
Message = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z:_-]{1,100}$")]
Channel = Annotated[str, StringConstraints(pattern=r"^\S.{0,199}$")]
Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 3,000 characters.")]


class Post(Arguments):
    """A message to a channel."""

    channel: Channel = Field(description="Name of a channel in the connection's settings, or a channel's id.")
    text: Text
    thread: Message | None = Field(default=None, description="Id of the message that it answers.")


class Card(Arguments):
    """A message with a card."""

    channel: Channel = Field(description="Name of a channel in the connection's settings, or a channel's id.")
    card: dict[str, JsonValue] = Field(description="The Adaptive Card.")


class Edit(Card):
    """What a message with a card says from now on."""

    message: Message = Field(description="Id of the message.")


class Whisper(Arguments):
    """A message that one person sees."""

    channel: Channel = Field(description="Id of the channel that it is about.")
    user: User = Field(description="Entra object id of the person.")
    text: Text


class Wanted(Arguments):
    """A member."""

    user: User = Field(description="Entra object id of the person.")


class Posted(Output):
    """Where the message is."""

    channel: str = Field(description="Id of the channel.")
    message: str = Field(description="Id of the message.")


class Done(Output):
    """That it was done."""

    ok: bool = Field(description="Always true.")


class Member(Output):
    """Who somebody is."""

    team: str = Field(description="Id of the Entra tenant that they belong to; empty for who is not in the team.")
    is_full: bool = Field(description="Whether they are a full member of the team: no guest, nobody unnamed.")


class _Created(BaseModel):
    id: Annotated[str, Field(min_length=1)]


class _Nothing(BaseModel):
    id: str = ""


class _Member(BaseModel):
    object: str = Field(alias="aadObjectId", default="")
    tenant: str = Field(alias="tenantId", default="")
    role: str = Field(alias="userRole", default="")


class Teams(Connector):
    """Speaks to people in Teams."""

    @action(title="Write to a channel", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post plain text, to a channel or as an answer to a message."""
        channel = _find_channel(ctx, arguments.channel)
        place = f"{channel};messageid={arguments.thread}" if arguments.thread else channel
        posted = await _write(ctx, "POST", _activities(place), _say(arguments.text), _Created)
        return Posted(channel=channel, message=posted.id)

    @action(title="Post a card", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Post an Adaptive Card; presses count on the service's own cards alone."""
        channel = _find_channel(ctx, arguments.channel)
        posted = await _write(ctx, "POST", _activities(channel), _lay(arguments.card), _Created)
        return Posted(channel=channel, message=posted.id)

    @action(title="Edit a card", effect=Effect.WRITE, repeat=Repeat.SAFE, is_for_service=True)
    async def edit_card(self, ctx: Context, arguments: Edit) -> Done:
        """Replace a message's card."""
        channel = _find_channel(ctx, arguments.channel)
        place = _activities(channel) + path("/{message}", message=arguments.message)
        await _write(ctx, "PUT", place, _lay(arguments.card), _Nothing)
        return Done(ok=True)

    @action(title="Whisper to a person", effect=Effect.WRITE, repeat=Repeat.UNSAFE)
    async def whisper(self, ctx: Context, arguments: Whisper) -> Done:
        """Write to one person in their personal chat."""
        tenant = str(ctx.settings["tenant"])
        sent = {
            "isGroup": False,
            "bot": {"id": f"28:{ctx.settings['application']}"},
            "members": [{"id": arguments.user}],
            "tenantId": tenant,
            "channelData": {"tenant": {"id": tenant}},
        }
        chat = await _write(ctx, "POST", "/v3/conversations", sent, _Created)
        await _write(ctx, "POST", _activities(chat.id), _say(arguments.text), _Created)
        return Done(ok=True)

    @action(title="Look up a member", effect=Effect.READ, repeat=Repeat.SAFE)
    async def member(self, ctx: Context, arguments: Wanted) -> Member:
        """Say who somebody is, and whether they are in the team."""
        place = path("/v3/conversations/{team}/members/{user}", team=str(ctx.settings["team"]), user=arguments.user)
        try:
            response = ctx.check(await ctx.http.get(_locate(ctx, place), headers=_prove(ctx)))
        except PermanentError as error:
            if error.action_code is ActionCode.NOT_FOUND:
                return Member(team="", is_full=False)
            raise
        found = read_document(response, _Member, "Teams answered something that is no member")
        return Member(team=found.tenant, is_full=found.object == arguments.user and found.role == "user")


def _find_channel(ctx: Context, channel: str) -> str:
    """Return a channel's id."""
    found = ctx.settings.map("channels").get(channel, channel)
    if not found.startswith("19:"):
        raise PermanentError(
            f"no channel is called {channel}",
            action_code=ActionCode.NOT_FOUND,
            hint="name its id under `channels` in the connection's settings",
        )
    return found


async def _write(ctx: Context, method: str, place: str, body: Mapping[str, Any], kind: type[Document]) -> Document:
    """Send what changes something; a 5xx or a yes that makes no sense leaves open whether it did."""
    response = await ctx.http.request(method, _locate(ctx, place), json=body, headers=_prove(ctx))
    try:
        return read_document(ctx.check(response), kind, "Teams answered something that does not fit")
    except TransientError as error:
        raise UnknownOutcomeError(error.message) from error
    except PermanentError as error:
        if response.is_success:
            raise UnknownOutcomeError(error.message) from error
        raise


def _locate(ctx: Context, place: str) -> str:
    return str(ctx.settings["service_url"]).rstrip("/") + place


def _activities(conversation: str) -> str:
    return path("/v3/conversations/{conversation}/activities", conversation=conversation)


def _lay(card: dict[str, JsonValue]) -> dict[str, Any]:
    attachment = {"contentType": _CARD, "content": card}
    return {"type": "message", "summary": str(card.get("fallbackText", "")), "attachments": [attachment]}


def _say(text: str) -> dict[str, Any]:
    cut = text if len(text) <= LIMIT else text[: LIMIT - len(_CUT)] + _CUT
    return {"type": "message", "textFormat": "plain", "text": cut}


def _prove(ctx: Context) -> dict[str, str]:
    return {"Authorization": f"Bearer {ctx.secret('token').reveal()}"}
