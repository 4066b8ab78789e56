"""What a decision asks the world to do. All in the imperative, performed only after the decision is durable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from soar.model.playbook import Assurance
from soar.model.run import RunStatus
from soar.model.values import JsonValue, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAction:
    """Call an action.

    Attributes:
        path: the step's path, with `#index` inside a `foreach`.
        arguments: resolved; secrets are null.
        secrets: JSON pointer into the arguments and credential name, for each secret.
        approval: the approval that allowed it, if the step has a gate.
        digest: of what is about to be executed; equals the approved one, or nothing is called.
        effect_key: what the product sees, equal for each attempt.
        timeout: seconds, or None for the action's own.
        targets: what is acted on, in words.
    """

    path: str
    action: str
    connection: str
    arguments: JsonValue
    secrets: tuple[tuple[str, str], ...]
    attempt: int
    effect_key: str
    digest: str
    approval: str | None
    timeout: float | None
    targets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimer:
    """Send a `TimerFired` with this id at this moment."""

    timer: str
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelTimer:
    """Forget a timer; one that has already fired is ignored."""

    timer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestApproval:
    """Ask people.

    Attributes:
        approval: id, derived from run, path and round.
        digest: of everything that would be executed.
        calls: the arguments of each call the gate covers; one, or one an element of a `foreach`.
        targets: what would be acted on.
        confirm: what the author wants typed; None leaves it to the engine's default.
        escalate: after how long who may decide too, and how they are told.
    """

    approval: str
    path: str
    label: str
    digest: str
    action: str | None
    connection: str
    calls: tuple[JsonValue, ...]
    targets: tuple[str, ...]
    by: tuple[str, ...]
    quorum: int
    has_veto: bool
    exclude: tuple[str, ...]
    assurance: Assurance | None
    reason: str
    impact: str
    evidence: tuple[tuple[str, str], ...]
    confirm: str | None
    comment: str
    timeout: timedelta
    remind: tuple[timedelta, ...]
    escalate: tuple[tuple[timedelta, str, tuple[str, ...]], ...]
    channel: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelApproval:
    """Take a question back; its run has ended or its arguments changed."""

    approval: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldResponse:
    """Remember a change that can be taken back.

    Attributes:
        undo_action: `connector.action` that takes it back.
        undo_arguments: resolved now, from what was sent and answered.
        expires_at: when it is taken back by itself.
    """

    path: str
    action: str
    connection: str
    targets: tuple[str, ...]
    undo_action: str
    undo_arguments: JsonValue
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRun:
    """The run is over."""

    status: RunStatus
    reason: str | None
    outputs: Mapping[str, Value]


Command: TypeAlias = (
    StartAction | StartTimer | CancelTimer | RequestApproval | CancelApproval | HoldResponse | FinishRun
)
