"""Who somebody in a chat is, and what comes of their votes and commands, whichever chat it is."""

import hmac
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.approvals.claim import Claim, Wish, WishKind
from soar.approvals.commands import Command, Misunderstood, Verb, parse_command
from soar.approvals.conduct import Conduct
from soar.approvals.console import Console, Said, Speaker
from soar.approvals.decide import Ballot, Refusal, shown_digest
from soar.approvals.hostile import clean, fence, flatten
from soar.approvals.linking import offer_link
from soar.approvals.parts import confirmation_of
from soar.approvals.platform import Office, Platform
from soar.approvals.replays import REPLAYED, remember, was_heard
from soar.approvals.service import ApprovalService
from soar.audit.record import record
from soar.model.approval import Approval
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.chat import HeardEvent, PostedCard
from soar.model.identity import Principal, PrincipalKind, User
from soar.model.process import ActionAnswer
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.store import Unit

Undo = Callable[[Unit, Principal, str, str, str, datetime], Said]
"""Takes back, for a person, what a run holds, or one step of it, for a reason; returns what came of it."""


_MENDABLE = frozenset({"confirm_missing", "comment_missing"})  # the dialog stays open, to be filled in anew
_SENT_AGAIN = "This came before, and counts once. Write it anew."
_DECIDING = frozenset({Verb.APPROVE, Verb.DENY, Verb.TAKE_BACK, Verb.EXTEND, Verb.UNDO, Verb.FREEZE, Verb.UNFREEZE})


def find_decision(command: Command | Misunderstood | None) -> str | None:
    """Return what a command that would change something is about; None for any other."""
    if isinstance(command, Command) and command.verb in _DECIDING:
        return command.code or command.words
    return None


