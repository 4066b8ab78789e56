"""Takes what happened in the service to the steps that wait for it and to the playbooks that it starts."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from soar.engine.events import EventArrived, dump_event
from soar.model.announce import Announcer
from soar.model.clock import Clock
from soar.model.errors import BugError, UnavailableError
from soar.model.event import EventType, Happening
from soar.model.run import Timer
from soar.model.values import JsonValue, dump_value, load_value, parse_timestamp, print_timestamp
from soar.runtime.alarm import Alarm
from soar.runtime.parking import EVENT_KIND, PUT_OFF
from soar.runtime.queue import Report
from soar.store import Store, Unit

Starter: TypeAlias = Callable[[Unit, Happening, datetime], tuple[str, ...]]
"""Starts the playbooks that something starts which happened; returns the ids of the runs."""

_LONGEST_SLEEP = 60.0
_RETRY_AFTER = 1.0


class Courier:
    """Takes each happening where it belongs, once: its row goes in the transaction that tells of it.

    Args:
        store: where happenings are.
        clock: real or virtual.
        start: starts playbooks.
        announcer: hears of the runs that were started.
        report: told of what could start nothing through a fault of ours, for the log.
    """

    def __init__(self, *, store: Store, clock: Clock, start: Starter, announcer: Announcer, report: Report) -> None:
        self._store = store
        self._clock = clock
        self._start = start
        self._announcer = announcer
        self._report = report
        self._alarm = Alarm(clock)

    def kick(self) -> None:
        """Say that something happened."""
        self._alarm.ring()

    async def run(self) -> None:
        """Take along what happens until cancelled. A store that takes nothing now is tried again; nothing is skipped.

        Nobody has to kick: what another process left behind is found within a minute.
        """
        while True:
            self._alarm.reset()
            try:
                while await self.deliver():
                    pass
                delay = _LONGEST_SLEEP
            except UnavailableError as error:
                delay = max(error.retry_after, _RETRY_AFTER)
            await self._alarm.sleep(delay)

    async def deliver(self) -> int:
        """Take what is there to its places; return how many happenings that were."""
        waiting = await self._store.happenings()
        for workspace, happening in waiting:
            await self._deliver(workspace, happening)
        return len(waiting)

    async def _deliver(self, workspace: str, happening: Happening) -> None:
        """Take one along; if a fault of ours keeps playbooks from starting, those who wait hear of it all the same.

        The playbooks are tried again by a timer.
        """
        now = self._clock.now()
        try:
            started = await self._store.write(workspace, lambda unit: self._take(unit, happening, now))
        except UnavailableError:
            raise
        except Exception as error:  # noqa: BLE001 -- whatever is wrong with one happening is not wrong with the others
            self._report(workspace, happening.subject, error)
            await self._store.write(workspace, lambda unit: _tell_watchers_alone(unit, happening, now))
            return
        for run in started:
            self._announcer.announce(workspace, "run", run)

    def wake(self, unit: Unit, event: Mapping[str, JsonValue], now: datetime) -> tuple[str, str] | None:
        """Take a timer: try again to start what something starts which happened. Returns the last run started."""
        started = self._start(unit, _load_happening(event), now)
        return ("run", started[-1]) if started else None

    def _take(self, unit: Unit, happening: Happening, now: datetime) -> tuple[str, ...]:
        return self._start(unit, happening, now) if _tell_watchers(unit, happening, now) else ()


def _tell_watchers(unit: Unit, happening: Happening, now: datetime) -> bool:
    """Tell every step that waits for it; return False if somebody else has done so already."""
    if not unit.happenings.remove(happening.id):
        return False
    for watch in unit.watches.list(happening.type, happening.at):
        event = EventArrived(
            at=happening.at,
            path=watch.path,
            type=happening.type.value,
            subject=happening.subject,
            data=dict(happening.data),
        )
        unit.inbox.add(watch.run, dump_event(event), now)
    return True


def _tell_watchers_alone(unit: Unit, happening: Happening, now: datetime) -> None:
    """Tell the steps that wait, and leave the playbooks to a timer, which counts how often that fails."""
    if not _tell_watchers(unit, happening, now):
        return
    event: JsonValue = {
        "kind": EVENT_KIND,
        "id": happening.id,
        "type": happening.type.value,
        "subject": happening.subject,
        "data": {name: dump_value(value) for name, value in happening.data.items()},
        "at": print_timestamp(happening.at),
        "playbook": happening.playbook,
        "depth": happening.depth,
    }
    timer = Timer(id=f"event:{happening.id}", run="", due_at=now + PUT_OFF, event=event, tries=1, failed_at=now)
    unit.timers.set(timer)


def _load_happening(event: Mapping[str, JsonValue]) -> Happening:
    match event:
        case {"id": int(id_), "type": str(kind), "subject": str(subject), "data": dict(data), "at": str(at)}:
            playbook, depth = event.get("playbook"), event.get("depth")
            return Happening(
                id=id_,
                type=EventType(kind),
                subject=subject,
                data={name: load_value(value) for name, value in data.items()},
                at=parse_timestamp(at),
                playbook=playbook if isinstance(playbook, str) else None,
                depth=depth if isinstance(depth, int) else 0,
            )
        case _:
            raise BugError("a timer that stands for an event holds none")
