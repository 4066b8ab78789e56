"""From journal to state and back.

A journal entry carries every record and run field that its event set, so applying the entries in order gives the state
without running any playbook logic: fold(journal) is the snapshot, always.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from soar.engine.state import Ending, Phase, RunState
from soar.model.errors import BugError
from soar.model.run import JournalEntry, RunStatus, StepFault, StepRecord, StepStatus
from soar.model.values import JsonValue, dump_value, load_value

T = TypeVar("T")

_PLAIN_FIELDS = (
    "reason",
    "arguments",
    "attempt",
    "approval",
    "outcome",
    "comment",
    "branch",
    "child",
    "lifting",
    "look",
    "carried",
    "doubt",
)
_COUNTERS = ("settled", "looks")
_VALUE_FIELDS = frozenset(
    {
        "output",
        "outputs",
        "item",
        "started_at",
        "finished_at",
        "expires_at",
        "called_at",
        "unsent_since",
        "settle_by",
        "done_at",
    }
)


def dump_changes(before: RunState, after: RunState, changed: Iterable[str]) -> JsonValue:
    """Write down what a decision set: the changed records, and the run's own fields where they differ."""
    fields: dict[str, JsonValue] = {}
    if after.status is not before.status:
        fields["status"] = after.status.value
    if after.phase is not before.phase:
        fields["phase"] = after.phase.value
    if after.ending != before.ending and after.ending is not None:
        fields["ending"] = _dump_ending(after.ending)
    if after.started_at != before.started_at:
        fields["started_at"] = dump_value(after.started_at)
    for name in ("reason", "waiting_for"):
        if getattr(after, name) != getattr(before, name):
            fields[name] = getattr(after, name)
    for name in ("variables", "outputs"):
        if getattr(after, name) is not getattr(before, name):
            fields[name] = dump_value(dict(getattr(after, name)))
    if after.alerts != before.alerts:
        fields["alerts"] = list(after.alerts)
    records: dict[str, JsonValue] = {path: dump_record(after.records[path]) for path in changed}
    return {"run": fields, "records": records}


def apply_changes(state: RunState, changes: JsonValue) -> RunState:
    """Return the state after an entry, from the state before it.

    Raises:
        BugError: the document was not written by `dump_changes`.
    """
    match changes:
        case {"run": dict(fields), "records": dict(records), **rest} if not rest:
            pass
        case _:
            raise BugError("a journal entry whose changes are malformed")
    try:
        loaded = {path: load_record(path, document) for path, document in records.items()}
        known = _load_fields(fields)
        merged = {**state.records, **loaded} if loaded else state.records
        return replace(state, sequence=state.sequence + 1, records=merged, **known)
    except (KeyError, TypeError, ValueError) as error:
        raise BugError(f"a journal entry that this version cannot read: {error!r}") from error


def fold(entries: Iterable[JournalEntry]) -> RunState:
    """Rebuild a run's state from its journal.

    Raises:
        BugError: an entry is missing.
    """
    state = RunState()
    for entry in entries:
        if entry.sequence != state.sequence + 1:
            raise BugError(f"the journal jumps from {state.sequence} to {entry.sequence}")
        state = apply_changes(state, entry.changes)
    return state


def dump_record(record: StepRecord) -> JsonValue:
    """Write a record as JSON, leaving out what it does not say."""
    document: dict[str, JsonValue] = {"status": record.status.value}
    for name in _PLAIN_FIELDS:
        content = getattr(record, name)
        if content is not None:
            document[name] = content
    for name in _COUNTERS:
        if counted := getattr(record, name):
            document[name] = counted
    for name in _VALUE_FIELDS:
        content = getattr(record, name)
        if content is not None:
            document[name] = dump_value(content)
    if record.has_output:
        document["has_output"] = True
    if record.fault is not None:
        document["fault"] = _dump_fault(record.fault)
    return document


def load_record(path: str, document: JsonValue) -> StepRecord:
    """Read what `dump_record` wrote.

    Raises:
        BugError: it did not write this.
    """
    if not isinstance(document, dict):
        raise BugError(f"record {path} is malformed")
    known: dict[str, Any] = {}
    for name, content in document.items():
        match name:
            case "status":
                known[name] = StepStatus(str(content))
            case "fault":
                known[name] = _load_fault(content)
            case _ if name in _VALUE_FIELDS:
                known[name] = load_value(content)
            case _:
                known[name] = content
    return StepRecord(path=path, **known)


def _load_fields(fields: Mapping[str, JsonValue]) -> dict[str, Any]:
    loaded: dict[str, Any] = {}
    for name, content in fields.items():
        match name:
            case "status":
                loaded[name] = RunStatus(str(content))
            case "phase":
                loaded[name] = Phase(str(content))
            case "ending":
                loaded[name] = _load_ending(content)
            case "alerts":
                loaded[name] = tuple(_expect(content, list))
            case "started_at" | "variables" | "outputs":
                loaded[name] = load_value(content)
            case _:
                loaded[name] = content
    return loaded


def _dump_fault(fault: StepFault) -> JsonValue:
    return {"code": fault.code, "message": fault.message, "attempts": fault.attempts, "step": fault.step}


def _load_fault(document: JsonValue) -> StepFault | None:
    return StepFault(**_expect(document, dict)) if document is not None else None


def _dump_ending(ending: Ending) -> JsonValue:
    fault = _dump_fault(ending.fault) if ending.fault else None
    return {"status": ending.status.value, "reason": ending.reason, "phase": ending.phase.value, "fault": fault}


def _load_ending(document: JsonValue) -> Ending:
    document = _expect(document, dict)
    return Ending(
        status=RunStatus(str(document["status"])),
        reason=None if document["reason"] is None else str(document["reason"]),
        phase=Phase(str(document["phase"])),
        fault=_load_fault(document["fault"]),
    )


def _expect(document: JsonValue, kind: type[T]) -> T:
    if not isinstance(document, kind):
        raise TypeError(f"{document!r} is not a {kind.__name__}")
    return document
