"""Questions in the store: asked, voted on, reminded, escalated and closed, each in its caller's transaction."""

from collections.abc import Collection, Mapping
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
    is_confirmed,
    name_all,
    prove,
    say_outcome,
    say_part,
    say_voter,
    supersede,
    take_answers,
)
from soar.approvals.merging import find_detour, find_lead, join, list_members, part
from soar.approvals.parts import confirmation_of, narrow
from soar.approvals.people import EVERYBODY, describe_actor, find_excluded, find_voter, list_voters
from soar.approvals.quiet import QuietHours
from soar.approvals.record import ENGINE, record_approval
from soar.approvals.request import Question, build_approval, build_question, find_hopeless
from soar.approvals.rota import NO_ROTAS, Rotas, find_duties
from soar.approvals.standing import describe_standing, find_standing
from soar.approvals.summons import find_fresh, find_reached, spare, summon
from soar.approvals.tidings import answers_of, describe_vote, publish, say_levels, tell_run
from soar.engine.action import targets_of
from soar.engine.commands import RequestAnswer, RequestApproval
from soar.engine.plan import Plan
from soar.model.alert import Severity
from soar.model.approval import Approval, ApprovalStatus, Course
from soar.model.audit import Actor, Outcome
from soar.model.catalog import ActionSpec, Effect
from soar.model.errors import NotFoundError
from soar.model.identity import Principal, User
from soar.model.ids import Ids, normalize_code
from soar.model.run import Run
from soar.model.standing_approval import StandingApproval
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, Policy, Target, digest_gates, required_gate
from soar.store import Unit

_CODE_LENGTH = 4
_CROWDED_LENGTH = 5
_TRIES = 20


NOBODY = Refusal("not_allowed", "Only people decide; log in as one.")


