"""What must hold after every event, whatever happens."""

import re
from collections import Counter, deque
from collections.abc import Callable, Mapping
from typing import TypeVar

from soar.engine.events import Event, OutcomeSettled
from soar.engine.gate import digest_calls
from soar.engine.interpreter import Decision
from soar.engine.plan import Plan
from soar.engine.replay import apply_changes, fold
from soar.engine.state import RunState
from soar.engine.turn import retry_timer, settle_timer, wait_timer
from soar.engine.verification import UNVERIFIED, is_looking, read_look
from soar.model.approval import ApprovalStatus
from soar.model.catalog import ActionSpec, Effect
from soar.model.ids import derive_id
from soar.model.process import ActionCall
from soar.model.response import ResponseStatus
from soar.model.run import Finding, Mode, Run, RunStatus, StepRecord, StepStatus
from soar.model.step import UNDO_ACTION, Step, UseAction, WaitForEvent, list_branches, walk_steps
from soar.model.values import JsonValue
from soar.runtime.commit import Committed, Committer
from soar.store import Store, Unit
from soar.store.sqlite import read
from tests.support.world import WORKSPACE

T = TypeVar("T")

_ELEMENT = re.compile(r"#\d+")
_SHOWN = 25
_ALL = 100_000


class BrokenPromiseError(AssertionError):
    """Something that must always hold does not."""


