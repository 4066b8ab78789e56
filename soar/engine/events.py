"""What can happen to a run. All in the past, all plain data, each with its moment."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import ClassVar, TypeAlias

from soar.model.errors import BugError
from soar.model.values import JsonValue, Value, dump_value, load_value


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """The run began."""

    kind: ClassVar[str] = "run_started"
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordsCarried:
    """A run that stands for another was given what its steps came to, before it began.

    Attributes:
        run: id of the run that they are from.
        records: by path, each as the journal keeps it.
    """

    kind: ClassVar[str] = "records_carried"
    at: datetime
    run: str
    records: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionSucceeded:
    """A call answered.

    Attributes:
        path: the step's path, with `#index` inside a `foreach`.
        attempt: which try answered; an answer to an older try is ignored.
        checked_by: the action that told so, where the call's own answer was lost.
    """

    kind: ClassVar[str] = "action_succeeded"
    at: datetime
    path: str
    attempt: int
    output: Value
    checked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionFailed:
    """A call failed, and we know that it changed nothing more.

    Attributes:
        code: one of `soar.model.errors.ActionCode`.
        retry_after: seconds the product asked us to wait.
        jitter: between 0 and 1, drawn by the driver, so that a replay waits as long.
        is_unsent: whether nothing came of it for sure: our own limits held the call back, nobody answered there, or the
            action's check says that it did not happen.
    """

    kind: ClassVar[str] = "action_failed"
    at: datetime
    path: str
    attempt: int
    code: str
    message: str
    retry_after: float | None = None
    jitter: float = 1.0
    is_unsent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeUnknown:
    """A call may or may not have arrived, and nobody can tell.

    Attributes:
        message: what is known.
        patience: seconds that people have to find out; without any the step fails at once.
    """

    kind: ClassVar[str] = "outcome_unknown"
    at: datetime
    path: str
    attempt: int
    message: str
    patience: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeSettled:
    """Somebody found out how a call ended whose outcome was not known.

    Attributes:
        attempt: which try they speak of.
        finding: one of `soar.model.run.Finding`.
        by: who, by name.
        reason: how they know.
        output: what the call came to, if it happened.
        is_asked_anew: whether the step's gate is asked before another try, since its approval is too old.
    """

    kind: ClassVar[str] = "outcome_settled"
    at: datetime
    path: str
    attempt: int
    finding: str
    by: str
    reason: str
    output: Value = None
    is_asked_anew: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerFired:
    """A moment came. `timer` is the id that `StartTimer` gave."""

    kind: ClassVar[str] = "timer_fired"
    at: datetime
    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided:
    """People decided, or time did.

    Attributes:
        outcome: `approved`, `denied`, `expired`, `cancelled`, `refused` or `superseded`; `answered` if facts were
            asked for.
        comment: what the last voter wrote, or why it was refused.
        digest: of what was approved.
        answers: by field, if facts were asked for.
        left_out: paths of the elements of a `foreach` that people did not allow.
    """

    kind: ClassVar[str] = "approval_decided"
    at: datetime
    path: str
    approval: str
    outcome: str
    digest: str
    comment: str | None = None
    answers: Value = None
    left_out: Value = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnded:
    """A run that a step had started is over, or could not be started.

    Attributes:
        run: id of that run.
        status: one of the final ones of `soar.model.run.RunStatus`.
        outputs: what it gives back.
        reason: how it ended, in words.
    """

    kind: ClassVar[str] = "run_ended"
    at: datetime
    path: str
    run: str
    status: str
    outputs: Value = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftEnded:
    """The lift of a change that the run holds is over, whoever asked for it.

    Attributes:
        path: of the step that made the change.
        is_lifted: whether the change is taken back; if not, it still stands.
        reason: why it could not be taken back.
    """

    kind: ClassVar[str] = "lift_ended"
    at: datetime
    path: str
    is_lifted: bool
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventArrived:
    """Something happened in the service that a step waits for.

    Attributes:
        type: one of `soar.model.event.EventType`.
        subject: id of what it is about.
        data: what is known of it.
    """

    kind: ClassVar[str] = "event_arrived"
    at: datetime
    path: str
    type: str
    subject: str
    data: Value


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """Somebody wants the run to end."""

    kind: ClassVar[str] = "cancel_requested"
    at: datetime
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertJoined:
    """Another alert was attached to the run."""

    kind: ClassVar[str] = "alert_joined"
    at: datetime
    alert: str


StepEvent: TypeAlias = (
    ActionSucceeded
    | ActionFailed
    | OutcomeUnknown
    | OutcomeSettled
    | ApprovalDecided
    | RunEnded
    | LiftEnded
    | EventArrived
)
"""What happens to one step; its `path` says to which."""

Event: TypeAlias = RunStarted | RecordsCarried | TimerFired | CancelRequested | AlertJoined | StepEvent

_KINDS: Mapping[str, type[Event]] = {
    event.kind: event
    for event in (
        RunStarted,
        RecordsCarried,
        ActionSucceeded,
        ActionFailed,
        OutcomeUnknown,
        OutcomeSettled,
        TimerFired,
        ApprovalDecided,
        RunEnded,
        LiftEnded,
        EventArrived,
        CancelRequested,
        AlertJoined,
    )
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(event)) for kind, event in _KINDS.items()
}


def dump_event(event: Event) -> JsonValue:
    """Write an event as JSON, for the journal, the inbox and timers."""
    document: dict[str, JsonValue] = {"kind": event.kind}
    for name in _FIELDS[event.kind]:
        document[name] = dump_value(getattr(event, name))
    return document


def load_event(document: JsonValue) -> Event:
    """Read what `dump_event` wrote.

    Raises:
        BugError: the document is no event of a known kind.
    """
    if not isinstance(document, dict) or document.get("kind") not in _KINDS:
        raise BugError(f"not an engine event: {document!r}")
    kind = _KINDS[str(document["kind"])]
    return kind(**{name: load_value(content) for name, content in document.items() if name != "kind"})  # type: ignore[arg-type]  # written by dump_event from the same class
