"""Motions in the store: what people do with open questions besides voting, each in its caller's transaction."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TypeAlias

from soar.approvals.channels import post_direct, post_line
from soar.approvals.deadlines import clear_timers, list_timers
from soar.approvals.decide import Refusal, Voter, name_all
from soar.approvals.merging import find_detour, list_members
from soar.approvals.motions import extend, inquire, take_back
from soar.approvals.parts import narrow
from soar.approvals.people import describe_actor
from soar.approvals.record import record_approval
from soar.approvals.service import NOBODY, ApprovalService, find_approval
from soar.model.approval import Approval
from soar.model.audit import Outcome
from soar.model.identity import Principal, User
from soar.model.ids import Ids
from soar.model.values import JsonValue
from soar.store import Unit

Move: TypeAlias = Callable[[Approval, Voter], Approval | Refusal]


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
            lambda approval, voter: _narrow(approval, take_back(approval, voter, at), unit),
            at,
        )
        if isinstance(outcome, Approval):
            text = f"{principal.name}: takes their vote back"
            post_line(unit, outcome, text, key=f"vote:{outcome.version}", ids=self._ids, at=at)
            for member in list_members(unit, outcome):
                self._follow(
                    unit,
                    "approval.vote_taken_back",
                    member,
                    principal,
                    lambda approval, voter: _narrow(approval, take_back(approval, voter, at), unit),
                    at,
                )
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
            _set_timers_anew(unit, before, outcome, at)
            for member in list_members(unit, outcome):
                self._extend_along(unit, member, principal, more, at)
            minutes = int(more.total_seconds() // 60)
            text = f"{principal.name} gives {minutes} min more: until {outcome.expires_at:%H:%M}, then no"
            post_line(unit, outcome, text, key="extended", ids=self._ids, at=at)
        return outcome

    def _extend_along(self, unit: Unit, member: Approval, principal: Principal, more: timedelta, at: datetime) -> None:
        after = self._follow(
            unit, "approval.extended", member, principal, lambda approval, voter: extend(approval, voter, more, at), at
        )
        if after is not None:
            _set_timers_anew(unit, member, after, at)

    def _follow(
        self, unit: Unit, kind: str, member: Approval, principal: Principal, move: Move, at: datetime
    ) -> Approval | None:
        """Move a question that is decided together with another; None if its own rules do not let it."""
        voter = self._approvals.find_voter(unit, principal, at)
        outcome = NOBODY if voter is None else move(member, voter)
        if isinstance(outcome, Refusal):
            return None
        unit.approvals.update(outcome, expected=member.version)
        actor = describe_actor(principal, voter.assurance if voter else None)
        context: dict[str, JsonValue] = {"merged_into": member.merged_into}
        record_approval(
            unit, kind, outcome, Outcome.SUCCESS, at, ids=self._ids, actor=actor, before=member, context=context
        )
        return outcome

    def _move(
        self,
        unit: Unit,
        kind: str,
        reference: str,
        principal: Principal,
        move: Move,
        at: datetime,
        *,
        reason: str | None = None,
    ) -> Approval | Refusal:
        approval = find_approval(unit, reference)
        voter = self._approvals.find_voter(unit, principal, at)
        outcome = NOBODY if voter is None else find_detour(unit, approval) or move(approval, voter)
        actor = describe_actor(principal, voter.assurance if voter else None)
        if isinstance(outcome, Refusal):
            record_approval(unit, kind, approval, Outcome.DENIED, at, ids=self._ids, actor=actor, reason=outcome.reason)
            return outcome
        unit.approvals.update(outcome, expected=approval.version)
        record_approval(
            unit, kind, outcome, Outcome.SUCCESS, at, ids=self._ids, actor=actor, reason=reason, before=approval
        )
        return outcome


def _set_timers_anew(unit: Unit, before: Approval, after: Approval, at: datetime) -> None:
    clear_timers(unit, before)
    for timer in list_timers(after):
        if timer.due_at > at:
            unit.timers.set(timer)


def _narrow(before: Approval, outcome: Approval | Refusal, unit: Unit) -> Approval | Refusal:
    return outcome if isinstance(outcome, Refusal) else narrow(before, outcome, unit.workspace)


def _find_initiator(unit: Unit, approval: Approval) -> User | None:
    """Return the person who started the run that asks, if one did."""
    run = unit.runs.get(approval.run)
    kind, _, initiator = run.initiator.partition(":") if run else ("", "", "")
    return unit.users.get(initiator) if kind in ("user", "token") else None
