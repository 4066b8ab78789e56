"""One passage through one playbook revision, and what is remembered of each of its steps."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soar.model.values import JsonValue, Value


class RunStatus(StrEnum):
    """Where a run stands."""

    QUEUED = "queued"
    RUNNING = "running"
    WAITING = "waiting"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    TIMED_OUT = "timed_out"

    @property
    def is_final(self) -> bool:
        """Whether nothing follows any more."""
        return self not in _OPEN_RUNS


_OPEN_RUNS = frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING})


class StepStatus(StrEnum):
    """Where a step stands."""

    PENDING = "pending"
    SKIPPED = "skipped"
    WAITING = "waiting"
    RUNNING = "running"
    RETRYING = "retrying"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    UNDONE = "undone"

    @property
    def is_final(self) -> bool:
        """Whether the step is over."""
        return self not in _OPEN_STEPS


_OPEN_STEPS = frozenset({StepStatus.PENDING, StepStatus.WAITING, StepStatus.RUNNING, StepStatus.RETRYING})


class Mode(StrEnum):
    """How much of a run is real."""

    LIVE = "live"
    SUPERVISED = "supervised"
    SHADOW = "shadow"


class Finding(StrEnum):
    """What people found out about a call whose outcome was not known.

    `happened`: it did what it was to do. `did_not`: it did nothing. `again`: it did nothing, and is to be tried again.
    """

    HAPPENED = "happened"
    DID_NOT = "did_not"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class StepFault:
    """Why a step failed.

    Attributes:
        code: one of `soar.model.errors.ActionCode`, or an expression error's code.
        message: what happened, without secrets.
        attempts: how often it was tried.
        step: id or path of the step that failed.
    """

    code: str
    message: str
    attempts: int = 1
    step: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecord:
    """What is remembered of one step, or of one element of its `foreach`.

    Attributes:
        path: where the step stands in the document, such as `steps/4/steps/0`; an element's record ends in `#` and its
            index, such as `steps/0#3`.
        reason: why it was skipped or ended early, in words.
        arguments: what the action was or will be called with; secrets are null here.
        output: what it produced; absent while `has_output` is false.
        outputs: the step's own named outputs.
        item: the element of the `foreach` that this record is for.
        attempt: which try is or was the last, from 1.
        approval: id of the approval that it waits or waited for.
        outcome: how the approval ended: `approved`, `denied`, `expired`, `cancelled`.
        comment: what the last voter wrote.
        branch: which of its lists a step has taken, such as `choose/0/steps`.
        child: id of the run that a step has started.
        settled: how many attempts do not count as tries: those up to the last answer that it is not done yet, those
            that never reached the product, and those of which people say that nothing came.
        unsent_since: when the first of the latest attempts was made that did not reach the product.
        called_at: when the first of the calls was made that are polled.
        lifting: path of the record whose change is being taken back for this step.
        done_at: when the action answered whose effect is being looked for, or was looked for in vain.
        look: what looks for it: `action`, `connection` and `arguments`.
        looks: how often it has answered or failed.
        carried: id of the run that did this, if it was brought along into one that was tried again.
        doubt: what is known of a call whose outcome nobody knows, while the step waits for people to find out.
        settle_by: until when they have time.
    """

    path: str
    status: StepStatus
    reason: str | None = None
    arguments: JsonValue = None
    output: Value = None
    has_output: bool = False
    outputs: Value = None
    item: Value = None
    fault: StepFault | None = None
    attempt: int = 0
    approval: str | None = None
    outcome: str | None = None
    comment: str | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    expires_at: datetime | None = None
    branch: str | None = None
    child: str | None = None
    settled: int = 0
    unsent_since: datetime | None = None
    called_at: datetime | None = None
    lifting: str | None = None
    done_at: datetime | None = None
    look: JsonValue = None
    looks: int = 0
    carried: str | None = None
    doubt: str | None = None
    settle_by: datetime | None = None

    @property
    def answer(self) -> Value:
        """What `steps.<id>.output` shows: the outputs that the step names, or else all that it produced."""
        return self.output if self.outputs is None else self.outputs


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run as lists and permissions see it; its steps are in the journal.

    Attributes:
        id: `run_…`.
        revision: digest of the playbook's text that this run is pinned to.
        alert: id of the alert that started it, if one did.
        initiator: principal that started it: `user:u_…`, `source:…`, `token:…`; for a run that takes a response
            back also `response:ar_…` (it expired), `run:run_…` (a step asked for it), `rollback:run_…`,
            `schedule:<playbook>`, `system:events`.
        inputs: the checked inputs, typed.
        sequence: number of the last journal entry; the fence for the next.
        reason: how it ended, in words.
        waiting_for: what it waits for, in words, while it waits.
        outputs: the playbook's outputs, once it has ended.
        parent: id of the run whose step started it, and waits for its end.
        parent_step: path of that step.
        depth: how many runs stand above it.
        concurrency_key: runs with the same one are kept apart; None if it may meet any. The runs of a rollback have
            that of the run that is rolled back.
        concurrency_max: how many of these may have begun at once.
        retry_of: id of the run that this one tries again.
    """

    id: str
    playbook: str
    revision: str
    mode: Mode
    status: RunStatus
    alert: str | None
    case: str | None
    initiator: str
    inputs: Mapping[str, Value]
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    sequence: int = 0
    reason: str | None = None
    waiting_for: str | None = None
    outputs: Mapping[str, Value] = field(default_factory=dict)
    parent: str | None = None
    parent_step: str | None = None
    depth: int = 0
    concurrency_key: str | None = None
    concurrency_max: int = 0
    retry_of: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether it has not begun because another run has to end first."""
        return self.status is RunStatus.QUEUED and self.waiting_for is not None


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One event of a run and what it changed.

    Recovery applies `changes` and never runs playbook logic again, so the program may be upgraded under a waiting run.

    Attributes:
        sequence: 1, 2, 3, … without gaps; (run, sequence) is the fence against a second writer.
        event: what happened, as plain data with its `kind`.
        changes: the records and run fields that it set, as plain data.
    """

    sequence: int
    at: datetime
    event: JsonValue
    changes: JsonValue


@dataclass(frozen=True, slots=True)
class InboxEvent:
    """Something that happened to a run from outside (a vote, a timer, a cancel) and is not yet in its journal.

    Attributes:
        id: order of arrival.
        event: the engine event as plain data.
    """

    id: int
    run: str
    event: JsonValue


@dataclass(frozen=True, slots=True)
class Handout:
    """A run that has something to do.

    Attributes:
        number: counts up; a run that is handed out again gets another one.
        told: how often it was told something since it was handed out.
    """

    number: int
    workspace: str
    run: str
    told: int


@dataclass(frozen=True, slots=True)
class Timer:
    """A promise to tell a run something at a moment; a row, never a sleeping thread.

    Attributes:
        id: derived from what it is for, so setting it twice sets it once.
        run: the run to tell.
        due_at: when.
        event: the engine event to put into the run's inbox.
        tries: how often it could not be fired.
        failed_at: when that was the case for the first time.
    """

    id: str
    run: str
    due_at: datetime
    event: JsonValue
    tries: int = 0
    failed_at: datetime | None = None
