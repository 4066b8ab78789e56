"""What people found out about calls whose outcome is unknown, told to the runs that wait for it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

from soar.audit.record import record
from soar.engine.events import OutcomeSettled, dump_event, load_event
from soar.engine.plan import Program
from soar.engine.replay import fold
from soar.model.approval import ApprovalStatus
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, InputError
from soar.model.ids import Ids
from soar.model.playbook import Playbook
from soar.model.run import Finding, JournalEntry, Run, StepRecord
from soar.model.step import UseAction
from soar.model.values import JsonValue, as_value, print_timestamp
from soar.store import Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """What somebody found out.

    Attributes:
        step: id or path of the step; inside a `foreach` with `#` and the index.
        reason: how they know.
        output: what the call came to, if it happened; None is an empty one.
    """

    step: str
    finding: Finding
    reason: str
    output: JsonValue = None


class Settlements:
    """Takes what people found out to the runs that wait for it.

    Args:
        find_playbook: gives the revision that a run is pinned to; None if it cannot be read any more.
        read_output: returns an output as an action would have given it, by full name; raises where it does not fit.
        ids: new identifiers.
    """

    def __init__(
        self,
        *,
        find_playbook: Callable[[Unit, Run], Playbook | None],
        read_output: Callable[[str, JsonValue], JsonValue],
        ids: Ids,
    ) -> None:
        self._find_playbook = find_playbook
        self._read_output = read_output
        self._ids = ids

    def settle(self, unit: Unit, run: Run, wanted: Settlement, *, actor: Actor, at: datetime) -> None:
        """Tell a run how a call ended. The first who says so is believed.

        Raises:
            InputError: the step's name means none or several of those in question (`settle.step`), or the output does
                not fit (`settle.output`).
            ConflictError: nobody is asked about this step (`settle.known`), or somebody has said it already
                (`settle.done`); or another try needs an approval that has grown too old and cannot be asked for alone
                (`settle.approval`).
            NotFoundError: the action is not installed any more.
        """
        playbook = self._find_playbook(unit, run)
        if playbook is None:
            raise ConflictError(f"the playbook of {run.id} cannot be read any more", code="settle.known")
        program, entries = Program(playbook), unit.journal.load(run.id)
        records = {} if run.status.is_final else fold(entries).records
        found = _find_doubt(program, records.values(), wanted.step)
        if found is None:
            _explain_none(program, entries, wanted.step)
        told = _find_told(unit, run, found)
        if told is not None:
            raise _tell_settled(told)
        is_stale = wanted.finding is Finding.AGAIN and _is_stale(unit, found, at)
        body = program.step(found.path).body
        event = OutcomeSettled(
            at=at,
            path=found.path,
            attempt=found.attempt,
            finding=wanted.finding.value,
            by=actor.name or actor.id,
            reason=wanted.reason,
            output=as_value(self._read(body.action, wanted)) if isinstance(body, UseAction) else None,
            is_asked_anew=is_stale,
        )
        unit.inbox.add(run.id, dump_event(event), at)
        self._record(unit, run, event, actor, at)

    def _read(self, action: str, wanted: Settlement) -> JsonValue:
        if wanted.finding is Finding.HAPPENED:
            return self._read_output(action, {} if wanted.output is None else wanted.output)
        if wanted.output is not None:
            raise InputError("what did not happen has no output", code="settle.output", hint="leave the output out")
        return None

    def _record(self, unit: Unit, run: Run, settled: OutcomeSettled, actor: Actor, at: datetime) -> None:
        event = AuditEvent(
            type="outcome.settled",
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "step", "id": settled.path, "run": run.id},
            reason=settled.reason,
            after={"finding": settled.finding},
            context={
                "run": run.id,
                "playbook": run.playbook,
                "revision": run.revision,
                "step": settled.path,
                "attempt": settled.attempt,
                "is_asked_anew": settled.is_asked_anew,
            },
        )
        record(unit, event, at=at, id=self._ids.new("ev"))


def _find_doubt(program: Program, records: Iterable[StepRecord], named: str) -> StepRecord | None:
    """Return the record that waits for a finding and is meant, if one does.

    Raises:
        InputError: the name means several (`settle.step`).
    """
    meant = [record for record in records if record.doubt is not None and named in _list_names(program, record.path)]
    if len(meant) > 1:
        paths = ", ".join(record.path for record in meant)
        raise InputError(f"{named} may be any of {paths}", code="settle.step", hint="name one by its path")
    return meant[0] if meant else None


def _list_names(program: Program, path: str) -> frozenset[str]:
    """Return what a record may be called: its path, its step's id, and that with the index of the element."""
    name = program.step(path).id
    if name is None:
        return frozenset({path})
    return frozenset({path, name, f"{name}#{path.rpartition('#')[2]}"})


def _explain_none(program: Program, entries: Iterable[JournalEntry], named: str) -> NoReturn:
    """Say why nothing is to be settled under a name.

    Raises:
        ConflictError: it is settled already (`settle.done`), or was never in question (`settle.known`).
        InputError: the playbook has no such step (`settle.step`).
    """
    events = [entry.event for entry in entries if isinstance(entry.event, dict)]
    for event in reversed(events):
        if event.get("kind") == OutcomeSettled.kind and named in _list_names(program, str(event["path"])):
            told = load_event(event)
            if isinstance(told, OutcomeSettled):
                raise _tell_settled(told)
    if named.partition("#")[0] not in program.paths and not program.has(named):
        raise InputError(f"there is no step {named}", code="settle.step", hint="`soar run show` lists the steps")
    raise ConflictError(
        f"nobody is asked what {named} did",
        code="settle.known",
        hint="of a step that has failed as `unknown_outcome` nothing can be said any more: try the run again",
    )


def _find_told(unit: Unit, run: Run, found: StepRecord) -> OutcomeSettled | None:
    """Return what somebody else has said and the run has not taken up yet."""
    for waiting in unit.inbox.peek(run.id):
        event = load_event(waiting.event)
        if isinstance(event, OutcomeSettled) and (event.path, event.attempt) == (found.path, found.attempt):
            return event
    return None


def _tell_settled(told: OutcomeSettled) -> ConflictError:
    said = Finding(told.finding).value.replace("_", " ")
    message = f"already settled by {told.by} at {print_timestamp(told.at)}: {said}"
    return ConflictError(message, code="settle.done", hint="`soar run show` shows how it went on")


def _is_stale(unit: Unit, found: StepRecord, at: datetime) -> bool:
    """Whether another try needs another approval: the one that was given is older than it was asked for.

    Raises:
        ConflictError: it does, and that approval was for more than this step (`settle.approval`).
    """
    approval = unit.approvals.get(found.approval) if found.approval is not None else None
    if approval is None or (approval.status is ApprovalStatus.APPROVED and at < approval.expires_at):
        return False
    if approval.step == found.path:
        return True
    raise ConflictError(
        f"{approval.code} allowed this until {print_timestamp(approval.expires_at)}, together with other calls",
        code="settle.approval",
        hint="say that it did not happen, and try the run again: every gate is asked anew",
    )
