"""Motions in the store: what people do with open questions besides voting, each in its caller's transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta

from soar.approvals.channels import post_direct, post_line
from soar.approvals.deadlines import clear_timers, list_timers
from soar.approvals.decide import Refusal, Voter, name_all
from soar.approvals.motions import extend, inquire, take_back
from soar.approvals.people import describe_actor
from soar.approvals.record import record_approval
from soar.approvals.service import ApprovalService, find_approval
from soar.model.approval import Approval
from soar.model.audit import Outcome
from soar.model.identity import Principal, User
from soar.model.ids import Ids
from soar.store import Unit

NOBODY = Refusal("not_allowed", "Only people decide; log in as one.")


class Conduct:
    """Takes votes back, passes questions on, gives more time.

    Args:
        approvals: knows who people are.
        ids: new identifiers.
    """

    def __init__(self, *, approvals: ApprovalService, ids: Ids) -> None:
        self._approvals = approvals
        self._ids = ids

    def take_back(self, unit: Unit, reference: str, principal: Principal, at: datetime) -> Approval | Refusal:
        """Take back a person's own vote while the question is open, or say why it stays; both are in the audit.

        Args:
            unit: the transaction.
            reference: the approval's id or code.
            principal: whose vote, as authenticated.
            at: the moment.

        Raises:
            NotFoundError: there is no such approval.
        """
        outcome = self._move(
            unit,
            "approval.vote_taken_back",
            reference,
            principal,
            lambda approval, voter: take_back(approval, voter, at),
            at,
        )
        if isinstance(outcome, Approval):
            text = f"{principal.name}: takes their vote back"
            post_line(unit, outcome, text, key=f"vote:{outcome.version}", ids=self._ids, at=at)
        return outcome

    def inquire(self, unit: Unit, reference: str, principal: Principal, text: str, at: datetime) -> Approval | Refusal:
        """Ask the initiator and those who may decide something first; the time runs on.

        Args:
            unit: the transaction.
            reference: the approval's id or code.
            principal: who asks, as authenticated.
            text: what they want to know.
            at: the moment.

        Raises:
            NotFoundError: there is no such approval.
        """
        outcome = self._move(
            unit,
            "approval.inquired",
            reference,
            principal,
            lambda approval, voter: inquire(approval, voter, text, at),
            at,
            reason=text,
        )
        if isinstance(outcome, Approval):
            self._pass_on(unit, outcome, at)
        return outcome

    def _pass_on(self, unit: Unit, approval: Approval, at: datetime) -> None:
        inquiry = approval.course.inquiries[-1]
        initiator = _find_initiator(unit, approval)
        asked = name_all((*([f"user:{initiator.name}"] if initiator else []), *approval.by), ", ")
        key = f"inquiry:{len(approval.course.inquiries)}"
        said = f"{inquiry.name} asks {asked}: “{inquiry.text}”"
        post_line(unit, approval, said, key=key, ids=self._ids, at=at)
        if initiator is not None:
            post_direct(unit, approval, initiator.email, said, key=key, ids=self._ids, at=at)

    def extend(
        self, unit: Unit, reference: str, principal: Principal, more: timedelta, at: datetime
    ) -> Approval | Refusal:
        """Give a question more time, or say why it gets none; both are in the audit.

        Args:
            unit: the transaction.
            reference: the approval's id or code.
            principal: who asks for it, as authenticated.
            more: how much.
            at: the moment.

        Raises:
            NotFoundError: there is no such approval.
        """
        before = find_approval(unit, reference)
        outcome = self._move(
            unit,
            "approval.extended",
            reference,
            principal,
            lambda approval, voter: extend(approval, voter, more, at),
            at,
            reason=f"{int(more.total_seconds() // 60)} min",
        )
        if isinstance(outcome, Approval):
            clear_timers(unit, before)
            for timer in list_timers(outcome):
                if timer.due_at > at:
                    unit.timers.set(timer)
            minutes = int(more.total_seconds() // 60)
            text = f"{principal.name} gives {minutes} min more: until {outcome.expires_at:%H:%M}, then no"
            post_line(unit, outcome, text, key="extended", ids=self._ids, at=at)
        return outcome

    def _move(
        self,
        unit: Unit,
        kind: str,
        reference: str,
        principal: Principal,
        move: Callable[[Approval, Voter], Approval | Refusal],
        at: datetime,
        *,
        reason: str | None = None,
    ) -> Approval | Refusal:
        approval = find_approval(unit, reference)
        voter = self._approvals.find_voter(unit, principal, at)
        outcome = NOBODY if voter is None else move(approval, voter)
        actor = describe_actor(principal, voter.assurance if voter else None)
        if isinstance(outcome, Refusal):
            record_approval(unit, kind, approval, Outcome.DENIED, at, ids=self._ids, actor=actor, reason=outcome.reason)
            return outcome
        unit.approvals.update(outcome, expected=approval.version)
        record_approval(
            unit, kind, outcome, Outcome.SUCCESS, at, ids=self._ids, actor=actor, reason=reason, before=approval
        )
        return outcome


def _find_initiator(unit: Unit, approval: Approval) -> User | None:
    """Return the person who started the run that asks, if one did."""
    run = unit.runs.get(approval.run)
    kind, _, initiator = run.initiator.partition(":") if run else ("", "", "")
    return unit.users.get(initiator) if kind in ("user", "token") else None
