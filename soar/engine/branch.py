"""How a step begins: its condition, its gate, and then what it does."""

from dataclasses import replace

from soar.engine.body import enact
from soar.engine.commands import Call
from soar.engine.events import ApprovalDecided
from soar.engine.gate import ask, deny, find_gate, freeze_arguments, freeze_group, frozen_step, gate_of
from soar.engine.loop import open_loop, places_of
from soar.engine.place import Place
from soar.engine.question import question_id, take_answer
from soar.engine.turn import Turn
from soar.expr import ExpressionError
from soar.model.run import StepRecord, StepStatus
from soar.model.step import AskPeople, CallPlaybook, Foreach, Gate, Step, UseAction


def begin(turn: Turn, step: Step, place: Place) -> None:
    """Begin a step: skip it, open its loop, ask its gate, or do it."""
    record = turn.records.get(place.path) or StepRecord(path=place.path, status=StepStatus.PENDING)
    try:
        if step.condition is not None and not turn.decide(step.condition, place):
            turn.finish(record, StepStatus.SKIPPED, f"`{step.condition}` was false")
        elif step.foreach is not None:
            _begin_loop(turn, step, place, step.foreach, record)
        else:
            _enter(turn, step, place, record, find_gate(turn, step, place))
    except ExpressionError as error:
        turn.fail(turn.records.get(place.path, record), error.code, error.message)


def begin_element(turn: Turn, step: Step, place: Place) -> None:
    """Begin one element of a step's `foreach`."""
    record = turn.records[place.path]
    try:
        gate = find_gate(turn, step, place) if step.gate and step.gate.per_item else None
        _enter(turn, step, place, record, gate)
    except ExpressionError as error:
        turn.fail(turn.records[place.path], error.code, error.message)


def go_on(turn: Turn, record: StepRecord, event: ApprovalDecided) -> None:
    """Go on after a gate, or do not."""
    step = turn.plan.program.step(record.path)
    if isinstance(step.body, AskPeople) and event.approval == question_id(turn, record.path):
        take_answer(turn, record, step.body, event)
        return
    gate = gate_of(turn, step)
    if event.outcome == "superseded":
        _ask_anew(turn, step, gate, record, event.approval)
        return
    decided = replace(record, outcome=event.outcome, comment=event.comment)
    if event.outcome != "approved":
        deny(turn, decided, gate, event)
        return
    try:
        if step.foreach is not None and not gate.per_item:
            _leave_out(turn, event)
            turn.put(replace(decided, status=StepStatus.RUNNING))
        else:
            enact(turn, step, turn.place(record.path), decided)
    except ExpressionError as error:
        turn.fail(decided, error.code, error.message)


def _leave_out(turn: Turn, event: ApprovalDecided) -> None:
    """Skip the elements that people have not allowed."""
    for path in event.left_out if isinstance(event.left_out, list) else ():
        turn.finish(turn.records[str(path)], StepStatus.SKIPPED, "left out by whoever approved the others")


def _ask_anew(turn: Turn, step: Step, gate: Gate, record: StepRecord, superseded: str) -> None:
    """Ask again what a gate asked before; what was frozen for an action stays, and no vote carries over."""
    place = turn.place(record.path)
    try:
        is_batch = step.foreach is not None and not gate.per_item
        places = places_of(turn, place) if is_batch else [place]
        calls = [call for each in places for call in _list_calls(turn, step, each, turn.records[each.path])]
        ask(turn, step, place, gate, turn.records[record.path], tuple(calls), supersedes=superseded)
    except ExpressionError as error:
        turn.fail(turn.records[record.path], error.code, error.message)


def _begin_loop(turn: Turn, step: Step, place: Place, foreach: Foreach, record: StepRecord) -> None:
    gate = find_gate(turn, step, place)
    elements = open_loop(turn, place, foreach)
    if gate is None or gate.per_item or not elements:
        turn.put(replace(record, status=StepStatus.RUNNING, started_at=turn.at))
        return
    calls = [call for element in elements for call in _list_calls(turn, step, element, turn.records[element.path])]
    ask(turn, step, place, gate, record, tuple(calls))


def _enter(turn: Turn, step: Step, place: Place, record: StepRecord, gate: Gate | None) -> None:
    if gate is not None:
        calls = _list_calls(turn, step, place, record)
        ask(turn, step, place, gate, turn.records.get(place.path, record), calls)
    elif isinstance(step.body, UseAction | CallPlaybook):
        enact(turn, step, place, _freeze(turn, step, place, record))
    else:
        enact(turn, step, place, record)


def _list_calls(turn: Turn, step: Step, place: Place, record: StepRecord) -> tuple[Call, ...]:
    """Return everything that a gate asks about, frozen in the records."""
    if isinstance(step.body, UseAction | CallPlaybook):
        return (frozen_step(turn, step, _freeze(turn, step, place, record)),)
    return freeze_group(turn, step, place)


def _freeze(turn: Turn, step: Step, place: Place, record: StepRecord) -> StepRecord:
    """Resolve what a call would send and keep it in its record; what is frozen already stays as it is."""
    if record.arguments is not None:
        return record
    frozen = replace(record, arguments=freeze_arguments(turn, step, place))
    turn.put(frozen)
    return frozen
