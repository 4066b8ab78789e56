"""Questions in the store: asked, voted on, reminded, escalated and closed, each in its caller's transaction."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime

from soar.approvals.channels import post_card, post_line
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
)
from soar.approvals.request import Question, build_approval, find_hopeless
from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.engine.action import targets_of
from soar.engine.commands import RequestApproval
from soar.engine.events import ApprovalDecided, dump_event
from soar.engine.plan import Plan
from soar.model.approval import Approval, ApprovalStatus
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.catalog import ActionSpec, Effect
from soar.model.errors import NotFoundError
from soar.model.identity import Principal, PrincipalKind, User
from soar.model.ids import Ids, normalize_code
from soar.model.run import Run, Timer
from soar.model.step import Assurance
from soar.model.values import JsonValue
from soar.policy import GateRule, Policy, Target, required_gate
from soar.store import Unit

ENGINE = Actor(kind="system", id="engine", name="soar", via="engine")
DEFAULT_CHANNEL = "#approvals"
TIMER_KIND = "approval_due"
"""`kind` of the timers that this package sets; whoever fires timers hands them to `ApprovalService.wake`."""

_CODE_LENGTH = 4
_CROWDED_LENGTH = 5
_TRIES = 20
_EVERYBODY = 10_000


class ApprovalService:
    """Asks, counts and closes.

    Args:
        ids: new identifiers and codes.
        policy: what must be asked, whatever the playbook says.
    """

    def __init__(self, *, ids: Ids, policy: Policy) -> None:
        self._ids = ids
        self._policy = policy

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
        notify = plan.playbook.notify
        rules = self._find_rules(command, plan, at)
        excluded = {*command.exclude, *(word for rule in rules for word in rule.exclude)}
        people = unit.users.list(_EVERYBODY).items
        question = Question(
            run=run,
            spec=spec,
            rules=rules,
            code=self._find_code(unit),
            channel=notify.channel if notify else DEFAULT_CHANNEL,
            exclude_users=_find_excluded(unit, excluded, command.targets, run, people),
        )
        approval = build_approval(command, question, at)
        hopeless = find_hopeless(approval, people)
        if hopeless is not None:
            refused = replace(approval, status=ApprovalStatus.REFUSED, decided_at=at, reason=hopeless)
            unit.approvals.add(refused)
            self._record(unit, "approval.refused", refused, Outcome.FAILURE, at, reason=hopeless)
            self._tell_run(unit, refused, at)
            return refused
        unit.approvals.add(approval)
        self._record(unit, "approval.requested", approval, Outcome.SUCCESS, at, reason=approval.card.reason)
        self._set_timers(unit, approval)
        post_card(unit, approval, ids=self._ids, at=at)
        return approval

    def vote(
        self, unit: Unit, reference: str, principal: Principal, ballot: Ballot, at: datetime
    ) -> Approval | Refusal:
        """Count a person's vote, or say why it does not count; both are in the audit.

        Args:
            unit: the transaction.
            reference: the approval's id or code.
            principal: who votes, as authenticated.
            ballot: what was sent.
            at: the moment.

        Raises:
            NotFoundError: there is no such approval.
        """
        approval = find_approval(unit, reference)
        voter = find_voter(unit, principal)
        if voter is None:
            outcome: Approval | Refusal = Refusal("not_allowed", "Only people decide; log in as one.")
        else:
            outcome = cast_vote(approval, voter, ballot, at=at, via=principal.via)
        actor = describe_actor(principal, approval, ballot, voter)
        if isinstance(outcome, Refusal):
            self._record(unit, "approval.voted", approval, Outcome.DENIED, at, actor=actor, reason=outcome.reason)
            return outcome
        unit.approvals.update(outcome, expected=approval.version)
        self._record(
            unit, "approval.voted", outcome, Outcome.SUCCESS, at, actor=actor, reason=ballot.comment, before=approval
        )
        said = f"{principal.name}: {ballot.choice.value}{f' “{ballot.comment}”' if ballot.comment else ''}"
        post_line(unit, outcome, said, key=f"vote:{principal.id}", ids=self._ids, at=at)
        if outcome.status is not ApprovalStatus.PENDING:
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
        self._clear_timers(unit, closed)

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], at: datetime) -> Approval | None:
        """Take a timer: remind, escalate or expire, whatever is due by now. Returns the approval if it changed."""
        approval = unit.approvals.get(str(event["approval"]))
        if approval is None or approval.status is not ApprovalStatus.PENDING:
            return None
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
        text = f"escalated: {name_all(reached, ', ')} may decide, too"
        post_line(unit, raised, text, key=f"up:{said}", ids=self._ids, at=at)
        return raised

    def _remind(self, unit: Unit, approval: Approval, at: datetime) -> Approval | None:
        due = sum(moment <= at for moment in approval.remind_at)
        if due <= approval.reminded:
            return None
        reminded = replace(approval, reminded=due, version=approval.version + 1)
        unit.approvals.update(reminded, expected=approval.version)
        minutes = max(1, int((approval.expires_at - at).total_seconds() // 60))
        wanted = name_all(deciders(approval))
        text = f"still waiting for {wanted}; in {minutes} min the answer is no"
        post_line(unit, reminded, text, key=f"remind:{due}", ids=self._ids, at=at)
        self._record(unit, "approval.reminded", reminded, Outcome.SUCCESS, at)
        return reminded

    def _close(self, unit: Unit, approval: Approval, at: datetime) -> None:
        post_line(unit, approval, say_outcome(approval), key="closed", ids=self._ids, at=at)
        self._clear_timers(unit, approval)
        self._tell_run(unit, approval, at)

    def _tell_run(self, unit: Unit, approval: Approval, at: datetime) -> None:
        last = approval.votes[-1] if approval.votes else None
        event = ApprovalDecided(
            at=at,
            path=approval.step,
            approval=approval.id,
            outcome=approval.status.value,
            digest=approval.digest,
            comment=last.comment if last else approval.reason,
        )
        unit.inbox.add(approval.run, dump_event(event), at)

    def _set_timers(self, unit: Unit, approval: Approval) -> None:
        for timer in _timers(approval):
            unit.timers.set(timer)

    def _clear_timers(self, unit: Unit, approval: Approval) -> None:
        for timer in _timers(approval):
            unit.timers.cancel(timer.id)

    def _find_rules(self, command: RequestApproval, plan: Plan, at: datetime) -> tuple[GateRule, ...]:
        """Return what the policy asks for each of the calls that a gate covers."""
        rules = (
            required_gate(
                self._policy,
                spec,
                [Target(target) for target in targets_of(spec, call.arguments)],
                None,
                now=at,
                config=plan.config,
            )
            for call in command.calls
            if (spec := plan.actions.get(call.action)) is not None
        )
        return tuple(dict.fromkeys(rule for rule in rules if rule is not None))

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
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=outcome,
            actor=actor,
            target={"kind": "approval", "id": approval.id, "code": approval.code, "action": approval.card.action},
            reason=reason,
            before=_summarize(before) if before else None,
            after=_summarize(approval),
            digest=approval.digest,
            context={
                "run": approval.run,
                "step": approval.step,
                "playbook": approval.playbook,
                "revision": approval.revision,
            },
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def find_approval(unit: Unit, reference: str) -> Approval:
    """Return the approval with this id or code.

    Raises:
        NotFoundError: there is none.
    """
    found = unit.approvals.get(reference) or unit.approvals.find_code(normalize_code(reference))
    if found is None:
        raise NotFoundError(f"no request {reference}", hint="`soar approval list` shows the open ones")
    return found


def find_voter(unit: Unit, principal: Principal) -> Voter | None:
    """Return the person behind a principal as a voter, with the roles they hold now; None if there is none."""
    if principal.kind not in (PrincipalKind.USER, PrincipalKind.TOKEN):
        return None
    user = unit.users.get(principal.id)
    if user is None or user.disabled_at is not None:
        return None
    return Voter(id=user.id, name=user.name, email=user.email, roles=user.roles, assurance=Assurance.LINKED)


def describe_actor(principal: Principal, approval: Approval, ballot: Ballot, voter: Voter | None = None) -> Actor:
    """Return who voted, or tried to, as the audit names them; how sure we are is what the ballot proves."""
    is_person = principal.kind in (PrincipalKind.USER, PrincipalKind.TOKEN)
    return describe_principal(
        principal,
        kind="user" if is_person else None,
        assurance=prove(approval, voter, ballot).value if voter else None,
    )


def _find_excluded(
    unit: Unit, words: Collection[str], targets: Collection[str], run: Run, people: Collection[User]
) -> dict[str, str]:
    """Return who may not vote, by id, with the word for why."""
    excluded: dict[str, str] = {}
    revision = unit.revisions.get(run.revision) if "author" in words else None
    if revision is not None:
        excluded[revision.author.removeprefix("user:")] = "author"
    if "target" in words:
        concerned = {target.casefold() for target in targets}
        excluded |= {person.id: "target" for person in people if person.email.casefold() in concerned}
    kind, _, initiator = run.initiator.partition(":")
    if "initiator" in words and kind in ("user", "token"):
        excluded[initiator] = "initiator"
    return excluded


def _gravity(spec: ActionSpec) -> int:
    return tuple(Effect).index(spec.effect)


def _timers(approval: Approval) -> list[Timer]:
    moments = {*approval.remind_at, *(level.at for level in approval.escalations), approval.expires_at}
    event: JsonValue = {"kind": TIMER_KIND, "approval": approval.id}
    return [
        Timer(id=f"{approval.id}:{index}", run=approval.run, due_at=moment, event=event)
        for index, moment in enumerate(sorted(moments))
    ]


def _summarize(approval: Approval) -> dict[str, JsonValue]:
    return {"status": approval.status.value, "votes": len(approval.votes), "version": approval.version}
