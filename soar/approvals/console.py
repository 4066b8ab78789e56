"""Text commands carried out and answered, whichever chat they were typed in."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from soar.approvals.brake import Answer, Brake, Operator
from soar.approvals.channels import post_direct
from soar.approvals.commands import (
    HELP,
    Command,
    Misunderstood,
    Verb,
    parse_command,
    split_confirmation,
    suggest_code,
)
from soar.approvals.conduct import Conduct
from soar.approvals.decide import (
    LEVELS,
    Ballot,
    Refusal,
    deciders,
    find_refusal,
    name_all,
    say_outcome,
    shown_digest,
)
from soar.approvals.parts import confirmation_of
from soar.approvals.service import ApprovalService
from soar.expr import ExpressionError, parse_duration
from soar.model.approval import Approval, ApprovalStatus, VoteChoice
from soar.model.identity import Principal
from soar.model.ids import Ids
from soar.model.step import Assurance
from soar.store import Unit

_OPEN = 1_000
_SHOWN = 10
_TOLD = 3
_DEFAULT_EXTENSION = "15m"


@dataclass(frozen=True, slots=True)
class Said:
    """The answer for the thread, and what has changed.

    Attributes:
        changed: the question that did, if one did.
        news: what else did, as kind and id.
    """

    text: str
    changed: Approval | None = None
    news: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A person whom a chat has proved to us, and what they may reach.

    Attributes:
        principal: as authenticated, with `via` saying from where.
        assurance: how sure we are of who it is, not counting what is typed.
        may_see: whether they may see a question.
        over: them with the roles that they hold over a question; None if they may not vote on it at all.
        undo: takes back what a run holds, all of it or that of one step, and says what came of it.
        may_freeze: whether they may stop writes, and let them go on.
        has_proved: whether they have proved within the last five minutes who they are.
    """

    principal: Principal
    assurance: Assurance
    may_see: Callable[[Approval], bool]
    over: Callable[[Approval], Principal | None]
    undo: Callable[[str, str], Said]
    may_freeze: bool = False
    has_proved: bool = False


class Console:
    """Answers text commands.

    Args:
        approvals: asks and counts.
        conduct: takes back, passes on, extends.
        ids: new identifiers.
        url: how people reach us, without a slash at the end.
        brake: stops writes.
    """

    def __init__(self, *, approvals: ApprovalService, conduct: Conduct, ids: Ids, url: str, brake: Brake) -> None:
        self._approvals = approvals
        self._brake = brake
        self._conduct = conduct
        self._ids = ids
        self._url = url

    def answer_command(self, unit: Unit, person: Speaker | None, channel: str, text: str, at: datetime) -> Said | None:
        """Do what a message asks for and return the answer; None if the message is no command.

        Args:
            unit: the transaction.
            person: who wrote it; None if nobody has linked the account.
            channel: what people call the chat, such as `Mattermost`.
            text: the message; hostile.
            at: the moment.
        """
        command = parse_command(text)
        if command is None:
            return None
        if isinstance(command, Misunderstood):
            return Said(command.reply)
        if command.verb is Verb.HELP:
            return Said(HELP)
        if person is None:
            return Said(f"Your {channel} account is not linked: !link")
        return self._perform(unit, person, channel, command, at)

    def _perform(self, unit: Unit, person: Speaker, channel: str, command: Command, at: datetime) -> Said:
        match command.verb:
            case Verb.HELP:
                return Said(HELP)
            case Verb.WHOAMI:
                roles = ", ".join(sorted(person.principal.roles)) or "no role"
                return Said(f"You are {person.principal.name} ({roles}), from {channel}.")
            case Verb.LINK:
                return Said(f"Your {channel} account is linked to {person.principal.name} already.")
            case Verb.PENDING:
                return Said(_list_open(_find_open(unit, person), at))
            case Verb.UNDO:
                run, _, step = command.words.partition(" ")
                return person.undo(run, step.strip()) if run else Said("Which run? !undo run_31x8 isolate")
            case Verb.FREEZE:
                return _say_braked(self._brake.pull(unit, _as_operator(person), command.words, at))
            case Verb.UNFREEZE:
                return _say_braked(self._brake.release(unit, _as_operator(person), command.words, at))
            case Verb.APPROVE | Verb.DENY | Verb.TAKE_BACK | Verb.ASK | Verb.SHOW | Verb.EXTEND:
                return self._perform_on(unit, person, command, at)
            case _:
                assert_never(command.verb)

    def _perform_on(self, unit: Unit, person: Speaker, command: Command, at: datetime) -> Said:
        approval = unit.approvals.find_code(command.code)
        if approval is None or not person.may_see(approval):
            return Said(_say_missing(command.code, _find_open(unit, person), at))
        if command.verb is Verb.SHOW:
            return Said(self._show(approval, at))
        principal = person.over(approval)
        if principal is None:
            return Said(f"You may not decide {approval.code}: your roles do not reach it.")
        outcome = self._decide(unit, person, principal, approval, command, at)
        if isinstance(outcome, Approval):
            return Said(_say_done(command.verb, outcome), outcome)
        if isinstance(outcome, str):
            return Said(outcome)
        return Said(self._explain(unit, person, approval, outcome, at))

    def _decide(
        self, unit: Unit, person: Speaker, principal: Principal, approval: Approval, command: Command, at: datetime
    ) -> Approval | Refusal | str:
        match command.verb:
            case Verb.TAKE_BACK:
                return self._conduct.take_back(unit, approval.id, principal, at)
            case Verb.ASK:
                return self._conduct.inquire(unit, approval.id, principal, command.words, at)
            case Verb.EXTEND:
                more = _read_length(command.words or _DEFAULT_EXTENSION)
                if more is None:
                    return f"How much more? !extend {approval.code} 15m"
                return self._conduct.extend(unit, approval.id, principal, more, at)
            case _:
                ballot = _read_ballot(approval, command)
                return self._approvals.vote(unit, approval.id, principal, ballot, at, assurance=person.assurance)

    def _explain(self, unit: Unit, person: Speaker, approval: Approval, refusal: Refusal, at: datetime) -> str:
        """Say why something does not count, and what would."""
        code = approval.code
        match refusal.code:
            case "confirm_missing":
                typed = confirmation_of(approval)
                what = "the name" if typed in approval.card.targets else "this typed"
                return f"{code} needs {what}: !approve {code} {typed} your comment"
            case "comment_missing":
                return f"{code} needs a comment: say it behind the code."
            case "assurance_missing":
                return f"{code} needs a fresh login: {self._url}/a/{code}"
            case "is_question":
                return f"{refusal.reason} {self._url}/a/{code}"
            case "not_allowed":
                told = self._tell_deciders(unit, person, approval, at)
                return f"{refusal.reason} I have told {', '.join(told)}." if told else refusal.reason
            case _:
                return refusal.reason

    def _tell_deciders(self, unit: Unit, person: Speaker, approval: Approval, at: datetime) -> tuple[str, ...]:
        """Tell those who may decide, once for each who tried and may not; return their names."""
        if approval.status is not ApprovalStatus.PENDING:
            return ()
        able = [each for each in self._approvals.list_voters(unit, at) if find_refusal(approval, each, at) is None]
        told = sorted(able, key=lambda voter: voter.name)[:_TOLD]
        for voter in told:
            text = f"waits for you: {approval.card.question} {person.principal.name} wanted to decide it and may not."
            key = f"called:{person.principal.id}"
            post_direct(unit, approval, voter.email, text, key=key, ids=self._ids, at=at)
        return tuple(voter.name for voter in told)

    def _show(self, approval: Approval, at: datetime) -> str:
        card = approval.card
        if approval.status is not ApprovalStatus.PENDING:
            return f"{approval.code}: {card.question} {say_outcome(approval)}."
        what = f"{card.action} on {', '.join(card.targets[:_TOLD])}" if card.targets else card.action or "a gate"
        yes = sum(vote.choice is VoteChoice.APPROVE for vote in approval.votes)
        return (
            f"{approval.code}: {card.question} {what} · {yes} of {approval.quorum} yes · "
            f"{name_all(deciders(approval))} · {_minutes_left(approval, at)} min left · {self._url}/a/{approval.code}"
        )


