"""The chat that is built in."""

import unicodedata
from typing import Annotated

from pydantic import Field, StringConstraints

from soar.sdk import Arguments, Connector, Context, Effect, Output, Repeat, action

LIMIT = 4000
"""Characters of a message at most."""

_CUT = "…"
_KEPT = "\n\t"

Text = Annotated[str, Field(min_length=1, description="Plain text; cut after 4,000 characters.")]
Channel = Annotated[str, StringConstraints(pattern=r"^#?[a-z0-9][a-z0-9_-]{0,79}$")]
Principal = Annotated[str, StringConstraints(pattern=r"^(role:[a-z][a-z0-9-]{0,79}|user:[^\s@]+@[^\s@]+)$")]
User = Annotated[str, StringConstraints(pattern=r"^@?[^\s@][^\s]{0,253}$")]


class Direct(Arguments):
    """A message to one person."""

    user: User = Field(description="User name or mail address.")
    text: Text


class Post(Arguments):
    """A message to a room."""

    channel: Channel = Field(description="Name of the room, with or without `#`.")
    text: Text


class Room(Arguments):
    """A room, and who is to come."""

    name: Channel = Field(description="Name of the room, with or without `#`.")
    invite: list[Principal] = Field(
        default=[], max_length=50, description="Who is written to: `role:…` or `user:` and a mail address."
    )


class Opened(Output):
    """Where the room is."""

    channel: str = Field(description="Name of the room, with `#`.")


class Posted(Output):
    """Where the message is."""

    message: str = Field(description="Id of the message.")


class Chat(Connector):
    """Speaks to people."""

    @action(title="Open a room", effect=Effect.WRITE, repeat=Repeat.SAFE)
    async def create_channel(self, ctx: Context, arguments: Room) -> Opened:
        """Open a room and invite people; one that is there already stays as it is."""
        channel = "#" + arguments.name.removeprefix("#")
        await ctx.messages.open_channel(channel, arguments.invite, ctx.idempotency_key)
        return Opened(channel=channel)

    @action(title="Write to a person", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def dm(self, ctx: Context, arguments: Direct) -> Posted:
        """Post a direct message."""
        return await _post(ctx, "@" + arguments.user.removeprefix("@"), arguments.text)

    @action(title="Write to a room", effect=Effect.WRITE, repeat=Repeat.KEYED)
    async def post(self, ctx: Context, arguments: Post) -> Posted:
        """Post a message to a room."""
        return await _post(ctx, "#" + arguments.channel.removeprefix("#"), arguments.text)


async def _post(ctx: Context, channel: str, text: str) -> Posted:
    return Posted(message=await ctx.messages.post(channel, _clean(text), ctx.idempotency_key))


def _clean(text: str) -> str:
    """Take out control, format and surrogate characters (Unicode's categories Cc, Cf, Cs), then cut."""
    plain = "".join(
        character
        for character in text
        if character in _KEPT or unicodedata.category(character) not in {"Cc", "Cf", "Cs"}
    )
    return plain if len(plain) <= LIMIT else plain[: LIMIT - len(_CUT)] + _CUT
