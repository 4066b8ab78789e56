"""Mail as an outlet: it tells people of questions, and hears nobody."""

from collections.abc import Callable, Sequence
from datetime import datetime

from soar.approvals.card import Line, ShownCard
from soar.approvals.decide import Voter, deciders, is_meant
from soar.approvals.faces.mail import render, render_line
from soar.approvals.outlet import Call, Outlet, is_escalation, is_outcome
from soar.model.approval import Approval
from soar.model.chat import PostedCard
from soar.store import Unit

APPROVERS = "approvers"
"""The channel that stands for whoever may decide, each at their own address."""
_CONNECTION = "mail"

ListVoters = Callable[[Unit, datetime], Sequence[Voter]]
"""Returns everybody who may act at a moment."""


def describe_mail(list_voters: ListVoters) -> Outlet:
    """Return what is particular about mail.

    Args:
        list_voters: who could be meant by `mail:approvers`.
    """

    def find_people(unit: Unit, approval: Approval, channel: str, at: datetime) -> tuple[str, ...]:
        return find_approvers(approval, list_voters(unit, at)) if channel == APPROVERS else ()

    return Outlet(
        connection=_CONNECTION, title="Mail", render=render, follow=_follow, is_edited=False, find_people=find_people
    )


def find_approvers(approval: Approval, voters: Sequence[Voter]) -> tuple[str, ...]:
    """Return the mail addresses of those who may decide a question now, each once."""
    principals = deciders(approval)
    meant = (
        voter.email
        for voter in voters
        if voter.id not in approval.exclude_users and any(is_meant(principal, voter) for principal in principals)
    )
    return tuple(sorted(set(meant)))


def _follow(shown: ShownCard, line: Line, card: PostedCard) -> Call | None:
    """Say to whom it was escalated, and how it ended; everything else would be a mail too many."""
    if not (is_escalation(line) or is_outcome(line)):
        return None
    return Call("post", {"channel": card.place, "thread": card.message, **render_line(shown, line)})
