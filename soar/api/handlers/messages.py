"""The built-in chat."""

from soar.access.permissions import Permission
from soar.access.subjects import describe_channel
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.messages import Channels, MessagePage, MessageQuery, view_message
from soar.api.things import Shown
from soar.model.errors import DeniedError

_DIRECT = "@"


async def list_messages(call: Call, query: MessageQuery) -> MessagePage:
    """List a channel's messages, newest first."""
    if not _may_read(call, query.channel):
        raise DeniedError("these messages are somebody else's", code="not_yours", hint="read your own, or a #channel")
    page = await call.read(lambda unit: unit.messages.list(query.channel, query.limit, query.cursor))
    return MessagePage(items=tuple(map(view_message, page.items)), next=page.next)


async def list_channels(call: Call, _: Nothing) -> Channels:
    """List the channels in which something was said that the caller may read."""
    found = await call.read(lambda unit: unit.messages.channels())
    shown = Shown[str](call, Permission.MESSAGE_READ, lambda channel: describe_channel(call.workspace, channel))
    return Channels(items=tuple(channel for channel in shown.keep(found) if _may_read(call, channel)))


def _may_read(call: Call, channel: str) -> bool:
    """Whether the caller may: direct messages are for the person they were sent to."""
    if not channel.startswith(_DIRECT):
        return True
    return channel.removeprefix(_DIRECT).casefold() == call.caller.user.email.casefold()