class Watch:
    """Looks at each commit, inside its transaction, and at each call, before it is made.

    Attributes:
        store: what is looked into; set once it is there.
        broken: what did not hold, in words, in the order in which it was seen.
        last: the last events, for whoever looks for the cause.
        settled: the steps of which people, or the product when it was asked, said what their call did.
        wanted: how often people wanted a step's call tried again of which nobody knew what it did, by run and step.
    """

    store: Store

    def __init__(self) -> None:
        self.states: dict[str, RunState] = {}
        self.plans: dict[str, Plan] = {}
        self.broken: list[str] = []
        self.last: deque[str] = deque(maxlen=_SHOWN)
        self.events = 0
        self.wanted: Counter[tuple[str, str]] = Counter()
        self.settled: set[str] = set()
        self._audited = -1
        self._intents: dict[tuple[object, object, object], Mapping[str, JsonValue]] = {}

    def expect(self, holds: object, said: str) -> None:
        """Note down what does not hold."""
        if not holds:
            self.broken.append(said)

    def raise_broken(self) -> None:
        """Say what does not hold.

        Raises:
            BrokenPromiseError: something does not.
        """
        if self.broken:
            raise BrokenPromiseError("\n".join(dict.fromkeys(self.broken)))

    def look(self, work: Callable[[Unit], T]) -> T:
        """Read the store between two transactions."""
        return read(self.store._database.writer, lambda connection: work(Unit(connection, WORKSPACE)))

    # -- after a commit -----------------------------------------------------------------------------------------------

    def take(self, unit: Unit, plan: Plan, before: Run, event: Event, decision: Decision) -> None:
        """Look at a decision that is about to be durable."""
        state = decision.state
        self.events += 1
        self.last.append(f"{event.at:%H:%M:%S} {before.id} {state.sequence}: {event.kind} {_describe(event)}")
        known = self.states.get(before.id)
        if decision.changes is None:
            self.expect(known is None or known == state or before.status.is_final, f"{before.id} changed in silence")
            return
        if known is not None and known.sequence == before.sequence:
            folded = apply_changes(known, decision.changes)
        else:
            folded = fold(unit.journal.load(before.id))
        self.expect(folded == state, f"the journal of {before.id} does not fold to its state at {state.sequence}")
        self._check_finality(before, known, state)
        self._note_finding(before, known, state, event)
        self.states[before.id], self.plans[before.id] = state, plan
        run = unit.runs.get(before.id)
        assert run is not None
        self._check_run(unit, run, state)
        if run.status.is_final:
            self._check_end(unit, run, state)
        elif run.status is not RunStatus.QUEUED:
            self._check_waits(unit, run, state)
        self._check_key(unit, run)

    def _note_finding(self, run: Run, known: RunState | None, state: RunState, event: Event) -> None:
        """Count what people want tried again: each attempt that was in question at most once."""
        if known is None or not isinstance(event, OutcomeSettled) or known.records[event.path].doubt is None:
            return
        self.settled.add(event.path)
        if event.finding == Finding.AGAIN and state.records[event.path].doubt is None:
            self.wanted[run.id, event.path] += 1

    def list_doubts(self) -> list[tuple[str, StepRecord]]:
        """Return what people are asked about: the runs' ids with the records of calls of which nobody knows."""
        return [
            (run, record)
            for run, state in self.states.items()
            if not state.status.is_final
            for record in state.records.values()
            if record.doubt is not None
        ]

    def _check_finality(self, run: Run, known: RunState | None, state: RunState) -> None:
        self.expect(not run.status.is_final, f"{run.id} was over and went on")
        for path, before in (known.records if known else {}).items():
            after = state.records[path]
            is_kept = after.status is before.status or (before.status, after.status) == (
                StepStatus.SUCCEEDED,
                StepStatus.UNDONE,
            )
            if before.status.is_final:
                self.expect(is_kept, f"{run.id} {path} went from {before.status} to {after.status}")

    def _check_run(self, unit: Unit, run: Run, state: RunState) -> None:
        same = (run.status, run.sequence, run.reason, run.waiting_for) == (
            state.status,
            state.sequence,
            state.reason,
            run.waiting_for if state.status is RunStatus.QUEUED else state.waiting_for,
        )
        self.expect(same, f"the row of {run.id} is not its state at {state.sequence}")
        for path, record in state.records.items():
            if record.child is not None and record.status.is_final:
                child = unit.runs.get(record.child)
                self.expect(child is None or child.status.is_final, f"{run.id} {path} ended before {record.child}")

    def _check_end(self, unit: Unit, run: Run, state: RunState) -> None:
        for path, record in state.records.items():
            is_over = record.status.is_final or record.status is StepStatus.PENDING
            self.expect(is_over, f"{run.id} is {run.status}, and {path} {record.status}")
        left = [timer.id for timer in unit.timers.list(f"{run.id}:")]
        self.expect(not left, f"{run.id} is {run.status}, and left {left}")
        asked = unit.approvals.list(_ALL, status=ApprovalStatus.PENDING, run=run.id).items
        self.expect(not asked, f"{run.id} is {run.status}, and still asks {[each.step for each in asked]}")
        self.expect(not unit.watches.of_run(run.id), f"{run.id} is {run.status}, and still listens")
        self._check_held(unit, run, state)

    def _check_held(self, unit: Unit, run: Run, state: RunState) -> None:
        """Each change that can be taken back is held, and nothing else is."""
        plan = self.plans[run.id]
        holding = {path for path, record in state.records.items() if _may_hold(plan, path, record)}
        held = {each.step: each.status for each in unit.responses.list(_ALL, run=run.id).items}
        self.expect(holding == held.keys(), f"{run.id} holds {sorted(held)}, and did {sorted(holding)}")
        for path, status in held.items():
            is_undone = state.records[path].status is StepStatus.UNDONE
            self.expect(not is_undone or status is ResponseStatus.LIFTED, f"{run.id} {path} is undone, and {status}")

    def _check_waits(self, unit: Unit, run: Run, state: RunState) -> None:
        """Whatever waits has somebody who ends it, and a moment at which that is over."""
        is_limited = unit.timers.get(f"{run.id}:run") is not None or state.ending is not None or _has_news(unit, run)
        self.expect(is_limited, f"{run.id} may take for ever")
        open_records = [record for record in state.records.values() if not record.status.is_final]
        awaited = [record for record in open_records if self._is_awaited(unit, run, record)]
        self.expect(awaited, f"{run.id} is {run.status} and waits for nothing")
        for record in open_records:
            is_named = record in awaited or record.status is StepStatus.PENDING or self._has_inside(run, state, record)
            self.expect(is_named, f"{run.id} {record.path} is {record.status} and waits for nothing")
        if not any(self._is_called(run, record) for record in awaited):
            self.expect(run.waiting_for, f"{run.id} does not say what it waits for")

    def _is_awaited(self, unit: Unit, run: Run, record: StepRecord) -> bool:
        step = self.plans[run.id].program.step(record.path)
        match record.status:
            case StepStatus.RETRYING:
                return unit.timers.get(f"{run.id}:{retry_timer(record)}") is not None or _has_news(unit, run)
            case StepStatus.WAITING if record.doubt is not None:
                return unit.timers.get(f"{run.id}:{settle_timer(record)}") is not None or _has_news(unit, run)
            case StepStatus.WAITING if record.approval is not None:
                asked = unit.approvals.get(record.approval)
                assert asked is not None
                return asked.status is ApprovalStatus.PENDING or _has_news(unit, run)
            case StepStatus.WAITING:
                is_heard = not isinstance(step.body, WaitForEvent) or bool(unit.watches.of_run(run.id))
                has_timer = unit.timers.get(f"{run.id}:{wait_timer(record)}") is not None
                return (is_heard and has_timer) or _has_news(unit, run)
            case StepStatus.RUNNING if record.child is not None:
                child = unit.runs.get(record.child)
                return (child is not None and not child.status.is_final) or _has_news(unit, run)
            case StepStatus.RUNNING if record.lifting is not None:
                held = unit.responses.get(derive_id("ar", run.id, record.lifting))
                return (held is not None and held.status is ResponseStatus.LIFTING) or _has_news(unit, run)
            case StepStatus.RUNNING:
                return self._is_called(run, record)
            case _:
                return False

    def _is_called(self, run: Run, record: StepRecord) -> bool:
        step = self.plans[run.id].program.step(record.path)
        is_loop = step.foreach is not None and not _is_element(record.path)
        is_own = record.child is None and record.lifting is None
        return record.status is StepStatus.RUNNING and isinstance(step.body, UseAction) and not is_loop and is_own

    def _has_inside(self, run: Run, state: RunState, record: StepRecord) -> bool:
        """Whether something inside a group or a loop is open, which is what it waits for."""
        step = self.plans[run.id].program.step(record.path)
        is_whole = bool(list_branches(step.body)) or step.foreach is not None
        inside = (f"{record.path}/", f"{record.path}#")
        return is_whole and any(
            each.path.startswith(inside) and each.status is not StepStatus.PENDING and not each.status.is_final
            for each in state.records.values()
        )

    def _check_key(self, unit: Unit, run: Run) -> None:
        if run.concurrency_key is None:
            return
        begun = [each.id for each in unit.runs.list_sharing(run.concurrency_key) if not each.is_held]
        self.expect(len(begun) <= run.concurrency_max, f"{begun} share {run.concurrency_key} at once")

    # -- before a call ------------------------------------------------------------------------------------------------

    def check_call(self, call: ActionCall) -> None:
        """Look at a call: it is intended in the audit, and whoever had to agree has agreed to exactly this."""
        self._read_audit()
        intent = self._intents.get((call.run, call.step, call.attempt))
        said = f"{call.action} for {call.run} {call.step}"
        self.expect(intent is not None, f"{said} is called without an intent")
        if intent is None:
            return
        self.expect(intent["effect_key"] == call.effect_key, f"{said} is called under another key")
        if self.is_check(call):
            self.expect(self._find_meant(call).check == call.action.partition(".")[2], f"{said} is no check of it")
            return
        plan, record = self.plans[call.run], self.states[call.run].records[call.step]
        step, approval = plan.program.step(call.step), intent["approval"]
        spec = plan.actions[call.action]
        gated = any(each.gate is not None and each.gate.condition is None for each in _list_around(plan, call.step))
        is_asked = gated or spec.effect is Effect.DESTRUCTIVE or plan.mode is Mode.SUPERVISED
        if is_asked and spec.effect is not Effect.READ and not _is_lift(plan):
            self.expect(approval is not None, f"{said} is called and nobody was asked")
        self.expect(plan.mode is not Mode.SHADOW or spec.effect is Effect.READ, f"{said} is called in the shadow")
        arguments = read_look(record)[2] if is_looking(record) else record.arguments
        self.expect(arguments == call.arguments, f"{said} is called with other arguments: {step.label}")
        if isinstance(approval, str):
            self.look(lambda unit: self._check_approval(unit, call, approval, is_read=spec.effect is Effect.READ))

    def is_check(self, call: ActionCall) -> bool:
        """Whether a call asks what became of another one; a look at what was done is none."""
        record = self.states[call.run].records.get(call.step)
        is_look = record is not None and is_looking(record)
        return not is_look and not self.is_own(call)

    def is_own(self, call: ActionCall) -> bool:
        """Whether a call is what its step is for: neither a look nor a check."""
        return self._find_meant(call).full_name == call.action

    def _find_meant(self, call: ActionCall) -> ActionSpec:
        """Return the action that a call's step is for."""
        plan = self.plans[call.run]
        body = plan.program.step(call.step).body
        assert isinstance(body, UseAction)
        return plan.actions[body.action]

    def _check_approval(self, unit: Unit, call: ActionCall, approval: str, *, is_read: bool) -> None:
        asked, said = unit.approvals.get(approval), f"{call.action} for {call.run} {call.step}"
        self.expect(asked is not None and asked.status is ApprovalStatus.APPROVED, f"{said} is called without a yes")
        if asked is None:
            return
        calls = asked.card.arguments
        assert isinstance(calls, list)
        taken = digest_calls(workspace=WORKSPACE, run=call.run, revision=asked.revision, step=asked.step, calls=calls)
        self.expect(taken == asked.digest, f"{said} is called, and its approval is for something else")
        sent = {"step": call.step, "action": call.action, "arguments": call.arguments}
        shown = [{key: each[key] for key in sent} for each in calls if isinstance(each, dict)]
        self.expect(sent in shown or is_read, f"{said} is called, and people saw something else")

    def _read_audit(self) -> None:
        for record in self.look(lambda unit: unit.audit.range(self._audited + 1, self._audited + _ALL)):
            self._audited = record.sequence
            document = record.document
            context = document["context"]
            if document["type"] == "action.started" and document["outcome"] == "success" and isinstance(context, dict):
                self._intents[context.get("run"), context.get("step"), context.get("attempt")] = context


