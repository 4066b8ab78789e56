"""What one playbook revision would have done with one alert."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from soar.model.approval import ApprovalStatus
from soar.model.catalog import Effect
from soar.rehearsal.answers import Origin


class Ending(StrEnum):
    """How an alert fared.

    The first four had no run. `unanswered` is a run that stopped at a call whose answer nobody knows, `broken` one that
    could not be rehearsed; everything else is the status of the run.
    """

    UNMATCHED = "unmatched"
    ATTACHED = "attached"
    DROPPED = "dropped"
    REJECTED = "rejected"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    DENIED = "denied"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    UNANSWERED = "unanswered"
    BROKEN = "broken"

    @property
    def has_run(self) -> bool:
        """Whether a run was started."""
        return self not in _RUNLESS

    @property
    def is_trouble(self) -> bool:
        """Whether somebody should look at the alert."""
        return self in _TROUBLES


_RUNLESS = frozenset({Ending.UNMATCHED, Ending.ATTACHED, Ending.DROPPED, Ending.REJECTED})
_TROUBLES = frozenset({Ending.REJECTED, Ending.FAILED, Ending.TIMED_OUT, Ending.UNANSWERED, Ending.BROKEN})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call that would have been made; further attempts at it are not counted.

    Attributes:
        arguments: as canonical text, by which two calls are told apart.
        targets: how many things are acted on.
        is_withheld: whether shadow mode would have kept it from being made.
        origin: where the answer came from; None if there is none.
    """

    action: str
    effect: Effect
    arguments: str
    targets: int
    is_withheld: bool = False
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question that people would have been asked.

    Attributes:
        step: what people call the step.
        action: `connector.action`; empty for a gate on its own.
        by: who may decide.
        status: how it ended.
        is_recorded: whether people decided so at the time; otherwise it is an assumption.
    """

    step: str
    action: str
    by: tuple[str, ...]
    status: ApprovalStatus
    is_recorded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What one revision would have done with one alert.

    Attributes:
        reason: why it ended so, in words.
        saved: analysts' time, as the playbook estimates it.
    """

    ending: Ending
    reason: str = ""
    calls: tuple[Call, ...] = ()
    questions: tuple[Question, ...] = ()
    saved: timedelta = timedelta()
