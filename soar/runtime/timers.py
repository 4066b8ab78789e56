"""Fires timers when they are due. A timer is a row; this holds none of them."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from soar.approvals import deadlines
from soar.approvals.service import ApprovalService
from soar.model.announce import Announcer
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.model.run import Timer
from soar.model.values import JsonValue
from soar.responses import service as responses
from soar.responses.service import ResponseService
from soar.runtime.alarm import Alarm
from soar.runtime.parking import put_off
from soar.runtime.queue import Report
from soar.store import Store, Unit

Waker: TypeAlias = Callable[[Unit, Mapping[str, JsonValue], datetime], tuple[str, str] | None]
"""Takes a timer that is no run's own; returns kind and id of what changed by it."""

_RETRY_AFTER = 1.0


class TimerKeeper:
    """Sleeps until the next timer is due and fires it.

    Args:
        store: where timers are.
        clock: real or virtual.
        approvals: takes the timers of questions.
        responses: takes the timers of active responses.
        announcer: hears of what changed.
        report: told of a timer that could not be fired, for the log.
        wakers: take the timers of others, by the `kind` in their events.
        longest_sleep: seconds between two looks at most; another process may have set a timer that is due before ours.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        approvals: ApprovalService,
        responses: ResponseService,
        announcer: Announcer,
        report: Report,
        wakers: Mapping[str, Waker] | None = None,
        longest_sleep: float = 60.0,
    ) -> None:
        self._store = store
        self._clock = clock
        self._approvals = approvals
        self._responses = responses
        self._announcer = announcer
        self._report = report
        self._wakers = wakers or {}
        self._alarm = Alarm(clock)
        self._longest_sleep = longest_sleep
        self._sleeps_until: float | None = None

    def kick(self, due_at: datetime | None = None) -> None:
        """Say that a timer was set; it is looked for at once if it may be due before the one slept for.

        Args:
            due_at: when it is due, or the first of several; None if that is not known.
        """
        if due_at is not None and self._sleeps_until is not None:
            wait = (due_at - self._clock.now()).total_seconds()
            if self._clock.monotonic() + wait >= self._sleeps_until:
                return
        self._alarm.ring()

    async def run(self) -> None:
        """Fire timers until cancelled. A store that takes nothing now is tried again; nothing is skipped."""
        while True:
            self._alarm.reset()
            try:
                await self.fire_due()
                delay = await self._until_next()
            except UnavailableError as error:
                delay = max(error.retry_after, _RETRY_AFTER)
            self._sleeps_until = self._clock.monotonic() + delay
            await self._alarm.sleep(delay)
            self._sleeps_until = None

    async def fire_due(self) -> int:
        """Fire everything that is due now; return how many timers were fired."""
        now = self._clock.now()
        due = await self._store.due_timers(now)
        for workspace, timer in due:
            await self._fire(workspace, timer, now)
        return len(due)

    async def _fire(self, workspace: str, timer: Timer, now: datetime) -> None:
        """Fire one timer. One that cannot be fired is put off, so that it does not keep the others from firing."""
        try:
            announced = await self._store.write(workspace, lambda unit: self._take(unit, timer, now))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one timer is not wrong with the others
            self._report(workspace, timer.run, error)
            fault = error
            await self._store.write(workspace, lambda unit: put_off(unit, timer, fault, now))
            return
        if announced is not None:
            self._announcer.announce(workspace, *announced)

    def _take(self, unit: Unit, timer: Timer, now: datetime) -> tuple[str, str] | None:
        """Put the timer's event where it belongs; the timer goes in the same transaction, so it fires once.

        Whoever was slower than another process finds it gone, and does nothing.
        """
        if not unit.timers.take(timer):
            return None
        event: Mapping[str, JsonValue] = timer.event if isinstance(timer.event, dict) else {}
        waker = self._wakers.get(str(event.get("kind")))
        if waker is not None:
            return waker(unit, event, now)
        match event.get("kind"):
            case deadlines.TIMER_KIND:
                changed = self._approvals.wake(unit, event, now)
                return ("approval", changed.id) if changed else None
            case responses.TIMER_KIND | responses.PAGE_KIND:
                woken = self._responses.wake(unit, event, now)
                return ("response", woken.id) if woken else None
            case _:
                unit.inbox.add(timer.run, timer.event, now)
                return None

    async def _until_next(self) -> float:
        upcoming = await self._store.next_timer()
        if upcoming is None:
            return self._longest_sleep
        return min(max((upcoming - self._clock.now()).total_seconds(), 0.0), self._longest_sleep)
