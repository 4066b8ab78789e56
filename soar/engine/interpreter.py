"""The interpreter: state and event in, decision out. Pure, and it never raises for a playbook's own fault."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from soar.engine.action import command_for, fail, succeed
from soar.engine.body import start_use
from soar.engine.branch import go_on
from soar.engine.callee import take_end
from soar.engine.carry import take_carried
from soar.engine.commands import CancelTimer, Command, FinishRun, StartAction
from soar.engine.doubt import lose, take_finding
from soar.engine.events import (
    ActionFailed,
    ActionSucceeded,
    AlertJoined,
    ApprovalDecided,
    CancelRequested,
    Event,
    EventArrived,
    LiftEnded,
    OutcomeSettled,
    OutcomeUnknown,
    RecordsCarried,
    RunEnded,
    RunStarted,
    StepEvent,
    TimerFired,
)
from soar.engine.gate import gate_of
from soar.engine.join import Joined, settle_list
from soar.engine.need import RUN_TIMER
from soar.engine.place import Place, is_element
from soar.engine.plan import Plan
from soar.engine.question import question_id
from soar.engine.replay import dump_changes
from soar.engine.state import Ending, Phase, RunState, check_run_transition
from soar.engine.turn import Turn, asks_people, retry_timer, settle_timer
from soar.engine.undo import take_lift
from soar.engine.verification import begin_looking, is_looking, look_for, start_look, take_look
from soar.engine.wait import end_wait, take_event
from soar.expr import ExpressionError, print_duration
from soar.model.playbook import Rollback
from soar.model.run import Mode, RunStatus, StepFault, StepRecord, StepStatus
from soar.model.step import AskPeople, Step, UseAction, WaitForEvent, WaitUntil, WaitWhile
from soar.model.values import JsonValue, Value

_ROOT = Place("", {}, (), None)

_ROLLED_BACK: Mapping[Rollback, frozenset[RunStatus]] = {
    Rollback.MANUAL: frozenset(),
    Rollback.ON_FAILURE: frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT}),
    Rollback.ON_CANCEL: frozenset({RunStatus.CANCELLED}),
}


@dataclass(frozen=True, slots=True)
class Decision:
    """What an event came to.

    Attributes:
        state: the state after it.
        changes: what the journal remembers of it; None if nothing changed and nothing needs remembering.
        commands: what the world is asked to do, once this is durable.
    """

    state: RunState
    changes: JsonValue
    commands: tuple[Command, ...]


def start(plan: Plan, at: datetime) -> Decision:
    """Begin a run."""
    return advance(plan, RunState(), RunStarted(at=at))


def advance(plan: Plan, state: RunState, event: Event) -> Decision:
    """Take one event.

    An event that comes too late (an answer to an older attempt, a timer that was cancelled, anything for a run that is
    over) changes nothing.
    """
    if state.status.is_final or (isinstance(event, RunStarted) and state.status is not RunStatus.QUEUED):
        return Decision(state, None, ())
    if isinstance(event, RecordsCarried):
        given = take_carried(state, event)
        return Decision(given, dump_changes(state, given, given.records), ())
    turn = Turn(plan, state, event.at)
    _take(turn, event)
    sequence = state.sequence + 1
    after = _go_on(turn, sequence) if _has_begun(turn) else replace(turn.state, sequence=sequence)
    check_run_transition(state.status, after.status)
    return Decision(after, dump_changes(state, after, turn.changed), tuple(turn.commands))


def _has_begun(turn: Turn) -> bool:
    """Whether a run goes on: one that is kept waiting for its turn only notes down what it is told."""
    return turn.state.status is not RunStatus.QUEUED or turn.state.phase is Phase.OVER


def _go_on(turn: Turn, sequence: int) -> RunState:
    _settle(turn)
    return _conclude(turn, sequence)


def recover(plan: Plan, state: RunState, at: datetime) -> tuple[StartAction, ...]:
    """Return the calls whose start is recorded and whose outcome is not, as they were sent."""
    turn = Turn(plan, state, at)
    under_way = [record for record in state.records.values() if is_under_way(plan, record)]
    return tuple(look_for(turn, each) if is_looking(each) else command_for(turn, each) for each in under_way)


def is_under_way(plan: Plan, record: StepRecord) -> bool:
    """Whether a record stands for a call that has been started and has not answered."""
    if record.status is not StepStatus.RUNNING or record.lifting is not None:
        return False
    step = plan.program.step(record.path)
    return isinstance(step.body, UseAction) and (step.foreach is None or is_element(record.path))


def _take(turn: Turn, event: RunStarted | TimerFired | CancelRequested | AlertJoined | StepEvent) -> None:
    match event:
        case RunStarted():
            _start(turn)
        case TimerFired(timer=timer):
            _take_timer(turn, timer)
        case CancelRequested(by=by, reason=reason):
            said = f"cancelled by {by}" + (f": {reason}" if reason else "")
            turn.end(Ending(status=RunStatus.CANCELLED, reason=said, phase=turn.state.phase))
            if turn.state.status is RunStatus.QUEUED:
                turn.enter(Phase.OVER)  # it has not begun, so there is nothing to tidy up
        case AlertJoined(alert=alert):
            turn.state = replace(turn.state, alerts=(*turn.state.alerts, alert))
        case _:
            record = turn.records.get(event.path)
            if record is not None:
                _take_for_step(turn, record, event)


def _take_for_step(turn: Turn, record: StepRecord, event: StepEvent) -> None:
    match event:
        case ActionSucceeded() | ActionFailed() | OutcomeUnknown():
            _take_answer(turn, record, event)
        case ApprovalDecided():
            if record.status is StepStatus.WAITING and record.approval == event.approval and record.doubt is None:
                go_on(turn, record, event)
        case OutcomeSettled():
            take_finding(turn, record, event)
            _look_for(turn, record.path)
        case RunEnded():
            take_end(turn, record, event)
        case LiftEnded():
            take_lift(turn, record, event)
        case EventArrived():
            take_event(turn, record, event)
        case _:
            assert_never(event)


def _start(turn: Turn) -> None:
    turn.state = replace(turn.state, status=RunStatus.RUNNING, started_at=turn.at)
    turn.start_timer(RUN_TIMER, turn.plan.playbook.timeout)
    try:
        turn.state = replace(turn.state, variables=turn.render_all("vars", turn.plan.playbook.variables, _ROOT))
    except ExpressionError as error:
        fault = StepFault(code=error.code, message=f"vars: {error.message}")
        turn.end(Ending(status=RunStatus.FAILED, reason=fault.message, phase=Phase.STEPS, fault=fault))


def _take_answer(turn: Turn, record: StepRecord, event: ActionSucceeded | ActionFailed | OutcomeUnknown) -> None:
    if record.status is not StepStatus.RUNNING or record.attempt != event.attempt:
        return
    place = turn.place(record.path)
    if is_looking(record):
        take_look(turn, record, place, event)
        return
    match event:
        case ActionSucceeded():
            succeed(turn, record, place, event)
            _look_for(turn, record.path)
        case ActionFailed():
            fail(turn, record, place, event)
        case OutcomeUnknown():
            lose(turn, record, place, event)


def _look_for(turn: Turn, path: str) -> None:
    """Look for what a step has just done, if its author wants it to be seen."""
    record = turn.records[path]
    if is_looking(record) and record.look is None:
        begin_looking(turn, record, turn.place(path))


def _take_timer(turn: Turn, timer: str) -> None:
    if timer == RUN_TIMER:
        reason = f"it took longer than {print_duration(turn.plan.playbook.timeout)}"
        turn.end(Ending(status=RunStatus.TIMED_OUT, reason=reason, phase=turn.state.phase))
        return
    kind, _, rest = timer.partition(":")
    record = turn.records.get(rest.rpartition(":")[0] if kind in {"retry", "settle"} else rest)
    if record is None:
        return
    if kind == "retry" and record.status is StepStatus.RETRYING and retry_timer(record) == timer:
        if is_looking(record):
            start_look(turn, record)
        else:
            start_use(turn, record, record.approval)
    elif kind == "settle" and record.doubt is not None and settle_timer(record) == timer:
        turn.leave_unknown(record)
    elif kind == "wait" and record.status is StepStatus.WAITING:
        end_wait(turn, record)
    elif kind == "timeout" and record.status is StepStatus.RUNNING:
        _time_out(turn, record)


def _time_out(turn: Turn, record: StepRecord) -> None:
    """Let a step end that takes too long: what it waits for is taken back, what is under way is waited for."""
    step = turn.plan.program.step(record.path)
    if step.timeout is None:
        return
    message = f"it took longer than {print_duration(step.timeout)}"
    fault = StepFault(code="timeout", message=message, step=step.id or step.path)
    turn.put(replace(record, fault=fault))
    turn.cancel_waiting(record.path)


def _settle(turn: Turn) -> None:
    """Bring each list as far as it goes, one after the other."""
    while turn.state.phase is not Phase.OVER:
        was_halted = turn.is_halted
        if was_halted:
            turn.cancel_waiting()
        joined = settle_list(turn, _list_of(turn), _ROOT)
        if turn.is_halted and not was_halted:
            continue  # a `stop` among the steps: take back what still waits
        if joined.is_open:
            return
        _close_list(turn, joined)


def _list_of(turn: Turn) -> tuple[Step, ...]:
    playbook = turn.plan.playbook
    match turn.state.phase:
        case Phase.STEPS:
            return playbook.steps
        case Phase.ON_FAILURE:
            return playbook.on_failure
        case Phase.FINALLY:
            return playbook.finally_
        case Phase.OVER:
            return ()


def _close_list(turn: Turn, joined: Joined) -> None:
    """Note how a list ended and go on to the next one that applies."""
    turn.cancel_waiting()
    phase, ending, fault = turn.state.phase, turn.state.ending, joined.fault
    if fault is not None and not turn.is_halted:
        ending = Ending(status=RunStatus.FAILED, reason=f"{fault.step}: {fault.message}", phase=phase, fault=fault)
    elif ending is None:
        ending = Ending(status=RunStatus.SUCCEEDED, reason=None, phase=phase)
    turn.state = replace(turn.state, ending=ending)
    if phase is Phase.STEPS and ending.status is RunStatus.FAILED and turn.plan.playbook.on_failure:
        turn.enter(Phase.ON_FAILURE)
    elif phase is not Phase.FINALLY and turn.plan.playbook.finally_:
        turn.enter(Phase.FINALLY)
    else:
        turn.enter(Phase.OVER)


def _conclude(turn: Turn, sequence: int) -> RunState:
    if turn.state.phase is not Phase.OVER or turn.state.ending is None:
        busy = any(is_under_way(turn.plan, record) for record in turn.records.values())
        status = RunStatus.RUNNING if busy else RunStatus.WAITING
        waiting = _say_waiting(turn)
        return replace(turn.state, sequence=sequence, records=turn.records, status=status, waiting_for=waiting)
    status, reason, outputs = _render_outputs(turn, turn.state.ending)
    turn.commands.append(CancelTimer(timer=RUN_TIMER))
    is_rolled_back = turn.plan.mode is not Mode.SHADOW and status in _ROLLED_BACK[turn.plan.playbook.rollback]
    turn.commands.append(FinishRun(status=status, reason=reason, outputs=outputs, is_rolled_back=is_rolled_back))
    return replace(
        turn.state,
        sequence=sequence,
        records=turn.records,
        status=status,
        reason=reason,
        outputs=outputs,
        waiting_for=None,
    )


def _render_outputs(turn: Turn, ending: Ending) -> tuple[RunStatus, str | None, dict[str, Value]]:
    """Render the playbook's outputs; a run that went well but cannot say what came of it has failed."""
    outputs: dict[str, Value] = {}
    status, reason = ending.status, ending.reason
    for name, source in turn.plan.playbook.outputs.items():
        try:
            outputs[name] = turn.render(f"outputs/{name}", source, _ROOT)
        except ExpressionError as error:
            if status is RunStatus.SUCCEEDED:
                status, reason = RunStatus.FAILED, f"outputs.{name}: {error.message}"
    return status, reason, outputs


