"""Timers that cannot be fired: put off, and after so many tries given up on until somebody puts them back."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.model.dead_letter import DeadLetter, LetterKind, name_letter
from soar.model.errors import BugError, SoarError
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.store import Unit

EVENT_KIND = "event_due"
"""`kind` of the timers that stand for events which could start no playbook yet; `Courier.wake` takes them."""

MOST_TRIES = 10
PUT_OFF = timedelta(minutes=1)


def put_off(unit: Unit, timer: Timer, error: Exception, now: datetime) -> None:
    """Let a timer that could not be fired come again in a minute; after ten tries it becomes a dead letter."""
    if not unit.timers.take(timer):
        return
    failed = replace(timer, due_at=now + PUT_OFF, tries=timer.tries + 1, failed_at=timer.failed_at or now)
    if failed.tries < MOST_TRIES:
        unit.timers.set(failed)
        return
    is_event = isinstance(timer.event, dict) and timer.event.get("kind") == EVENT_KIND
    kind = LetterKind.EVENT if is_event else LetterKind.TIMER
    payload: JsonValue = {"id": timer.id, "run": timer.run, "event": timer.event}
    unit.dead_letters.put(
        DeadLetter(
            id=name_letter(kind, timer.id),
            kind=kind,
            subject=timer.id,
            reason=describe_fault(error),
            first_at=timer.failed_at or now,
            at=now,
            tries=failed.tries,
            payload=payload,
        )
    )


def put_back(unit: Unit, letter: DeadLetter, now: datetime) -> None:
    """Set the timer that a dead letter is about anew; it is due now and has ten more tries.

    Raises:
        BugError: the letter is about no timer.
    """
    match letter.payload:
        case {"id": str(id_), "run": str(run), "event": event}:
            unit.timers.set(Timer(id=id_, run=run, due_at=now, event=event))
        case _:
            raise BugError(f"dead letter {letter.id} holds no timer")


def describe_fault(error: Exception) -> str:
    """Say what went wrong; of a fault of ours no more than its name, because its text may hold anything."""
    return error.message if isinstance(error, SoarError) else f"internal: {type(error).__name__}"
