"""What products answered and people decided when an alert was handled for the first time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from soar.engine.events import ActionSucceeded, load_event
from soar.engine.plan import Program
from soar.engine.replay import apply_changes, fold
from soar.engine.state import RunState
from soar.engine.verification import is_looking, read_look
from soar.expr import to_plain
from soar.model.approval import Approval, ApprovalStatus
from soar.model.errors import ActionCode
from soar.model.process import ActionAnswer
from soar.model.run import JournalEntry, Run, StepRecord
from soar.model.step import UseAction
from soar.model.values import JsonValue, parse_timestamp
from soar.playbook import parse_playbook
from soar.store import Unit

_MOST_RUNS = 100
_MOST_APPROVALS = 1_000
_CODES = frozenset(code.value for code in ActionCode)
_CALL_FIELDS = ("action", "connection", "arguments")
_DECIDED = frozenset({ApprovalStatus.APPROVED, ApprovalStatus.DENIED, ApprovalStatus.EXPIRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PastCall:
    """A call that a stored run made, and its answer.

    Attributes:
        arguments: secrets are null.
        length: how long the run went on; its `now()` moved as far.
    """

    action: str
    arguments: JsonValue
    answer: ActionAnswer
    length: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PastDecision:
    """A question that a stored run asked, and how it ended.

    Attributes:
        waited: from the question to its end.
        length: how long the run went on.
    """

    approval: Approval
    waited: timedelta
    length: timedelta


@dataclass(frozen=True, slots=True)
class History:
    """What the stored runs of one alert met with, of whatever playbook, those of the newest run first."""

    calls: tuple[PastCall, ...] = ()
    decisions: tuple[PastDecision, ...] = ()

    def find_answer(self, action: str, arguments: JsonValue, passed: timedelta) -> ActionAnswer | None:
        """Return what this call was answered; None if no stored run made it.

        Args:
            action: `connector.action`.
            arguments: equal but for moments: `now()` was another one then.
            passed: how far `now()` can have moved since this run began.
        """
        made = (call for call in self.calls if call.action == action)
        return next((c.answer for c in made if is_same(c.arguments, arguments, max(c.length, passed))), None)

    def find_decision(self, asked: Approval, passed: timedelta) -> PastDecision | None:
        """Return how the same question ended; None if no stored run asked it.

        Args:
            asked: a question about the same calls; one about none must stand at the same step.
            passed: how far `now()` can have moved since this run began.
        """
        calls = _list_frozen(asked)
        for past in self.decisions:
            known = _list_frozen(past.approval)
            is_alike = bool(known) or past.approval.step == asked.step
            if is_alike and is_same(known, calls, max(past.length, passed)):
                return past
        return None


class Historian:
    """Reads histories; the playbooks that stored runs are pinned to stay in memory, by their digest."""

    def __init__(self) -> None:
        self._programs: dict[tuple[str, str], Program | None] = {}

    def recall(self, unit: Unit, alert: str) -> History:
        """Return what the runs of an alert met with."""
        runs = unit.runs.list(_MOST_RUNS, alert=alert).items
        return History(
            calls=tuple(call for run in runs for call in self._list_calls(unit, run)),
            decisions=tuple(decision for run in runs for decision in _list_decisions(unit, run)),
        )

    def _list_calls(self, unit: Unit, run: Run) -> Iterator[PastCall]:
        program = self.find_program(unit, run)
        if program is None:
            return
        entries = unit.journal.load(run.id)
        length = entries[-1].at - run.created_at if entries else timedelta()
        for record in _list_looks(entries):
            action, _, arguments = read_look(record)
            yield PastCall(
                action=action, arguments=arguments, answer=ActionAnswer(output=to_plain(record.output)), length=length
            )
        for record in fold(entries).records.values():
            body, answer = program.step(record.path).body, _read_answer(record)
            if isinstance(body, UseAction) and record.arguments is not None and answer is not None:
                yield PastCall(action=body.action, arguments=record.arguments, answer=answer, length=length)

    def find_program(self, unit: Unit, run: Run) -> Program | None:
        """Return what a run did by its steps' paths; None if this version cannot parse its playbook any more."""
        key = (run.playbook, run.revision)
        if key not in self._programs:
            revision = unit.revisions.get(run.revision)
            text = revision.text if revision else ""
            playbook, _ = parse_playbook(text, playbook_id=run.playbook, file=f"{run.playbook}.yaml")
            self._programs[key] = Program(playbook) if playbook else None
        return self._programs[key]


def _list_looks(entries: Sequence[JournalEntry]) -> Iterator[StepRecord]:
    """Yield the records whose actions were looked for, with what the last look answered as their output."""
    state, looked = RunState(), dict[str, StepRecord]()
    for entry in entries:
        event = load_event(entry.event)
        looking = state.records.get(event.path) if isinstance(event, ActionSucceeded) else None
        if looking is not None and is_looking(looking) and isinstance(event, ActionSucceeded):
            looked[event.path] = replace(looking, output=event.output)
        state = apply_changes(state, entry.changes)
    yield from looked.values()


def _list_decisions(unit: Unit, run: Run) -> Iterator[PastDecision]:
    for approval in unit.approvals.list(_MOST_APPROVALS, run=run.id).items:
        if approval.status in _DECIDED and approval.decided_at is not None:
            waited, length = approval.decided_at - approval.asked_at, approval.decided_at - run.created_at
            yield PastDecision(approval=approval, waited=waited, length=length)


def _list_frozen(approval: Approval) -> list[JsonValue]:
    """Return the calls that a question is about, without the places of their steps: another revision moves those."""
    calls = approval.card.arguments if isinstance(approval.card.arguments, list) else []
    return [{name: call.get(name) for name in _CALL_FIELDS} for call in calls if isinstance(call, dict)]


def _read_answer(record: StepRecord) -> ActionAnswer | None:
    """Return how the call of a step ended; None if it was not made, or is not over."""
    if record.has_output:
        return ActionAnswer(output=to_plain(record.output))
    if record.attempt and record.fault is not None and record.fault.code in _CODES:
        return ActionAnswer(code=ActionCode(record.fault.code), message=record.fault.message)
    return None


def is_same(one: JsonValue, other: JsonValue, apart: timedelta) -> bool:
    """Whether two documents are equal, where texts that are moments may lie this far apart."""
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(is_same(one[name], other[name], apart) for name in one)
        case list(), list():
            return len(one) == len(other) and all(is_same(a, b, apart) for a, b in zip(one, other, strict=True))
        case str(), str():
            return one == other or _are_near(one, other, apart)
        case _:
            return type(one) is type(other) and one == other


def _are_near(one: str, other: str, apart: timedelta) -> bool:
    try:
        return abs(parse_timestamp(one) - parse_timestamp(other)) <= apart
    except ValueError:
        return False
