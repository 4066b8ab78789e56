"""What is said in the built-in chat."""

from sqlalchemy import select

from soar.model.message import Message
from soar.model.page import Page
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import MESSAGES

_MESSAGES = Rows(MESSAGES, Message)
_CHANNEL = _MESSAGES.table.c.channel
_CHANNELS = select(_CHANNEL).distinct().where(*_MESSAGES.match()).order_by(_CHANNEL)


class Messages(Repository):
    """The messages of a workspace."""

    __slots__ = ()

    def post(self, message: Message) -> bool:
        """Post a message; return False, and post nothing, if there is one with its key (or its id) already."""
        return self._insert(_MESSAGES, message)

    def list(self, channel: str, limit: int, cursor: str | None = None) -> Page[Message]:
        """Return a page of a channel's messages, newest first."""
        return self._page(_MESSAGES, limit, cursor, (("channel", channel),))

    def channels(self) -> tuple[str, ...]:
        """Return the channels in which something was said, by name."""
        return tuple(self._run(_CHANNELS).scalars())
