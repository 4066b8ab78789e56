"""What starts a test's run other than an alert, and what happens meanwhile, read from a test file."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from soar.model.event import EventType
from soar.model.values import JsonValue
from soar.playbook.field import (
    Field,
    Fields,
    list_of,
    one_of,
    open_map,
    read_duration,
    read_map,
    read_text,
)
from soar.rehearsal.suite import Event, EventStart, ManualStart, ScheduleStart, Start

_KINDS = ("manual", "schedule", "event")
_NO_SUBJECT = "run_elsewhere"
_PAUSE = timedelta(minutes=1)


def read_start(field: Field) -> Start | None:
    """Read who or what starts a run: one of `manual`, `schedule` and `event`."""
    keys = open_map(field, _KINDS)
    kinds = [] if keys is None else [kind for kind in _KINDS if kind in keys]
    if keys is None:
        return None
    if len(kinds) != 1:
        if kinds or not field.entries():
            field.fault("P102", "a start is one of `manual`, `schedule` and `event`")
        return None
    kind, start = kinds[0], keys.get(kinds[0])
    return None if start is None else _READERS[kind](start)


def _read_manual(field: Field) -> Start | None:
    keys = open_map(field, ("by", "roles", "inputs"))
    if keys is None:
        return None
    return ManualStart(
        by=keys.need("by", read_text, ""),
        roles=keys.read("roles", list_of(read_text), ()),
        inputs=keys.read("inputs", read_map, {}),
    )


def _read_schedule(field: Field) -> Start | None:
    return None if open_map(field, (), "`{}`") is None else ScheduleStart()


def _read_event_start(field: Field) -> Start | None:
    keys = open_map(field, ("type", "subject", "data"))
    if keys is None:
        return None
    return EventStart(type=_read_type(keys), subject=_read_subject(keys), data=_read_data(keys))


_READERS: Mapping[str, Callable[[Field], Start | None]] = {
    "manual": _read_manual,
    "schedule": _read_schedule,
    "event": _read_event_start,
}


def read_event(field: Field) -> Event | None:
    """Read what happens while a step waits for its like."""
    keys = open_map(field, ("type", "after", "subject", "data"))
    if keys is None:
        return None
    return Event(
        line=field.line,
        type=_read_type(keys),
        subject=_read_subject(keys),
        data=_read_data(keys),
        after=keys.read("after", read_duration, _PAUSE),
    )


def _read_type(keys: Fields) -> EventType:
    return keys.need("type", one_of(EventType), EventType.RUN_SUCCEEDED)


def _read_subject(keys: Fields) -> str:
    return keys.read("subject", read_text, _NO_SUBJECT)


def _read_data(keys: Fields) -> Mapping[str, JsonValue]:
    return keys.read("data", read_map, {})
