"""What people may do with an open question besides voting on it: take back, ask, give more time. Pure."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.approvals.decide import Refusal, Voter, find_closed, find_exclusion, find_refusal
from soar.model.approval import Approval, Inquiry

EXTENDING = "soc-lead"
"""The role that may give a question more time."""
LONGEST_INQUIRY = 1_000
_MOST_INQUIRIES = 20
_SHORTEST = timedelta(minutes=1)


def take_back(approval: Approval, voter: Voter, at: datetime) -> Approval | Refusal:
    """Return the approval without the vote that this person cast, or why it stays."""
    closed = find_closed(approval, at)
    if closed is not None:
        return closed
    left = tuple(vote for vote in approval.votes if vote.user != voter.id)
    if left == approval.votes:
        return Refusal("not_voted", f"You have not voted on {approval.code}; there is nothing to take back.")
    return replace(approval, votes=left, version=approval.version + 1)


def inquire(approval: Approval, voter: Voter, text: str, at: datetime) -> Approval | Refusal:
    """Return the approval with what this person wants to know first; its time runs on.

    Somebody who has voted may ask, too: they can still take the vote back.
    """
    refusal = find_refusal(approval, voter, at)
    if refusal is not None and refusal.code != "already_voted":
        return refusal
    asked = text.strip()
    if not asked:
        said = f"What do you want to know? !ask {approval.code} who owns it?"
        return Refusal("inquiry_missing", said)
    if len(asked) > LONGEST_INQUIRY:
        return Refusal("inquiry_too_long", f"A question may have {LONGEST_INQUIRY:,} characters; this one is longer.")
    if len(approval.course.inquiries) >= _MOST_INQUIRIES:
        return Refusal("too_many_inquiries", f"{approval.code} has been asked about {_MOST_INQUIRIES} times already.")
    inquiry = Inquiry(user=voter.id, name=voter.name, at=at, text=asked)
    course = replace(approval.course, inquiries=(*approval.course.inquiries, inquiry))
    return replace(approval, course=course, version=approval.version + 1)


def extend(approval: Approval, voter: Voter, more: timedelta, at: datetime) -> Approval | Refusal:
    """Return the approval with more time, or why it gets none: once, and no more than it was given at first."""
    refusal = find_closed(approval, at) or find_exclusion(approval, voter)
    if refusal is not None:
        return refusal
    code, first = approval.code, approval.expires_at - approval.asked_at
    if EXTENDING not in voter.roles:
        held = ", ".join(sorted(voter.roles)) or "no role"
        return Refusal("not_allowed", f"You may not give {code} more time: it needs {EXTENDING} (you: {held}).")
    if approval.course.extended_by is not None:
        return Refusal("extended_already", f"{code} has been given more time already, and gets it once.")
    if not _SHORTEST <= more <= first:
        most = int(first.total_seconds() // 60)
        return Refusal("extension_out_of_range", f"{code} can be given from 1 to {most} minutes more.")
    course = replace(approval.course, extended_by=voter.id)
    return replace(approval, expires_at=approval.expires_at + more, course=course, version=approval.version + 1)
