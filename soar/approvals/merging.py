"""Questions that ask for the same: one card, one decision for all, and each its own row with its own digest.

The first one leads. Whoever decides it is shown how many more want the same, and what they press binds to all of them;
each vote is held against each question's own rules, so one that it does not decide goes on alone. A question that has a
vote takes in no more: what its voters were shown stays what they voted on.
"""

from dataclasses import replace
from datetime import datetime

from soar.approvals.decide import Refusal
from soar.model.approval import Approval, ApprovalStatus, Member
from soar.store import Unit

MOST_MEMBERS = 50
_LOOKED_AT = 20


def find_lead(unit: Unit, asked: Approval, at: datetime) -> Approval | None:
    """Return the open question that a new one can be asked together with; None if it needs a card of its own."""
    for known in unit.approvals.find_open(asked.playbook, asked.step, _LOOKED_AT):
        lead = known if known.merged_into is None else unit.approvals.get(known.merged_into)
        if lead is not None and _may_take_in(lead, asked, at):
            return lead
    return None


def join(lead: Approval, asked: Approval) -> tuple[Approval, Approval]:
    """Return both as they are once they are asked together; who may not decide one of them may decide neither."""
    members = (*lead.course.members, Member(asked.id, asked.digest))
    excluded = {**asked.exclude_users, **lead.exclude_users}
    course = replace(lead.course, members=members)
    leading = replace(lead, exclude_users=excluded, course=course, version=lead.version + 1)
    return leading, replace(asked, merged_into=lead.id)


def list_members(unit: Unit, lead: Approval) -> list[Approval]:
    """Return the open questions that are decided with this one, the oldest first."""
    found = (unit.approvals.get(member.id) for member in lead.course.members)
    return [each for each in found if each is not None and each.status is ApprovalStatus.PENDING]


def find_detour(unit: Unit, approval: Approval) -> Refusal | None:
    """Return where a question is decided that has no card of its own; None if it has one, or is closed."""
    lead = unit.approvals.get(approval.merged_into) if approval.merged_into else None
    if lead is None or approval.status is not ApprovalStatus.PENDING:
        return None
    return Refusal("merged", f"{approval.code} is decided together with {lead.code}, which asks for the same.")


def part(unit: Unit, closed: Approval) -> Approval | None:
    """Take a question that has ended out of those that it was asked with.

    Returns:
        The one that leads the others from now on and needs a card, if this one led them.
    """
    if closed.merged_into is not None:
        _drop(unit, closed.merged_into, closed.id)
        return None
    first, *others = list_members(unit, closed) or (None,)
    if first is None:
        return None
    members = tuple(Member(each.id, each.digest) for each in others)
    excluded = {user: why for each in (*others, first) for user, why in each.exclude_users.items()}
    course = replace(first.course, members=members)
    leading = replace(first, merged_into=None, exclude_users=excluded, course=course, version=first.version + 1)
    unit.approvals.update(leading, expected=first.version)
    for each in others:
        unit.approvals.update(replace(each, merged_into=leading.id, version=each.version + 1), expected=each.version)
    return leading


def _drop(unit: Unit, lead_id: str, member: str) -> None:
    lead = unit.approvals.get(lead_id)
    if lead is None or lead.status is not ApprovalStatus.PENDING:
        return
    members = tuple(each for each in lead.course.members if each.id != member)
    course = replace(lead.course, members=members)
    unit.approvals.update(replace(lead, course=course, version=lead.version + 1), expected=lead.version)


def _may_take_in(lead: Approval, asked: Approval, at: datetime) -> bool:
    is_open = lead.status is ApprovalStatus.PENDING and at < lead.expires_at and not lead.votes
    has_room = lead.merged_into is None and len(lead.course.members) < MOST_MEMBERS
    return is_open and has_room and not asked.is_question and _describe(lead) == _describe(asked)


def _describe(asked: Approval) -> tuple[object, ...]:
    """Return what two questions have in common that can be decided together: what would be done, and who decides."""
    card, course = asked.card, asked.course
    what = (asked.playbook, asked.revision, asked.step, card.action, card.connection, card.targets, card.target_count)
    who = (asked.by, asked.quorum, asked.has_veto, asked.assurance, course.exclude, course.policy, course.parts)
    how = (asked.comment, asked.channel, "" if asked.confirm == asked.code else asked.confirm)
    raised = tuple((level.to, level.at - asked.asked_at, level.may_decide) for level in asked.escalations)
    return (what, card.arguments, who, how, raised)
