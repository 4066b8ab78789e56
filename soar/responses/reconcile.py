"""Looking again at what we hold, by a timer that outlives restarts: is the block still there?"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from soar.model.ids import Ids
from soar.model.response import Response
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.responses.checking import start_check
from soar.responses.report import SERVER
from soar.store import Unit

TIMER_KIND = "responses_check"
"""`kind` of the timer that this module sets; whoever fires timers hands it to `Reconciler.wake`."""

INITIATOR = "system:responses"
"""Who starts these looks, as their runs name it."""

_TIMER = "responses:check"
_BREATH = timedelta(minutes=1)


class Reconciler:
    """Has runs look at every standing change that nobody has asked about for long enough, so many a minute.

    Args:
        ids: new identifiers.
        every: how long after the last look, by whomever, the next one is due; None for never.
        pace: looks that are begun in a minute at most.
    """

    def __init__(self, *, ids: Ids, every: timedelta | None, pace: int) -> None:
        self._ids = ids
        self._every = every
        self._pace = pace

    def arrange(self, unit: Unit, at: datetime) -> None:
        """Set the timer anew as the settings have it now, or take it away."""
        if self._every is None:
            unit.timers.cancel(_TIMER)
        else:
            self._set_timer(unit, self._find_next(unit, self._every, at))

    def wake(self, unit: Unit, _event: Mapping[str, JsonValue], at: datetime) -> None:
        """Take the timer: begin the looks that are due, and set the timer for the next ones."""
        if self._every is None:
            return
        for response in unit.responses.list_unchecked(at - self._every, self._pace):
            self._look(unit, response, at)
        self._set_timer(unit, max(self._find_next(unit, self._every, at), at + _BREATH))

    def _look(self, unit: Unit, response: Response, at: datetime) -> None:
        """Begin a look; where one is under way, that one will do."""
        looking = start_check(unit, response.id, actor=SERVER, initiator=INITIATOR, ids=self._ids, at=at)
        unit.responses.update(replace(looking, check_asked_at=at))

    def _find_next(self, unit: Unit, every: timedelta, at: datetime) -> datetime:
        """Return when the next look is due; what is made from now on is due later than that."""
        oldest = unit.responses.find_least_checked()
        return at + every if oldest is None else max(oldest + every, at)

    def _set_timer(self, unit: Unit, due_at: datetime) -> None:
        unit.timers.set(Timer(id=_TIMER, run="", due_at=due_at, event={"kind": TIMER_KIND}))
