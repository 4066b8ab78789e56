"""The client protocol of NATS, as far as a consumer of a stream speaks it.

https://docs.nats.io/reference/reference-protocols/nats-protocol
https://docs.nats.io/reference/reference-protocols/nats_api_reference
"""

import asyncio
import hashlib
import json
import re
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from soar.sdk import LARGEST_MESSAGE, ActionCode, AuthError, PermanentError, Stream, TransientError

_ANSWER_WITHIN = 10.0
_LARGEST = 64 * 1024 * 1024  # bytes of a message; a server takes no more (`max_payload`)
_CHUNK = 64 * 1024
_INBOX = "_INBOX.soar"
_API, _NEXT, _ACK = "1", "2", "3"  # subscriptions, as a stored message bears the subject that it was published to
_MESSAGES = ("MSG", "HMSG")
_KNOWN = ("PONG", "+OK", "INFO")
_SPACE = re.compile(rb"[ \t]+")


@dataclass(frozen=True, slots=True)
class Message:
    """What came on a subject.

    Attributes:
        subscription: what it came by.
        subject: what it was published to.
        reply: the subject where an answer is awaited; empty where none is.
        status: of what the server says by itself, such as 408; 0 of a message that somebody published.
        content: its first `LARGEST_MESSAGE` bytes.
    """

    subscription: str
    subject: str
    reply: str
    content: bytes
    status: int = 0
    reason: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Session:
    """A connection whose server has said who it is.

    Args:
        stream: freshly opened, with its greeting.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._inbox = f"{_INBOX}.{hashlib.sha256(stream.greeting).hexdigest()[:32]}"
        self._waiting: deque[Message] = deque()

    async def sign_in(self, credentials: dict[str, str]) -> None:
        """Say who we are, and listen to what is answered.

        Args:
            credentials: fields of CONNECT: `user` and `pass`, or `auth_token`.

        Raises:
            AuthError: the server does not take them.
            PermanentError: it is none of NATS.
        """
        if not self._stream.greeting.startswith(b"INFO "):
            raise PermanentError("the server does not speak the protocol of NATS")
        traits = {"verbose": False, "pedantic": False, "headers": True, "no_responders": True, "lang": "python"}
        options = json.dumps({**traits, "version": "1.0.0", "protocol": 1, "name": "soar", **credentials})
        subscribe = "".join(f"SUB {self._inbox}.{one} {one}\r\n" for one in (_API, _NEXT, _ACK))
        await self._stream.write(f"CONNECT {options}\r\n{subscribe}PING\r\n".encode())
        async with _in_time():
            while await self._read_line() != ["PONG"]:
                continue

    async def ask(self, subject: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask the API of JetStream, and return its answer, errors too.

        Raises:
            PermanentError: there is no JetStream here, or it answers something else.
        """
        await self._publish(subject, _API, json.dumps(body).encode())
        answer = await self._take_answer(_API)
        if answer.status:
            raise PermanentError("the server has no JetStream for this user", action_code=ActionCode.NOT_FOUND)
        try:
            found = json.loads(answer.content)
        except (ValueError, RecursionError) as error:
            raise PermanentError("the server answers something that is no JSON") from error
        if not isinstance(found, dict):
            raise PermanentError("the server answers something that is no object")
        return found

    async def request_next(self, stream: str, consumer: str, *, count: int, seconds: float) -> None:
        """Ask for messages, which then come one by one; the last one, or a status behind it, is the end of it."""
        body = {"batch": count, "expires": int(seconds * 1e9)}
        await self._publish(f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}", _NEXT, json.dumps(body).encode())

    async def take_next(self, seconds: float) -> Message | None:
        """Return the next of those that were asked for; None if none begins to come within so many seconds.

        A message without `reply` is the server's own, and says that there are no more.
        """
        return await self._take(_NEXT, seconds)

    async def acknowledge(self, messages: Sequence[Message]) -> None:
        """Say that these are stored, and wait until the server knows.

        Raises:
            TransientError: it does not say so.
        """
        for message in messages:
            await self._publish(message.reply, _ACK, b"+ACK")
        for _ in messages:
            await self._take_answer(_ACK)

    async def _publish(self, subject: str, by: str, body: bytes) -> None:
        await self._stream.write(f"PUB {subject} {self._inbox}.{by} {len(body)}\r\n".encode() + body + b"\r\n")

    async def _take(self, by: str, seconds: float) -> Message | None:
        """Return the next message of one subscription, or None; others wait for whoever wants them."""
        for waiting in self._waiting:
            if waiting.subscription == by:
                self._waiting.remove(waiting)
                return waiting
        while True:
            try:
                async with asyncio.timeout(seconds):
                    words = await self._read_line()  # a line that has not come whole is not cut in half by this
            except TimeoutError:
                return None
            if words[0] not in _MESSAGES:
                continue
            message = await self._read_message(words)
            if message.subscription == by:
                return message
            self._waiting.append(message)

    async def _take_answer(self, by: str) -> Message:
        message = await self._take(by, _ANSWER_WITHIN)
        if message is None:
            raise TransientError(f"the server has not answered within {_ANSWER_WITHIN:g} s")
        return message

    async def _read_line(self) -> list[str]:
        """Return the words of the next line; what keeps the connection alive is answered."""
        line = (await self._stream.read_line()).rstrip(b" \t\r\n")
        words = [word.decode("utf-8", "replace") for word in _SPACE.split(line)]  # a subject may hold any other space
        match words[:1]:
            case ["PING"]:
                await self._stream.write(b"PONG\r\n")
            case ["-ERR"]:
                raise _explain(" ".join(words[1:]).strip("'"))
            case [word] if word in _MESSAGES or word in _KNOWN:
                pass
            case _:
                raise PermanentError("the server does not speak the protocol of NATS")
        return words

    async def _read_message(self, words: list[str]) -> Message:
        """Read what the line announced: `MSG subject sid [reply] size`, or `HMSG subject sid [reply] head size`."""
        has_head = words[0] == "HMSG"
        numbers = 2 if has_head else 1
        rest, sizes = words[1:-numbers], words[-numbers:]
        if len(rest) not in (2, 3) or not all(size.isdecimal() for size in sizes):
            raise PermanentError("the server announces something that is no message")
        head, size = int(sizes[0]) if has_head else 0, int(sizes[-1])
        if not 0 <= head <= size <= _LARGEST or head > LARGEST_MESSAGE:
            raise PermanentError(f"the server announces {size} bytes, which is more than {_LARGEST}")
        async with _in_time():
            lines = (await self._stream.read_exactly(head)).decode("utf-8", "replace").split("\r\n")
            content = await self._read_content(size - head)
        status, reason = _read_status(lines[0])
        pairs = [line.partition(":") for line in lines[1:] if ":" in line]
        headers = {name.strip(): value.strip() for name, _, value in pairs}
        return Message(rest[1], rest[0], rest[2] if len(rest) > 2 else "", content, status, reason, headers)  # noqa: PLR2004 -- the third word

    async def _read_content(self, size: int) -> bytes:
        kept = bytearray()
        for start in range(0, size, _CHUNK):
            chunk = await self._stream.read_exactly(min(_CHUNK, size - start))
            kept += chunk[: LARGEST_MESSAGE - len(kept)]
        await self._stream.read_exactly(2)
        return bytes(kept)


def _read_status(line: str) -> tuple[int, str]:
    """Return status and reason of a head's first line, `NATS/1.0 [status [reason]]`."""
    _, _, rest = line.partition(" ")
    status, _, reason = rest.strip().partition(" ")
    return (int(status) if status.isdecimal() else 0), reason


def _explain(said: str) -> AuthError | TransientError:
    """Return what an error of the protocol means; it has no codes but these texts."""
    match said.partition(" ")[0]:
        case "Authorization" | "Authentication" | "User":
            return AuthError(
                f"the server says: {said}", hint="check the user, and password or token, of the connection"
            )
        case "Permissions":
            return AuthError(f"the server says: {said}", is_known=True, hint="check the rights of the user")
        case _:
            return TransientError(f"the server says: {said}")


@asynccontextmanager
async def _in_time() -> AsyncIterator[None]:
    try:
        async with asyncio.timeout(_ANSWER_WITHIN):
            yield
    except TimeoutError as error:
        raise TransientError(f"the server has not answered within {_ANSWER_WITHIN:g} s") from error