class WatchedCommitter(Committer):
    """A `Committer` that is looked at."""

    watch: Watch

    def commit(
        self, unit: Unit, plan: Plan, run: Run, event: Event, decision: Decision, inbox: tuple[int, ...]
    ) -> Committed:
        committed = super().commit(unit, plan, run, event, decision, inbox)
        self.watch.take(unit, plan, run, event, decision)
        return committed


def _has_news(unit: Unit, run: Run) -> bool:
    return bool(unit.inbox.peek(run.id))


def _describe(event: Event) -> str:
    fields = ("path", "attempt", "code", "outcome", "timer", "status", "is_lifted", "by", "type")
    return " ".join(f"{name}={getattr(event, name)}" for name in fields if hasattr(event, name))


def _is_element(path: str) -> bool:
    return path.rpartition("#")[2].isdigit()


def _is_lift(plan: Plan) -> bool:
    return plan.playbook.id.startswith("lift-")


def _may_hold(plan: Plan, path: str, record: StepRecord) -> bool:
    step = plan.program.step(path)
    is_undoable = isinstance(step.body, UseAction) and step.body.undo is not None and step.body.action != UNDO_ACTION
    is_done = record.status in {StepStatus.SUCCEEDED, StepStatus.UNDONE} and record.attempt > 0
    if isinstance(step.body, UseAction) and step.body.verify is not None and record.has_output:
        is_done = record.fault is None or record.fault.code == UNVERIFIED
    return is_undoable and is_done and (step.foreach is None or _is_element(path))


def _list_around(plan: Plan, path: str) -> list[Step]:
    """Return a step and the groups around it."""
    bare = _ELEMENT.sub("", path)
    steps = walk_steps(plan.playbook.steps + plan.playbook.on_failure + plan.playbook.finally_)
    return [
        step
        for step in steps
        if step.path == bare
        or any(bare.startswith(f"{step.path}/{branch.key}/") for branch in list_branches(step.body))
    ]
