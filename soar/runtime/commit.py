"""One decision made durable: event, state, commands, approvals, responses, timers and audit in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import assert_never

from soar.approvals.channels import DEFAULT_CHANNEL
from soar.approvals.freezer import POLICY, Freezer
from soar.approvals.service import ApprovalService
from soar.audit.record import record
from soar.engine.commands import (
    CancelApproval,
    CancelRun,
    CancelTimer,
    Command,
    FinishRun,
    ForgetEvents,
    HoldResponse,
    LiftResponse,
    RequestAnswer,
    RequestApproval,
    StartAction,
    StartRun,
    StartTimer,
    TellDoubt,
    WatchEvents,
)
from soar.engine.events import ActionFailed, ActionSucceeded, Event, OutcomeUnknown, TimerFired, dump_event
from soar.engine.interpreter import Decision
from soar.engine.plan import Plan
from soar.model.approval import Approval, ApprovalStatus
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.catalog import Effect
from soar.model.dead_letter import DeadLetter, LetterKind, name_letter
from soar.model.errors import ActionCode
from soar.model.event import EventType, Watch
from soar.model.ids import Ids
from soar.model.run import JournalEntry, Run, RunStatus, StepRecord, Timer
from soar.model.values import JsonValue
from soar.policy import Policy
from soar.responses.service import ResponseService
from soar.runtime.children import Caller, cancel_child, refuse_child, start_child, tell_relatives
from soar.runtime.clearance import Obstacle, describe_deed, find_mismatch, find_obstacle
from soar.runtime.doubts import tell_doubt
from soar.runtime.endings import publish_end
from soar.runtime.rights import Rights
from soar.store import Unit

_ALL = 10_000


@dataclass(slots=True)
class Committed:
    """What came of a commit.

    Attributes:
        calls: may be made now; their intent is durable.
        approvals: ids of approvals that changed.
        responses: ids of active responses that changed.
        freezes: ids of what was frozen.
        timers: when each timer is due that was set; None where only its owner knows.
    """

    run: Run
    calls: list[StartAction] = field(default_factory=list)
    approvals: list[str] = field(default_factory=list)
    responses: list[str] = field(default_factory=list)
    freezes: list[str] = field(default_factory=list)
    timers: list[datetime | None] = field(default_factory=list)

    def add_question(self, asked: Approval) -> None:
        """Note down that people were asked."""
        self.approvals.append(asked.id)
        self.timers.append(None)


class Committer:
    """Writes decisions down.

    Args:
        approvals: asks people.
        responses: holds what we change.
        policy: what must be asked, whatever the playbook says.
        ids: new identifiers.
        call: starts the playbooks that steps call.
        rights: what runs may do; None where nothing leaves and everything is granted, as in a rehearsal.
    """

    def __init__(
        self,
        *,
        approvals: ApprovalService,
        responses: ResponseService,
        policy: Policy,
        ids: Ids,
        call: Caller,
        rights: Rights | None,
    ) -> None:
        self._call = call
        self._rights = rights
        self._approvals = approvals
        self._responses = responses
        self._policy = policy
        self._ids = ids
        self._freezer = Freezer(ids=ids)

    def commit(
        self, unit: Unit, plan: Plan, run: Run, event: Event, decision: Decision, inbox: tuple[int, ...]
    ) -> Committed:
        """Write one decision; `inbox` are the ids of the inbox events it consumed.

        Raises:
            ConflictError: somebody else has written this run's next entry; nothing was written.
        """
        state, at = decision.state, event.at
        unit.inbox.remove(inbox)
        if decision.changes is None:
            return Committed(run)
        entry = JournalEntry(sequence=state.sequence, at=at, event=dump_event(event), changes=decision.changes)
        after = replace(
            run,
            status=state.status,
            sequence=state.sequence,
            started_at=state.started_at,
            reason=state.reason,
            waiting_for=run.waiting_for if state.status is RunStatus.QUEUED else state.waiting_for,
            outputs=state.outputs,
            finished_at=at if state.status.is_final else None,
        )
        unit.runs.update(after, before=run)
        unit.journal.append(run.id, [entry])
        self._record_event(unit, plan, run, event, state.records)
        committed = Committed(after)
        for command in decision.commands:
            self._perform(unit, plan, committed, command, at)
        return committed

    def bury(self, unit: Unit, run_id: str, reason: str, at: datetime) -> None:
        """End a run as failed without the engine: it has met a fault of ours. Its journal stays as evidence."""
        unit.inbox.remove(tuple(found.id for found in unit.inbox.peek(run_id)))
        run = unit.runs.get(run_id)
        if run is None or run.status.is_final:
            return
        failed = replace(run, status=RunStatus.FAILED, reason=reason, finished_at=at, waiting_for=None)
        unit.runs.update(failed, before=run)
        for asked in unit.approvals.list(_ALL, status=ApprovalStatus.PENDING, run=run_id).items:
            self._approvals.cancel(unit, asked.id, "its run failed", at)
        event = AuditEvent(
            type="run.finished",
            outcome=Outcome.FAILURE,
            actor=Actor(kind="system", id="engine", name="soar", via="engine"),
            target={"kind": "run", "id": run_id, "status": failed.status.value},
            reason=reason,
            context={"run": run_id, "playbook": run.playbook, "revision": run.revision},
        )
        record(unit, event, at=at, id=self._ids.new("ev"))
        unit.dead_letters.put(
            DeadLetter(
                id=name_letter(LetterKind.RUN, run_id),
                kind=LetterKind.RUN,
                subject=run_id,
                reason=reason,
                first_at=at,
                at=at,
                tries=1,
            )
        )
        unit.watches.forget_run(run_id)
        publish_end(unit, failed, at)
        self._responses.finish(unit, failed, None, at)
        tell_relatives(unit, failed, at)

    def _perform(self, unit: Unit, plan: Plan, committed: Committed, command: Command, at: datetime) -> None:
        match command:
            case StartAction():
                self._start_action(unit, plan, committed, command, at)
            case StartTimer() | CancelTimer() | WatchEvents() | ForgetEvents():
                _arrange_wait(unit, committed, command, at)
            case RequestApproval() | RequestAnswer() | CancelApproval():
                self._ask(unit, plan, committed, command, at)
            case TellDoubt():
                tell_doubt(unit, plan, command, ids=self._ids, at=at)
            case HoldResponse():
                self._hold(unit, plan, committed, command, at)
            case StartRun() | CancelRun() | LiftResponse():
                self._reach_other_run(unit, plan, committed, command, at)
            case FinishRun():
                self._finish(unit, plan, committed, command, at)

    def _hold(self, unit: Unit, plan: Plan, committed: Committed, command: HoldResponse, at: datetime) -> None:
        playbook = plan.playbook
        channel = playbook.notify.channel if playbook.notify else DEFAULT_CHANNEL
        held = self._responses.hold(unit, command, run=committed.run, owner=playbook.owner, channel=channel, at=at)
        committed.responses.append(held.id)
        committed.timers.append(None)

    def _start_action(self, unit: Unit, plan: Plan, committed: Committed, command: StartAction, at: datetime) -> None:
        run = committed.run
        ungranted = self._rights.explain_no(unit, plan, run, command, at) if self._rights else None
        obstacle = (
            Obstacle(ungranted, ActionCode.NOT_GRANTED)
            if ungranted
            else find_obstacle(unit, plan, run, command, self._policy, at)
        )
        if obstacle is not None:
            self._refuse(unit, plan, committed, command, obstacle, at)
            return
        self._record_start(unit, plan, command, None, at)
        spec = plan.actions[command.call.action]
        if spec.effect is not Effect.READ:
            unit.deeds.add(describe_deed(spec, run, command, at))
        committed.calls.append(command)

    def _refuse(
        self, unit: Unit, plan: Plan, committed: Committed, command: StartAction, obstacle: Obstacle, at: datetime
    ) -> None:
        """Let a call fail that may not be made; the cap that it has hit freezes what it counts."""
        self._record_start(unit, plan, command, obstacle.reason, at)
        unit.inbox.add(committed.run.id, dump_event(_forbid(command, obstacle, at)), at)
        if obstacle.cap is not None:
            kind, name = obstacle.cap.frozen
            frozen = self._freezer.freeze(unit, kind, name, obstacle.cap.name, actor=POLICY, at=at)
            committed.freezes.append(frozen.id)

    def _reach_other_run(
        self, unit: Unit, plan: Plan, committed: Committed, command: StartRun | CancelRun | LiftResponse, at: datetime
    ) -> None:
        match command:
            case StartRun():
                self._start_run(unit, plan, committed, command, at)
            case CancelRun():
                cancel_child(unit, command, committed.run, at)
            case LiftResponse():
                self._lift(unit, plan, committed, command, at)

    def _ask(
        self,
        unit: Unit,
        plan: Plan,
        committed: Committed,
        command: RequestApproval | RequestAnswer | CancelApproval,
        at: datetime,
    ) -> None:
        match command:
            case RequestApproval():
                committed.add_question(self._approvals.request(unit, command, run=committed.run, plan=plan, at=at))
            case RequestAnswer():
                committed.add_question(self._approvals.ask(unit, command, run=committed.run, plan=plan, at=at))
            case CancelApproval(approval=approval, reason=reason):
                self._approvals.cancel(unit, approval, reason, at)
                committed.approvals.append(approval)

    def _lift(self, unit: Unit, plan: Plan, committed: Committed, command: LiftResponse, at: datetime) -> None:
        """Begin a lift that a step asks for; policy and approval are asked as before every call."""
        run, asked = committed.run, command.asked
        obstacle = find_obstacle(unit, plan, run, asked, self._policy, at)
        if obstacle is not None:
            self._refuse(unit, plan, committed, asked, obstacle, at)
            return
        actor, reason = _describe_playbook(plan), command.reason
        lifting = self._responses.lift_for_step(unit, run, command.held, actor=actor, reason=reason, at=at)
        committed.responses.append(lifting.id)

    def _record_start(self, unit: Unit, plan: Plan, command: StartAction, obstacle: str | None, at: datetime) -> None:
        spec = plan.actions[command.call.action]
        outcome = Outcome.DENIED if obstacle else Outcome.SUCCESS
        self._record(
            unit,
            plan,
            "action.started",
            outcome,
            at,
            target={
                "kind": "action",
                "id": command.call.action,
                "connection": command.call.connection,
                "targets": list(command.targets[:50]),
            },
            reason=obstacle,
            context={
                "step": command.call.step,
                "attempt": command.attempt,
                "effect": spec.effect.value,
                "effect_key": command.effect_key,
                "approval": command.approval,
            },
        )

    def _start_run(self, unit: Unit, plan: Plan, committed: Committed, command: StartRun, at: datetime) -> None:
        run, approval = committed.run, command.approval
        obstacle = find_mismatch(unit, run, command.call, approval, is_read=False) if approval is not None else None
        if obstacle is not None:
            refuse_child(unit, command, run, f"not called: {obstacle}", at)
        else:
            obstacle = start_child(unit, command, run, self._call, at)
        self._record(
            unit,
            plan,
            "playbook.called",
            Outcome.DENIED if obstacle else Outcome.SUCCESS,
            at,
            target={"kind": "playbook", "id": command.playbook, "run": command.run},
            reason=obstacle,
            context={"step": command.call.step, "approval": approval},
        )

    def _finish(self, unit: Unit, plan: Plan, committed: Committed, command: FinishRun, at: datetime) -> None:
        run, channel = committed.run, plan.playbook.notify.channel if plan.playbook.notify else None
        outcome = Outcome.SUCCESS if run.status is RunStatus.SUCCEEDED else Outcome.FAILURE
        target: dict[str, JsonValue] = {"kind": "run", "id": run.id, "status": run.status.value}
        self._record(unit, plan, "run.finished", outcome, at, target=target, reason=run.reason)
        publish_end(unit, run, at)
        changed = self._responses.finish(unit, run, channel, at)
        if command.is_rolled_back:
            changed += self._responses.roll_back(unit, run, channel, at)
        tell_relatives(unit, run, at)
        committed.responses.extend(response.id for response in changed)

    def _record_event(self, unit: Unit, plan: Plan, run: Run, event: Event, records: Mapping[str, StepRecord]) -> None:
        """Record how a call ended; every intent has its outcome in the audit."""
        match event:
            case ActionSucceeded(checked_by=check):
                told = f"its answer was lost; {check} says that it happened" if check else None
                kind, outcome, reason = "action.finished", Outcome.SUCCESS, told
            case ActionFailed(code=code, message=message):
                kind, outcome, reason = "action.finished", Outcome.FAILURE, f"{code}: {message}"
            case OutcomeUnknown(message=message):
                kind, outcome, reason = "action.finished", Outcome.UNKNOWN, message
            case _:
                return
        after = records.get(event.path)
        target: dict[str, JsonValue] = {"kind": "step", "id": event.path, "run": run.id}
        status = after.status.value if after else None
        context: dict[str, JsonValue] = {"step": event.path, "attempt": event.attempt, "status": status}
        self._record(unit, plan, kind, outcome, event.at, target=target, reason=reason, context=context)

    def _record(
        self,
        unit: Unit,
        plan: Plan,
        kind: str,
        outcome: Outcome,
        at: datetime,
        *,
        target: Mapping[str, JsonValue],
        reason: str | None = None,
        context: Mapping[str, JsonValue] | None = None,
    ) -> None:
        event = AuditEvent(
            type=kind,
            outcome=outcome,
            actor=_describe_playbook(plan),
            target=target,
            reason=reason,
            context={
                "run": plan.run,
                "playbook": plan.playbook.id,
                "revision": plan.playbook.revision,
                "initiator": plan.initiator,
                **(context or {}),
            },
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def _describe_playbook(plan: Plan) -> Actor:
    return Actor(kind="playbook", id=plan.playbook.id, name=plan.playbook.name, via="engine")


def dump_timer(run: str, command: StartTimer) -> Timer:
    """Return the row of a timer of a run."""
    event = dump_event(TimerFired(at=command.due_at, timer=command.timer))
    return Timer(id=f"{run}:{command.timer}", run=run, due_at=command.due_at, event=event)


def _arrange_wait(
    unit: Unit, committed: Committed, command: StartTimer | CancelTimer | WatchEvents | ForgetEvents, at: datetime
) -> None:
    run = committed.run.id
    match command:
        case StartTimer():
            unit.timers.set(dump_timer(run, command))
            committed.timers.append(command.due_at)
        case CancelTimer(timer=timer):
            unit.timers.cancel(f"{run}:{timer}")
        case WatchEvents(path=path, type=kind):
            unit.watches.set(Watch(run=run, path=path, type=EventType(kind), since=at))
        case ForgetEvents(path=path):
            unit.watches.forget(run, path)
        case _:
            assert_never(command)


def _forbid(command: StartAction, obstacle: Obstacle, at: datetime) -> ActionFailed:
    """Return the outcome of a call that is not made; being told with its intent, no recovery takes it for under way."""
    return ActionFailed(
        at=at,
        path=command.call.step,
        attempt=command.attempt,
        code=obstacle.code.value,
        message=f"not called: {obstacle.reason}",
    )
