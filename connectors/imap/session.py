"""IMAP4rev1 and IDLE (RFC 3501, RFC 2177), as far as somebody speaks them who reads one folder."""

import asyncio
import base64
import re

from soar.sdk import ActionInputError, AuthError, PermanentError, Stream, TransientError

LARGEST = 512 * 1024
"""Bytes of a mail that are fetched at most."""

_LITERAL = re.compile(rb"\{(\d{1,9})\}\r?\n$")
_NUMBERS = {name: re.compile(rb"\[" + name + rb" (\d+)\]") for name in (b"UIDVALIDITY", b"UIDNEXT")}
_EXISTS = re.compile(rb"\* \d+ EXISTS\r?\n$")
_MOST_ANSWERS = 20_000
_ANSWER_WITHIN = 60.0


class Session:
    """A connection that has been greeted.

    Args:
        stream: freshly opened.
    """

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._count = 0

    async def greet(self) -> None:
        """Take the server's greeting.

        Raises:
            TransientError: it turns us away.
        """
        greeting = await self._read_line()
        if not greeting.startswith(b"* OK"):
            raise TransientError(f"the server greets with {_show(greeting)}")

    async def log_in(self, user: str, password: str) -> None:
        """Sign in by password.

        Raises:
            AuthError: the server does not take it.
        """
        await self._sign_in(f"LOGIN {quote(user)} {quote(password)}")

    async def log_in_by_token(self, user: str, token: str) -> None:
        """Sign in by an access token (XOAUTH2, with the first answer in the command as RFC 4959 has it).

        Raises:
            AuthError: the server does not take it.
        """
        said = base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode()).decode()
        await self._sign_in(f"AUTHENTICATE XOAUTH2 {said}")

    async def open(self, folder: str) -> tuple[int, int]:
        """Open a folder read-only; return what its numbers are good for, and the number that the next mail gets.

        Raises:
            PermanentError: there is no such folder, or it gives its mails no lasting numbers.
        """
        said = b"".join(line for lines in await self._ask(f"EXAMINE {quote(folder)}") for line in lines)
        found = {name: pattern.search(said) for name, pattern in _NUMBERS.items()}
        validity, following = found[b"UIDVALIDITY"], found[b"UIDNEXT"]
        if validity is None or following is None:
            raise PermanentError(f"the folder {folder} gives its mails no lasting numbers")
        return int(validity[1]), int(following[1])

    async def search(self, first: int, last: int) -> list[int]:
        """Return the numbers of the mails between two numbers, both included, in order."""
        numbers: set[int] = set()
        for lines in await self._ask(f"UID SEARCH UID {first}:{last}"):
            if lines[0].startswith(b"* SEARCH"):
                numbers.update(int(word) for word in lines[0].split()[2:] if word.isdigit())
        return sorted(number for number in numbers if first <= number <= last)

    async def fetch(self, number: int) -> bytes | None:
        """Return the first bytes of a mail, `LARGEST` at most, without marking it as seen; None if it is gone."""
        for lines in await self._ask(f"UID FETCH {number} (BODY.PEEK[]<0.{LARGEST}>)"):
            if len(lines) > 1 and b"FETCH" in lines[0]:
                return lines[1]
        return None

    async def has_idle(self) -> bool:
        """Whether the server tells of new mails by itself."""
        said = [line.upper().split() for lines in await self._ask("CAPABILITY") for line in lines]
        return any(b"IDLE" in words for words in said)

    async def idle(self, seconds: float) -> bool:
        """Wait until the server tells of a mail, so many seconds at most; return whether it did."""
        tag = self._next_tag()
        await self._stream.write(b"%b IDLE\r\n" % tag)
        has_come = False
        try:
            async with asyncio.timeout(seconds):
                while not has_come:
                    line = await self._stream.read_line()
                    has_come = _EXISTS.match(line) is not None
        except TimeoutError:
            pass  # no mail, and no line that was cut in half: reading waits for whole ones
        await self._stream.write(b"DONE\r\n")
        while not (line := await self._read_line()).startswith(tag):
            has_come = has_come or _EXISTS.match(line) is not None
        return has_come

    async def _sign_in(self, command: str) -> None:
        try:
            await self._ask(command)
        except PermanentError as error:
            hint = "check the user, and the password or token, of the connection"
            raise AuthError(f"the server does not let us in: {error.message}", hint=hint) from error

    async def _ask(self, command: str) -> list[list[bytes]]:
        """Send a command; return the answers before its end, each as lines with the literals between them.

        Raises:
            PermanentError: the server says no, or answers more than anybody reads.
        """
        tag = self._next_tag()
        await self._stream.write(b"%b %b\r\n" % (tag, command.encode()))
        answers: list[list[bytes]] = []
        while len(answers) < _MOST_ANSWERS:
            answer = await self._read_answer()
            first = answer[0]
            if first.startswith(
                b"+"
            ):  # what else it wants to know of a token, which it refuses: an empty answer ends it
                await self._stream.write(b"\r\n")
            elif not first.startswith(tag + b" "):
                answers.append(answer)
            elif first.split()[1:2] == [b"OK"]:
                return answers
            else:
                raise PermanentError(f"the server answers {_show(first.removeprefix(tag).strip())}")
        raise PermanentError(f"the server answers more than {_MOST_ANSWERS} lines")

    async def _read_answer(self) -> list[bytes]:
        parts = [await self._read_line()]
        while (literal := _LITERAL.search(parts[-1])) is not None:
            size = int(literal[1])
            if size > LARGEST:
                raise PermanentError(f"the server answers {size} bytes where {LARGEST} were asked for")
            async with asyncio.timeout(_ANSWER_WITHIN):
                parts.append(await self._stream.read_exactly(size))
            parts.append(await self._read_line())
        return parts

    async def _read_line(self) -> bytes:
        try:
            async with asyncio.timeout(_ANSWER_WITHIN):
                return await self._stream.read_line()
        except TimeoutError as error:
            raise TransientError(f"the server has not answered within {_ANSWER_WITHIN:g} s") from error

    def _next_tag(self) -> bytes:
        self._count += 1
        return b"a%d" % self._count


def quote(text: str) -> str:
    """Return a text as a quoted string (RFC 3501, section 9).

    Raises:
        ActionInputError: it holds something that cannot stand in one.
    """
    if not text.isascii() or not text.isprintable():
        raise ActionInputError(
            "user, password and folder are printable ASCII; a folder beyond that is in modified UTF-7"
        )
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _show(line: bytes) -> str:
    return line.decode("utf-8", "replace").strip()[:200]