def _say_waiting(turn: Turn) -> str | None:
    """Say what a run waits for, and for whom, so that nobody must open it to find out."""
    waits = [said for record in turn.records.values() if (said := _say_wait(turn, record)) is not None]
    if not waits:
        return None
    return waits[0] + (f", and {len(waits) - 1} more" if len(waits) > 1 else "")


def _say_wait(turn: Turn, record: StepRecord) -> str | None:
    step = turn.plan.program.step(record.path)
    match record.status:
        case StepStatus.WAITING if record.doubt is not None:
            return f"somebody to find out whether it happened: {step.label}"
        case StepStatus.WAITING:
            return _say_awaited(turn, step, record)
        case StepStatus.RETRYING if is_looking(record):
            return f"what it did to be seen: {step.label}"
        case StepStatus.RETRYING:
            return f"the next attempt at: {step.label}"
        case StepStatus.RUNNING if record.child is not None:
            return f"another playbook to end: {step.label}"
        case StepStatus.RUNNING if record.lifting is not None:
            return f"what was done to be taken back: {step.label}"
        case _:
            return None


def _say_awaited(turn: Turn, step: Step, record: StepRecord) -> str:
    match step.body:
        case AskPeople() if record.approval == question_id(turn, record.path):
            return f"an answer to: {step.label}"
        case WaitWhile() | WaitUntil() if not asks_people(turn.plan, record):
            return f"its time: {step.label}"
        case WaitForEvent(event=event) if not asks_people(turn.plan, record):
            return f"the event {event}: {step.label}"
        case _:
            return f"{' or '.join(gate_of(turn, step).by)} to decide: {step.label}"
