"""What a run that is tried again brings along from the run it stands for, and what it has to do anew."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

from soar.engine.events import RecordsCarried, dump_event
from soar.engine.place import is_element
from soar.engine.plan import Program
from soar.engine.replay import dump_changes, dump_record, load_record
from soar.engine.state import RunState
from soar.model.catalog import Catalog, Effect
from soar.model.errors import ActionCode, BugError, InputError
from soar.model.run import JournalEntry, StepRecord, StepStatus
from soar.model.step import AfterFailure, Step, StopRun, UseAction
from soar.model.values import JsonValue, as_value


def find_start(program: Program, records: Mapping[str, StepRecord], named: str | None) -> int:
    """Return from which of the playbook's own steps on a run is tried again, counted from 0.

    Args:
        program: the revision that the run is pinned to.
        records: how far the run came.
        named: id or path of the step; None for the first that is not over and done with.

    Raises:
        InputError: the playbook has no such step of its own, one before it is not over and done with, or none is left
            to do (`retry.step`).
    """
    steps = program.playbook.steps
    left = next((index for index, step in enumerate(steps) if not _is_settled(program, step, records)), len(steps))
    if named is None and left == len(steps):
        hint = f"name the step to begin at: {_name_all(steps)}"
        raise InputError("every step came to its end; what failed came after them", code="retry.step", hint=hint)
    start = left if named is None else _find_own(program, named)
    if start > left:
        message = f"{_name(steps[left])} comes before {named} and is not done"
        raise InputError(message, code="retry.step", hint=f"begin at {_name(steps[left])} or before it")
    return start


def _find_own(program: Program, named: str) -> int:
    """Return which of the playbook's own steps is named by id or path."""
    steps, path = program.playbook.steps, program.paths.get(named, named)
    for index, step in enumerate(steps):
        if path == step.path:
            return index
        if path.startswith(f"{step.path}/"):
            message = f"{named} stands inside {_name(step)}, which is tried again as a whole"
            raise InputError(message, code="retry.step", hint=f"name {_name(step)}")
    raise InputError(
        f"{named} is none of the playbook's steps", code="retry.step", hint=f"name one of: {_name_all(steps)}"
    )


def _name(step: Step) -> str:
    return step.id or step.path


def _name_all(steps: Sequence[Step]) -> str:
    return ", ".join(map(_name, steps))


def choose_carried(
    program: Program, records: Mapping[str, StepRecord], start: int, run: str
) -> Mapping[str, StepRecord]:
    """Return what is brought along: the records of the steps before `start`, all of which are over and done with.

    Nothing of it grants a call: it says how a gate ended, and no longer by which approval.

    Args:
        program: the revision that the run is pinned to.
        records: how far the run came.
        start: what `find_start` returned.
        run: id of the run that the records are from.
    """
    return {
        path: replace(record, approval=None, carried=record.carried or run)
        for path, record in records.items()
        if any(is_within(path, step.path) for step in program.playbook.steps[:start])
    }


def list_uncertain(
    program: Program, records: Mapping[str, StepRecord], catalog: Catalog, carried: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the paths of what would be done anew although it may have happened already.

    That is every call whose outcome is unknown or was never seen, and every write whose answer never came.

    Args:
        program: the revision that the run is pinned to.
        records: how far the run came.
        catalog: tells which actions only read.
        carried: paths of what is brought along, and so not done anew.
    """
    return tuple(
        path
        for path, record in records.items()
        if path not in carried and _is_uncertain(program.step(path), record, catalog)
    )


def write_carried(carried: Mapping[str, StepRecord], run: str, at: datetime) -> JournalEntry:
    """Return the first entry of the journal of a run that brings these records along."""
    records = as_value({path: dump_record(record) for path, record in carried.items()})
    event = RecordsCarried(at=at, run=run, records=records)
    state = take_carried(RunState(), event)
    changes = dump_changes(RunState(), state, state.records)
    return JournalEntry(sequence=state.sequence, at=at, event=dump_event(event), changes=changes)


def take_carried(state: RunState, event: RecordsCarried) -> RunState:
    """Return the state of a run that has been given its records, before it begins.

    Raises:
        BugError: the run has a journal already, or these are no records.
    """
    if state.sequence or not isinstance(event.records, dict):
        raise BugError("records are carried into a run before anything else")
    records = {path: load_record(path, cast("JsonValue", document)) for path, document in event.records.items()}
    return RunState(sequence=1, records=records)


def is_within(path: str, part: str) -> bool:
    """Whether a record belongs to a step of the document: its own, an element's, or one inside it."""
    return path == part or path.startswith((f"{part}/", f"{part}#"))


def _is_settled(program: Program, step: Step, records: Mapping[str, StepRecord]) -> bool:
    """Whether a step is over and the run went on after it; one that ended the run by `stop` is to decide again."""
    record = records.get(step.path)
    if record is None or any(_is_stop(program, each) for each in records.values() if is_within(each.path, step.path)):
        return False
    match record.status:
        case StepStatus.SUCCEEDED | StepStatus.SKIPPED | StepStatus.UNDONE:
            return True
        case StepStatus.FAILED if not _is_lost(record):
            return _has_gone_on(program, step.on_failure.then, step.on_failure.steps, records)
        case StepStatus.DENIED if step.gate is not None:
            return _has_gone_on(program, step.gate.on_deny.then, step.gate.on_deny.steps, records)
        case _:
            return False


def _has_gone_on(
    program: Program, then: AfterFailure, handler: Sequence[Step], records: Mapping[str, StepRecord]
) -> bool:
    """Whether the author wanted a run to go on after a failure or a denial, and the handler has ended well."""
    match then:
        case AfterFailure.STOP:
            return False
        case AfterFailure.CONTINUE:
            return True
        case AfterFailure.HANDLE:
            return all(_is_settled(program, step, records) for step in handler)


def _is_stop(program: Program, record: StepRecord) -> bool:
    return record.status is StepStatus.SUCCEEDED and isinstance(program.step(record.path).body, StopRun)


def _is_uncertain(step: Step, record: StepRecord, catalog: Catalog) -> bool:
    if not isinstance(step.body, UseAction) or (step.foreach is not None and not is_element(record.path)):
        return False
    spec = catalog.find_action(step.body.action)
    is_read = spec is not None and spec.effect is Effect.READ
    is_unseen = record.done_at is not None
    is_under_way = record.status is StepStatus.RUNNING and record.attempt > 0 and not is_read
    return is_unseen or _is_lost(record) or is_under_way


def _is_lost(record: StepRecord) -> bool:
    is_marked = record.fault is not None and record.fault.code == ActionCode.UNKNOWN_OUTCOME
    return is_marked or record.doubt is not None
