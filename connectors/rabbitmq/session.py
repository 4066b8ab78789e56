"""AMQP 0-9-1, as far as somebody speaks it who consumes one queue; the frames are read and written by pamqp.

https://www.rabbitmq.com/resources/specs/amqp0-9-1.pdf
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TypeVar

from pamqp import base, commands, exceptions, frame, header
from pamqp.common import FieldTable
from pamqp.heartbeat import Heartbeat
from pydantic import JsonValue

from soar.sdk import LARGEST_MESSAGE, ActionCode, AuthError, PermanentError, Stream, TransientError

Method = TypeVar("Method", bound=base.Frame)

HEARTBEAT = 60
"""Seconds within which each side hears from the other, at most."""

_ANSWER_WITHIN = 30.0
_FRAME = 128 * 1024  # bytes of a frame, at most
_HEAD = struct.Struct(">BHI")  # kind, channel, size
_END = b"\xce"
_CHANNEL = 1
_METHOD, _HEADER, _BODY, _HEARTBEAT = 1, 2, 3, 8  # kinds of frames
_DELIVER = b"\0\x3c\0\x3c"  # class and method
_SIZE = struct.Struct(">HHQ")  # class, weight, bytes of the content
_FOREIGN = (exceptions.PAMQPException, struct.error, ValueError, LookupError, TypeError, OverflowError, RecursionError)
_CLIENT: FieldTable = {
    "product": "soar",
    "capabilities": {"authentication_failure_close": True, "consumer_cancel_notify": True},
}


@dataclass(frozen=True, slots=True)
class Message:
    """What was published.

    Attributes:
        tag: what it is acknowledged under, on this connection.
        is_repeat: whether the server has handed it out before.
        id: what its publisher calls it; empty where it has no name.
        headers: those of them that are text, numbers or truth values.
        content: its first `LARGEST_MESSAGE` bytes.
    """

    tag: int
    is_repeat: bool
    exchange: str
    routing_key: str
    id: str
    headers: dict[str, JsonValue]
    content: bytes


@dataclass(frozen=True, slots=True)
class _Frame:
    kind: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Deliver:
    tag: int
    is_repeat: bool
    exchange: str
    routing_key: str


class Session:
    """A connection to a server, with one channel.

    Args:
        stream: freshly opened.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def sign_in(self, user: str, password: str, host: str) -> None:
        """Open a connection to a virtual host, and a channel.

        Raises:
            AuthError: the server does not let us in.
            PermanentError: it is none of AMQP 0-9-1.
        """
        await self._stream.write(header.ProtocolHeader().marshal())
        await self._await(commands.Connection.Start)
        response = f"\0{user}\0{password}"
        await self._send(commands.Connection.StartOk(client_properties=_CLIENT, response=response), 0)
        tune = await self._await(commands.Connection.Tune)
        size = min(tune.frame_max or _FRAME, _FRAME)
        beat = min(tune.heartbeat or 0, HEARTBEAT)
        await self._send(commands.Connection.TuneOk(channel_max=1, frame_max=size, heartbeat=beat), 0)
        await self._send(commands.Connection.Open(virtual_host=host), 0)
        await self._await(commands.Connection.OpenOk)
        await self._send(commands.Channel.Open())
        await self._await(commands.Channel.OpenOk)

    async def consume(self, queue: str, count: int) -> None:
        """Ask for what is in a queue, so many messages before the first is acknowledged; nobody else may.

        Raises:
            PermanentError: there is no such queue; none is made.
            AuthError: somebody else consumes it, or the user may not.
        """
        await self._send(commands.Queue.Declare(queue=queue, passive=True))
        await self._await(commands.Queue.DeclareOk)
        await self._send(commands.Basic.Qos(prefetch_count=count))
        await self._await(commands.Basic.QosOk)
        await self._send(commands.Basic.Consume(queue=queue, consumer_tag="soar", exclusive=True))
        await self._await(commands.Basic.ConsumeOk)

    async def take(self, seconds: float) -> Message | None:
        """Return the next message; None if none begins to come within so many seconds."""
        while True:
            try:
                async with asyncio.timeout(seconds):
                    head = await self._stream.read_exactly(_HEAD.size)  # nothing is cut in half by this
            except TimeoutError:
                return None
            found = await self._read_rest(head)
            if found.kind == _HEARTBEAT:
                continue
            match _decode(found):
                case _Deliver() as deliver:
                    return await self._read_message(deliver)
                case commands.Basic.Cancel():
                    raise TransientError("the server has taken the queue away")
                case other:
                    raise PermanentError(f"the server sends {type(other).__name__}, which nobody awaits")

    async def acknowledge(self, tag: int) -> None:
        """Say that all messages up to this one are stored; the server forgets them."""
        await self._send(commands.Basic.Ack(delivery_tag=tag, multiple=True))

    async def beat(self) -> None:
        """Say that we are there."""
        await self._stream.write(Heartbeat().marshal())

    async def leave(self) -> None:
        """Say goodbye, and wait until the server has heard it, and all that was said before."""
        await self._send(commands.Basic.Cancel(consumer_tag="soar"))
        await self._await(commands.Basic.CancelOk, may_be_late=True)
        await self._send(commands.Connection.Close(reply_code=200, reply_text="", class_id=0, method_id=0), 0)
        await self._await(commands.Connection.CloseOk)

    async def _send(self, method: base.Frame, channel: int = _CHANNEL) -> None:
        await self._stream.write(frame.marshal(method, channel))

    async def _await(self, kind: type[Method], *, may_be_late: bool = False) -> Method:
        """Return the next method of a kind; messages before it, if it may be late, go back into the queue."""
        while True:
            raw = await self._read_frame()
            found = _decode(raw) if raw.kind == _METHOD or not may_be_late else None
            if isinstance(found, kind):
                return found
            if not may_be_late or not (found is None or isinstance(found, _Deliver)):
                raise PermanentError(f"the server sends {type(found).__name__} in the place of {kind.__name__}")

    async def _read_frame(self) -> _Frame:
        """Return the next frame; heartbeats, which may come anywhere, are passed over."""
        while True:
            async with _in_time():
                head = await self._stream.read_exactly(_HEAD.size)
            found = await self._read_rest(head)
            if found.kind != _HEARTBEAT:
                return found

    async def _read_rest(self, head: bytes) -> _Frame:
        kind, _, size = _HEAD.unpack(head)
        if head.startswith(b"AMQP") or size > _FRAME:
            raise PermanentError("the server does not speak AMQP 0-9-1")
        async with _in_time():
            content = await self._stream.read_exactly(size + 1)
        if content[-1:] != _END:
            raise PermanentError("the server does not speak AMQP 0-9-1")
        return _Frame(kind, head + content)

    async def _read_message(self, deliver: _Deliver) -> Message:
        """Read head and content of what was announced."""
        size, properties = _read_properties(await self._read_frame())
        kept = bytearray()
        while size > 0:
            part = await self._read_frame()
            content = part.data[_HEAD.size : -1]
            if part.kind != _BODY or not content:
                raise PermanentError("the server breaks a message off")
            size -= len(content)
            kept += content[: LARGEST_MESSAGE - len(kept)]
        return Message(
            tag=deliver.tag,
            is_repeat=deliver.is_repeat,
            exchange=deliver.exchange,
            routing_key=deliver.routing_key,
            id=properties.message_id or "",
            headers=_read_headers(properties),
            content=bytes(kept),
        )


