"""What each kind of step does, once nothing stands in its way any more."""

from dataclasses import replace
from typing import assert_never

from soar.engine.action import start_call, use_of
from soar.engine.callee import start_playbook
from soar.engine.place import Place
from soar.engine.question import ask_people
from soar.engine.state import Ending
from soar.engine.turn import Turn, timeout_timer
from soar.engine.undo import start_undo
from soar.engine.wait import wait_for, wait_for_event, wait_until
from soar.model.run import RunStatus, StepRecord, StepStatus
from soar.model.step import (
    UNDO_ACTION,
    AskGate,
    AskPeople,
    CallPlaybook,
    ChooseSteps,
    FailStep,
    GroupSteps,
    ParallelSteps,
    SetValues,
    Step,
    StopRun,
    Template,
    UseAction,
    WaitForEvent,
    WaitUntil,
    WaitWhile,
)
from soar.model.values import Value


def enact(turn: Turn, step: Step, place: Place, record: StepRecord) -> None:
    """Do what the step is for; every gate before it has been passed.

    Raises:
        EvaluationError: something in it cannot be evaluated.
    """
    match step.body:
        case UseAction():
            start_use(turn, record, record.approval or place.approval)
        case CallPlaybook() as body:
            start_playbook(turn, step, body, record, record.approval or place.approval)
        case GroupSteps() | ParallelSteps():
            _open(turn, step, record)
        case ChooseSteps() as body:
            _choose(turn, step, body, place, record)
        case AskPeople() as body:
            ask_people(turn, step, body, place, record)
        case WaitWhile() | WaitUntil() | WaitForEvent() as body:
            _wait(turn, body, place, record)
        case _:
            _do_at_once(turn, step, step.body, place, record)


def start_use(turn: Turn, record: StepRecord, approval: str | None) -> None:
    """Start the next attempt at what a step uses: an action, or `core.undo`, which the engine does itself."""
    step = turn.plan.program.step(record.path)
    if use_of(step).action == UNDO_ACTION:
        start_undo(turn, step, record, approval)
    else:
        start_call(turn, record, approval)


def _do_at_once(
    turn: Turn, step: Step, body: SetValues | StopRun | FailStep | AskGate, place: Place, record: StepRecord
) -> None:
    started = record.started_at or turn.at
    match body:
        case SetValues(values=values):
            output: Value = turn.render_all(f"{step.path}/set", values, place)
            turn.finish(record, StepStatus.SUCCEEDED, output=output, has_output=True, started_at=started)
        case StopRun(status=status, reason=source):
            reason = _render_text(turn, f"{step.path}/stop/reason", source, place)
            turn.finish(record, StepStatus.SUCCEEDED, started_at=started)
            turn.end(Ending(status=RunStatus(status), reason=reason, phase=turn.state.phase))
        case FailStep(message=source):
            message = _render_text(turn, f"{step.path}/fail", source, place)
            turn.fail(replace(record, started_at=started), "failed", message or "it was meant to fail")
        case AskGate():
            turn.finish(record, StepStatus.SUCCEEDED, started_at=started)
        case _:
            assert_never(body)


def _render_text(turn: Turn, key: str, source: Template, place: Place) -> str | None:
    text = turn.render(key, source, place)
    return text if isinstance(text, str) else None


def _open(turn: Turn, step: Step, record: StepRecord) -> None:
    """Open a group; its lists are begun when the run is settled."""
    turn.put(replace(record, status=StepStatus.RUNNING, started_at=record.started_at or turn.at))
    if step.timeout is not None:
        turn.start_timer(timeout_timer(record), step.timeout)


def _choose(turn: Turn, step: Step, body: ChooseSteps, place: Place, record: StepRecord) -> None:
    for index, choice in enumerate(body.choices):
        if turn.decide(choice.condition, place):
            _open(turn, step, replace(record, branch=f"choose/{index}/steps"))
            return
    if body.otherwise:
        _open(turn, step, replace(record, branch="else"))
    else:
        started = replace(record, started_at=record.started_at or turn.at)
        turn.finish(started, StepStatus.SUCCEEDED, "no condition was true")


def _wait(turn: Turn, body: WaitWhile | WaitUntil | WaitForEvent, place: Place, record: StepRecord) -> None:
    match body:
        case WaitUntil(moment=moment):
            wait_until(turn, record, place, moment)
        case WaitForEvent():
            wait_for_event(turn, record, body)
        case WaitWhile(duration=duration):
            wait_for(turn, record, duration)
        case _:
            assert_never(body)
