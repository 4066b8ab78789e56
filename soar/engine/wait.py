"""Waiting: for a while, until a moment, for an event; and what it means that nothing came."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.engine.commands import CancelTimer, ForgetEvents, StartTimer, WatchEvents
from soar.engine.events import EventArrived
from soar.engine.place import Place
from soar.engine.state import Ending
from soar.engine.turn import Turn, wait_timer
from soar.expr import EvaluationError, ExpressionError
from soar.model.errors import ActionCode
from soar.model.run import RunStatus, StepRecord, StepStatus
from soar.model.step import AfterSilence, WaitForEvent
from soar.model.values import Value


def wait_for(turn: Turn, record: StepRecord, duration: timedelta) -> None:
    """Wait for a while."""
    _wait_until(turn, record, turn.at + duration)


def wait_until(turn: Turn, record: StepRecord, place: Place, source: str) -> None:
    """Wait for a moment; one that has passed is no wait.

    Raises:
        EvaluationError: the expression gives no moment.
    """
    moment = turn.evaluate(source, place)
    if not isinstance(moment, datetime):
        raise EvaluationError(f"`{source}` gives no moment", code="expr.type", hint="write now() + duration(…)")
    if moment <= turn.at:
        turn.finish(replace(record, started_at=turn.at), StepStatus.SUCCEEDED, "the moment had passed")
    else:
        _wait_until(turn, record, moment)


def wait_for_event(turn: Turn, record: StepRecord, body: WaitForEvent) -> None:
    """Wait for one of the service's own events."""
    _wait_until(turn, record, turn.at + body.timeout)
    turn.commands.append(WatchEvents(path=record.path, type=body.event))


def _wait_until(turn: Turn, record: StepRecord, moment: datetime) -> None:
    turn.put(replace(record, status=StepStatus.WAITING, started_at=turn.at))
    turn.commands.append(StartTimer(timer=wait_timer(record), due_at=moment))


def take_event(turn: Turn, record: StepRecord, event: EventArrived) -> None:
    """Take an event that a step may have waited for."""
    body = turn.plan.program.step(record.path).body
    if record.status is not StepStatus.WAITING or not isinstance(body, WaitForEvent) or body.event != event.type:
        return
    seen: Value = {"type": event.type, "at": event.at, "subject": event.subject, "data": event.data}
    if not _is_meant(turn, record, body, seen):
        return
    turn.commands.append(CancelTimer(timer=wait_timer(record)))
    turn.commands.append(ForgetEvents(path=record.path))
    turn.finish(replace(record, output=seen, has_output=True), StepStatus.SUCCEEDED)


def _is_meant(turn: Turn, record: StepRecord, body: WaitForEvent, seen: Value) -> bool:
    """Whether an event matches; one that lacks what the condition reads does not, as in every `match`."""
    if body.match is None:
        return True
    try:
        return turn.decide(body.match, turn.place(record.path), {"event": seen})
    except ExpressionError:
        return False


def end_wait(turn: Turn, record: StepRecord) -> None:
    """Take the end of a wait's time."""
    body = turn.plan.program.step(record.path).body
    if isinstance(body, WaitForEvent):
        turn.commands.append(ForgetEvents(path=record.path))
        give_up(turn, record, body.on_timeout, f"no `{body.event}` came in time")
    else:
        turn.finish(record, StepStatus.SUCCEEDED)


def give_up(turn: Turn, record: StepRecord, on_timeout: AfterSilence, message: str) -> None:
    """Do what the author wants done when nobody answered, or nothing happened, in time."""
    match on_timeout:
        case AfterSilence.CONTINUE:
            turn.finish(record, StepStatus.SKIPPED, message)
        case AfterSilence.FAIL:
            turn.fail(record, ActionCode.TIMEOUT.value, message)
        case AfterSilence.STOP:
            turn.finish(record, StepStatus.CANCELLED, message)
            label = turn.plan.program.step(record.path).label
            turn.end(Ending(status=RunStatus.TIMED_OUT, reason=f"{label}: {message}", phase=turn.state.phase))
