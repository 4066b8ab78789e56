"""Lists of steps: which may begin, which are over, and what a failure among them means."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from soar.engine.branch import begin, begin_element
from soar.engine.loop import close_loop, may_start, places_of
from soar.engine.place import Place
from soar.engine.turn import Turn
from soar.model.run import StepFault, StepRecord, StepStatus
from soar.model.step import AfterFailure, Branch, Foreach, ParallelSteps, Step, StopRun, list_branches


@dataclass(frozen=True, slots=True)
class Joined:
    """What a list or step has come to.

    Attributes:
        is_open: something in it is under way or still to come.
        fault: why nothing more begins in it.
    """

    is_open: bool
    fault: StepFault | None = None


_OPEN = Joined(is_open=True)
_OVER = Joined(is_open=False)


def settle_list(turn: Turn, steps: tuple[Step, ...], place: Place, fault: StepFault | None = None) -> Joined:
    """Begin every step of a list that may begin, until nothing moves any more.

    Args:
        turn: the work under way.
        steps: the list.
        place: where the list stands.
        fault: why it may not go on, if that is known already.
    """
    while True:
        joined = {step.path: _settle_step(turn, step, place) for step in steps if _has_begun(turn, step, place)}
        fault = fault or next((child.fault for child in joined.values() if child.fault), None)
        is_open = any(child.is_open for child in joined.values())
        if fault is not None and is_open:
            is_open = _hold_back(turn, steps, place)
        if fault is not None or turn.is_halted:
            return Joined(is_open, fault)
        over = {path for path, child in joined.items() if not child.is_open}
        ready = _find_ready(turn, steps, place, joined, over)
        if not ready:
            missing = next((step for step in steps if step.path not in joined), None)
            if missing is not None and not is_open:
                return Joined(is_open=False, fault=_never_ready(missing))
            return Joined(is_open)
        for step in ready:
            begin(turn, step, turn.place(place.locate(step.path)))


def _has_begun(turn: Turn, step: Step, place: Place) -> bool:
    record = turn.records.get(place.locate(step.path))
    return record is not None and record.status is not StepStatus.PENDING


def _find_ready(
    turn: Turn, steps: tuple[Step, ...], place: Place, begun: Collection[str], over: Collection[str]
) -> list[Step]:
    """Return the steps of a list that have not begun and need nothing that is not over."""
    ready, is_all_over = [], True
    for step in steps:
        if step.path not in begun and (is_all_over if step.needs is None else _has_all(turn, steps, step, place, over)):
            ready.append(step)
        is_all_over = is_all_over and step.path in over
    return ready


def _has_all(turn: Turn, steps: tuple[Step, ...], step: Step, place: Place, over: Collection[str]) -> bool:
    siblings = {other.path for other in steps}
    needed = [turn.plan.program.paths.get(name, name) for name in step.needs or ()]
    return all(path in over if path in siblings else _is_over(turn, place, path) for path in needed)


def _is_over(turn: Turn, place: Place, path: str) -> bool:
    record = turn.records.get(place.locate(path))
    return record is not None and record.status.is_final


def _never_ready(step: Step) -> StepFault:
    return StepFault(code="internal", message=f"{step.label} needs a step that never comes", step=step.id or step.path)


def _hold_back(turn: Turn, steps: tuple[Step, ...], place: Place) -> bool:
    """Take back what only waits; return whether calls are still under way."""
    for step in steps:
        turn.cancel_waiting(place.locate(step.path))
    settled = [_settle_step(turn, step, place) for step in steps if _has_begun(turn, step, place)]
    return any(child.is_open for child in settled)


def _settle_step(turn: Turn, step: Step, around: Place) -> Joined:
    """Bring a step that has begun as far as it goes, its handlers included."""
    path = around.locate(step.path)
    if turn.records[path].status is StepStatus.RUNNING:
        if step.foreach is not None:
            _settle_loop(turn, step, turn.place(path), step.foreach)
        elif list_branches(step.body):
            _settle_group(turn, step, turn.place(path))
    return _judge(turn, step, turn.records[path])


def _judge(turn: Turn, step: Step, record: StepRecord) -> Joined:
    match record.status:
        case StepStatus.FAILED:
            fault = record.fault or StepFault(code="internal", message="it failed")
            return _follow(turn, step.on_failure.then, step.on_failure.steps, record, fault)
        case StepStatus.DENIED if step.gate is not None:
            return _follow(turn, step.gate.on_deny.then, step.gate.on_deny.steps, record, None)
        case status:
            return _OVER if status.is_final else _OPEN


def _follow(
    turn: Turn, then: AfterFailure, steps: tuple[Step, ...], record: StepRecord, fault: StepFault | None
) -> Joined:
    """Do what the author wants done after a failure or a denial."""
    match then:
        case AfterFailure.STOP:
            return Joined(is_open=False, fault=fault)
        case AfterFailure.CONTINUE:
            return _OVER
        case AfterFailure.HANDLE:
            return settle_list(turn, steps, turn.place(record.path))


def _settle_group(turn: Turn, step: Step, place: Place) -> None:
    branches = _list_taken(step, turn.records[place.path])
    if not branches:
        return
    joined = _settle_branches(turn, step, place, branches)
    if joined.is_open:
        return
    record = turn.records[place.path]
    if joined.fault is not None:
        turn.fail_with(record, joined.fault)
    elif turn.is_halted and not any(_holds_stop(turn, branch.steps, place) for branch in branches):
        turn.finish(record, StepStatus.CANCELLED, "the run ended before it was through")
    else:
        turn.finish(record, StepStatus.SUCCEEDED)


def _list_taken(step: Step, record: StepRecord) -> tuple[Branch, ...]:
    """Return the lists of a group that are gone through: all of them, or the one that was chosen."""
    branches = list_branches(step.body)
    return tuple(branch for branch in branches if record.branch in {None, branch.key})


def _settle_branches(turn: Turn, step: Step, place: Place, branches: tuple[Branch, ...]) -> Joined:
    """Bring each list as far as it goes; with `fail_fast` a failure in one holds back the others."""
    has_fail_fast = isinstance(step.body, ParallelSteps) and step.body.has_fail_fast
    while True:
        record = turn.records[place.path]
        joined = [
            settle_list(turn, branch.steps, turn.place(f"{place.path}/{branch.key}"), record.fault)
            for branch in branches
        ]
        fault = record.fault or next((each.fault for each in joined if each.fault), None)
        if fault is record.fault or not has_fail_fast:
            return Joined(any(each.is_open for each in joined), fault)
        turn.put(replace(record, fault=fault))


def _holds_stop(turn: Turn, steps: tuple[Step, ...], place: Place) -> bool:
    return any(isinstance(step.body, StopRun) and _is_over(turn, place, step.path) for step in steps)


def _settle_loop(turn: Turn, step: Step, place: Place, foreach: Foreach) -> None:
    places = places_of(turn, place)
    for element in places:
        if turn.records[element.path].status is StepStatus.RUNNING:
            _settle_group(turn, step, element)
    while ready := may_start(turn, step, places, foreach):
        for element in ready:
            begin_element(turn, step, element)
            if turn.records[element.path].status is StepStatus.RUNNING:
                _settle_group(turn, step, element)
    close_loop(turn, step, place, places, foreach)
