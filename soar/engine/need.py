"""What has to come so that a waiting run goes on, and by when. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.engine.commands import StartTimer
from soar.engine.plan import Plan
from soar.engine.state import RunState
from soar.engine.turn import Turn, asks_people, retry_timer, settle_timer, wait_timer
from soar.expr import ExpressionError
from soar.model.run import RunStatus, StepRecord, StepStatus
from soar.model.step import WaitForEvent, WaitUntil, WaitWhile

RUN_TIMER = "run"
"""Id of the timer that ends a run which takes too long."""


class NeedKind(StrEnum):
    """What a run waits for."""

    START = "start"
    TIMER = "timer"
    APPROVAL = "approval"
    RUN = "run"
    LIFT = "lift"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One thing that a run waits for.

    Attributes:
        id: of the timer, the approval or the run; for a lift, the path of the step that made the change.
        path: of the step that waits; empty for the run itself.
        timer: how a timer is set anew that is not there; None if its moment cannot be worked out.
    """

    kind: NeedKind
    id: str = ""
    path: str = ""
    timer: StartTimer | None = None


def list_needs(plan: Plan, state: RunState, at: datetime) -> tuple[Need, ...]:
    """Return what an open run waits for while nothing of it is under way and its inbox is empty.

    If one of these is nowhere to be found, the run waits for something that never comes.

    Args:
        plan: its surroundings.
        state: how far it came.
        at: the moment.
    """
    if state.status.is_final:
        return ()
    if state.status is RunStatus.QUEUED:
        return (Need(kind=NeedKind.START),)
    limit = StartTimer(timer=RUN_TIMER, due_at=(state.started_at or at) + plan.playbook.timeout)
    whole = Need(kind=NeedKind.TIMER, id=RUN_TIMER, timer=limit)
    return (whole, *(need for record in state.records.values() for need in _list_for_step(plan, state, record, at)))


def _list_for_step(plan: Plan, state: RunState, record: StepRecord, at: datetime) -> Iterator[Need]:
    match record.status:
        case StepStatus.WAITING if record.doubt is not None:
            end = StartTimer(timer=settle_timer(record), due_at=record.settle_by or at)
            yield Need(kind=NeedKind.TIMER, id=end.timer, path=record.path, timer=end)
        case StepStatus.WAITING if record.approval is not None and asks_people(plan, record):
            yield Need(kind=NeedKind.APPROVAL, id=record.approval, path=record.path)
        case StepStatus.WAITING:
            moment = _find_moment(plan, state, record)
            timer = StartTimer(timer=wait_timer(record), due_at=moment) if moment is not None else None
            yield Need(kind=NeedKind.TIMER, id=wait_timer(record), path=record.path, timer=timer)
        case StepStatus.RETRYING:
            timer = StartTimer(timer=retry_timer(record), due_at=at)
            yield Need(kind=NeedKind.TIMER, id=retry_timer(record), path=record.path, timer=timer)
        case StepStatus.RUNNING if record.child is not None:
            yield Need(kind=NeedKind.RUN, id=record.child, path=record.path)
        case StepStatus.RUNNING if record.lifting is not None:
            yield Need(kind=NeedKind.LIFT, id=record.lifting, path=record.path)
        case _:
            pass


def _find_moment(plan: Plan, state: RunState, record: StepRecord) -> datetime | None:
    """Return when a wait ends, worked out as of its beginning; None if that cannot be done any more."""
    since, body = record.started_at, plan.program.step(record.path).body
    if since is None:
        return None
    match body:
        case WaitWhile(duration=duration):
            return since + duration
        case WaitForEvent(timeout=timeout):
            return since + timeout
        case WaitUntil(moment=source):
            turn = Turn(plan, state, since)
            try:
                moment = turn.evaluate(source, turn.place(record.path))
            except ExpressionError:
                return None
            return moment if isinstance(moment, datetime) else None
        case _:
            return None
