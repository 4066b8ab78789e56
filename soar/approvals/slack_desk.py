"""Hears what people do in Slack: checked at once, answered within three seconds, worked on afterwards."""

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.approvals.decide import Ballot, Refusal
from soar.approvals.delivery import CONNECTION, Office, make_call
from soar.approvals.faces.slack import render_dialog
from soar.approvals.hostile import clean, fence
from soar.approvals.linking import offer_link
from soar.approvals.service import ApprovalService
from soar.approvals.slack_request import Command, Press, Sender, Submission, read_request, verify_request
from soar.audit.record import record
from soar.model.approval import Approval
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.chat import PostedCard
from soar.model.errors import DeniedError, SoarError, UnavailableError
from soar.model.identity import Principal, PrincipalKind, User
from soar.model.process import ActionAnswer
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.store import Unit

_MOST_WAITING = 200
_PAUSE = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackRules:
    """What is pinned.

    Attributes:
        team: the only Slack workspace whose people count.
        application: the only one at api.slack.com whose requests count.
        resolve: opens the signing secret.
    """

    team: str
    application: str
    resolve: Callable[[], Awaitable[Secret]]


@dataclass(frozen=True, slots=True)
class _Known:
    """A person behind an account, and the card that they act on."""

    principal: Principal
    approval: Approval
    card: PostedCard


@dataclass(frozen=True, slots=True)
class _Unfit:
    """Why a press or a dialog does not count, for its sender; without a card there is no place to say it."""

    reason: str
    card: PostedCard | None = None


