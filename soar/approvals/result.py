"""What became of what people said yes to: told from the run's journal and from what it holds."""

from collections.abc import Sequence
from datetime import datetime

from soar.approvals.card import Result, ResultKind
from soar.engine.replay import fold
from soar.model.approval import Approval, ApprovalStatus
from soar.model.response import Response, ResponseStatus
from soar.model.run import Run, StepRecord, StepStatus
from soar.store import Unit

_EVERYTHING = 10_000
_DONE = frozenset({StepStatus.SUCCEEDED, StepStatus.UNDONE})
_HELD = frozenset({ResponseStatus.ACTIVE, ResponseStatus.OVERDUE})


def find_result(unit: Unit, approval: Approval) -> Result | None:
    """Return what became of it; None where nothing is to come of it: no yes, or nothing that would be called."""
    paths = _list_paths(approval)
    run = unit.runs.get(approval.run)
    if approval.status is not ApprovalStatus.APPROVED or not paths or run is None:
        return None
    found = fold(unit.journal.load(run.id)).records
    records = [found[path] for path in paths if path in found]
    is_over = run.status.is_final or (len(records) == len(paths) and all(record.status.is_final for record in records))
    if not is_over:
        return Result(ResultKind.UNDERWAY)
    held = [each for each in unit.responses.list(_EVERYTHING, run=run.id).items if each.step in paths]
    return _find_undone(held) or _find_end(unit, approval, run, records, paths, held)


def _list_paths(approval: Approval) -> tuple[str, ...]:
    """Return the paths of the calls that were approved."""
    calls = approval.card.arguments
    steps = (call.get("step") for call in calls if isinstance(call, dict)) if isinstance(calls, list) else ()
    return tuple(step for step in steps if isinstance(step, str))


def _find_undone(held: Sequence[Response]) -> Result | None:
    """Return how far taking it back has come; None where nothing is taken back, or could not all be."""
    statuses = {each.status for each in held}
    if ResponseStatus.LIFTING in statuses:
        return Result(ResultKind.LIFTING)
    if statuses != {ResponseStatus.LIFTED}:
        return None
    return Result(ResultKind.LIFTED, at=max((each.lifted_at for each in held if each.lifted_at), default=None))


def _find_end(
    unit: Unit,
    approval: Approval,
    run: Run,
    records: Sequence[StepRecord],
    paths: Sequence[str],
    held: Sequence[Response],
) -> Result:
    failed = [record for record in records if record.status not in _DONE]
    ended_at = max((record.finished_at for record in records if record.finished_at), default=run.finished_at)
    is_undoable = any(each.status in _HELD for each in held)
    if not failed and len(records) == len(paths):
        seconds = _measure(unit, approval, paths, ended_at)
        return Result(ResultKind.DONE, at=ended_at, seconds=seconds, is_undoable=is_undoable)
    fault = next((_say_fault(record) for record in failed), None) or run.reason or "the run ended before"
    count = f"{len(failed)} of {len(paths)}: " if len(paths) > 1 and failed else ""
    return Result(ResultKind.FAILED, at=ended_at, fault=f"{count}{fault}", is_undoable=is_undoable)


def _say_fault(record: StepRecord) -> str | None:
    return record.fault.message if record.fault else record.reason


def _measure(unit: Unit, approval: Approval, paths: Sequence[str], ended_at: datetime | None) -> float | None:
    """Return how many seconds the calls took from the first one's begin; from the yes where that is not known."""
    deeds = [unit.deeds.get(approval.run, path) for path in paths]
    began_at = min((deed.at for deed in deeds if deed is not None), default=approval.decided_at)
    return (ended_at - began_at).total_seconds() if ended_at and began_at else None
