"""Playbooks that start at moments. Each schedule is one timer: its row is the next moment, so it comes once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from soar.audit.record import record
from soar.ingest.request import Requester, RunRequests, publish_rejection
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, InputError, NotFoundError
from soar.model.ids import Ids
from soar.model.playbook import CatchUp, Playbook, ScheduleTrigger
from soar.model.run import Timer
from soar.model.values import JsonValue, parse_timestamp, print_timestamp
from soar.playbook.schedule import find_latest, find_next
from soar.store import Unit

TIMER_KIND = "schedule_due"
"""`kind` of the timers that this module sets; whoever fires timers hands them to `Schedules.wake`."""

MOST_CAUGHT_UP = 1_000
"""Moments that are made up for at once, at most: of more the latest."""

_PREFIX = "schedule:"
_GRACE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Upcoming:
    """When a playbook starts next by its schedule, and what came of the last time.

    Attributes:
        moment: None if the schedule has no more.
        last_moment: None if there was none yet.
        last_run: id of the run that was started then.
        last_reason: why none was started then.
    """

    moment: datetime | None
    last_moment: datetime | None = None
    last_run: str | None = None
    last_reason: str | None = None


def list_schedules(playbooks: Iterable[Playbook]) -> dict[str, ScheduleTrigger]:
    """Return the schedules of those playbooks that are switched on, by the ids of their timers."""
    return {
        f"{_PREFIX}{playbook.id}:{index}": trigger
        for playbook in playbooks
        if playbook.is_enabled
        for index, trigger in enumerate(_schedules_of(playbook))
    }


def find_upcoming(unit: Unit, playbook: Playbook) -> Upcoming | None:
    """Return when a playbook starts next by one of its schedules; None if it has none that counts."""
    timers = [timer for id_ in list_schedules([playbook]) if (timer := unit.timers.get(id_)) is not None]
    timer = min(timers, key=lambda timer: timer.due_at, default=None)
    if timer is None:
        return None
    ends = [last for each in timers if isinstance(last := _event_of(each).get("last"), dict)]
    last = max(ends, key=lambda each: str(each["moment"]), default=None)
    if last is None:
        return Upcoming(moment=timer.due_at)
    return Upcoming(
        moment=timer.due_at,
        last_moment=parse_timestamp(str(last["moment"])),
        last_run=_text_or_none(last["run"]),
        last_reason=_text_or_none(last["reason"]),
    )


def arrange_schedules(unit: Unit, playbooks: Iterable[Playbook], now: datetime) -> None:
    """Set a timer for each schedule, move those whose schedule has changed, and remove those whose playbook is gone.

    One that stands already stays, even if its moment has passed: what it missed is for `Schedules.wake` to judge.
    """
    wanted = list_schedules(playbooks)
    for timer in unit.timers.list(_PREFIX):
        trigger = wanted.get(timer.id)
        if trigger is not None and _is_set_by(trigger, _event_of(timer)):
            del wanted[timer.id]
        else:
            unit.timers.cancel(timer.id)
    for id_, trigger in wanted.items():
        _set_next(unit, id_, trigger, now, None)


class Schedules:
    """Starts playbooks when their moments come.

    Args:
        requests: requests runs.
        playbooks: gives those that serve now, by id.
        ids: new identifiers.
    """

    def __init__(self, *, requests: RunRequests, playbooks: Callable[[], Mapping[str, Playbook]], ids: Ids) -> None:
        self._requests = requests
        self._playbooks = playbooks
        self._ids = ids

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], now: datetime) -> tuple[str, str] | None:
        """Take a timer: start what is due, and what was missed as far as it is to be made up for; set the next moment.

        A moment is missed if it is more than two minutes ago. Returns the last run that was started.

        Raises:
            NotFoundError: the playbook does not serve here, or has another schedule; the timer is to be put off.
        """
        id_ = str(event["schedule"])
        playbook = self._playbooks().get(id_.removeprefix(_PREFIX).partition(":")[0])
        trigger = list_schedules([playbook]).get(id_) if playbook is not None else None
        if playbook is None or trigger is None or not _is_set_by(trigger, event):
            raise NotFoundError(f"no playbook that serves has the {id_} that is due")
        last = event.get("last")
        run: str | None = None
        for moment in _choose_moments(trigger, parse_timestamp(str(event["moment"])), now):
            run, reason = self._start(unit, playbook, moment, now)
            last = {"moment": print_timestamp(moment), "run": run, "reason": reason}
        _set_next(unit, id_, trigger, now, last)
        return ("run", run) if run is not None else None

    def _start(
        self, unit: Unit, playbook: Playbook, moment: datetime, now: datetime
    ) -> tuple[str, None] | tuple[None, str]:
        """Start a run for a moment; return its id, or why there is none, which is in the audit too."""
        requester = build_requester(playbook, moment)
        try:
            return self._requests.request_by_schedule(unit, playbook, requester, now).id, None
        except (ConflictError, InputError) as error:
            reason = error.message
        event = AuditEvent(
            type="schedule.rejected",
            outcome=Outcome.FAILURE,
            actor=requester.actor,
            target={"kind": "playbook", "id": playbook.id},
            reason=reason,
            context={"revision": playbook.revision, "moment": print_timestamp(moment)},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        publish_rejection(unit, playbook, reason, now)
        return None, reason


def build_requester(playbook: Playbook, moment: datetime) -> Requester:
    """Return on whose behalf a schedule starts a playbook at one of its moments."""
    actor = Actor(kind="schedule", id=playbook.id, name=playbook.name, via="engine")
    return Requester(initiator=f"schedule:{playbook.id}", actor=actor, moment=moment)


def _choose_moments(trigger: ScheduleTrigger, first: datetime, now: datetime) -> list[datetime]:
    """Return for which of the moments since the first one, which nobody has taken, a run is started now."""
    most = MOST_CAUGHT_UP if trigger.catch_up is CatchUp.ALL else 1
    due = find_latest(trigger, first, now, most)
    match trigger.catch_up:
        case CatchUp.NONE:
            return [moment for moment in due if now - moment <= _GRACE]
        case CatchUp.LATEST | CatchUp.ALL:
            return due
        case _:
            assert_never(trigger.catch_up)


def _set_next(unit: Unit, id_: str, trigger: ScheduleTrigger, now: datetime, last: JsonValue) -> None:
    moment = find_next(trigger, now)
    if moment is None:
        return
    event: JsonValue = {
        "kind": TIMER_KIND,
        "schedule": id_,
        **_write_rhythm(trigger),
        "moment": print_timestamp(moment),
        "last": last,
    }
    unit.timers.set(Timer(id=id_, run="", due_at=moment, event=event))


def _write_rhythm(trigger: ScheduleTrigger) -> dict[str, JsonValue]:
    every = None if trigger.every is None else trigger.every.total_seconds()
    return {"cron": trigger.cron, "every": every, "timezone": trigger.timezone}


def _is_set_by(trigger: ScheduleTrigger, event: Mapping[str, JsonValue]) -> bool:
    """Whether a timer was set by a schedule with the same moments."""
    return all(event.get(name) == value for name, value in _write_rhythm(trigger).items())


def _schedules_of(playbook: Playbook) -> list[ScheduleTrigger]:
    return [trigger for trigger in playbook.triggers if isinstance(trigger, ScheduleTrigger)]


def _event_of(timer: Timer) -> Mapping[str, JsonValue]:
    return timer.event if isinstance(timer.event, dict) else {}


def _text_or_none(value: JsonValue) -> str | None:
    return None if value is None else str(value)
