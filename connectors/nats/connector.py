"""Streams of NATS JetStream."""

from collections.abc import AsyncIterator
from typing import Any

from pydantic import Field, JsonValue

from soar.sdk import (
    LARGEST_BATCH,
    ActionCode,
    Arguments,
    Batch,
    Connector,
    Feed,
    Item,
    PermanentError,
    TransientError,
    read_message,
    trigger,
)

from .session import Message, Session

_WAIT = 5.0  # seconds that the server waits for more
_LOOKS = 12
_GATHER = 0.05  # seconds that one message waits for the next, to be stored with it
_SLACK = 5.0
_ACK_WAIT = 30_000_000_000  # nanoseconds after which the server hands out again what is not acknowledged
_NOT_FOUND, _TIMED_OUT = 404, 408
_NO_CONSUMER = 10014
_TOKEN = r"^[^\s.*>/\\]+$"  # noqa: S105 -- of a subject


class Read(Arguments):
    """Which stream is read."""

    stream: str = Field(pattern=_TOKEN, max_length=255, description="The name of the stream.")
    consumer: str = Field(
        default="soar", pattern=_TOKEN, max_length=255, description="The durable consumer; made if it is not there."
    )
    subject: str = Field(
        default="", pattern=r"^\S*$", description="Which subjects a consumer that is made takes; empty: all."
    )
    about: str = Field(
        default="", description="The field that `subject` and `headers` of a message are put into; empty: none."
    )
    count: int = Field(default=100, ge=1, le=1000, description="How many messages are asked for at once.")


class Nats(Connector):
    """Listens to streams."""

    @trigger(title="Consume a stream")
    async def stream(self, feed: Feed, arguments: Read, cursor: JsonValue) -> AsyncIterator[Batch]:
        """Yield what is there, wait for more for a minute, and acknowledge what is on the disk."""
        host, port = str(feed.settings["host"]), int(str(feed.settings["port"]))
        async with feed.dial.open(host, port, is_secure=feed.settings["tls"] is True, has_greeting=True) as stream:
            session = Session(stream)
            await session.sign_in(_read_credentials(feed))
            await _make_consumer(session, arguments)
            looks = 0
            while looks < _LOOKS:
                await session.request_next(arguments.stream, arguments.consumer, count=arguments.count, seconds=_WAIT)
                left, looks = arguments.count, looks + 1
                while left > 0:
                    messages, is_over = await _gather(session, left)
                    if messages:
                        yield Batch(
                            items=[_build_item(message, arguments.about) for message in messages], cursor=cursor
                        )
                        await session.acknowledge(messages)
                        looks = 0
                    left = 0 if is_over else left - len(messages)


def _read_credentials(feed: Feed) -> dict[str, str]:
    if "token" in feed.credentials:
        return {"auth_token": feed.secret("token").reveal()}
    if "password" in feed.credentials:
        return {"user": str(feed.settings["user"]), "pass": feed.secret("password").reveal()}
    return {}


async def _make_consumer(session: Session, arguments: Read) -> None:
    """Look at the consumer, and make it if it is not there.

    Raises:
        PermanentError: there is no such stream, or the consumer is none that messages are asked of and acknowledged to.
    """
    place = f"{arguments.stream}.{arguments.consumer}"
    answer = await session.ask(f"$JS.API.CONSUMER.INFO.{place}", {})
    if _find_error(answer).get("err_code") == _NO_CONSUMER:
        config = {
            "durable_name": arguments.consumer,
            "ack_policy": "explicit",
            "ack_wait": _ACK_WAIT,
            "deliver_policy": "all",
            "max_deliver": -1,
            **({"filter_subject": arguments.subject} if arguments.subject else {}),
        }
        body = {"stream_name": arguments.stream, "config": config}
        answer = await session.ask(f"$JS.API.CONSUMER.DURABLE.CREATE.{place}", body)
    if error := _find_error(answer):
        code = ActionCode.NOT_FOUND if error.get("code") == _NOT_FOUND else ActionCode.INVALID
        raise PermanentError(f"the server says of {place}: {error.get('description')}", action_code=code)
    found = answer.get("config")
    config = found if isinstance(found, dict) else {}
    if config.get("ack_policy") != "explicit" or config.get("deliver_subject"):
        hint = "name another one under `consumer`, which is made as it has to be"
        raise PermanentError(f"{place} is no consumer that is pulled from and acknowledged to one by one", hint=hint)


def _find_error(answer: dict[str, Any]) -> dict[str, Any]:
    error = answer.get("error")
    return error if isinstance(error, dict) else {}


async def _gather(session: Session, most: int) -> tuple[list[Message], bool]:
    """Return what comes in one go, and whether no more comes of what was asked for."""
    messages: list[Message] = []
    size = 0
    while len(messages) < most and size < LARGEST_BATCH:
        message = await session.take_next(_GATHER if messages else _WAIT + _SLACK)
        if message is None and messages:
            return messages, False
        if message is None:
            raise TransientError(f"the server has not answered within {_WAIT + _SLACK:g} s")
        if not message.reply:
            if message.status not in {_NOT_FOUND, _TIMED_OUT} and not messages:
                raise TransientError(f"the server says {message.status} {message.reason}")
            return messages, True
        messages.append(message)
        size += len(message.content)
    return messages, False


def _build_item(message: Message, about: str) -> Item:
    traits: dict[str, JsonValue] = {"subject": message.subject, "headers": {**message.headers}}
    return Item(key=_name(message.reply), document=read_message(message.content, about, traits))


def _name(reply: str) -> str:
    """Return stream, sequence and moment of a message, which are the same whenever it is handed out.

    `$JS.ACK.stream.consumer.delivered.sequence.sequence.moment.pending`, with domain and account before the stream in
    servers that have them (ADR-15 of NATS).
    """
    words = reply.split(".")
    match words[2:] if len(words) < 11 else words[4:]:  # noqa: PLR2004 -- the words of the longer form
        case [stream, _, _, sequence, _, moment, *_]:
            return f"{stream} {sequence} {moment}"
        case _:
            raise PermanentError("the server hands out something that is no message of a stream")