def _decode(raw: _Frame) -> frame.FrameTypes | _Deliver:
    """Return what a frame says.

    Raises:
        AuthError: the server closes, as we may not what was asked for.
        PermanentError: it closes for another reason of ours, or speaks something else.
    """
    try:
        if raw.data.startswith(_DELIVER, _HEAD.size):
            return _read_deliver(raw.data[_HEAD.size + len(_DELIVER) :])
        _, _, found = frame.unmarshal(raw.data)
    except _FOREIGN as error:
        raise PermanentError("the server does not speak AMQP 0-9-1") from error
    if isinstance(found, commands.Connection.Close | commands.Channel.Close):
        raise _explain(found.reply_code, found.reply_text)
    return found


def _read_deliver(content: bytes) -> _Deliver:
    """Read `basic.deliver`: a publisher may have written what is no UTF-8 into the routing key."""
    _, rest = _split_text(content)
    tag, repeat = struct.unpack_from(">QB", rest)
    exchange, rest = _split_text(rest[9:])
    routing_key, _ = _split_text(rest)
    return _Deliver(tag, bool(repeat & 1), exchange, routing_key)


def _split_text(content: bytes) -> tuple[str, bytes]:
    end = 1 + content[0]
    return content[1:end].decode("utf-8", "replace"), content[end:]


def _read_properties(raw: _Frame) -> tuple[int, commands.Basic.Properties]:
    """Return size and properties of a message; publishers can write what nobody can read, which then has none."""
    if raw.kind != _HEADER or len(raw.data) < _HEAD.size + _SIZE.size:
        raise PermanentError("the server breaks a message off")
    size: int = _SIZE.unpack_from(raw.data, _HEAD.size)[2]
    try:
        _, _, found = frame.unmarshal(raw.data)
    except _FOREIGN:
        return size, commands.Basic.Properties()
    properties = found.properties if isinstance(found, header.ContentHeader) else None
    return size, properties or commands.Basic.Properties()


def _read_headers(properties: commands.Basic.Properties) -> dict[str, JsonValue]:
    found = properties.headers or {}
    return {str(name): value for name, value in found.items() if isinstance(value, str | int | float | bool)}


def _explain(code: int | None, said: str | None) -> AuthError | PermanentError | TransientError:
    """Return what the reason for closing means (AMQP 0-9-1, section 1.2, and RabbitMQ's own use of it)."""
    message = f"the server says {code} {said}"
    match code:
        case 403:
            hint = "check user, password and rights, and that nobody else consumes the queue"
            return AuthError(message, is_known=True, hint=hint)
        case 404:
            return PermanentError(message, action_code=ActionCode.NOT_FOUND, hint="make the queue; none is made here")
        case 530:
            return AuthError(message, is_known=True, hint="check `virtual_host` of the connection")
        case 320 | 541:
            return TransientError(message)
        case _:
            return PermanentError(message)


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            yield
    except TimeoutError as error:
        raise TransientError(f"the server has not answered within {_ANSWER_WITHIN:g} s") from error
