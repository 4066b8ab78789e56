"""What a run remembers, and the only place that says which status may follow which."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from soar.model.errors import BugError
from soar.model.run import RunStatus, StepFault, StepRecord, StepStatus
from soar.model.values import Value

_Step = StepStatus
STEP_TRANSITIONS: Mapping[StepStatus, frozenset[StepStatus]] = {
    _Step.PENDING: frozenset(
        {_Step.PENDING, _Step.SKIPPED, _Step.WAITING, _Step.RUNNING, _Step.SUCCEEDED, _Step.FAILED, _Step.CANCELLED}
    ),
    _Step.WAITING: frozenset(
        {
            _Step.RUNNING,
            _Step.SKIPPED,
            _Step.SUCCEEDED,
            _Step.FAILED,
            _Step.DENIED,
            _Step.CANCELLED,
            _Step.PENDING,
            _Step.WAITING,
        }
    ),
    _Step.RUNNING: frozenset(
        {_Step.RUNNING, _Step.RETRYING, _Step.WAITING, _Step.SUCCEEDED, _Step.FAILED, _Step.CANCELLED}
    ),
    _Step.RETRYING: frozenset({_Step.RUNNING, _Step.FAILED, _Step.CANCELLED}),
    _Step.SUCCEEDED: frozenset({_Step.UNDONE}),
    _Step.SKIPPED: frozenset(),
    _Step.FAILED: frozenset({_Step.FAILED}),  # what was done and never seen is noted down as taken back
    _Step.DENIED: frozenset(),
    _Step.CANCELLED: frozenset({_Step.CANCELLED}),
    _Step.UNDONE: frozenset(),
}

_FINAL_RUNS = frozenset(status for status in RunStatus if status.is_final)
RUN_TRANSITIONS: Mapping[RunStatus, frozenset[RunStatus]] = {
    RunStatus.QUEUED: frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.WAITING}) | _FINAL_RUNS,
    RunStatus.RUNNING: frozenset({RunStatus.RUNNING, RunStatus.WAITING}) | _FINAL_RUNS,
    RunStatus.WAITING: frozenset({RunStatus.RUNNING, RunStatus.WAITING}) | _FINAL_RUNS,
} | {status: frozenset() for status in _FINAL_RUNS}


class Phase(StrEnum):
    """Which of the playbook's lists a run is in."""

    STEPS = "steps"
    ON_FAILURE = "on_failure"
    FINALLY = "finally"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a run will end once nothing is under way any more.

    Attributes:
        phase: in which it was decided; that list starts nothing more, the lists after it still run.
        fault: what failed, for `on_failure` handlers; None unless status is `failed`.
    """

    status: RunStatus
    reason: str | None
    phase: Phase
    fault: StepFault | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunState:
    """Everything a run remembers.

    Attributes:
        sequence: how many journal entries made this state.
        records: by path; a step without one has not been reached.
        variables: the playbook's `vars`, rendered when the run began.
        ending: set once the run is on its way out.
        waiting_for: what it waits for, in words.
        alerts: ids of alerts that joined while it was open.
    """

    status: RunStatus = RunStatus.QUEUED
    phase: Phase = Phase.STEPS
    sequence: int = 0
    records: Mapping[str, StepRecord] = field(default_factory=dict)
    variables: Mapping[str, Value] = field(default_factory=dict)
    ending: Ending | None = None
    started_at: datetime | None = None
    reason: str | None = None
    waiting_for: str | None = None
    outputs: Mapping[str, Value] = field(default_factory=dict)
    alerts: tuple[str, ...] = ()


def check_step_transition(path: str, before: StepStatus, after: StepStatus) -> None:
    """Refuse a status that may not follow another.

    Raises:
        BugError: it may not.
    """
    if after not in STEP_TRANSITIONS[before]:
        raise BugError(f"step {path} cannot go from {before} to {after}")


def check_run_transition(before: RunStatus, after: RunStatus) -> None:
    """Refuse a status that may not follow another.

    Raises:
        BugError: it may not.
    """
    if after not in RUN_TRANSITIONS[before]:
        raise BugError(f"a run cannot go from {before} to {after}")
