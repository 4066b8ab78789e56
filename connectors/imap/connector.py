"""Mailboxes over IMAP."""

import hashlib
from collections.abc import AsyncIterator
from typing import Literal

from pydantic import Field, JsonValue

from soar.sdk import Arguments, Batch, Connector, Feed, Item, trigger

from .mail import read_mail
from .session import Session

_WINDOW = 2_000  # numbers that are searched at once, so that an answer fits into a line
_PATIENCE = 120.0  # seconds; RFC 2177 allows 29 minutes


class Mailbox(Arguments):
    """Which mails are taken."""

    folder: str = Field(default="INBOX", min_length=1, description="The folder that is read.")
    begin: Literal["new", "all"] = Field(
        default="new", description="What is taken at the very beginning: only mails that come from now on, or all."
    )


class Imap(Connector):
    """Listens to folders."""

    @trigger(title="Take the mails of a folder")
    async def mailbox(self, feed: Feed, arguments: Mailbox, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield the mails that have come since, then wait a while for more, if the server tells of them."""
        host, port = str(feed.settings["host"]), int(str(feed.settings["port"]))
        async with feed.dial.open(host, port, is_secure=feed.settings["tls"] is True) as stream:
            session = Session(stream)
            await session.greet()
            await _sign_in(session, feed)
            has_idle, is_first, has_more = await session.has_idle(), True, True
            while has_more:
                validity, following = await session.open(arguments.folder)
                last = _find_last(cursor, validity, following, arguments)
                if cursor is None:
                    yield Batch(items=[], cursor={"validity": validity, "uid": last})
                async for number, content in _fetch_after(session, last, following):
                    last = number
                    items = [] if content is None else [_build_item(content)]
                    yield Batch(items=items, cursor={"validity": validity, "uid": number})
                has_news = is_first or cursor != {"validity": validity, "uid": last}
                cursor, is_first = {"validity": validity, "uid": last}, False
                has_more = has_idle and has_news and await session.idle(_PATIENCE)


async def _sign_in(session: Session, feed: Feed) -> None:
    user = str(feed.settings["user"])
    if "token" in feed.credentials:
        await session.log_in_by_token(user, feed.secret("token").reveal())
    else:
        await session.log_in(user, feed.secret("password").reveal())


def _find_last(cursor: JsonValue, validity: int, following: int, arguments: Mailbox) -> int:
    """Return the number of the last mail that was taken.

    If the server numbers them anew, all are looked at again; those that were taken are known by what they hold.
    """
    match cursor:
        case {"validity": int(known), "uid": int(last)} if known == validity:
            return last
        case None if arguments.begin == "new":
            return following - 1
        case _:
            return 0


async def _fetch_after(session: Session, last: int, following: int) -> AsyncIterator[tuple[int, bytes | None]]:
    """Yield number and content of the mails behind a number, in order."""
    for first in range(last + 1, following, _WINDOW):
        for number in await session.search(first, min(first + _WINDOW, following) - 1):
            yield number, await session.fetch(number)


def _build_item(content: bytes) -> Item:
    return Item(key=hashlib.sha256(content).hexdigest(), document=read_mail(content))
