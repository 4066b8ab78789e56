"""`foreach`: a step for each element of a list."""

from dataclasses import replace

from soar.engine.place import Place
from soar.engine.turn import Turn
from soar.expr import EvaluationError
from soar.model.run import StepFault, StepRecord, StepStatus
from soar.model.step import AfterFailure, Foreach, Step
from soar.model.values import Value


def open_loop(turn: Turn, place: Place, foreach: Foreach) -> list[Place]:
    """Lay out a record for each element and return their places.

    Raises:
        EvaluationError: the expression gives no list, or more elements than allowed; nothing was called.
    """
    elements = turn.evaluate(foreach.expression, place)
    if not isinstance(elements, list):
        raise EvaluationError(f"`{foreach.expression}` gives no list", code="expr.type")
    if len(elements) > foreach.max_items:
        raise EvaluationError(
            f"{len(elements)} elements are more than max_items allows ({foreach.max_items})", code="expr.size"
        )
    for index, item in enumerate(elements):
        turn.put(StepRecord(path=f"{place.path}#{index}", status=StepStatus.PENDING, item=item))
    return places_of(turn, place)


def places_of(turn: Turn, place: Place) -> list[Place]:
    """Return the places of the elements of a loop that is open."""
    places: list[Place] = []
    while (path := f"{place.path}#{len(places)}") in turn.records:
        places.append(turn.place(path))
    return places


def may_start(turn: Turn, step: Step, places: list[Place], foreach: Foreach) -> list[Place]:
    """Return the elements that can begin now, in order."""
    records = [turn.records[place.path] for place in places]
    if turn.is_halted or (_stops_early(step, foreach) and any(r.status is StepStatus.FAILED for r in records)):
        return []
    under_way = sum(not r.status.is_final and r.status is not StepStatus.PENDING for r in records)
    pending = [place for place in places if turn.records[place.path].status is StepStatus.PENDING]
    return pending[: max(0, foreach.max_parallel - under_way)]


def _stops_early(step: Step, foreach: Foreach) -> bool:
    return foreach.has_fail_fast and step.on_failure.then is not AfterFailure.CONTINUE


def close_loop(turn: Turn, step: Step, place: Place, places: list[Place], foreach: Foreach) -> bool:
    """Settle the step once its elements are through; return whether it was settled.

    Its output is the list of what the successful elements produced, in order. It failed if an element did.
    """
    records = [turn.records[element.path] for element in places]
    failed = [record.fault for record in records if record.fault is not None]
    if any(not r.status.is_final for r in records):
        stopped = turn.is_halted or (bool(failed) and _stops_early(step, foreach))
        if not stopped or any(not r.status.is_final and r.status is not StepStatus.PENDING for r in records):
            return False
        turn.cancel_waiting(place.path)
        records = [turn.records[element.path] for element in places]
    output: list[Value] = [r.answer for r in records if r.status in {StepStatus.SUCCEEDED, StepStatus.UNDONE}]
    done = replace(turn.records[place.path], output=output, has_output=True)
    if failed:
        turn.fail(done, failed[0].code, _summarize(failed, len(records)))
    elif any(r.status is StepStatus.CANCELLED for r in records):
        turn.finish(done, StepStatus.CANCELLED)
    else:
        turn.finish(done, StepStatus.SUCCEEDED)
    return True


def _summarize(faults: list[StepFault], count: int) -> str:
    return f"{len(faults)} of {count} failed; the first: {faults[0].message}"
