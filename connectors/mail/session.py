"""SMTP as somebody speaks it who submits mails (RFC 5321, RFC 3207, RFC 4954)."""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from soar.sdk import AuthError, EgressRefusedError, PermanentError, Stream, TransientError, UnknownOutcomeError

_MOST_LINES = 100
_LINE = re.compile(rb"([2-5]\d\d)(?:([ -])(.*))?\r?\n", re.DOTALL)
_REFUSING = frozenset({454, 530, 534, 535, 538})  # RFC 4954, section 6
_BUSY = 400
_FAILED = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What the server answers to one command."""

    code: int
    lines: tuple[str, ...]

    def __str__(self) -> str:
        """Return what people are told of it."""
        return f"{self.code} {' '.join(self.lines)}"[:200]


class Session:
    """A conversation with a server.

    Args:
        stream: freshly opened, or with TLS freshly begun.
        name: the domain that we say we are.
    """

    def __init__(self, stream: Stream, name: str) -> None:
        self._stream = stream
        self._name = name
        self._offers: dict[str, str] = {}

    async def greet(self) -> None:
        """Take the server's greeting.

        Raises:
            TransientError: it turns us away for now.
            PermanentError: it turns us away for good.
        """
        _expect(await self._read_reply(), 220)

    async def introduce(self) -> None:
        """Say who we are, and hear what the server can do.

        Raises:
            TransientError: it does not want us now.
            PermanentError: it does not know EHLO.
        """
        reply = _expect(await self._ask(f"EHLO {self._name}"), 250)
        offers = (line.partition(" ") for line in reply.lines[1:])
        self._offers = {word.upper(): rest.upper() for word, _, rest in offers}

    async def agree_on_tls(self) -> None:
        """Ask the server to begin TLS; the next byte is TLS's.

        Raises:
            EgressRefusedError: it cannot, so that everything would be said in the clear.
            TransientError: it cannot now.
        """
        if "STARTTLS" not in self._offers:
            raise EgressRefusedError("the server offers no TLS", hint="`tls: implicit` is for port 465")
        _expect(await self._ask("STARTTLS"), 220)

    async def sign_in(self, user: str, password: str) -> None:
        """Sign in by password.

        Raises:
            AuthError: the server does not take it, or knows no way that we know.
        """
        known = self._offers.get("AUTH", "").split()
        if "PLAIN" in known:
            await self._authenticate(f"AUTH PLAIN {_encode(f'{chr(0)}{user}{chr(0)}{password}')}")
        elif "LOGIN" in known:
            await self._authenticate("AUTH LOGIN", _encode(user), _encode(password))
        else:
            raise AuthError(
                "the server lets nobody sign in by password", hint="give the connection a token, or no user"
            )

    async def sign_in_by_token(self, user: str, token: str) -> None:
        """Sign in by an access token (XOAUTH2).

        Raises:
            AuthError: the server does not take it.
        """
        await self._authenticate(f"AUTH XOAUTH2 {_encode(f'user={user}{chr(1)}auth=Bearer {token}{chr(1)}{chr(1)}')}")

    async def submit(self, sender: str, recipients: Sequence[str], content: bytes) -> tuple[str, ...]:
        """Hand over a mail; return the recipients that the server refuses.

        Args:
            sender: where it is told if the mail does not arrive.
            recipients: who gets it.
            content: lines that end in CR LF.

        Raises:
            TransientError: the server does not take it now.
            PermanentError: the server does not take it, or none of the recipients.
            UnknownOutcomeError: the server got it, and has not said whether it takes it.
        """
        _expect(await self._ask(f"MAIL FROM:<{sender}>"), 250)
        replies = {address: await self._ask(f"RCPT TO:<{address}>") for address in recipients}
        refused = tuple(address for address, reply in replies.items() if reply.code >= _BUSY)
        if len(refused) == len(replies):
            raise _explain(min(replies.values(), key=lambda reply: reply.code))
        _expect(await self._ask("DATA"), 354)
        stuffed = re.sub(rb"(?m)^\.", b"..", content)
        try:
            await self._stream.write(stuffed + (b".\r\n" if stuffed.endswith(b"\r\n") else b"\r\n.\r\n"))
            reply = await self._read_reply()
        except TransientError as error:
            raise UnknownOutcomeError(f"the mail was handed over, and nothing came back: {error.message}") from error
        _expect(reply, 250)
        return refused

    async def leave(self) -> None:
        """Say that we go; what is answered does not matter any more."""
        await self._stream.write(b"QUIT\r\n")

    async def _authenticate(self, command: str, *answers: str) -> None:
        reply = await self._ask(command)
        for answer in answers:
            if reply.code == 334:  # noqa: PLR2004 -- it asks for the next part (RFC 4954, section 4)
                reply = await self._ask(answer)
        if reply.code == 334:  # noqa: PLR2004 -- why it refuses a token, which an empty answer ends
            reply = await self._ask("")
        if reply.code >= _FAILED or reply.code in _REFUSING:
            hint = "check the user, and the password or token, of the connection"
            raise AuthError(f"the server does not let us in: {reply}", hint=hint)
        _expect(reply, 235)

    async def _ask(self, command: str) -> Reply:
        await self._stream.write(f"{command}\r\n".encode())
        return await self._read_reply()

    async def _read_reply(self) -> Reply:
        lines: list[str] = []
        while len(lines) < _MOST_LINES:
            found = _LINE.fullmatch(await self._stream.read_line())
            if found is None:
                raise PermanentError("the server does not speak SMTP")
            lines.append((found[3] or b"").decode("utf-8", "replace").strip())
            if found[2] != b"-":
                return Reply(int(found[1]), tuple(lines))
        raise PermanentError(f"the server answers more than {_MOST_LINES} lines")


def _expect(reply: Reply, code: int) -> Reply:
    if reply.code != code:
        raise _explain(reply)
    return reply


def _explain(reply: Reply) -> TransientError | PermanentError | AuthError:
    """Return what a refusal means (RFC 5321, section 4.2.1)."""
    if reply.code in _REFUSING:
        return AuthError(f"the server wants us to sign in: {reply}", hint="give the connection a user and a password")
    if _BUSY <= reply.code < _FAILED:
        return TransientError(f"not now, the server answers: {reply}")
    return PermanentError(f"the server answers: {reply}")


def _encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
