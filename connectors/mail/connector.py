"""Mails over SMTP submission: https://www.rfc-editor.org/rfc/rfc6409."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Annotated

from pydantic import Field

from soar.sdk import (
    ActionInputError,
    Arguments,
    Connector,
    Context,
    Effect,
    EgressRefusedError,
    Output,
    Repeat,
    Stream,
    TransientError,
    action,
)

from .letter import Letter, check_address, domain_of, write_letter
from .session import Session

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
_TO_THE_DOOR = 0.6  # share of the time that may pass before the mail is handed over: until then nothing was sent
_EVERY = "*"
_APPROVERS = "approvers"

Addresses = Annotated[list[str], Field(max_length=200)]
Subject = Annotated[str, Field(min_length=1, max_length=500, description="One line.")]
Text = Annotated[str, Field(min_length=1, max_length=100_000, description="Plain text.")]
Thread = Annotated[str, Field(min_length=1, max_length=250, description="`Message-ID` of the mail that it follows.")]
Channel = Annotated[str, Field(min_length=1, max_length=254, description="A name of `channels`, or an address.")]


class Mail(Arguments):
    """A mail."""

    to: Annotated[Addresses, Field(min_length=1)] = Field(description="The addresses that it goes to.")
    subject: Subject
    text: Text
    thread: Thread | None = None


class Card(Arguments):
    """A question as a mail."""

    channel: Channel
    subject: Subject
    text: Text
    to: Addresses = Field(default_factory=list, description="Whom `approvers` stands for.")


class Follow(Card):
    """A mail behind another one."""

    thread: Thread


class Sent(Output):
    """A mail that the server has taken."""

    message_id: str = Field(description="What names it.")
    refused: list[str] = Field(description="Addresses that the server does not send it to.")


class Posted(Output):
    """Where a question's mail is."""

    channel: str = Field(description="The channel.")
    message: str = Field(description="The mail's `Message-ID`.")


class Mailer(Connector):
    """Sends mails."""

    @action(title="Send a mail", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="to")
    async def send(self, ctx: Context, arguments: Mail) -> Sent:
        """Send a mail of plain text."""
        return await _send(ctx, arguments.to, arguments.subject, arguments.text, arguments.thread)

    @action(title="Send a question", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="channel")
    async def post_card(self, ctx: Context, arguments: Card) -> Posted:
        """Send a question to a channel."""
        sent = await _send(ctx, _find_people(ctx, arguments), arguments.subject, arguments.text, None)
        return Posted(channel=arguments.channel, message=sent.message_id)

    @action(title="Send what follows a question", effect=Effect.WRITE, repeat=Repeat.UNSAFE, targets="channel")
    async def post(self, ctx: Context, arguments: Follow) -> Posted:
        """Send a mail that stands behind the question's."""
        people = _find_people(ctx, arguments)
        sent = await _send(ctx, people, arguments.subject, arguments.text, arguments.thread)
        return Posted(channel=arguments.channel, message=sent.message_id)


async def _send(ctx: Context, to: Sequence[str], subject: str, text: str, thread: str | None) -> Sent:
    sender = check_address(str(ctx.settings["from"]))
    recipients = tuple(dict.fromkeys(_admit(ctx, address) for address in to))
    letter = Letter(
        sender=sender,
        recipients=recipients,
        subject=subject,
        text=text,
        key=ctx.idempotency_key,
        at=ctx.now(),
        thread=thread,
    )
    content = write_letter(letter)
    async with _open_session(ctx, domain_of(sender)) as session:
        refused = await session.submit(sender, recipients, content)
        with suppress(TransientError):  # the mail is taken, whatever comes of our leave
            await session.leave()
        return Sent(message_id=letter.message_id, refused=list(refused))


@asynccontextmanager
async def _open_session(ctx: Context, name: str) -> AsyncIterator[Session]:
    """Return a conversation with the server in which we are signed in.

    Raises:
        TransientError: that takes too long; nothing was sent.
        EgressRefusedError: what is said would not be protected.
        AuthError: the server does not let us in.
    """
    host, port, tls = str(ctx.settings["host"]), int(str(ctx.settings["port"])), _read_tls(ctx)
    has_words = tls == "starttls"

    async def agree(stream: Stream) -> None:
        session = Session(stream, name)
        await session.greet()
        await session.introduce()
        await session.agree_on_tls()

    opening = ctx.dial.open(host, port, is_secure=tls != "none", prepare=agree if has_words else None)
    seconds = (ctx.deadline - ctx.now()).total_seconds() * _TO_THE_DOOR
    try:
        async with asyncio.timeout(seconds) as patience, opening as stream:
            session = Session(stream, name)
            if not has_words:
                await session.greet()
            await session.introduce()
            await _sign_in(ctx, session)
            patience.reschedule(None)
            yield session
    except TimeoutError as error:
        raise TransientError(f"the server has not let us in within {seconds:g} s; nothing was sent") from error


async def _sign_in(ctx: Context, session: Session) -> None:
    user = str(ctx.settings["user"])
    if user and "token" in ctx.credentials:
        await session.sign_in_by_token(user, ctx.secret("token").reveal())
    elif user:
        await session.sign_in(user, ctx.secret("password").reveal())


def _read_tls(ctx: Context) -> str:
    """Return when TLS begins."""
    tls = str(ctx.settings["tls"])
    if tls not in {"implicit", "starttls", "none"}:
        raise ActionInputError(f"tls: {tls} is none of implicit, starttls and none")
    if tls == "none" and str(ctx.settings["host"]) not in _HERE:
        raise EgressRefusedError(
            "without TLS only a server on this machine is spoken to", hint="use implicit or starttls"
        )
    return tls


def _find_people(ctx: Context, card: Card) -> Sequence[str]:
    """Return the addresses that a channel stands for."""
    if card.to or card.channel == _APPROVERS:
        if not card.to:
            raise ActionInputError("nobody who may decide has a mail address")
        return card.to
    named = ctx.settings.map("channels").get(card.channel, card.channel)
    return [address.strip() for address in named.split(",")]


def _admit(ctx: Context, address: str) -> str:
    """Return an address that may be written to."""
    domain, allowed = domain_of(check_address(address)), ctx.settings.texts("domains")
    if _EVERY in allowed or domain in {each.lower() for each in allowed}:
        return address
    raise ActionInputError(f"{address} is outside the connection's domains", hint=f"they are {', '.join(allowed)}")
