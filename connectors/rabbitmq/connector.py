"""Queues of RabbitMQ."""

from collections.abc import AsyncIterator
from importlib.util import find_spec
from typing import TYPE_CHECKING

from pydantic import Field, JsonValue

from soar.sdk import (
    LARGEST_BATCH,
    Arguments,
    Batch,
    Connector,
    Feed,
    Item,
    PermanentError,
    Redelivery,
    read_message,
    trigger,
)

if TYPE_CHECKING:
    from .session import Message, Session

_WAIT = 5.0  # seconds for a message, behind which the server hears from us
_LOOKS = 12
_GATHER = 0.05  # seconds that one message waits for the next, to be stored with it


class Read(Arguments):
    """Which queue is read."""

    queue: str = Field(min_length=1, max_length=127, description="The name of the queue; it has to be there.")
    about: str = Field(
        default="",
        description="The field that `exchange`, `routing_key`, `message_id` and `headers` are put into; empty: none.",
    )
    count: int = Field(default=100, ge=1, le=1000, description="How many messages come before one is acknowledged.")


class RabbitMq(Connector):
    """Listens to queues."""

    @trigger(title="Consume a queue")
    async def queue(self, feed: Feed, arguments: Read, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is there, wait for more for a minute, and acknowledge what is on the disk.

        What has come and was not acknowledged when the connection ends goes back into the queue.
        """
        if find_spec("pamqp") is None:
            raise PermanentError("queues of RabbitMQ need the extra `rabbitmq`", hint="pip install 'soar[rabbitmq]'")
        from .session import Session  # noqa: PLC0415 -- an extra

        queue = Redelivery(cursor, feed.now())
        host, port = str(feed.settings["host"]), int(str(feed.settings["port"]))
        async with feed.dial.open(host, port, is_secure=feed.settings["tls"] is True) as stream:
            session = Session(stream)
            password = feed.secret("password").reveal()
            await session.sign_in(str(feed.settings["user"]), password, str(feed.settings["virtual_host"]))
            await session.consume(arguments.queue, arguments.count)
            looks = 0
            while looks < _LOOKS:
                messages = await _gather(session, arguments.count)
                looks += 1
                if messages:
                    items = [_build_item(message, queue, arguments.about) for message in messages]
                    yield Batch(items=items, cursor=queue.mark())
                    await session.acknowledge(messages[-1].tag)
                    looks = 0
                await session.beat()
            await session.leave()


async def _gather(session: "Session", most: int) -> "list[Message]":
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


def _build_item(message: "Message", queue: Redelivery, about: str) -> Item:
    """Return the item under the name that its publisher gave the message, or else under a number of ours."""
    parts = (message.exchange.encode(), message.routing_key.encode(), message.id.encode(), message.content)
    numbered = queue.name(*parts, is_repeat=message.is_repeat)
    traits: dict[str, JsonValue] = {
        "exchange": message.exchange,
        "routing_key": message.routing_key,
        "message_id": message.id,
        "headers": message.headers,
    }
    return Item(
        key=f"id {message.id}" if message.id else numbered, document=read_message(message.content, about, traits)
    )
