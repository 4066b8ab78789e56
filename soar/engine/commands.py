"""What a decision asks the world to do. All in the imperative, performed only after the decision is durable."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from soar.model.run import RunStatus
from soar.model.step import Assurance, Question
from soar.model.values import JsonValue, Value


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One intended call of an action, complete but for its secrets: what people approve and what is then sent.

    Attributes:
        step: the step's path, with `#index` inside a `foreach`.
        action: `connector.action`.
        connection: id of the connection.
        arguments: resolved; secrets are null.
        secrets: JSON pointer into the arguments and credential name, for each secret.
    """

    step: str
    action: str
    connection: str
    arguments: JsonValue
    secrets: tuple[tuple[str, str], ...]

    def to_plain(self) -> JsonValue:
        """Return the call as JSON, the form that digests are taken over."""
        return {
            "step": self.step,
            "action": self.action,
            "connection": self.connection,
            "arguments": self.arguments,
            "secrets": [list(secret) for secret in self.secrets],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class StartAction:
    """Call an action.

    Attributes:
        approval: the approval that allowed it, if a gate stands before it; its digest covers this very call.
        effect_key: what the product sees, equal for each attempt.
        timeout: seconds, or None for the action's own.
        targets: what is acted on, in words.
    """

    call: Call
    attempt: int
    effect_key: str
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
        approval: id, derived from run, path and what it supersedes.
        digest: of everything that would be executed.
        calls: each call that the gate covers: one, or one an element of a `foreach`, or the actions of a group.
        targets: what would be acted on.
        undo: the author's own way back, `connector.action`; None leaves it to the connector's inverse.
        confirm: what the author wants typed; None leaves it to the engine's default.
        escalate: after how long who may decide too, and how they are told.
        supersedes: id of the question that this one is asked instead of; None for the first.
        may_choose: whether people may leave out elements of the `foreach`.
    """

    approval: str
    path: str
    label: str
    digest: str
    calls: tuple[Call, ...]
    targets: tuple[str, ...]
    by: tuple[str, ...]
    quorum: int
    has_veto: bool
    exclude: tuple[str, ...]
    assurance: Assurance | None
    reason: str
    impact: str
    evidence: tuple[tuple[str, str], ...]
    undo: str | None
    confirm: str | None
    comment: str
    timeout: timedelta
    remind: tuple[timedelta, ...]
    escalate: tuple[tuple[timedelta, str, tuple[str, ...]], ...]
    channel: str | None
    supersedes: str | None = None
    may_choose: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestAnswer:
    """Ask people for facts; the road is that of approvals.

    Attributes:
        approval: id, derived from run and path.
        to: who may answer, a principal.
        fields: by id.
    """

    approval: str
    path: str
    label: str
    to: str
    question: str
    fields: Mapping[str, Question]
    timeout: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class StartRun:
    """Start another playbook and send a `RunEnded` when it is over, or cannot be started.

    Attributes:
        run: id of the new run, derived from ours and the path.
        call: what was frozen, with the inputs as arguments; its action is `playbook.<id>`.
        approval: as in `StartAction`.
    """

    run: str
    playbook: str
    call: Call
    approval: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRun:
    """Let a run end that a step has started; its `RunEnded` comes all the same."""

    run: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchEvents:
    """Send an `EventArrived` to this step for each event of this type."""

    path: str
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetEvents:
    """Watch no longer for a step."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelApproval:
    """Take a question back; its run has ended or its arguments changed."""

    approval: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TellDoubt:
    """Tell people that nobody knows what a call did, and that its run waits for somebody to find out.

    Attributes:
        call: what was sent.
        doubt: what is known.
    """

    call: Call
    attempt: int
    doubt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldResponse:
    """Remember a change that can be taken back.

    Attributes:
        undo_action: `connector.action` that takes it back.
        undo_arguments: resolved now, from what was sent and answered.
        expires_at: when it is taken back by itself.
        check_action: `connector.action` that tells whether the change still stands; None if the connector has none.
        check_arguments: resolved now, too.
        check_connection: of the change itself; the way back may have another.
    """

    path: str
    action: str
    connection: str
    targets: tuple[str, ...]
    undo_action: str
    undo_arguments: JsonValue
    expires_at: datetime | None
    check_action: str | None = None
    check_arguments: JsonValue = None
    check_connection: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LiftResponse:
    """Take back what a step of this run holds, and send a `LiftEnded` to that step when this is over.

    Attributes:
        asked: the call of `core.undo`; it is never made, and judged as if it were.
        held: path of the step that made the change.
        reason: why it is taken back, in words.
    """

    asked: StartAction
    held: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishRun:
    """The run is over; with `is_rolled_back`, what it has changed is taken back, the latest first."""

    status: RunStatus
    reason: str | None
    outputs: Mapping[str, Value]
    is_rolled_back: bool = False


Command: TypeAlias = (
    StartAction
    | StartTimer
    | CancelTimer
    | RequestApproval
    | RequestAnswer
    | CancelApproval
    | StartRun
    | CancelRun
    | WatchEvents
    | ForgetEvents
    | TellDoubt
    | HoldResponse
    | LiftResponse
    | FinishRun
)