def _as_operator(person: Speaker) -> Operator:
    return Operator(principal=person.principal, may_freeze=person.may_freeze, has_proved=person.has_proved)


def _say_braked(answer: Answer) -> Said:
    text, freeze = answer
    return Said(text, news=(("freeze", freeze),) if freeze else ())


def _find_open(unit: Unit, person: Speaker) -> list[Approval]:
    found = unit.approvals.list(_OPEN, status=ApprovalStatus.PENDING).items
    return [approval for approval in found if approval.merged_into is None and person.may_see(approval)]


def _read_ballot(approval: Approval, command: Command) -> Ballot:
    if command.verb is Verb.DENY:
        return Ballot(VoteChoice.DENY, shown_digest(approval), comment=command.words or None)
    needs_typing = LEVELS.index(approval.assurance) >= LEVELS.index(Assurance.CONFIRMED)
    typed, comment = split_confirmation(confirmation_of(approval) if needs_typing else "", command.words)
    return Ballot(VoteChoice.APPROVE, shown_digest(approval), comment=comment or None, confirm=typed)


def _read_length(text: str) -> timedelta | None:
    try:
        return parse_duration(text)
    except ExpressionError:
        return None


def _minutes_left(approval: Approval, at: datetime) -> int:
    return max(0, int((approval.expires_at - at).total_seconds() // 60))


def _say_target(approval: Approval) -> str:
    targets = approval.card.targets
    return targets[0] if len(targets) == 1 else f"{approval.card.target_count} targets" if targets else "no target"


def _say_missing(code: str, others: Sequence[Approval], at: datetime) -> str:
    by_code = {approval.code: approval for approval in others}
    near = suggest_code(code, by_code)
    said = f"No open request {code}."
    if near is None:
        return f"{said} !pending lists what is open."
    found = by_code[near]
    return f"{said} Did you mean {near} ({_say_target(found)}, {_minutes_left(found, at)} min left)?"


def _list_open(found: Sequence[Approval], at: datetime) -> str:
    if not found:
        return "Nothing is open."
    listed = [f"{each.code} {each.card.question} ({_minutes_left(each, at)} min left)" for each in found[:_SHOWN]]
    more = len(found) - len(listed)
    return " · ".join(listed) + (f" · and {more} more" if more else "")


def _say_done(verb: Verb, approval: Approval) -> str:
    code = approval.code
    yes = sum(vote.choice is VoteChoice.APPROVE for vote in approval.votes)
    match verb:
        case Verb.ASK:
            return f"{code}: asked. The time runs on."
        case Verb.EXTEND:
            return f"{code}: until {approval.expires_at:%H:%M}."
        case Verb.TAKE_BACK:
            return f"{code}: your vote is taken back; {yes} of {approval.quorum} yes."
        case _ if approval.status is ApprovalStatus.PENDING:
            return f"{code}: your vote counts; {yes} of {approval.quorum} yes."
        case _:
            return f"{code}: {say_outcome(approval)}."