class ApprovalService:
    """Asks, counts and closes.

    Args:
        ids: new identifiers and codes.
        policy: what must be asked, whatever the playbook says.
        trusts_provider: whether logins through the identity provider can count as made with a second factor.
        undelegable: roles that nobody can lend to somebody else.
        quiet: when nobody is reminded, unless an alert is critical; None is never.
        rotas: who is on call.
    """

    def __init__(
        self,
        *,
        ids: Ids,
        policy: Policy,
        trusts_provider: bool = False,
        undelegable: Collection[str] = (),
        quiet: QuietHours | None = None,
        rotas: Rotas = NO_ROTAS,
    ) -> None:
        self._ids = ids
        self._policy = policy
        self._terms = digest_gates(policy)
        self._undelegable = undelegable
        self._quiet = quiet
        self._rotas = rotas
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
            actions=plan.actions,
        )
        approval = build_approval(command, question, at)
        standing = find_standing(unit, self._policy, approval, command, plan, lambda: self.list_voters(unit, at), at)
        opened = self._open(unit, approval, at) if standing is None else self._grant(unit, approval, standing, at)
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
        return self._open(unit, question, at)

    def _open(self, unit: Unit, approval: Approval, at: datetime) -> Approval:
        hopeless = self._find_hopeless(unit, approval, at)
        if hopeless is not None:
            refused = replace(approval, status=ApprovalStatus.REFUSED, decided_at=at, reason=hopeless)
            unit.approvals.add(refused)
            self._record(unit, "approval.refused", refused, Outcome.FAILURE, at, reason=hopeless)
            tell_run(unit, refused, at)
            return refused
        lead = self._find_lead(unit, approval, at)
        asked = approval if lead is None else replace(approval, merged_into=lead.id)
        unit.approvals.add(asked)
        context: dict[str, JsonValue] = {} if lead is None else {"merged_into": lead.id}
        self._record(unit, "approval.requested", asked, Outcome.SUCCESS, at, reason=asked.card.reason, context=context)
        set_timers(unit, asked)
        if lead is None:
            post_card(unit, asked, ids=self._ids, at=at)
        else:
            text = f"{len(lead.course.members)} more want the same: {asked.run}"
            post_line(unit, lead, text, key=f"joined:{asked.id}", ids=self._ids, at=at)
        return asked

    def _grant(self, unit: Unit, approval: Approval, standing: StandingApproval, at: datetime) -> Approval:
        """Answer a question by what two people have agreed to beforehand; nobody is asked."""
        course = replace(approval.course, standing=standing.id)
        granted = replace(
            approval,
            status=ApprovalStatus.APPROVED,
            decided_at=at,
            course=course,
            reason=f"standing approval {standing.id}",
        )
        unit.approvals.add(granted)
        unit.standing_approvals.update(replace(standing, uses=standing.uses + 1, used_at=at))
        context: dict[str, JsonValue] = {"standing": standing.id, **describe_standing(standing)}
        self._record(unit, "approval.granted", granted, Outcome.SUCCESS, at, reason=standing.reason, context=context)
        text = f"{granted.card.question} {say_outcome(granted)}"
        post_line(unit, granted, text, key="granted", ids=self._ids, at=at)
        tell_run(unit, granted, at)
        publish(unit, granted, at)
        return granted

    def _find_lead(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        """Return the question that a new one is asked together with, which knows of it now; None if there is none."""
        known = find_lead(unit, approval, at)
        lead = join(known, approval)[0] if known is not None else None
        if known is None or lead is None or self._find_hopeless(unit, lead, at) is not None:
            return None
        unit.approvals.update(lead, expected=known.version)
        return lead

    def _part(self, unit: Unit, closed: Approval, at: datetime) -> None:
        """Let those be asked on their own that were asked together with a question that has ended."""
        leading = part(unit, closed)
        if leading is not None:
            post_card(unit, leading, ids=self._ids, at=at)
            summon(unit, leading, find_reached(leading), ids=self._ids, at=at)

    def _find_hopeless(self, unit: Unit, approval: Approval, at: datetime) -> str | None:
        lent = {each.receiver for each in unit.delegations.active(at) if each.giver in approval.exclude_users}
        everybody = list_voters(unit, at, lambda user: self.find_duties(user, at, approval.expires_at))
        free = [voter for voter in everybody if voter.id not in lent]
        return find_hopeless(approval, free, self.find_strong(unit))

    @property
    def rotas(self) -> Rotas:
        """Who is on call, by the name of the rota."""
        return self._rotas

    def find_duties(self, user: User, at: datetime, until: datetime | None = None) -> frozenset[str]:
        """Return the names of the rotas by which somebody is on call: at a moment, or at any from then to another."""
        return find_duties(self._rotas, user.email, at, until)

    def list_voters(self, unit: Unit, at: datetime) -> list[Voter]:
        """Return everybody who may act now, as they would vote in their own right."""
        return list_voters(unit, at, lambda user: self.find_duties(user, at))

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
        return find_voter(
            unit,
            principal,
            at,
            assurance=assurance,
            undelegable=self._undelegable,
            find_duties=lambda user: self.find_duties(user, at),
        )

    def _renew(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        """Close an open question that was asked under another policy; its run asks anew under this one."""
        if approval.course.policy in ("", self._terms):
            return None
        closed = supersede(approval, "the policy changed", at)
        if closed is None:
            return None
        unit.approvals.update(closed, expected=approval.version)
        self._record(unit, "approval.superseded", closed, Outcome.SUCCESS, at, reason=closed.reason, before=approval)
        for member in list_members(unit, approval):
            self._renew(unit, member, at)
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
            outcome: Approval | Refusal = NOBODY
        elif detour := find_detour(unit, approval):
            outcome = detour
        elif self._renew(unit, approval, at):
            outcome = Refusal(
                "superseded", f"The policy has changed since {approval.code} was asked; it is asked anew."
            )
        else:
            outcome = cast_vote(approval, voter, ballot, at=at, via=principal.via)
            outcome = outcome if isinstance(outcome, Refusal) else narrow(approval, outcome, unit.workspace)
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
            context=describe_vote(vote),
        )
        said = f"{say_voter(vote)}: {ballot.choice.value}{say_part(vote)}"
        said += f" “{ballot.comment}”" if ballot.comment else ""
        post_line(unit, outcome, said, key=f"vote:{outcome.version}", ids=self._ids, at=at)
        for member in list_members(unit, approval):
            self._vote_along(unit, member, approval, voter, ballot, principal, at)
        if outcome.status is not ApprovalStatus.PENDING:
            self._close(unit, outcome, at)
        return outcome

    def _vote_along(
        self,
        unit: Unit,
        member: Approval,
        lead: Approval,
        voter: Voter | None,
        ballot: Ballot,
        principal: Principal,
        at: datetime,
    ) -> None:
        """Count a vote on a question for one that is decided together with it, by that one's own rules."""
        typed = confirmation_of(member, ballot.only) if is_confirmed(lead, ballot) else ballot.confirm
        own = replace(ballot, digest=member.digest, confirm=typed)
        outcome = NOBODY if voter is None else cast_vote(member, voter, own, at=at, via=principal.via)
        outcome = outcome if isinstance(outcome, Refusal) else narrow(member, outcome, unit.workspace)
        after = member if isinstance(outcome, Refusal) else outcome
        self._record(
            unit,
            "approval.voted",
            after,
            Outcome.DENIED if isinstance(outcome, Refusal) else Outcome.SUCCESS,
            at,
            actor=describe_actor(principal, prove(member, voter, own) if voter else None),
            reason=outcome.reason if isinstance(outcome, Refusal) else ballot.comment,
            before=member,
            context={"merged_into": lead.id},
        )
        if isinstance(outcome, Refusal):
            return
        unit.approvals.update(outcome, expected=member.version)
        if outcome.status is not ApprovalStatus.PENDING:
            self._close(unit, outcome, at)

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
        said = f"{principal.name}: {say_answers(answers_of(outcome))}"
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
        self._part(unit, closed, at)

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
        fresh = find_fresh(approval, raised)
        if self._is_quiet(unit, approval, at):
            raised = spare(unit, raised, fresh)
        unit.approvals.update(raised, expected=approval.version)
        reached = [level.to for level in raised.escalations if level.is_reached]
        said = ", ".join(reached)
        self._record(unit, "approval.escalated", raised, Outcome.SUCCESS, at, reason=said, before=approval)
        if raised.merged_into is None:
            text = say_levels([level for level in raised.escalations if level.is_reached])
            post_line(unit, raised, text, key=f"up:{said}", ids=self._ids, at=at)
            summon(unit, raised, fresh, ids=self._ids, at=at)
        return raised

    def _remind(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        due = sum(moment <= at for moment in approval.remind_at)
        if due <= approval.reminded:
            return None
        reminded = replace(approval, reminded=due, version=approval.version + 1)
        unit.approvals.update(reminded, expected=approval.version)
        if self._is_quiet(unit, approval, at) or approval.merged_into is not None:
            return reminded
        minutes = max(1, int((approval.expires_at - at).total_seconds() // 60))
        wanted = name_all(deciders(approval))
        until = f"asked for {minutes} min more" if approval.is_question else f"in {minutes} min the answer is no"
        text = f"still waiting for {wanted}; {until}"
        post_line(unit, reminded, text, key=f"remind:{due}", ids=self._ids, at=at)
        self._record(unit, "approval.reminded", reminded, Outcome.SUCCESS, at)
        return reminded

    def _is_quiet(self, unit: Unit, approval: Approval, at: datetime) -> bool:
        """Whether nobody is to be told a second time now."""
        return self._quiet is not None and self._quiet.is_quiet(at) and not _is_critical(unit, approval)

    def _close(self, unit: Unit, approval: Approval, at: datetime) -> None:
        post_line(unit, approval, say_outcome(approval), key="closed", ids=self._ids, at=at)
        clear_timers(unit, approval)
        tell_run(unit, approval, at)
        publish(unit, approval, at)
        self._part(unit, approval, at)

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
            tell_run(unit, approval, at)
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


def _gravity(spec: ActionSpec) -> int:
    return tuple(Effect).index(spec.effect)
