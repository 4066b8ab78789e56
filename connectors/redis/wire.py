"""The protocol of Redis, RESP2, as far as a consumer of a stream speaks it.

https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from typing import TypeAlias

from soar.sdk import AuthError, PermanentError, Stream

Reply: TypeAlias = "bytes | int | list[Reply] | None"

_LARGEST = 8 * 1024 * 1024  # bytes of a text
_MOST = 100_000  # elements of a list
_DEEPEST = 8


class RefusedError(PermanentError):
    """The server answered with an error; its text begins with a word in capitals."""


async def ask(stream: Stream, *words: str) -> Reply:
    """Send a command and return the answer.

    Raises:
        AuthError: the server wants a password, or does not take this one, or the user lacks a right.
        RefusedError: it answers with another error.
        PermanentError: it does not speak the protocol.
        TransientError: the connection has ended.
    """
    parts = [word.encode() for word in words]
    await stream.write(b"".join([b"*%d\r\n" % len(parts), *(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)]))
    return await _read(stream, 0)


async def _read(stream: Stream, depth: int) -> Reply:
    line = (await stream.read_line()).rstrip(b"\r\n")
    kind, rest = line[:1], line[1:]
    match kind:
        case b"+":
            return rest
        case b"-":
            raise _explain(rest.decode("utf-8", "replace"))
        case b":":
            return _count(rest, _LARGEST)
        case b"$":
            size = _count(rest, _LARGEST)
            return None if size < 0 else (await stream.read_exactly(size + 2))[:-2]
        case b"*" if depth < _DEEPEST:
            size = _count(rest, _MOST)
            return None if size < 0 else [await _read(stream, depth + 1) for _ in range(size)]
        case _:
            raise PermanentError("the server does not speak the protocol of Redis")


def _count(digits: bytes, most: int) -> int:
    try:
        number = int(digits)
    except ValueError as error:
        raise PermanentError("the server does not speak the protocol of Redis") from error
    if number > most:
        raise PermanentError(f"the server answers with {number} bytes or elements, which is more than {most}")
    return number


def _explain(said: str) -> AuthError | RefusedError:
    match said.partition(" ")[0]:
        case "NOAUTH" | "WRONGPASS":
            return AuthError(said, hint="check the user and the password of the connection")
        case "NOPERM":
            return AuthError(said, is_known=True, hint="check the rights of the user")
        case _:
            return RefusedError(said)
