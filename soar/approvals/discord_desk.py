"""Hears what people do in Discord: checked at once, answered within three seconds, worked on afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import assert_never

from soar.approvals.backlog import Backlog
from soar.approvals.chat_desk import ChatDesk, ChatSender, Unfit
from soar.approvals.discord_request import Command, Ping, Press, Sender, Submission, read_request, verify_request
from soar.approvals.faces.discord import render, render_dialog, say
from soar.approvals.hostile import clean
from soar.approvals.platform import Office, Platform
from soar.model.errors import DeniedError
from soar.model.values import JsonValue

_PONG, _SAY, _LATER, _NOTHING, _MODAL = 1, 4, 5, 6, 9
"""Kinds of answers: https://discord.com/developers/docs/interactions/receiving-and-responding#interaction-response-object."""
_ALONE = 1 << 6  # a flag: whoever has pressed sees it, and nobody else
_COUNTED, _DONE = "Your vote counts.", "Done."


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscordRules:
    """What is pinned.

    Attributes:
        guild: the only Discord server whose people count.
        application: the only one in the developer portal whose requests count.
        public_key: its key, in hexadecimal.
    """

    guild: str
    application: str
    public_key: str


def describe_discord(guild: str) -> Platform:
    """Return what is particular about Discord."""
    return Platform(connection="discord", title="Discord", team=guild, link_command="/soar link", render=render)


class DiscordDesk:
    """Takes presses, dialogs and commands.

    A press is answered with a dialog and decides nothing. A dialog is a vote. What became of it, and of a command, is
    told to its sender alone once it is known.

    Args:
        rules: what is pinned.
        office: what it works with.
        desk: counts votes and answers commands.
    """

    def __init__(self, rules: DiscordRules, office: Office, desk: ChatDesk) -> None:
        self._rules = rules
        self._office = office
        self._desk = desk
        self.backlog = Backlog(self._work, self._report)

    async def receive(self, headers: Mapping[str, str], body: bytes) -> dict[str, JsonValue]:
        """Take a request, and return the answer to it.

        Args:
            headers: by name in lower case.
            body: as it came, byte for byte.

        Raises:
            DeniedError: Discord did not sign it, it is old, or it is from another Discord server or program than the
                settings name.
            InputError: it is no request as Discord documents them.
            UnavailableError: too much waits already.
        """
        verify_request(self._rules.public_key, headers, body, self._office.clock.now())
        request = read_request(body)
        match request:
            case None:
                return {"type": _NOTHING}
            case Ping():
                self._check_application(request.sender)
                return {"type": _PONG}
            case Press():
                self._check_sender(request.sender)
                return await self._open_dialog(request)
            case Submission() | Command():
                self._check_sender(request.sender)
                self.backlog.put(request)
                return {"type": _LATER, "data": {"flags": _ALONE}}
            case _:
                assert_never(request)

    async def _open_dialog(self, press: Press) -> dict[str, JsonValue]:
        known = await self._desk.find(_identify(press.sender), press.claim)
        if isinstance(known, Unfit):
            return {"type": _SAY, "data": say(clean(known.reason))}
        if (known.card.place, known.card.message) != (press.channel, press.message):
            raise DeniedError(
                "the press is on another message than the card", code="chat.foreign", hint="press the card's button"
            )
        return {"type": _MODAL, "data": render_dialog(known.approval, press.claim.choice, known.card.nonce)}

    async def _work(self, request: Submission | Command) -> None:
        sender = _identify(request.sender)
        match request:
            case Submission():
                unfit = await self._desk.vote(sender, request.claim, confirm=request.confirm, comment=request.comment)
                said = clean(unfit.reason) if unfit else _COUNTED
            case Command():
                said = await self._desk.obey(sender, f"/soar {request.text}") or _DONE
            case _:
                assert_never(request)
        await self._desk.call("answer", {"token": request.token, "text": said})

    def _report(self, request: Submission | Command, message: str) -> None:
        self._office.report(request.claim.approval if isinstance(request, Submission) else "", message)

    def _check_application(self, sender: Sender) -> None:
        if not self._rules.application or sender.application != self._rules.application:
            raise _refuse()

    def _check_sender(self, sender: Sender) -> None:
        self._check_application(sender)
        if not self._rules.guild or sender.guild != self._rules.guild or not sender.account:
            raise _refuse()


def _refuse() -> DeniedError:
    return DeniedError(
        "this comes from another Discord server or program",
        code="chat.foreign",
        hint="the connection's settings name the `guild` and `application` that count",
    )


def _identify(sender: Sender) -> ChatSender:
    return ChatSender(sender.guild, sender.account, sender.interaction)
