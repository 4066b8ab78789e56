"""MQTT 3.1.1, as far as somebody speaks it who listens with a lasting session.

https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/mqtt-v3.1.1.html
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from soar.sdk import LARGEST_MESSAGE, AuthError, PermanentError, Stream, TransientError

KEEP_ALIVE = 60
"""Seconds within which the server hears from us."""

_ANSWER_WITHIN = 30.0
_CHUNK = 64 * 1024
_CONNACK, _PUBLISH, _SUBACK, _UNSUBACK, _PINGRESP = 2, 3, 9, 11, 13
_REFUSED = 0x80


@dataclass(frozen=True, slots=True)
class Message:
    """What was published.

    Attributes:
        number: what it is acknowledged under, as long as it is not; None if it was published without (QoS 0).
        is_repeat: whether the server has handed it out before.
        content: its first `LARGEST_MESSAGE` bytes.
    """

    topic: str
    content: bytes
    number: int | None
    is_repeat: bool


@dataclass(frozen=True, slots=True)
class _Packet:
    kind: int
    flags: int
    body: bytes


class Session:
    """A connection to a server.

    Args:
        stream: freshly opened.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._early: list[Message] = []

    async def connect(self, client: str, user: str, password: str | None) -> bool:
        """Take up the session of a client; return whether the server has kept one.

        Raises:
            AuthError: the server does not let us in.
            PermanentError: it does not take this client, or speaks no MQTT 3.1.1.
            TransientError: not now.
        """
        flags, fields = 0, [client]
        if user or password is not None:
            flags, fields = flags | 0x80, [*fields, user]
        if password is not None:
            flags, fields = flags | 0x40, [*fields, password]
        head = _text("MQTT") + bytes([4, flags]) + KEEP_ALIVE.to_bytes(2, "big")
        await self._send(0x10, head + b"".join(map(_text, fields)))
        packet = await self._read_packet()
        if packet.kind != _CONNACK or len(packet.body) != 2:  # noqa: PLR2004 -- section 3.2
            raise PermanentError("the server does not speak MQTT 3.1.1")
        if error := _explain(packet.body[1]):
            raise error
        return bool(packet.body[0] & 1)

    async def subscribe(self, topics: Sequence[str]) -> None:
        """Ask for what is published to topics, acknowledged one by one (QoS 1).

        Raises:
            AuthError: one of them is refused.
            PermanentError: one of them would not be acknowledged.
        """
        await self._send(0x82, b"\0\1" + b"".join(_text(topic) + b"\1" for topic in topics))
        codes = (await self._await(_SUBACK))[2:]
        if len(codes) != len(topics):
            raise PermanentError("the server does not answer for each topic")
        for topic, code in zip(topics, codes, strict=True):
            if code == _REFUSED:
                hint = "check the rights of the user, and how the topic is written"
                raise AuthError(f"the server refuses {topic}", is_known=True, hint=hint)
            if code == 0:
                raise PermanentError(f"the server hands {topic} out without waiting for acknowledgements")

    async def unsubscribe(self, topics: Sequence[str]) -> None:
        """Ask for topics no longer."""
        await self._send(0xA2, b"\0\2" + b"".join(map(_text, topics)))
        await self._await(_UNSUBACK)

    async def take(self, seconds: float) -> Message | None:
        """Return the next message; None if none begins to come within so many seconds."""
        if self._early:
            return self._early.pop(0)
        while True:
            try:
                async with asyncio.timeout(seconds):
                    first = await self._stream.read_exactly(1)  # a byte is not cut in half by this
            except TimeoutError:
                return None
            packet = await self._read_rest(first[0])
            if packet.kind == _PUBLISH:
                return _read_message(packet)
            if packet.kind != _PINGRESP:
                raise PermanentError(f"the server sends packet {packet.kind}, which nobody awaits")

    async def acknowledge(self, numbers: Sequence[int]) -> None:
        """Say that messages are stored; the server forgets them."""
        await self._stream.write(b"".join(b"\x40\x02" + number.to_bytes(2, "big") for number in numbers))

    async def ping(self) -> None:
        """Say that we are there."""
        await self._send(0xC0, b"")

    async def leave(self) -> None:
        """Say goodbye; the server keeps the session."""
        await self._send(0xE0, b"")

    async def _send(self, first: int, body: bytes) -> None:
        size, left = bytearray(), len(body)
        while left > 127:  # noqa: PLR2004 -- section 2.2.3: seven bits a byte
            size.append(left % 128 | 128)
            left //= 128
        await self._stream.write(bytes([first, *size, left]) + body)

    async def _await(self, kind: int) -> bytes:
        """Return the body of the next packet of a kind; messages that come before it are kept."""
        while True:
            packet = await self._read_packet()
            if packet.kind == kind:
                return packet.body
            if packet.kind == _PUBLISH:
                self._early.append(_read_message(packet))

    async def _read_packet(self) -> _Packet:
        async with _in_time():
            first = await self._stream.read_exactly(1)
        return await self._read_rest(first[0])

    async def _read_rest(self, first: int) -> _Packet:
        async with _in_time():
            size = 0
            for place in range(4):
                byte = (await self._stream.read_exactly(1))[0]
                size |= (byte & 0x7F) << 7 * place
                if byte < _REFUSED:
                    break
            else:
                raise PermanentError("the server does not speak MQTT 3.1.1")
            return _Packet(first >> 4, first & 0x0F, await self._read_body(size))

    async def _read_body(self, size: int) -> bytes:
        kept = bytearray()
        for start in range(0, size, _CHUNK):
            chunk = await self._stream.read_exactly(min(_CHUNK, size - start))
            kept += chunk[: LARGEST_MESSAGE + _CHUNK - len(kept)]
        return bytes(kept)


def _read_message(packet: _Packet) -> Message:
    """Read a PUBLISH (section 3.3)."""
    end = 2 + int.from_bytes(packet.body[:2], "big")
    topic, quality = packet.body[2:end].decode("utf-8", "replace"), packet.flags >> 1 & 3
    behind = end + 2 if quality else end
    if quality > 1 or len(packet.body) < behind:
        raise PermanentError("the server hands out something that is no message of the quality that was asked for")
    number = int.from_bytes(packet.body[end:behind], "big") if quality else None
    content = packet.body[behind:][:LARGEST_MESSAGE]
    return Message(topic, content, number, is_repeat=bool(packet.flags & 8))


def _text(text: str) -> bytes:
    content = text.encode()
    return len(content).to_bytes(2, "big") + content


def _explain(code: int) -> Exception | None:
    """Return what the answer to CONNECT means (section 3.2.2.3)."""
    match code:
        case 0:
            return None
        case 2:
            return PermanentError("the server does not take this client", hint="name another one under `client`")
        case 3:
            return TransientError("the server is not there for now")
        case 4:
            return AuthError("the server does not let us in", hint="check the user and the password of the connection")
        case 5:
            return AuthError("the server refuses us", is_known=True, hint="check the rights of the user and the client")
        case _:
            return PermanentError("the server does not speak MQTT 3.1.1")


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            yield
    except TimeoutError as error:
        raise TransientError(f"the server has not answered within {_ANSWER_WITHIN:g} s") from error