@dataclass(frozen=True, slots=True)
class ChatSender:
    """Who did something in a chat, by the platform's own ids; never by a name or a mail address.

    Attributes:
        team: where the account is.
        account: theirs.
        interaction: what they did; the same one counts once. Empty where its desk remembers it.
    """

    team: str
    account: str
    interaction: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """A person behind an account, and the card that they act on."""

    principal: Principal
    approval: Approval
    card: PostedCard


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why something does not count, for its sender; without a card there is no place to say it."""

    reason: str
    card: PostedCard | None = None


class ChatDesk:
    """Counts votes and answers commands of people in one chat.

    They act as the person to whom their account is linked, with the roles that they hold everywhere; what
    `ApprovalService.vote` refuses is refused. Every refusal is in the audit.

    Args:
        platform: which chat.
        office: what it works with.
        approvals: counts votes.
        console: answers commands.
        roles: permissions of each role.
        undo: takes back what a run holds.
    """

    def __init__(
        self,
        platform: Platform,
        office: Office,
        *,
        approvals: ApprovalService,
        console: Console,
        roles: RoleTable,
        undo: Undo,
    ) -> None:
        self.platform = platform
        self._office = office
        self._store, self._workspace = office.store, office.workspace
        self._approvals = approvals
        self._conduct = Conduct(approvals=approvals, ids=office.ids)
        self._console = console
        self._roles = roles
        self._undo = undo

    async def is_member(self, account: str) -> bool:
        """Whether an account is a full member's: no guest's, no bot's, nobody's from elsewhere."""
        answer = await self.call("member", {"user": account})
        match answer.output:
            case {"team": self.platform.team, "is_full": True} if answer.code is None:
                return True
            case _:
                return False

    async def find(self, sender: ChatSender, claim: Claim | Wish) -> Known | Unfit:
        """Return who wants what of which question; why they may not have it is in the audit."""
        return await self._store.write(self._workspace, lambda unit: self._find(unit, sender, claim))

    async def vote(self, sender: ChatSender, claim: Claim, *, confirm: str, comment: str) -> Unfit | None:
        """Count a vote.

        Args:
            sender: who gives it.
            claim: what the card's button carried.
            confirm: what they typed as confirmation.
            comment: why, in their words.

        Returns:
            Why it does not count; None if it does.
        """
        known = await self._find_member(sender, claim)
        if isinstance(known, Unfit):
            return known
        ballot = _read_ballot(known.approval, claim, confirm, comment)
        outcome = await self._store.write(self._workspace, lambda unit: self._count(unit, sender, claim, known, ballot))
        if isinstance(outcome, Unfit):
            return outcome
        if isinstance(outcome, Refusal):
            more = f" {self._office.url}/approvals/{known.approval.id}" if outcome.code == "assurance_missing" else ""
            return Unfit(outcome.reason + more, known.card)
        self._office.announce_decision(outcome)
        return None

    def _count(
        self, unit: Unit, sender: ChatSender, claim: Claim, known: Known, ballot: Ballot
    ) -> Approval | Refusal | Unfit:
        if self._was_heard(unit, sender):
            return self._refuse(unit, sender, claim, known.card, REPLAYED)
        outcome = self._approvals.vote(unit, known.approval.id, known.principal, ballot, self._office.clock.now())
        if not (isinstance(outcome, Refusal) and outcome.code in _MENDABLE):
            self._remember(unit, sender)
        return outcome

    async def grant(self, sender: ChatSender, wish: Wish, text: str) -> Unfit | None:
        """Ask first, or take back what was done.

        Args:
            sender: who wants it.
            wish: what the card's button carried.
            text: what they want to know, or why.

        Returns:
            Why nothing came of it; None if something did.
        """
        known = await self._find_member(sender, wish)
        if isinstance(known, Unfit):
            return known
        said = await self._store.write(self._workspace, lambda unit: self._grant(unit, sender, known, wish, text))
        if isinstance(said, Unfit):
            return said
        if said.changed is None and not said.news:
            return Unfit(said.text, known.card)
        self._announce(said)
        return None

    def _grant(self, unit: Unit, sender: ChatSender, known: Known, wish: Wish, text: str) -> Said | Unfit:
        if self._was_heard(unit, sender):
            return self._refuse(unit, sender, wish, known.card, REPLAYED)
        self._remember(unit, sender)
        approval, principal, at = known.approval, known.principal, self._office.clock.now()
        match wish.kind:
            case WishKind.ASK:
                outcome = self._conduct.inquire(unit, approval.id, principal, text, at)
                return Said(outcome.reason) if isinstance(outcome, Refusal) else Said("", outcome)
            case WishKind.UNDO:
                reason = flatten(text) or "undo in chat"
                said = self._undo(unit, principal, approval.run, approval.step, reason, at)
                if said.news:
                    for card in unit.posted_cards.of(approval.id):
                        unit.posted_cards.update(replace(card, is_done=False, due_at=at))
                return said
            case _:
                assert_never(wish.kind)

    async def obey(self, sender: ChatSender, text: str) -> str | None:
        """Carry out a command such as `!approve ab12`, and return the answer, for its sender; None if it is none.

        Guests, bots and people from elsewhere are answered as if their account were not linked.
        """
        command = parse_command(text)
        if command is None:
            return None
        if await self._came_before(sender, command):
            return _SENT_AGAIN
        is_full = await self.is_member(sender.account)
        if isinstance(command, Command) and command.verb is Verb.LINK and is_full:
            return await self._offer_link(sender)
        said = await self._store.write(
            self._workspace, lambda unit: self._answer(unit, sender, command, text, is_full=is_full)
        )
        if said is None:
            return None
        self._announce(said)
        return said.text

    async def _came_before(self, sender: ChatSender, command: Command | Misunderstood) -> bool:
        """Whether a command came before, where its desk does not remember that by itself."""
        if not sender.interaction:
            return False
        return await self._store.write(self._workspace, lambda unit: self._is_replay(unit, sender, command))

    def _is_replay(self, unit: Unit, sender: ChatSender, command: Command | Misunderstood) -> bool:
        """Whether a command came before; puts that down if so, and remembers it if not."""
        if not self._was_heard(unit, sender):
            self._remember(unit, sender)
            return False
        about = find_decision(command)
        deed = "access.denied" if about is None else "approval.voted"
        self.note_refusal(unit, sender, about or "", REPLAYED, deed=deed)
        return True

    def _was_heard(self, unit: Unit, sender: ChatSender) -> bool:
        return was_heard(unit, self.platform.connection, sender.interaction)

    def _remember(self, unit: Unit, sender: ChatSender) -> None:
        platform, at = self.platform.connection, self._office.clock.now()
        remember(unit, HeardEvent(platform=platform, id=sender.interaction, account=sender.account, at=at))

    def _announce(self, said: Said) -> None:
        if said.changed is not None:
            self._office.announce_decision(said.changed)
        for kind, subject in said.news:
            self._office.announcer.announce(self._workspace, kind, subject)

    async def _find_member(self, sender: ChatSender, claim: Claim | Wish) -> Known | Unfit:
        """Return like `find`, and ask the chat whether it is a full member's account."""
        known = await self.find(sender, claim)
        if isinstance(known, Unfit) or await self.is_member(sender.account):
            return known
        reason = "Guests, bots and people from elsewhere decide nothing."
        return await self._store.write(
            self._workspace, lambda unit: self._refuse(unit, sender, claim, known.card, reason)
        )

    async def call(self, name: str, arguments: dict[str, JsonValue], approval: Approval | None = None) -> ActionAnswer:
        """Call an action of the chat's connector; a failure is reported, and in the answer."""
        answer = await self._office.call(self.platform, approval, name, arguments)
        if answer.code is not None:
            self._office.report(approval.id if approval else "", answer.message)
        return answer

    async def whisper(self, unfit: Unfit, sender: ChatSender) -> None:
        """Tell somebody why something does not count, where its card is."""
        if unfit.card is not None and unfit.card.place:
            await self.call(
                "whisper", {"channel": unfit.card.place, "user": sender.account, "text": clean(unfit.reason)}
            )

    async def _offer_link(self, sender: ChatSender) -> str:
        at = self._office.clock.now()
        code = await self._store.write(
            self._workspace,
            lambda unit: offer_link(
                unit,
                self.platform.connection,
                sender.team,
                sender.account,
                randomness=self._office.randomness,
                at=at,
            ),
        )
        return f"Within 10 minutes, logged in as yourself: soar chat link {code}"

    def _answer(
        self, unit: Unit, sender: ChatSender, command: Command | Misunderstood, text: str, *, is_full: bool
    ) -> Said | None:
        at = self._office.clock.now()
        user = self._find_user(unit, sender, at) if is_full else None
        if user is None and (about := find_decision(command)) is not None:
            self.note_refusal(unit, sender, about, "nobody is known behind this account")
        if user is None and isinstance(command, Command) and command.verb is not Verb.HELP:
            return Said(self._say_unlinked())
        speaker = self._introduce(unit, self._speak_as(user), at) if user else None
        return self._console.answer_command(unit, speaker, self.platform.title, text, at)

    def _say_unlinked(self) -> str:
        return f"Your {self.platform.title} account is not linked: {self.platform.link_command}"

    def _introduce(self, unit: Unit, principal: Principal, at: datetime) -> Speaker:
        may = list_permissions(principal, roles=self._roles)
        return Speaker(
            principal=principal,
            assurance=Assurance.LINKED,
            may_see=lambda _approval: Permission.APPROVAL_READ in may,
            over=lambda _approval: principal if Permission.APPROVAL_VOTE in may else None,
            undo=lambda run, step: self._undo(unit, principal, run, step, "undo in chat", at),
            may_freeze=Permission.FREEZE_WRITE in may,
        )

    def _find(self, unit: Unit, sender: ChatSender, claim: Claim | Wish) -> Known | Unfit:
        card, approval = self._find_card(unit, claim), unit.approvals.get(claim.approval)
        if self._was_heard(unit, sender):
            return self._refuse(unit, sender, claim, card, REPLAYED)
        if card is None or approval is None:
            return self._refuse(unit, sender, claim, None, "this is no card of ours")
        user = self._find_user(unit, sender, self._office.clock.now())
        if user is None:
            return self._refuse(unit, sender, claim, card, self._say_unlinked())
        principal = self._speak_as(user)
        _, permission = _name_deed(claim)
        if permission not in list_permissions(principal, roles=self._roles):
            what = "take things back" if permission is Permission.RESPONSE_LIFT else "vote"
            return self._refuse(unit, sender, claim, card, f"No role that you hold everywhere may {what}.")
        return Known(principal, approval, card)

    def _find_card(self, unit: Unit, claim: Claim | Wish) -> PostedCard | None:
        """Return the card in this chat whose button carried this; None if none of ours did."""
        ours = (card for card in unit.posted_cards.of(claim.approval) if card.channel.startswith(self.platform.prefix))
        nonce = claim.nonce.encode()
        return next((card for card in ours if card.nonce and hmac.compare_digest(card.nonce.encode(), nonce)), None)

    def _find_user(self, unit: Unit, sender: ChatSender, at: datetime) -> User | None:
        account = unit.chat_accounts.find(self.platform.connection, sender.team, sender.account)
        user = unit.users.get(account.user) if account else None
        return user if user is not None and user.may_act(at) else None

    def _speak_as(self, user: User) -> Principal:
        return Principal(
            kind=PrincipalKind.USER,
            id=user.id,
            name=user.name,
            workspace=self._workspace,
            roles=user.roles,
            teams=user.teams,
            via=self.platform.connection,
        )

    def _refuse(
        self, unit: Unit, sender: ChatSender, claim: Claim | Wish, card: PostedCard | None, reason: str
    ) -> Unfit:
        if not self._was_heard(unit, sender):
            self._remember(unit, sender)
        self.note_refusal(unit, sender, claim.approval, reason, deed=_name_deed(claim)[0])
        return Unfit(reason, card)

    def note_refusal(
        self, unit: Unit, sender: ChatSender, about: str, reason: str, *, deed: str = "approval.voted"
    ) -> None:
        """Put down that something does not count; its sender is named by the platform's ids, not by a person's.

        Args:
            unit: the transaction.
            sender: whose.
            about: id or code of a question, as they gave it.
            reason: why not.
            deed: what the audit calls what they wanted.
        """
        connection = self.platform.connection
        event = AuditEvent(
            type=deed,
            outcome=Outcome.DENIED,
            actor=Actor(
                kind="chat_account", id=f"{connection}:{sender.team}:{sender.account}", name="", via=connection
            ),
            target={"kind": "approval", "id": clean(about)},
            reason=reason,
        )
        record(unit, event, at=self._office.clock.now(), id=self._office.ids.new("ev"))


def _name_deed(claim: Claim | Wish) -> tuple[str, Permission]:
    """Return what the audit calls that somebody wants this, and what it takes."""
    match claim:
        case Claim():
            return "approval.voted", Permission.APPROVAL_VOTE
        case Wish(kind=WishKind.ASK):
            return "approval.inquired", Permission.APPROVAL_VOTE
        case Wish():
            return "response.lift_requested", Permission.RESPONSE_LIFT


def _read_ballot(approval: Approval, claim: Claim, confirm: str, comment: str) -> Ballot:
    """Return a vote as a ballot; what has to be typed counts as it is shown there, too."""
    typed = confirm.strip()
    wanted = confirmation_of(approval)
    typed = wanted if typed == fence(wanted) else typed
    return Ballot(choice=claim.choice, digest=shown_digest(approval), comment=comment.strip() or None, confirm=typed)
