"""The rules of a decision. Pure: an approval and a vote or an answer in, what it comes to out."""

import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from soar.approvals.answers import read_answers
from soar.approvals.parts import confirmation_of, find_fault
from soar.model.approval import APPROVAL_TRANSITIONS, Approval, ApprovalStatus, Reply, Vote, VoteChoice
from soar.model.canonical import digest
from soar.model.errors import FieldFault
from soar.model.step import Assurance
from soar.model.values import JsonValue

LEVELS = tuple(Assurance)
"""From the weakest to the strongest."""
_SAID = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Voter:
    """A person who wants to vote, as we know them.

    Attributes:
        id: of the user; authority hangs on it.
        assurance: the strongest level that this request proves, not counting what is typed.
        groups: names and ids of the groups and teams that they belong to.
        duties: names of the rotas by which they are on call; that is nothing to lend.
        givers: whom they may vote for besides, each with the roles that can be lent.
    """

    id: str
    name: str
    email: str
    roles: Collection[str]
    assurance: Assurance
    groups: Collection[str] = ()
    duties: Collection[str] = ()
    givers: "tuple[Voter, ...]" = ()


@dataclass(frozen=True, slots=True)
class Ballot:
    """What was sent.

    Attributes:
        digest: of what the voter was shown; anything else than what would be executed is refused.
        confirm: what the voter typed as confirmation.
        only: the targets that a yes is for, where not for all that are allowed so far.
    """

    choice: VoteChoice
    digest: str
    comment: str | None = None
    confirm: str | None = None
    only: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a vote or an answer does not count.

    Attributes:
        code: `already_decided`, `already_voted`, `not_allowed`, `excluded_initiator`, `expired`, …
        reason: one sentence for the voter, with the next step.
        faults: the answers concerned, if it is about some of them.
    """

    code: str
    reason: str
    faults: tuple[FieldFault, ...] = ()


def cast_vote(approval: Approval, voter: Voter, ballot: Ballot, *, at: datetime, via: str) -> Approval | Refusal:
    """Return the approval with the vote counted, or why it is not."""
    if approval.is_question:
        wanted = ", ".join(approval.fields)
        return Refusal("is_question", f"{approval.code} asks for facts and takes no vote; answer {wanted}.")
    refusal = find_refusal(approval, voter, at) or _check_ballot(approval, voter, ballot)
    if refusal is not None:
        return refusal
    seat = _find_seat(approval, voter)
    giver = seat if seat is not voter else None
    vote = Vote(
        user=voter.id,
        name=voter.name,
        roles=tuple(sorted(voter.roles)),
        choice=ballot.choice,
        assurance=prove(approval, voter, ballot),
        via=via,
        at=at,
        comment=ballot.comment or None,
        for_user=giver.id if giver else None,
        for_name=giver.name if giver else None,
        only=ballot.only,
    )
    return _count(replace(approval, votes=(*approval.votes, vote), version=approval.version + 1), at)


def take_answers(
    approval: Approval, voter: Voter, given: Mapping[str, JsonValue], *, at: datetime, via: str
) -> Approval | Refusal:
    """Return the question answered, or why it is not.

    Args:
        approval: the question.
        voter: who answers.
        given: by field, as it came in.
        at: the moment.
        via: where it came from.
    """
    if not approval.is_question:
        return Refusal("is_approval", f"{approval.code} asks for a yes or a no, not for facts; approve or deny it.")
    refusal = find_refusal(approval, voter, at)
    if refusal is not None:
        return refusal
    answers, faults = read_answers(approval.fields, given)
    if faults:
        wrong = "; ".join(f"{fault.pointer.removeprefix('/answers/')}: {fault.message}" for fault in faults)
        return Refusal("answers_invalid", f"The answers to {approval.code} do not fit: {wrong}.", faults=faults)
    reply = Reply(user=voter.id, name=voter.name, roles=tuple(sorted(voter.roles)), via=via, at=at, answers=answers)
    return _close(replace(approval, reply=reply, version=approval.version + 1), ApprovalStatus.ANSWERED, at)


def find_refusal(approval: Approval, voter: Voter, at: datetime) -> Refusal | None:
    """Return why this person may not vote on or answer this now, whatever they would say; None if they may."""
    refusal = find_closed(approval, at) or find_exclusion(approval, voter)
    if refusal is not None:
        return refusal
    seats = _list_seats(approval, voter)
    if not seats:
        wanted = name_all(deciders(approval))
        held = ", ".join(sorted(voter.roles)) or "no role"
        verb = "answer" if approval.is_question else "decide"
        return Refusal("not_allowed", f"You may not {verb} {approval.code}: it needs {wanted} (you: {held}).")
    if _find_seat(approval, voter) is None:
        return Refusal("already_voted", _say_voted(approval, voter))
    return None


def find_closed(approval: Approval, at: datetime) -> Refusal | None:
    """Return why nothing can be done about this question; None if something can."""
    if not APPROVAL_TRANSITIONS[approval.status]:
        when = f", since {approval.decided_at:%H:%M}" if approval.decided_at else ""
        return Refusal("already_decided", f"{approval.code} is closed already{when}: {say_outcome(approval)}.")
    if at >= approval.expires_at:
        return Refusal("expired", f"{approval.code} has expired; {_say_silence(approval)}.")
    return None


def find_exclusion(approval: Approval, voter: Voter) -> Refusal | None:
    """Return why this person has no say in this question, whatever their roles are; None if they may have one."""
    if voter.id in approval.exclude_users:
        why = approval.exclude_users[voter.id]
        return Refusal(f"excluded_{why}", f"You may not decide {approval.code}: {_EXCLUSIONS.get(why, why)}.")
    for giver in voter.givers:
        if giver.id in approval.exclude_users:
            said = f"you stand in for {giver.name}, who may not"
            return Refusal("excluded_delegate", f"You may not decide {approval.code}: {said}.")
    return None


def _list_seats(approval: Approval, voter: Voter) -> list[Voter]:
    """Return as whom somebody could vote: themselves, or whom they stand in for; facts are their own alone."""
    candidates = (voter,) if approval.is_question else (voter, *voter.givers)
    allowed = deciders(approval)
    return [each for each in candidates if any(is_meant(principal, each) for principal in allowed)]


def _find_seat(approval: Approval, voter: Voter) -> Voter | None:
    """Return as whom somebody votes; None if they, or all they could vote for, have had their say."""
    heard = frozenset[str]().union(*(vote.people for vote in approval.votes))
    if voter.id in heard:
        return None
    return next((seat for seat in _list_seats(approval, voter) if seat.id not in heard), None)


def _say_voted(approval: Approval, voter: Voter) -> str:
    proxy = next((vote.name for vote in approval.votes if vote.for_user == voter.id), None)
    if proxy is not None:
        return f"{proxy} has voted on {approval.code} for you; it needs somebody else, too."
    return f"You have voted on {approval.code} already; it needs somebody else, too."


def _say_silence(approval: Approval) -> str:
    return "nobody answered in time" if approval.is_question else "the answer was no"


_EXCLUSIONS = {
    "initiator": "you started this, so somebody else has to agree",
    "author": "you wrote the playbook, so somebody else has to agree",
    "publisher": "you published the playbook, so somebody else has to agree",
    "target": "it is about you",
}


def _check_ballot(approval: Approval, voter: Voter, ballot: Ballot) -> Refusal | None:
    if not hmac.compare_digest(ballot.digest.encode(), shown_digest(approval).encode()):
        return Refusal("digest_differs", "What you were shown is not what would be done; load the request again.")
    says_no = ballot.choice is VoteChoice.DENY
    is_required = approval.comment == "required" or (approval.comment == "required_on_deny" and says_no)
    if is_required and not (ballot.comment or "").strip():
        return Refusal("comment_missing", f"{approval.code} needs a comment.")
    if says_no:
        return Refusal("subset_denied", "A no is a no to all of it.") if ballot.only else None
    fault = find_fault(approval, ballot.only)
    if fault is not None:
        return Refusal(*fault)
    if _needs_confirmation(approval) and not is_confirmed(approval, ballot):
        return Refusal(
            "confirm_missing", f"{approval.code} needs you to type {confirmation_of(approval, ballot.only)}."
        )
    if approval.assurance is Assurance.MFA and voter.assurance is not Assurance.MFA:
        return Refusal("assurance_missing", f"{approval.code} needs a proof of identity by a second factor.")
    return None


def shown_digest(approval: Approval) -> str:
    """Return what a vote must name: the digest of the question, or of all that are decided together with it."""
    members = approval.course.members
    return digest([approval.digest, *(member.digest for member in members)]) if members else approval.digest


def _needs_confirmation(approval: Approval) -> bool:
    return bool(approval.confirm) and LEVELS.index(approval.assurance) >= LEVELS.index(Assurance.CONFIRMED)


def is_confirmed(approval: Approval, ballot: Ballot) -> bool:
    """Whether what a voter typed is what has to be typed for this."""
    return (ballot.confirm or "").strip().casefold() == confirmation_of(approval, ballot.only).strip().casefold()


def prove(approval: Approval, voter: Voter, ballot: Ballot) -> Assurance:
    """Return how sure we are of a voter: what the request proves, and what they typed."""
    if voter.assurance is Assurance.MFA:
        return Assurance.MFA
    has_typed = bool(approval.confirm) and is_confirmed(approval, ballot)
    return Assurance.CONFIRMED if has_typed else voter.assurance


def _count(approval: Approval, at: datetime) -> Approval:
    """Close the question if the votes decide it."""
    against = sum(vote.choice is VoteChoice.DENY for vote in approval.votes)
    in_favour = len({vote.user for vote in approval.votes if vote.choice is VoteChoice.APPROVE})
    if against and approval.has_veto:
        return _close(approval, ApprovalStatus.DENIED, at)
    if in_favour >= approval.quorum:
        return _close(approval, ApprovalStatus.APPROVED, at)
    return approval


def expire(approval: Approval, at: datetime) -> Approval | None:
    """Return the approval closed because its time is over, or None if there is nothing to close yet."""
    if ApprovalStatus.EXPIRED not in APPROVAL_TRANSITIONS[approval.status] or at < approval.expires_at:
        return None
    return _close(replace(approval, version=approval.version + 1), ApprovalStatus.EXPIRED, at)


def cancel(approval: Approval, reason: str, at: datetime) -> Approval | None:
    """Return the approval taken back, or None if it was decided before."""
    if ApprovalStatus.CANCELLED not in APPROVAL_TRANSITIONS[approval.status]:
        return None
    closed = _close(replace(approval, version=approval.version + 1), ApprovalStatus.CANCELLED, at)
    return replace(closed, reason=reason)


def supersede(approval: Approval, reason: str, at: datetime) -> Approval | None:
    """Return the approval closed because it is to be asked anew, or None if it was decided before."""
    if ApprovalStatus.SUPERSEDED not in APPROVAL_TRANSITIONS[approval.status]:
        return None
    closed = _close(replace(approval, version=approval.version + 1), ApprovalStatus.SUPERSEDED, at)
    return replace(closed, reason=reason)


def escalate(approval: Approval, at: datetime) -> Approval | None:
    """Return the approval with every level reached whose time has come, or None if none has."""
    if not APPROVAL_TRANSITIONS[approval.status]:
        return None
    levels = tuple(replace(level, is_reached=level.is_reached or level.at <= at) for level in approval.escalations)
    if levels == approval.escalations:
        return None
    return replace(approval, escalations=levels, version=approval.version + 1)


def _close(approval: Approval, status: ApprovalStatus, at: datetime) -> Approval:
    return replace(approval, status=status, decided_at=at)


def deciders(approval: Approval) -> tuple[str, ...]:
    """Return the principals that may decide now, those that it was escalated to included."""
    reached = (level.to for level in approval.escalations if level.is_reached and level.may_decide)
    return tuple(dict.fromkeys((*approval.by, *reached)))


def name_all(principals: Iterable[str], joint: str = " or ") -> str:
    """Say who is meant, for people: `role:analyst` is analyst, `user:ann@corp.example` is ann@corp.example."""
    return joint.join(principal.partition(":")[2] or principal for principal in principals) or "nobody"


def is_meant(principal: str, voter: Voter) -> bool:
    """Whether a principal such as `role:analyst` or `user:ann@corp.example` means this person."""
    kind, _, name = principal.partition(":")
    match kind:
        case "role":
            return name in voter.roles
        case "user":
            return name.casefold() == voter.email.casefold()
        case "group":
            return name in voter.groups
        case "oncall":
            return name in voter.duties
        case _:
            return False


def say_voter(vote: Vote) -> str:
    """Say who voted, and for whom."""
    return vote.name if vote.for_name is None else f"{vote.name} for {vote.for_name}"


def say_part(vote: Vote) -> str:
    """Say what a yes is for, where not for everything: ` for web-1, web-2 alone`."""
    more = f" and {len(vote.only) - _SAID} more" if len(vote.only) > _SAID else ""
    return f" for {', '.join(vote.only[:_SAID])}{more} alone" if vote.only else ""


def say_outcome(approval: Approval) -> str:
    """Say in a few words how a question ended, for cards, answers and the audit."""
    last = approval.votes[-1] if approval.votes else None
    match approval.status:
        case ApprovalStatus.APPROVED if approval.course.standing is not None:
            return f"approved beforehand: {approval.reason}"
        case ApprovalStatus.APPROVED:
            return "approved by " + ", ".join(say_voter(v) for v in approval.votes if v.choice is VoteChoice.APPROVE)
        case ApprovalStatus.DENIED if last:
            return f"denied by {say_voter(last)}" + (f": {last.comment}" if last.comment else "")
        case ApprovalStatus.ANSWERED if approval.reply:
            return f"answered by {approval.reply.name}"
        case ApprovalStatus.EXPIRED:
            return _say_silence(approval) if approval.is_question else "nobody decided in time: not done"
        case status:
            return status.value + (f": {approval.reason}" if approval.reason else "")
