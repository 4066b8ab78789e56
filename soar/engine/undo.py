"""What a run holds, taken back while it is open: by `core.undo`, by people or by time."""

import re
from dataclasses import replace

from soar.engine.action import begin_attempt, command_for, succeed
from soar.engine.carry import is_within
from soar.engine.commands import LiftResponse
from soar.engine.events import ActionSucceeded, LiftEnded
from soar.engine.turn import Turn, timeout_timer
from soar.model.errors import ActionCode
from soar.model.run import StepRecord, StepStatus
from soar.model.step import Step, UseAction
from soar.model.values import Value

_NUMBER = re.compile(r"\d+")
_ELEMENT = re.compile(r"#\d+")
_UNTOLD = "it could not be taken back"


def start_undo(turn: Turn, step: Step, record: StepRecord, approval: str | None) -> None:
    """Begin to take back what the named step holds, and everything inside it, the latest first."""
    running = begin_attempt(turn, record, approval)
    if running is None:
        return
    name = _argument(running, "step")
    if name not in turn.plan.program.paths:
        turn.fail(running, ActionCode.INVALID.value, f"there is no step `{name}` to undo")
        return
    elsewhere = _find_elsewhere(turn, running)
    if elsewhere is not None:
        message = f"what `{name}` changed is held by {elsewhere}, which did it: take it back there"
        turn.fail(running, ActionCode.CONFLICT.value, message)
        return
    if step.timeout is not None:
        turn.start_timer(timeout_timer(record), step.timeout)
    _go_on(turn, replace(running, lifting=None), lifted=0, failed=[])


def take_lift(turn: Turn, record: StepRecord, event: LiftEnded) -> None:
    """Take the end of a lift: the step that made the change is undone, and who waits for this goes on."""
    if event.is_lifted and record.status is StepStatus.SUCCEEDED:
        turn.put(replace(record, status=StepStatus.UNDONE))
        _close_loop_around(turn, record.path)
    elif event.is_lifted and record.done_at is not None and record.status.is_final:
        turn.put(replace(record, done_at=None))
    for waiting in [each for each in turn.records.values() if _is_waiting(each, event.path)]:
        lifted, failed = _read_progress(waiting)
        if event.is_lifted:
            lifted += 1
        else:
            failed.append({"step": _name(turn, event.path), "message": event.reason or _UNTOLD})
        _go_on(turn, replace(waiting, lifting=None), lifted=lifted, failed=failed)


def _is_waiting(record: StepRecord, path: str) -> bool:
    return record.status is StepStatus.RUNNING and record.lifting == path


def _close_loop_around(turn: Turn, path: str) -> None:
    """Call a `foreach` undone that has succeeded and of whose elements none holds anything any more."""
    loop = turn.records.get(path.rpartition("#")[0]) if _ELEMENT.search(path.rpartition("/")[2]) else None
    if loop is None or loop.status is not StepStatus.SUCCEEDED:
        return
    if not any(_is_holding(turn, each) for each in turn.records.values() if each.path.startswith(f"{loop.path}#")):
        turn.put(replace(loop, status=StepStatus.UNDONE))


def _go_on(turn: Turn, record: StepRecord, *, lifted: int, failed: list[Value]) -> None:
    """Have the next change taken back; with none left, or no time left for it, the step ends."""
    tried = {entry["step"] for entry in failed if isinstance(entry, dict)}
    left = [path for path in _list_held(turn, record) if _name(turn, path) not in tried]
    output: Value = {"lifted": lifted, "failed": failed}
    if record.fault is not None:
        turn.fail_with(replace(record, output=output, has_output=True), record.fault)
    elif not left:
        answer = ActionSucceeded(at=turn.at, path=record.path, attempt=record.attempt, output=output)
        succeed(turn, record, turn.place(record.path), answer)
    elif turn.is_halted:
        done = replace(record, output=output, has_output=True)
        turn.finish(done, StepStatus.CANCELLED, "the run ended before everything was taken back")
    else:
        running = replace(record, lifting=left[0], output=output)
        turn.put(running)
        turn.commands.append(LiftResponse(asked=command_for(turn, running), held=left[0], reason=_reason(turn, record)))


def _read_progress(record: StepRecord) -> tuple[int, list[Value]]:
    match record.output:
        case {"lifted": int(lifted), "failed": list(failed)}:
            return lifted, [*failed]
        case _:
            return 0, []


def _list_held(turn: Turn, record: StepRecord) -> list[str]:
    """Return the paths of what the named step and those inside it hold, the latest first."""
    return [each.path for each in sorted(_find_holding(turn, record), key=_age, reverse=True)]


def _find_elsewhere(turn: Turn, record: StepRecord) -> str | None:
    """Return the id of the run that holds something of the named step, if it is not this one."""
    return next((each.carried for each in _find_holding(turn, record) if each.carried is not None), None)


def _find_holding(turn: Turn, record: StepRecord) -> list[StepRecord]:
    named = turn.plan.program.paths[_argument(record, "step")]
    around = turn.place(record.path).locate(named)
    return [each for each in turn.records.values() if is_within(each.path, around) and _is_holding(turn, each)]


def _is_holding(turn: Turn, record: StepRecord) -> bool:
    """Whether a record stands for a change that was made, seen or not, can be taken back, and was not."""
    body = turn.plan.program.step(record.path).body
    is_undoable = isinstance(body, UseAction) and body.undo is not None
    is_made = record.status is StepStatus.SUCCEEDED or (record.status.is_final and record.done_at is not None)
    return is_undoable and is_made and record.attempt > 0


def _age(record: StepRecord) -> tuple[float, list[int], str]:
    """Return what puts records in the order in which they ended; what ended together, in that of the document."""
    moment = record.finished_at.timestamp() if record.finished_at else 0.0
    return moment, [int(number) for number in _NUMBER.findall(record.path)], record.path


def _argument(record: StepRecord, name: str) -> str:
    arguments = record.arguments
    found = arguments.get(name) if isinstance(arguments, dict) else None
    return found if isinstance(found, str) else ""


def _name(turn: Turn, path: str) -> str:
    """Return what a step is called in lists, with the index of its element."""
    step = turn.plan.program.step(path)
    return (step.id or step.path) + "".join(_ELEMENT.findall(path))


def _reason(turn: Turn, record: StepRecord) -> str:
    return _argument(record, "reason") or f"undone by {turn.plan.program.step(record.path).label}"