class SlackDesk:
    """Takes presses, dialogs and commands.

    A press opens a dialog and decides nothing. A dialog is a vote of the person to whom its sender is linked, with the
    roles that they hold everywhere; what `ApprovalService.vote` refuses is refused. Every refusal is in the audit.

    Args:
        rules: what is pinned.
        office: what it works with.
        approvals: counts votes.
        roles: permissions of each role.
    """

    def __init__(self, rules: SlackRules, office: Office, *, approvals: ApprovalService, roles: RoleTable) -> None:
        self._rules = rules
        self._office = office
        self._store, self._workspace = office.store, office.workspace
        self._approvals = approvals
        self._roles = roles
        self._waiting: asyncio.Queue[Press | Submission] = asyncio.Queue(_MOST_WAITING)

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
        verify_request(await self._rules.resolve(), headers, body, self._office.clock.now())
        request = read_request(body)
        if request is None:
            return None
        self._check_sender(request.sender)
        if isinstance(request, Command):
            return {"response_type": "ephemeral", "text": await self._obey(request)}
        try:
            self._waiting.put_nowait(request)
        except asyncio.QueueFull as error:
            raise UnavailableError("too much waits already", retry_after=_PAUSE, hint="press again shortly") from error
        return None

    def _check_sender(self, sender: Sender) -> None:
        is_ours = sender.team == sender.home == self._rules.team and sender.application == self._rules.application
        if not (is_ours and self._rules.team and self._rules.application):
            raise DeniedError(
                "this comes from another Slack workspace or program",
                code="chat.foreign",
                hint="the connection's settings name the `team` and `application` that count",
            )

    async def run(self) -> None:
        """Work on what was taken, one after the other, until cancelled."""
        while True:
            request = await self._waiting.get()
            try:
                await self.work(request)
            except SoarError as error:  # its sender sees that nothing came of it, and presses again
                self._office.report(request.claim.approval, error.message)

    async def work_off(self) -> None:
        """Work on everything that waits now."""
        while not self._waiting.empty():
            await self.work(self._waiting.get_nowait())

    async def work(self, request: Press | Submission) -> None:
        """Open the dialog for a press; count the vote of a submitted dialog."""
        known = await self._store.write(self._workspace, lambda unit: self._find(unit, request))
        if isinstance(known, _Unfit):
            await self._whisper(known.card, request.sender, known.reason)
            return
        match request:
            case Press(_, claim, trigger):
                view = render_dialog(known.approval, claim.choice, known.card.nonce)
                await self._call("open_dialog", {"trigger": trigger, "view": view}, known.approval)
            case Submission():
                await self._vote(known, request)

    async def is_member(self, account: str) -> bool:
        """Whether an account is a full member's: no guest's, no bot's, nobody's from elsewhere."""
        answer = await self._call("member", {"user": account})
        match answer.output:
            case {"team": self._rules.team, "is_full": True} if answer.code is None:
                return True
            case _:
                return False

    async def _obey(self, command: Command) -> str:
        if command.text.strip().casefold() != "link":
            return f"`/soar link` binds this account to you. Questions wait at {self._office.url}/approvals"
        sender, at = command.sender, self._office.clock.now()
        code = await self._store.write(
            self._workspace,
            lambda unit: offer_link(
                unit, CONNECTION, sender.team, sender.account, randomness=self._office.randomness, at=at
            ),
        )
        return f"Within 10 minutes, logged in as yourself: soar chat link {code}"

    def _find(self, unit: Unit, request: Press | Submission) -> _Known | _Unfit:
        claim, sender, at = request.claim, request.sender, self._office.clock.now()
        card, approval = unit.posted_cards.get(claim.approval), unit.approvals.get(claim.approval)
        if card is None or approval is None or not hmac.compare_digest(card.nonce.encode(), claim.nonce.encode()):
            return self._refuse(unit, request, None, "this is no card of ours")
        account = unit.chat_accounts.find(CONNECTION, sender.team, sender.account)
        user = unit.users.get(account.user) if account else None
        if user is None or not user.may_act(at):
            return self._refuse(unit, request, card, "Your Slack account is not linked: /soar link")
        principal = self._speak_as(user)
        if Permission.APPROVAL_VOTE not in list_permissions(principal, roles=self._roles):
            return self._refuse(unit, request, card, "No role that you hold everywhere may vote.")
        return _Known(principal, approval, card)

    def _speak_as(self, user: User) -> Principal:
        return Principal(
            kind=PrincipalKind.USER,
            id=user.id,
            name=user.name,
            workspace=self._workspace,
            roles=user.roles,
            teams=user.teams,
            via=CONNECTION,
        )

    def _refuse(self, unit: Unit, request: Press | Submission, card: PostedCard | None, reason: str) -> _Unfit:
        """Put a refusal down; the sender is named by Slack's ids, as nobody is known behind them."""
        sender = request.sender
        event = AuditEvent(
            type="approval.voted",
            outcome=Outcome.DENIED,
            actor=Actor(
                kind="chat_account", id=f"{CONNECTION}:{sender.team}:{sender.account}", name="", via=CONNECTION
            ),
            target={"kind": "approval", "id": clean(request.claim.approval)},
            reason=reason,
        )
        record(unit, event, at=self._office.clock.now(), id=self._office.ids.new("ev"))
        return _Unfit(reason, card)

    async def _vote(self, known: _Known, request: Submission) -> None:
        if not await self.is_member(request.sender.account):
            reason = "Guests, bots and people from elsewhere decide nothing."
            unfit = await self._store.write(
                self._workspace, lambda unit: self._refuse(unit, request, known.card, reason)
            )
            await self._whisper(known.card, request.sender, unfit.reason)
            return
        ballot = _read_ballot(known.approval, request)
        outcome = await self._store.write(
            self._workspace,
            lambda unit: self._approvals.vote(
                unit, known.approval.id, known.principal, ballot, self._office.clock.now()
            ),
        )
        if isinstance(outcome, Refusal):
            more = f" {self._office.url}/approvals/{known.approval.id}" if outcome.code == "assurance_missing" else ""
            await self._whisper(known.card, request.sender, outcome.reason + more)
            return
        for kind, subject in (("approval", outcome.id), ("run", outcome.run), ("message", outcome.channel)):
            self._office.announcer.announce(self._workspace, kind, subject)

    async def _whisper(self, card: PostedCard | None, sender: Sender, text: str) -> None:
        if card is not None and card.place:
            await self._call("whisper", {"channel": card.place, "user": sender.account, "text": clean(text)})

    async def _call(self, name: str, arguments: dict[str, JsonValue], approval: Approval | None = None) -> ActionAnswer:
        call = make_call(self._workspace, approval, name, arguments, self._office.ids.new("call"))
        answer = await self._office.host.call(call)
        if answer.code is not None:
            self._office.report(approval.id if approval else "", answer.message)
        return answer


def _read_ballot(approval: Approval, request: Submission) -> Ballot:
    """Return a dialog as a ballot; what has to be typed counts as it is shown there, too."""
    typed = request.confirm.strip()
    confirm = approval.confirm if typed == fence(approval.confirm) else typed
    return Ballot(
        choice=request.claim.choice, digest=approval.digest, comment=request.comment.strip() or None, confirm=confirm
    )
