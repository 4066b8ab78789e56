"""Sources that are not heard of for longer than they should be. Each is one timer; alerts do not touch it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from soar.ingest.source import Source
from soar.model.event import EventType
from soar.model.run import Timer
from soar.model.values import JsonValue, Value, parse_timestamp, print_timestamp
from soar.store import Unit

TIMER_KIND = "silence_due"
"""`kind` of the timers that this module sets; whoever fires timers hands them to `wake`."""

_PREFIX = "silence:"
_GRACE = timedelta(minutes=2)
_OVERLAP = 1_000  # deliveries that are looked at again: one that was begun earlier may be committed later


def arrange_silences(unit: Unit, sources: Iterable[Source], now: datetime) -> None:
    """Set a timer for each source that is to be heard of, and remove those of others.

    One that stands already stays, unless the source is now given more time or less.
    """
    wanted = {f"{_PREFIX}{source.id}": source for source in sources if source.silent_after is not None}
    for timer in unit.timers.list(_PREFIX):
        source = wanted.get(timer.id)
        event = timer.event if isinstance(timer.event, dict) else {}
        if source is not None and source.silent_after == timedelta(seconds=float(str(event.get("after")))):
            del wanted[timer.id]
        else:
            unit.timers.cancel(timer.id)
    for source in wanted.values():
        if source.silent_after is not None:
            _watch(unit, source.id, source.silent_after, heard_at=now, due_at=now + source.silent_after)


def wake(unit: Unit, event: Mapping[str, JsonValue], now: datetime) -> None:
    """Take a timer: tell of a source that has fallen silent, once a silence, and set the timer for the next look.

    Where the timer comes more than two minutes late nobody was there to listen, and the time counts from now.
    """
    source, after = str(event["source"]), timedelta(seconds=float(str(event["after"])))
    before, due_at = parse_timestamp(str(event["heard_at"])), parse_timestamp(str(event["due_at"]))
    latest = unit.arrivals.find_latest(source, int(str(event["position"])) - _OVERLAP)
    heard_at = before if latest is None else max(before, latest)
    is_silent = event["is_silent"] is True and heard_at == before
    if heard_at + after > now:
        _watch(unit, source, after, heard_at=heard_at, due_at=heard_at + after)
    elif now - due_at > _GRACE:
        _watch(unit, source, after, heard_at=now, due_at=now + after)
    else:
        if not is_silent:
            data: dict[str, Value] = {"source": source, "heard_at": heard_at, "silent_for": now - heard_at}
            unit.happenings.add(EventType.SOURCE_SILENT, source, data, now)
        _watch(unit, source, after, heard_at=heard_at, due_at=now + after, is_silent=True)


def _watch(
    unit: Unit, source: str, after: timedelta, *, heard_at: datetime, due_at: datetime, is_silent: bool = False
) -> None:
    event: JsonValue = {
        "kind": TIMER_KIND,
        "source": source,
        "after": after.total_seconds(),
        "heard_at": print_timestamp(heard_at),
        "due_at": print_timestamp(due_at),
        "position": unit.arrivals.end(),
        "is_silent": is_silent,
    }
    unit.timers.set(Timer(id=f"{_PREFIX}{source}", run="", due_at=due_at, event=event))
