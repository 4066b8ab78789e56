"""The built-in chat."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.api.schemas.base import Incoming, Name, PageQuery
from soar.model.message import Message

_LONGEST_TEXT = 2_000


class MessageQuery(PageQuery):
    """Which channel: `#name`, or `@person`."""

    channel: Name


class MessageSent(Incoming):
    """What somebody says in a `#channel`; `!help` lists the commands."""

    channel: Annotated[str, Field(pattern=r"^#[a-z0-9][a-z0-9_-]{0,63}$")]
    text: Annotated[str, Field(min_length=1, max_length=_LONGEST_TEXT)]


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
class SaidView:
    """A message as it was posted, and the answer to it if it was a command."""

    message: MessageView
    answer: MessageView | None


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
