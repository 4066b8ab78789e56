"""A change that stands longer than it should: its owner is told, again and again, until somebody has dealt with it."""

from dataclasses import replace
from datetime import datetime, timedelta

from soar.model.audit import Outcome
from soar.model.event import EventType
from soar.model.ids import Ids
from soar.model.response import Response, ResponseStatus
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.responses.report import PAGE_KIND, post_to_owner, publish_response, record_response
from soar.store import Unit

PATIENCE = timedelta(minutes=5)
"""How long the lift of what has expired may take before people are told that it waits."""

_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4))  # the last one from then on


def watch_lift(unit: Unit, response: Response, at: datetime) -> None:
    """Look again whether the lift of what has expired is over."""
    _set_timer(unit, response, at + PATIENCE)


def stop_paging(unit: Unit, response: Response) -> None:
    """Tell nobody any more."""
    unit.timers.cancel(_name_timer(response))


def page_owner(unit: Unit, response: Response, *, ids: Ids, at: datetime) -> Response:
    """Tell people that a change still stands, and again after a while. Returns the response with the page counted."""
    paged = replace(response, pages=response.pages + 1)
    unit.responses.update(paged)
    why = _say_why(paged)
    record_response(unit, "response.escalated", paged, Outcome.SUCCESS, ids=ids, at=at, reason=why)
    publish_response(unit, EventType.RESPONSE_ESCALATED, paged, at, {"owner": paged.owner, "pages": paged.pages})
    who = f" {paged.owner} answers for it." if paged.owner else ""
    post_to_owner(unit, paged, f"overdue:{paged.pages}", f"still stands: {why}.{who}", ids=ids, at=at)
    _set_timer(unit, paged, at + _PAUSES[min(paged.pages, len(_PAUSES)) - 1])
    return paged


def wake_page(unit: Unit, response: Response, *, ids: Ids, at: datetime) -> Response | None:
    """Take the timer of a page: tell people once more, unless the change has been dealt with meanwhile."""
    has_expired = response.expires_at is not None and response.expires_at <= at
    is_waiting = response.status is ResponseStatus.LIFTING and has_expired
    if response.status is ResponseStatus.OVERDUE or is_waiting:
        return page_owner(unit, response, ids=ids, at=at)
    return None


def _say_why(response: Response) -> str:
    """Say what keeps a change from ending, without the words of the product."""
    if response.status is ResponseStatus.OVERDUE:
        return f"it could not be taken back, see {response.lift_run}"
    return f"its time is up and its lift waits, see {response.lift_run}"


def _set_timer(unit: Unit, response: Response, due_at: datetime) -> None:
    event: JsonValue = {"kind": PAGE_KIND, "response": response.id}
    unit.timers.set(Timer(id=_name_timer(response), run=response.run, due_at=due_at, event=event))


def _name_timer(response: Response) -> str:
    return f"{response.id}:page"
