"""Hears what people do in Slack: checked at once, answered within three seconds, worked on afterwards."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import assert_never

from soar.approvals.backlog import Backlog
from soar.approvals.chat_desk import ChatDesk, ChatSender, Unfit
from soar.approvals.claim import Claim, Wish
from soar.approvals.faces.slack import render, render_dialog, render_wish_dialog
from soar.approvals.platform import Office, Platform
from soar.approvals.slack_request import (
    Command,
    Press,
    Sender,
    SlackRequest,
    Submission,
    read_request,
    verify_request,
)
from soar.model.errors import DeniedError
from soar.model.secret import Secret
from soar.model.values import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackRules:
    """What is pinned.

    Attributes:
        team: the only Slack workspace whose people count.
        application: the only one at api.slack.com whose requests count.
        resolve: opens the signing secret; None where Slack has none to us and speaks over its WebSocket alone.
    """

    team: str
    application: str
    resolve: Callable[[], Awaitable[Secret]] | None


def describe_slack(team: str) -> Platform:
    """Return what is particular about Slack."""
    return Platform(connection="slack", title="Slack", team=team, link_command="/soar link", render=render)


class SlackDesk:
    """Takes presses, dialogs and commands.

    A press opens a dialog and decides nothing. A dialog is a vote.

    Args:
        rules: what is pinned.
        office: what it works with.
        desk: counts votes and answers commands.
    """

    def __init__(self, rules: SlackRules, office: Office, desk: ChatDesk) -> None:
        self._rules = rules
        self._office = office
        self._desk = desk
        self.backlog = Backlog(self._work, lambda request, message: office.report(request.claim.approval, message))

    async def receive(self, headers: Mapping[str, str], body: bytes) -> dict[str, JsonValue] | None:
        """Take a request, and return what Slack is to show its sender alone; None for nothing.

        Args:
            headers: by name in lower case.
            body: as it came, byte for byte.

        Raises:
            DeniedError: Slack did not sign it, it is old, or it is from another workspace or program than the settings
                name.
            InputError: it is no request as Slack documents them.
            UnavailableError: too much waits already.
        """
        if self._rules.resolve is None:
            raise DeniedError(
                "Slack speaks to us over its WebSocket alone",
                code="chat.signature",
                hint="with a signing_secret the connection hears Slack here, too",
            )
        verify_request(await self._rules.resolve(), headers, body, self._office.clock.now())
        request = read_request(body)
        return None if request is None else await self.take(request)

    async def take(self, request: SlackRequest) -> dict[str, JsonValue] | None:
        """Take what certainly comes from Slack; see `receive` for what is returned.

        Raises:
            DeniedError: it is from another workspace or program than the settings name.
            UnavailableError: too much waits already.
        """
        self._check_sender(request.sender)
        if isinstance(request, Command):
            return {"response_type": "ephemeral", "text": await self._obey(request)}
        self.backlog.put(request)
        return None

    async def _work(self, request: Press | Submission) -> None:
        """Open the dialog for a press; count the vote of a submitted dialog."""
        sender = _identify(request)
        match request:
            case Press(_, claim, trigger):
                unfit = await self._open_dialog(sender, claim, trigger)
            case Submission():
                unfit = await self._submit(sender, request)
            case _:
                assert_never(request)
        if unfit is not None:
            await self._desk.whisper(unfit, sender)

    async def _submit(self, sender: ChatSender, sent: Submission) -> Unfit | None:
        match sent.claim:
            case Claim() as claim:
                return await self._desk.vote(sender, claim, confirm=sent.confirm, comment=sent.comment)
            case Wish() as wish:
                return await self._desk.grant(sender, wish, sent.comment)

    async def _open_dialog(self, sender: ChatSender, claim: Claim | Wish, trigger: str) -> Unfit | None:
        known = await self._desk.find(sender, claim)
        if isinstance(known, Unfit):
            return known
        approval, nonce = known.approval, known.card.nonce
        view = (
            render_dialog(approval, claim.choice, nonce)
            if isinstance(claim, Claim)
            else render_wish_dialog(approval, claim.kind, nonce)
        )
        await self._desk.call("open_dialog", {"trigger": trigger, "view": view}, known.approval)
        return None

    def _check_sender(self, sender: Sender) -> None:
        is_ours = sender.team == sender.home == self._rules.team and sender.application == self._rules.application
        if not (is_ours and self._rules.team and self._rules.application):
            raise DeniedError(
                "this comes from another Slack workspace or program",
                code="chat.foreign",
                hint="the connection's settings name the `team` and `application` that count",
            )

    async def _obey(self, command: Command) -> str:
        return await self._desk.obey(_identify(command), f"/soar {command.text}") or ""


def _identify(request: SlackRequest) -> ChatSender:
    return ChatSender(request.sender.team, request.sender.account, request.trigger)
