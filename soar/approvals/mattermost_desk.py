"""Hears what people do in Mattermost, and answers at once: a press with a dialog, a dialog with what came of it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import assert_never

from soar.approvals.chat_desk import ChatDesk, ChatSender, Unfit
from soar.approvals.faces.mattermost import escape, render, render_dialog
from soar.approvals.hostile import clean
from soar.approvals.mattermost_request import (
    Command,
    Press,
    Sender,
    Submission,
    read_request,
    read_state,
    verify_command,
    verify_press,
    write_state,
)
from soar.approvals.platform import Office, Platform
from soar.model.errors import DeniedError
from soar.model.secret import Secret
from soar.model.values import JsonValue

PATH = "/chat/mattermost"
"""Where Mattermost reaches us, below our address."""
_SHORTEST_KEY = 32
_NOT_OPENED = "The dialog could not be opened. Press again."

Resolve = Callable[[], Awaitable[Secret]]
Answer = dict[str, JsonValue]


@dataclass(frozen=True, slots=True, kw_only=True)
class MattermostRules:
    """What is pinned.

    Attributes:
        team: the only one whose people count.
        key: opens what buttons and dialogs are proved with.
        token: opens what commands are proved with.
    """

    team: str
    key: Resolve
    token: Resolve


def describe_mattermost(team: str, url: str) -> Platform:
    """Return what is particular about Mattermost.

    Args:
        team: the only one whose people count.
        url: how Mattermost reaches us, without a slash at the end.
    """
    return Platform(
        connection="mattermost",
        title="Mattermost",
        team=team,
        link_command="/soar link",
        render=lambda card, nonce: render(card, url + PATH, nonce),
    )


class MattermostDesk:
    """Takes presses, dialogs and commands.

    A press opens a dialog and decides nothing. A dialog is a vote. Mattermost waits half a minute for the answer, so
    everything is done before it is given.

    Args:
        rules: what is pinned.
        office: what it works with.
        desk: counts votes and answers commands.
    """

    def __init__(self, rules: MattermostRules, office: Office, desk: ChatDesk) -> None:
        self._rules = rules
        self._office = office
        self._desk = desk

    async def receive(self, body: bytes, *, is_form: bool) -> Answer:
        """Take a request, and return the answer to it.

        Args:
            body: as it came.
            is_form: whether it is a form, as commands are, and not JSON.

        Raises:
            DeniedError: it is not proved to come from Mattermost, it is old, or it is from another team than the
                settings name.
            InputError: it is no request as Mattermost documents them.
        """
        request = read_request(body, is_form=is_form)
        match request:
            case None:
                return {}
            case Press():
                return await self._open_dialog(request)
            case Submission():
                return await self._vote(request)
            case Command():
                return await self._obey(request)
            case _:
                assert_never(request)

    async def _open_dialog(self, press: Press) -> Answer:
        key = await self._open_key()
        verify_press(key, press)
        self._check_team(press.sender)
        known = await self._desk.find(_identify(press.sender, press.trigger), press.claim)
        if isinstance(known, Unfit):
            return {"ephemeral_text": escape(clean(known.reason))}
        if (known.card.place, known.card.message) != (press.sender.channel, press.message):
            raise DeniedError(
                "the press is on another message than the card", code="chat.signature", hint="press the card's button"
            )
        state = write_state(key, press, self._office.clock.now())
        sent: Answer = {
            "trigger": press.trigger,
            "url": self._office.url + PATH,
            "dialog": render_dialog(known.approval, press.claim.choice, state),
        }
        answer = await self._desk.call("open_dialog", sent, known.approval)
        return {} if answer.code is None else {"ephemeral_text": _NOT_OPENED}

    async def _vote(self, submission: Submission) -> Answer:
        claim = read_state(await self._open_key(), submission, self._office.clock.now())
        self._check_team(submission.sender)
        sender = _identify(submission.sender, submission.state)
        unfit = await self._desk.vote(sender, claim, confirm=submission.confirm, comment=submission.comment)
        return {} if unfit is None else {"error": clean(unfit.reason)}

    async def _obey(self, command: Command) -> Answer:
        verify_command(await self._rules.token(), command)
        self._check_team(command.sender)
        said = await self._desk.obey(_identify(command.sender, command.trigger), f"/soar {command.text}") or ""
        return {"response_type": "ephemeral", "text": escape(said)}

    async def _open_key(self) -> Secret:
        key = await self._rules.key()
        if len(key.reveal()) < _SHORTEST_KEY:
            raise DeniedError(
                "the connection's action_key is too short to prove anything",
                code="chat.key",
                hint=f"set it to {_SHORTEST_KEY} random characters or more",
            )
        return key

    def _check_team(self, sender: Sender) -> None:
        if not self._rules.team or sender.team != self._rules.team:
            raise DeniedError(
                "this comes from another Mattermost team",
                code="chat.foreign",
                hint="the connection's setting `team` names the one that counts",
            )


def _identify(sender: Sender, interaction: str) -> ChatSender:
    """Return somebody; a dialog that was filled in has no id, so what it carries for them alone stands for one."""
    return ChatSender(sender.team, sender.account, interaction)
