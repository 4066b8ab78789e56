"""What the service has given up on, kept for people to put back or to discard."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.model.ids import derive_id
from soar.model.values import JsonValue


class LetterKind(StrEnum):
    """What was given up on.

    `run`: one that could not be driven and was ended. `timer`: one that could not be fired. `event`: one that could
    start no playbook. `stuck`: a run that is open and waits for nothing that will come.
    """

    RUN = "run"
    TIMER = "timer"
    EVENT = "event"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that was given up on.

    Attributes:
        id: `dead_…`, derived from kind and subject, so that there is one for each.
        subject: id of the run or the timer, or of what the event is about.
        reason: why, in words.
        first_at: when it went wrong for the first time.
        at: when it was given up on.
        tries: how often it was tried.
        payload: what is needed to put it back.
    """

    id: str
    kind: LetterKind
    subject: str
    reason: str
    first_at: datetime
    at: datetime
    tries: int
    payload: JsonValue = None


def name_letter(kind: LetterKind, subject: str) -> str:
    """Return the id of the dead letter about a thing."""
    return derive_id("dead", kind.value, subject)
