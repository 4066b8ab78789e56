"""Calls of which nobody knows what they did: who is asked, and what their finding means."""

from dataclasses import replace
from datetime import timedelta

from soar.engine.action import fail, frozen_call, spec_of, start_call, succeed
from soar.engine.commands import CancelTimer, TellDoubt
from soar.engine.events import ActionFailed, ActionSucceeded, OutcomeSettled, OutcomeUnknown
from soar.engine.gate import ask, gate_of
from soar.engine.place import Place
from soar.engine.retry import is_repeatable
from soar.engine.turn import Turn, settle_timer
from soar.expr import ExpressionError
from soar.model.errors import ActionCode
from soar.model.run import Finding, StepRecord, StepStatus
from soar.model.step import AfterFailure


def lose(turn: Turn, record: StepRecord, place: Place, event: OutcomeUnknown) -> None:
    """Take a lost answer: repeat what may be repeated; everything else is for people to find out."""
    if is_repeatable(spec_of(turn, turn.plan.program.step(record.path))):
        failed = ActionFailed(
            at=event.at,
            path=event.path,
            attempt=event.attempt,
            code=ActionCode.TIMEOUT.value,
            message=event.message,
        )
        fail(turn, record, place, failed)
    elif event.patience and _may_wait(turn, record):
        _wait_for_finding(turn, record, event)
    else:
        turn.fail(record, ActionCode.UNKNOWN_OUTCOME.value, event.message)


def _may_wait(turn: Turn, record: StepRecord) -> bool:
    """Whether a run can wait for people: it is not on its way out, and its author did not want it to go on anyway."""
    is_needed = all(step.on_failure.then is not AfterFailure.CONTINUE for step in turn.plan.program.around(record.path))
    return is_needed and not turn.is_halted


def _wait_for_finding(turn: Turn, record: StepRecord, event: OutcomeUnknown) -> None:
    patience = timedelta(seconds=event.patience)
    waiting = replace(record, status=StepStatus.WAITING, doubt=event.message, settle_by=turn.at + patience)
    turn.put(waiting)
    turn.start_timer(settle_timer(waiting), patience)
    turn.commands.append(TellDoubt(call=frozen_call(turn, record), attempt=record.attempt, doubt=event.message))


def take_finding(turn: Turn, record: StepRecord, event: OutcomeSettled) -> None:
    """Take what somebody found out; one who comes too late, or speaks of another attempt, changes nothing."""
    if record.doubt is None or record.status is not StepStatus.WAITING or record.attempt != event.attempt:
        return
    turn.commands.append(CancelTimer(timer=settle_timer(record)))
    known = replace(record, doubt=None, settle_by=None)
    match Finding(event.finding):
        case Finding.HAPPENED:
            _go_on(turn, replace(known, reason=f"{event.by} says that it happened: {event.reason}"), event)
        case Finding.DID_NOT:
            said = f"{event.by} says that it did not happen: {event.reason}"
            turn.fail(known, ActionCode.TIMEOUT.value, said)
        case Finding.AGAIN:
            said = f"{event.by} says that it did not happen, and wants it tried again: {event.reason}"
            _try_again(turn, replace(known, reason=said, settled=record.attempt, unsent_since=None), event)


def _go_on(turn: Turn, record: StepRecord, event: OutcomeSettled) -> None:
    """Take the output that somebody gave for the answer that was lost."""
    running = replace(record, status=StepStatus.RUNNING)
    turn.put(running)
    answer = ActionSucceeded(at=event.at, path=event.path, attempt=event.attempt, output=event.output)
    succeed(turn, running, turn.place(record.path), answer)


def _try_again(turn: Turn, record: StepRecord, event: OutcomeSettled) -> None:
    """Make the same call once more, under the same effect key; an approval that is too old is asked for anew."""
    if not event.is_asked_anew:
        start_call(turn, record, record.approval)
        return
    step, place = turn.plan.program.step(record.path), turn.place(record.path)
    asking = replace(record, outcome=None, comment=None)
    try:
        ask(turn, step, place, gate_of(turn, step), asking, (frozen_call(turn, record),), supersedes=record.approval)
    except ExpressionError as error:
        turn.fail(asking, error.code, error.message)
