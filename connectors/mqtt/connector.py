"""Topics of MQTT servers."""

from collections.abc import AsyncIterator
from typing import Annotated

from pydantic import AfterValidator, Field, JsonValue

from soar.sdk import LARGEST_BATCH, Arguments, Batch, Connector, Feed, Item, Redelivery, read_message, trigger

from .session import Message, Session

_WAIT = 5.0  # seconds for a message, behind which the server hears from us
_LOOKS = 12
_GATHER = 0.05  # seconds that one message waits for the next, to be stored with it
_LONGEST = 65_535  # bytes of a text in a packet


def _check(text: str) -> str:
    if "\0" in text or len(text.encode("utf-8", "replace")) > _LONGEST:
        raise ValueError(f"at most {_LONGEST} bytes, and none of them zero")
    return text


Text = Annotated[str, Field(min_length=1), AfterValidator(_check)]


class Listen(Arguments):
    """What is listened to."""

    topics: tuple[Text, ...] = Field(
        min_length=1, max_length=100, description="Topics, with `+` and `#` in the place of any part."
    )
    client: Text = Field(
        description="What the server keeps the session under; no other client, nor another source, may have it."
    )
    about: str = Field(default="", description="The field that the `topic` of a message is put into; empty: none.")
    count: int = Field(default=100, ge=1, le=1000, description="How many messages are stored at once, at most.")


class Mqtt(Connector):
    """Listens to topics."""

    @trigger(title="Listen to topics")
    async def topics(self, feed: Feed, arguments: Listen, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is there, wait for more for a minute, and acknowledge what is on the disk."""
        known = cursor if isinstance(cursor, dict) else {}
        queue = Redelivery(known.get("messages"), feed.now())
        host, port = str(feed.settings["host"]), int(str(feed.settings["port"]))
        async with feed.dial.open(host, port, is_secure=feed.settings["tls"] is True) as stream:
            session = Session(stream)
            password = feed.secret("password").reveal() if "password" in feed.credentials else None
            is_kept = await session.connect(arguments.client, str(feed.settings["user"]), password)
            topics = _read_topics(known) if is_kept else []
            if topics != [*arguments.topics]:
                await _resubscribe(session, topics, arguments.topics)
                yield Batch(items=[], cursor={"topics": [*arguments.topics], "messages": queue.mark()})
            looks = 0
            while looks < _LOOKS:
                messages = await _gather(session, arguments.count)
                looks += 1
                if messages:
                    items = [_build_item(message, queue, arguments.about) for message in messages]
                    yield Batch(items=items, cursor={"topics": [*arguments.topics], "messages": queue.mark()})
                    await session.acknowledge([one.number for one in messages if one.number is not None])
                    looks = 0
                await session.ping()
            await session.leave()


def _read_topics(known: dict[str, JsonValue]) -> list[str]:
    topics = known.get("topics")
    return [str(topic) for topic in topics] if isinstance(topics, list) else []


async def _resubscribe(session: Session, before: list[str], after: tuple[str, ...]) -> None:
    """Ask for topics, and no longer for others; what the server has retained for those comes first."""
    if gone := [topic for topic in before if topic not in after]:
        await session.unsubscribe(gone)
    await session.subscribe(after)


async def _gather(session: Session, most: int) -> list[Message]:
    """Return what comes in one go."""
    messages: list[Message] = []
    size = 0
    while len(messages) < most and size < LARGEST_BATCH:
        message = await session.take(_GATHER if messages else _WAIT)
        if message is None:
            break
        messages.append(message)
        size += len(message.content)
    return messages


def _build_item(message: Message, queue: Redelivery, about: str) -> Item:
    number = str(message.number).encode()
    key = queue.name(number, message.topic.encode(), message.content, is_repeat=message.is_repeat)
    return Item(key=key, document=read_message(message.content, about, {"topic": message.topic}))
