"""How long a change is to stand: longer than was planned, or until somebody takes it back."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.model.audit import Actor, Outcome
from soar.model.errors import ConflictError, InputError
from soar.model.ids import Ids
from soar.model.response import Response, ResponseStatus
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.responses.escalation import stop_paging
from soar.responses.report import TIMER_KIND, find_response, move_response, record_response
from soar.store import Unit

LONGEST = timedelta(days=90)
"""By how much a change may be extended at once."""


def set_expiry(unit: Unit, response: Response) -> None:
    """Have a response lifted when it expires, and not before; an earlier expiry is forgotten."""
    if response.expires_at is None:
        unit.timers.cancel(name_expiry(response))
        return
    event: JsonValue = {"kind": TIMER_KIND, "response": response.id}
    unit.timers.set(Timer(id=name_expiry(response), run=response.run, due_at=response.expires_at, event=event))


def name_expiry(response: Response) -> str:
    """Return the id of the timer that lifts a response."""
    return f"{response.id}:expiry"


def extend_response(
    unit: Unit, response_id: str, by: timedelta, *, actor: Actor, reason: str | None, ids: Ids, at: datetime
) -> Response:
    """Let a change stand longer: from its end on, or from now on where that has passed.

    Raises:
        NotFoundError: there is no such response.
        InputError: the time is none, or too long.
        ConflictError: it is lifted or being lifted, or has no end that could be moved.
    """
    if not timedelta() < by <= LONGEST:
        raise InputError(
            f"a change can be extended by up to {LONGEST.days} days at once",
            hint="`soar response keep` lets it stand for good",
        )
    response = _find_standing(unit, response_id)
    if response.expires_at is None:
        raise ConflictError(f"{response.id} has no end", hint=f"it stands until `soar response lift {response.id}`")
    moved = replace(response, expires_at=max(response.expires_at, at) + by)
    return _let_stand(unit, moved, "response.extended", actor=actor, reason=reason, ids=ids, at=at)


def keep_response(unit: Unit, response_id: str, *, actor: Actor, reason: str, ids: Ids, at: datetime) -> Response:
    """Let a change stand until somebody lifts it.

    Raises:
        NotFoundError: there is no such response.
        ConflictError: it is lifted or being lifted, or stands for good already.
    """
    response = _find_standing(unit, response_id)
    if response.expires_at is None and response.status is ResponseStatus.ACTIVE:
        raise ConflictError(f"{response.id} has no end already")
    kept = replace(response, expires_at=None)
    return _let_stand(unit, kept, "response.made_permanent", actor=actor, reason=reason, ids=ids, at=at)


def _find_standing(unit: Unit, response_id: str) -> Response:
    response = find_response(unit, response_id)
    if response.status not in {ResponseStatus.ACTIVE, ResponseStatus.OVERDUE}:
        raise ConflictError(f"{response.id} is {response.status.value} already", hint=f"see run {response.lift_run}")
    return response


def _let_stand(
    unit: Unit, response: Response, kind: str, *, actor: Actor, reason: str | None, ids: Ids, at: datetime
) -> Response:
    """Write down a response that stands on; one that was overdue is so no more."""
    if response.status is ResponseStatus.OVERDUE:
        response = replace(move_response(response, ResponseStatus.ACTIVE), fault=None)
        stop_paging(unit, response)
    unit.responses.update(response)
    set_expiry(unit, response)
    record_response(unit, kind, response, Outcome.SUCCESS, ids=ids, at=at, actor=actor, reason=reason)
    return response
