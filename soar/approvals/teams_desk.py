"""Hears what people do in Teams: a press is answered with a second card, and that with what came of it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from soar.approvals.backlog import Backlog
from soar.approvals.card import show_card
from soar.approvals.chat_desk import ChatDesk, ChatSender, Known, Unfit
from soar.approvals.delivery import find_surroundings
from soar.approvals.faces.teams import render, render_dialog
from soar.approvals.hostile import clean
from soar.approvals.platform import Office, Platform
from soar.approvals.teams_request import Command, Press, Sender, Submission, Vouched, find_token, read_request
from soar.model.errors import DeniedError
from soar.model.values import JsonValue
from soar.store import Unit

_CARD = "application/vnd.microsoft.card.adaptive"
_TEXT = "application/vnd.microsoft.activity.message"
_OK = 200
_DONE = "Done."

Answer = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamsRules:
    """What is pinned.

    Attributes:
        tenant: the only one whose people count.
        verify: checks the token that came with a request; a `DeniedError` says that it is none for us.
    """

    tenant: str
    verify: Callable[[str], Awaitable[Vouched]]


def describe_teams(tenant: str) -> Platform:
    """Return what is particular about Teams."""
    return Platform(
        connection="teams",
        title="Teams",
        team=tenant,
        link_command="write `link` to the bot in a personal chat",
        render=lambda card, nonce: {"card": render(card, nonce)},
    )


class TeamsDesk:
    """Takes presses, second cards and commands.

    A press shows a second card, to whoever has pressed alone, and decides nothing. What is sent from there is a vote.
    Commands are answered in the personal chat.

    Args:
        rules: what is pinned.
        office: what it works with.
        desk: counts votes and answers commands.
    """

    def __init__(self, rules: TeamsRules, office: Office, desk: ChatDesk) -> None:
        self._rules = rules
        self._office = office
        self._desk = desk
        self.backlog = Backlog(self._obey, lambda _command, message: office.report("", message))

    async def receive(self, headers: Mapping[str, str], body: bytes) -> Answer | None:
        """Take a request, and return the answer to it; None for one that wants none.

        Args:
            headers: by name in lower case.
            body: as it came.

        Raises:
            DeniedError: Teams did not sign it for us, or it is from another tenant than the settings name.
            InputError: it is no request as Teams sends them.
            UnavailableError: too much waits already, or Microsoft's keys cannot be had.
        """
        vouched = await self._rules.verify(find_token(headers))
        request = read_request(body, vouched)
        if request is None:
            return None
        self._check_sender(request.sender)
        match request:
            case Press():
                return await self._show(request)
            case Submission():
                return await self._vote(request)
            case Command():
                self.backlog.put(request)
                return None
            case _:
                assert_never(request)

    async def _show(self, press: Press) -> Answer:
        known = await self._find(press)
        if isinstance(known, Unfit):
            return _say(known)
        if press.is_back:
            return await self._show_card(known)
        return _answer(_CARD, render_dialog(known.approval, press.claim.choice, known.card.nonce))

    async def _vote(self, sent: Submission) -> Answer:
        known = await self._find(sent)
        if isinstance(known, Unfit):
            return _say(known)
        sender = _identify(sent.sender)
        unfit = await self._desk.vote(sender, sent.claim, confirm=sent.confirm, comment=sent.comment)
        return await self._show_card(known) if unfit is None else _say(unfit)

    async def _find(self, sent: Press | Submission) -> Known | Unfit:
        known = await self._desk.find(_identify(sent.sender), sent.claim)
        if isinstance(known, Known) and (known.card.place, known.card.message) != (sent.channel, sent.message):
            raise DeniedError(
                "the press is on another message than the card", code="chat.foreign", hint="press the card's button"
            )
        return known

    async def _show_card(self, known: Known) -> Answer:
        """Return the card as it is now."""

        def show(unit: Unit) -> Answer:
            approval = unit.approvals.get(known.approval.id) or known.approval
            shown = show_card(approval, find_surroundings(unit, approval, self._office.url))
            return _answer(_CARD, render(shown, known.card.nonce))

        return await self._office.store.read(self._office.workspace, show)

    async def _obey(self, command: Command) -> None:
        sender = _identify(command.sender)
        text = command.text if command.text.startswith(("!", "/soar")) else f"/soar {command.text}"
        said = await self._desk.obey(sender, text) or _DONE
        await self._desk.call("whisper", {"channel": command.channel, "user": sender.account, "text": said})

    def _check_sender(self, sender: Sender) -> None:
        if not self._rules.tenant or sender.tenant != self._rules.tenant or not sender.account:
            raise DeniedError(
                "this comes from another tenant, or from nobody",
                code="chat.foreign",
                hint="the connection's setting `tenant` names the one that counts",
            )


def _say(unfit: Unfit) -> Answer:
    return _answer(_TEXT, clean(unfit.reason))


def _answer(kind: str, value: JsonValue) -> Answer:
    return {"statusCode": _OK, "type": kind, "value": value}


def _identify(sender: Sender) -> ChatSender:
    return ChatSender(sender.tenant, sender.account, sender.activity)
