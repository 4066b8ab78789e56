"""The built-in chat."""

from dataclasses import dataclass
from datetime import datetime

from soar.api.schemas.base import Name, PageQuery
from soar.model.message import Message


class MessageQuery(PageQuery):
    """Which channel: `#name`, or `@person`."""

    channel: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageView:
    """A message; plain text, possibly hostile."""

    id: str
    channel: str
    at: datetime
    author: str
    text: str
    approval: str | None
    run: str | None
    thread: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessagePage:
    """A page of messages, newest first."""

    items: tuple[MessageView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The channels in which something was said."""

    items: tuple[str, ...]


def view_message(message: Message) -> MessageView:
    """Return a message."""
    return MessageView(
        id=message.id,
        channel=message.channel,
        at=message.at,
        author=message.author,
        text=message.text,
        approval=message.approval,
        run=message.run,
        thread=message.thread,
    )
