"""Questions in the store: asked, voted on, reminded, escalated and closed, each in its caller's transaction."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from soar.approvals.answers import say_answers
from soar.approvals.caps import find_rules
from soar.approvals.channels import DEFAULT_CHANNEL, post_card, post_line
from soar.approvals.deadlines import clear_timers, list_timers, set_timers
from soar.approvals.decide import (
    Ballot,
    Refusal,
    Voter,
    cancel,
    cast_vote,
    deciders,
    escalate,
    expire,
    name_all,
    prove,
    say_outcome,
    say_voter,
    supersede,
    take_answers,
)
from soar.approvals.people import EVERYBODY, describe_actor, find_excluded, find_voter
from soar.approvals.quiet import QuietHours
from soar.approvals.record import ENGINE, record_approval
from soar.approvals.request import Question, build_approval, build_question, find_hopeless
from soar.engine.action import targets_of
from soar.engine.commands import RequestAnswer, RequestApproval
from soar.engine.events import ApprovalDecided, dump_event
from soar.engine.plan import Plan
from soar.model.alert import Severity
from soar.model.approval import Approval, ApprovalStatus, Course, EscalationLevel
from soar.model.audit import Actor, Outcome
from soar.model.catalog import ActionSpec, Effect
from soar.model.errors import NotFoundError
from soar.model.event import EventType
from soar.model.identity import Principal, User
from soar.model.ids import Ids, normalize_code
from soar.model.run import Run
from soar.model.step import Assurance
from soar.model.values import JsonValue, Value
from soar.policy import GateRule, Policy, Target, digest_gates, required_gate
from soar.store import Unit

_HAPPENINGS: Mapping[ApprovalStatus, EventType] = {
    ApprovalStatus.APPROVED: EventType.APPROVAL_APPROVED,
    ApprovalStatus.DENIED: EventType.APPROVAL_DENIED,
    ApprovalStatus.EXPIRED: EventType.APPROVAL_EXPIRED,
}
_CODE_LENGTH = 4
_CROWDED_LENGTH = 5
_TRIES = 20


class ApprovalService:
    """Asks, counts and closes.

    Args:
        ids: new identifiers and codes.
        policy: what must be asked, whatever the playbook says.
        trusts_provider: whether logins through the identity provider can count as made with a second factor.
        undelegable: roles that nobody can lend to somebody else.
        quiet: when nobody is reminded, unless an alert is critical; None is never.
    """

    def __init__(
        self,
        *,
        ids: Ids,
        policy: Policy,
        trusts_provider: bool = False,
        undelegable: Collection[str] = (),
        quiet: QuietHours | None = None,
    ) -> None:
        self._ids = ids
        self._policy = policy
        self._terms = digest_gates(policy)
        self._undelegable = undelegable
        self._quiet = quiet
        self._trusts_provider = trusts_provider

    def request(
        self,
        unit: Unit,
        command: RequestApproval,
        *,
        run: Run,
        plan: Plan,
        at: datetime,
    ) -> Approval:
        """Ask the question, or refuse it at once where nobody could ever answer it with a yes.

        Args:
            unit: the transaction of the run's own step.
            command: what the engine wants asked.
            run: the run that waits.
            plan: its surroundings.
            at: the moment.
        """
        known = (plan.actions.get(call.action) for call in command.calls)
        spec = max((each for each in known if each is not None), key=_gravity, default=None)
        rules = self._find_rules(unit, command, plan, at)
        excluded = {*command.exclude, *(word for rule in rules for word in rule.exclude)}
        people = unit.users.list(EVERYBODY).items
        question = Question(
            run=run,
            spec=spec,
            rules=rules,
            code=self._find_code(unit),
            channel=_find_channel(plan),
            exclude_users=find_excluded(unit, excluded, command.targets, run, people),
            course=Course(exclude=tuple(sorted(excluded)), policy=self._terms),
        )
        opened = self._open(unit, build_approval(command, question, at), people, at)
        if command.supersedes is not None:
            self._follow_up(unit, command.supersedes, opened, at)
        return opened

    def _follow_up(self, unit: Unit, superseded: str, opened: Approval, at: datetime) -> None:
        """Say where a question is asked now that stood before this one."""
        old = unit.approvals.get(superseded)
        if old is not None:
            text = f"superseded by {opened.code}: {old.reason}"
            post_line(unit, old, text, key="followed", ids=self._ids, at=at)

    def ask(self, unit: Unit, command: RequestAnswer, *, run: Run, plan: Plan, at: datetime) -> Approval:
        """Ask for facts, or refuse the question at once where nobody could ever answer it.

        Args:
            unit: the transaction of the run's own step.
            command: what the engine wants asked.
            run: the run that waits.
            plan: its surroundings.
            at: the moment.
        """
        question = build_question(command, run, self._find_code(unit), _find_channel(plan), at)
        return self._open(unit, question, unit.users.list(EVERYBODY).items, at)

    def _open(self, unit: Unit, approval: Approval, people: Sequence[User], at: datetime) -> Approval:
        lent = {each.receiver for each in unit.delegations.active(at) if each.giver in approval.exclude_users}
        free = [person for person in people if person.id not in lent]
        hopeless = find_hopeless(approval, free, self.find_strong(unit))
        if hopeless is not None:
            refused = replace(approval, status=ApprovalStatus.REFUSED, decided_at=at, reason=hopeless)
            unit.approvals.add(refused)
            self._record(unit, "approval.refused", refused, Outcome.FAILURE, at, reason=hopeless)
            self._tell_run(unit, refused, at)
            return refused
        unit.approvals.add(approval)
        self._record(unit, "approval.requested", approval, Outcome.SUCCESS, at, reason=approval.card.reason)
        set_timers(unit, approval)
        post_card(unit, approval, ids=self._ids, at=at)
        return approval

    def find_strong(self, unit: Unit) -> Collection[str]:
        """Return the ids of those who could prove themselves with a second factor."""
        holders = unit.factors.holders()
        return {*holders, *unit.accounts.holders()} if self._trusts_provider else holders

    def find_voter(
        self, unit: Unit, principal: Principal, at: datetime, *, assurance: Assurance = Assurance.LINKED
    ) -> Voter | None:
        """Return the person behind a principal, with whom they may vote for; None if there is none.

        Args:
            unit: the transaction.
            principal: who asks, as authenticated, with the roles that they hold over what is asked about.
            at: the moment.
            assurance: how sure we are of who it is.
        """
        return find_voter(unit, principal, at, assurance=assurance, undelegable=self._undelegable)

    def _renew(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        """Close an open question that was asked under another policy; its run asks anew under this one."""
        if approval.course.policy in ("", self._terms):
            return None
        closed = supersede(approval, "the policy changed", at)
        if closed is None:
            return None
        unit.approvals.update(closed, expected=approval.version)
        self._record(unit, "approval.superseded", closed, Outcome.SUCCESS, at, reason=closed.reason, before=approval)
        self._close(unit, closed, at)
        return closed

    def vote(
        self,
        unit: Unit,
        reference: str,
        principal: Principal,
        ballot: Ballot,
        at: datetime,
        *,
        assurance: Assurance = Assurance.LINKED,
    ) -> Approval | Refusal:
        """Count a person's vote, or say why it does not count; both are in the audit.

        Args:
            unit: the transaction.
            reference: the approval's id or code.
            principal: who votes, as authenticated.
            ballot: what was sent.
            at: the moment.
            assurance: how sure we are of who votes, not counting what is typed.

        Raises:
            NotFoundError: there is no such approval.
        """
        approval = find_approval(unit, reference)
        voter = self.find_voter(unit, principal, at, assurance=assurance)
        if voter is None:
            outcome: Approval | Refusal = Refusal("not_allowed", "Only people decide; log in as one.")
        elif self._renew(unit, approval, at):
            outcome = Refusal(
                "superseded", f"The policy has changed since {approval.code} was asked; it is asked anew."
            )
        else:
            outcome = cast_vote(approval, voter, ballot, at=at, via=principal.via)
        actor = describe_actor(principal, prove(approval, voter, ballot) if voter else None)
        if isinstance(outcome, Refusal):
            self._record(unit, "approval.voted", approval, Outcome.DENIED, at, actor=actor, reason=outcome.reason)
            return outcome
        unit.approvals.update(outcome, expected=approval.version)
        vote = outcome.votes[-1]
        self._record(
            unit,
            "approval.voted",
            outcome,
            Outcome.SUCCESS,
            at,
            actor=actor,
            reason=ballot.comment,
            before=approval,
            context={} if vote.for_user is None else {"for": vote.for_user, "for_name": vote.for_name},
        )
        said = f"{say_voter(vote)}: {ballot.choice.value}{f' “{ballot.comment}”' if ballot.comment else ''}"
        post_line(unit, outcome, said, key=f"vote:{outcome.version}", ids=self._ids, at=at)
        if outcome.status is not ApprovalStatus.PENDING:
            self._close(unit, outcome, at)
        return outcome

    def answer(
        self, unit: Unit, reference: str, principal: Principal, given: Mapping[str, JsonValue], at: datetime
    ) -> Approval | Refusal:
        """Take a person's answers, or say why they do not count; both are in the audit.

        Args:
            unit: the transaction.
            reference: the question's id or code.
            principal: who answers, as authenticated.
            given: by field, as it came in.
            at: the moment.

        Raises:
            NotFoundError: there is no such question.
        """
        question = find_approval(unit, reference)
        voter = self.find_voter(unit, principal, at)
        if voter is None:
            outcome: Approval | Refusal = Refusal("not_allowed", "Only people answer; log in as one.")
        else:
            outcome = take_answers(question, voter, given, at=at, via=principal.via)
        actor = describe_actor(principal, voter.assurance if voter else None)
        if isinstance(outcome, Refusal):
            self._record(unit, "approval.answered", question, Outcome.DENIED, at, actor=actor, reason=outcome.reason)
            return outcome
        unit.approvals.update(outcome, expected=question.version)
        self._record(unit, "approval.answered", outcome, Outcome.SUCCESS, at, actor=actor, before=question)
        said = f"{principal.name}: {say_answers(_answers_of(outcome))}"
        post_line(unit, outcome, said, key="answer", ids=self._ids, at=at)
        self._close(unit, outcome, at)
        return outcome

    def cancel(self, unit: Unit, approval_id: str, reason: str, at: datetime) -> None:
        """Take a question back; one that was decided before stays as it is."""
        approval = unit.approvals.get(approval_id)
        closed = cancel(approval, reason, at) if approval else None
        if approval is None or closed is None:
            return
        unit.approvals.update(closed, expected=approval.version)
        self._record(unit, "approval.cancelled", closed, Outcome.SUCCESS, at, reason=reason, before=approval)
        post_line(unit, closed, say_outcome(closed), key="closed", ids=self._ids, at=at)
        clear_timers(unit, closed)

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], at: datetime) -> Approval | None:
        """Take a timer: remind, escalate or expire, whatever is due by now. Returns the approval if it changed."""
        approval = unit.approvals.get(str(event["approval"]))
        if approval is None or approval.status is not ApprovalStatus.PENDING:
            return None
        renewed = self._renew(unit, approval, at) if at < approval.expires_at else None
        if renewed is not None:
            return renewed
        expired = expire(approval, at)
        if expired is not None:
            unit.approvals.update(expired, expected=approval.version)
            self._record(unit, "approval.expired", expired, Outcome.FAILURE, at, before=approval)
            self._close(unit, expired, at)
            return expired
        raised = self._escalate(unit, approval, at)
        return self._remind(unit, raised or approval, at) or raised

    def _escalate(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        raised = escalate(approval, at)
        if raised is None:
            return None
        unit.approvals.update(raised, expected=approval.version)
        reached = [level.to for level in raised.escalations if level.is_reached]
        said = ", ".join(reached)
        self._record(unit, "approval.escalated", raised, Outcome.SUCCESS, at, reason=said, before=approval)
        text = _say_levels([level for level in raised.escalations if level.is_reached])
        post_line(unit, raised, text, key=f"up:{said}", ids=self._ids, at=at)
        return raised

    def _remind(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        due = sum(moment <= at for moment in approval.remind_at)
        if due <= approval.reminded:
            return None
        reminded = replace(approval, reminded=due, version=approval.version + 1)
        unit.approvals.update(reminded, expected=approval.version)
        if self._quiet is not None and self._quiet.is_quiet(at) and not _is_critical(unit, approval):
            return reminded
        minutes = max(1, int((approval.expires_at - at).total_seconds() // 60))
        wanted = name_all(deciders(approval))
        until = f"asked for {minutes} min more" if approval.is_question else f"in {minutes} min the answer is no"
        text = f"still waiting for {wanted}; {until}"
        post_line(unit, reminded, text, key=f"remind:{due}", ids=self._ids, at=at)
        self._record(unit, "approval.reminded", reminded, Outcome.SUCCESS, at)
        return reminded

    def _close(self, unit: Unit, approval: Approval, at: datetime) -> None:
        post_line(unit, approval, say_outcome(approval), key="closed", ids=self._ids, at=at)
        clear_timers(unit, approval)
        self._tell_run(unit, approval, at)
        _publish(unit, approval, at)

    def _tell_run(self, unit: Unit, approval: Approval, at: datetime) -> None:
        last = approval.votes[-1] if approval.votes else None
        event = ApprovalDecided(
            at=at,
            path=approval.step,
            approval=approval.id,
            outcome=approval.status.value,
            digest=approval.digest,
            comment=last.comment if last else approval.reason,
            answers=_answers_of(approval) if approval.reply else None,
        )
        unit.inbox.add(approval.run, dump_event(event), at)

    def is_ending(self, unit: Unit, approval_id: str) -> bool:
        """Whether a question is open and has a timer that ends it."""
        approval = unit.approvals.get(approval_id)
        if approval is None or approval.status is not ApprovalStatus.PENDING:
            return False
        return unit.timers.get(list_timers(approval)[-1].id) is not None

    def end_or_arrange(self, unit: Unit, approval_id: str, at: datetime) -> bool:
        """Let a question end that has no timer: tell its run how it was decided, or set the timer anew.

        Returns:
            Whether there is such a question.
        """
        approval = unit.approvals.get(approval_id)
        if approval is None:
            return False
        if approval.status is ApprovalStatus.PENDING:
            unit.timers.set(list_timers(approval)[-1])
        else:
            self._tell_run(unit, approval, at)
        return True

    def _find_rules(self, unit: Unit, command: RequestApproval, plan: Plan, at: datetime) -> tuple[GateRule, ...]:
        """Return what the policy asks for each action that a gate covers; another playbook asks for its own."""
        known = [(spec, call) for call in command.calls if (spec := plan.actions.get(call.action)) is not None]
        rules = (
            required_gate(
                self._policy,
                spec,
                [Target(target) for target in targets_of(spec, call.arguments)],
                None,
                now=at,
                config=plan.config,
            )
            for spec, call in known
        )
        writes = [(spec, call.connection, len(targets_of(spec, call.arguments))) for spec, call in known]
        capped = find_rules(unit, self._policy, writes, at)
        return tuple(dict.fromkeys([*(rule for rule in rules if rule is not None), *capped]))

    def _find_code(self, unit: Unit) -> str:
        for attempt in range(_TRIES):
            code = self._ids.code(_CODE_LENGTH if attempt < _TRIES // 2 else _CROWDED_LENGTH)
            if not unit.approvals.is_code_open(code):
                return code
        return self._ids.code(_CROWDED_LENGTH * 2)

    def _record(
        self,
        unit: Unit,
        kind: str,
        approval: Approval,
        outcome: Outcome,
        at: datetime,
        *,
        actor: Actor = ENGINE,
        reason: str | None = None,
        before: Approval | None = None,
        context: Mapping[str, JsonValue] | None = None,
    ) -> None:
        record_approval(
            unit,
            kind,
            approval,
            outcome,
            at,
            ids=self._ids,
            actor=actor,
            reason=reason,
            before=before,
            context=context,
        )


def find_approval(unit: Unit, reference: str) -> Approval:
    """Return the approval with this id or code.

    Raises:
        NotFoundError: there is none.
    """
    found = unit.approvals.get(reference) or unit.approvals.find_code(normalize_code(reference))
    if found is None:
        raise NotFoundError(f"no request {reference}", hint="`soar approval list` shows the open ones")
    return found


def _is_critical(unit: Unit, approval: Approval) -> bool:
    """Whether the alert that it is about is critical; a run without one is not."""
    run = unit.runs.get(approval.run)
    alert = unit.alerts.get(run.alert) if run is not None and run.alert is not None else None
    return alert is not None and alert.severity is Severity.CRITICAL


def _find_channel(plan: Plan) -> str:
    return plan.playbook.notify.channel if plan.playbook.notify else DEFAULT_CHANNEL


def _answers_of(approval: Approval) -> dict[str, Value]:
    return dict(approval.reply.answers) if approval.reply else {}


def _publish(unit: Unit, approval: Approval, at: datetime) -> None:
    """Put down that a question was answered, or was not in time, for whoever waits for that."""
    kind, run = _HAPPENINGS.get(approval.status), unit.runs.get(approval.run)
    if kind is None:
        return
    data: dict[str, Value] = {
        "approval": approval.id,
        "run": approval.run,
        "step": approval.step,
        "playbook": approval.playbook,
        "action": approval.card.action,
        "targets": list(approval.card.targets),
    }
    unit.happenings.add(
        kind, approval.id, data, at, playbook=approval.playbook, depth=run.depth + 1 if run is not None else 0
    )


def _gravity(spec: ActionSpec) -> int:
    return tuple(Effect).index(spec.effect)


def _say_levels(levels: Sequence[EscalationLevel]) -> str:
    deciding = [level.to for level in levels if level.may_decide]
    told = [level.to for level in levels if not level.may_decide]
    said = [f"{name_all(deciding, ', ')} may decide, too"] if deciding else []
    said += [f"{name_all(told, ', ')} should know"] if told else []
    return f"escalated: {'; '.join(said)}"
