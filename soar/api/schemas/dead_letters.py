"""What the service has given up on."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from soar.model.dead_letter import DeadLetter, LetterKind


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterView:
    """A dead letter; `subject` is the id of the run or the timer it is about."""

    id: str
    kind: LetterKind
    subject: str
    reason: str
    first_at: datetime
    at: datetime
    tries: int
    payload: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterPage:
    """A page of dead letters, newest first."""

    items: tuple[DeadLetterView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetterReplayed:
    """What was put back; `run` is the new run where the letter was about one."""

    letter: str
    run: str | None


def view_letter(letter: DeadLetter) -> DeadLetterView:
    """Return a dead letter."""
    return DeadLetterView(
        id=letter.id,
        kind=letter.kind,
        subject=letter.subject,
        reason=letter.reason,
        first_at=letter.first_at,
        at=letter.at,
        tries=letter.tries,
        payload=letter.payload,
    )
