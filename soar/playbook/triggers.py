"""`on:` read from a document."""

from datetime import timedelta

from soar.model.event import EventType
from soar.model.playbook import (
    AlertTrigger,
    CallTrigger,
    CatchUp,
    EventTrigger,
    ManualTrigger,
    ScheduleTrigger,
    Trigger,
)
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    list_of,
    one_of,
    open_map,
    read_duration,
    read_expression,
    read_principal,
    read_text,
    word_of,
)
from soar.playbook.node import Mapping, Scalar
from soar.playbook.report import quote
from soar.playbook.schedule import ScheduleError, check_cron, check_interval, check_timezone


def read_triggers(field: Field) -> tuple[Trigger, ...] | None:
    """Read what starts a playbook: a map of distinct kinds, or a list of such maps."""
    if isinstance(field.node, Scalar):
        kind = field.node.text if field.node.text in grammar.TRIGGERS else "manual"
        field.fault("P100", "a map of triggers belongs here", f"write `on: {{{kind}: {{}}}}`")
        return None
    triggers = tuple(trigger for item in field.items() for trigger in _read_kinds(item))
    if not (field.node.entries if isinstance(field.node, Mapping) else field.node.items):
        field.fault("P102", "nothing starts this playbook", "write `manual: {}` below it")
    return triggers


def _read_kinds(field: Field) -> list[Trigger]:
    keys = open_map(field, grammar.TRIGGERS)
    if keys is None:
        return []
    found: list[Trigger | None] = []
    for kind in grammar.TRIGGERS:
        trigger = keys.get(kind)
        if trigger is not None:
            found.append(_read_trigger(kind, trigger))
    return [trigger for trigger in found if trigger is not None]


def _read_trigger(kind: str, field: Field) -> Trigger | None:
    match kind:
        case "alert":
            return _read_alert(field)
        case "manual":
            keys = _open(field, grammar.MANUAL)
            return None if keys is None else ManualTrigger(by=keys.read("by", list_of(read_principal), ()))
        case "call":
            return None if _open(field, grammar.CALL) is None else CallTrigger()
        case "schedule":
            return _read_schedule(field)
        case _:
            return _read_event(field)


def _read_alert(field: Field) -> AlertTrigger | None:
    keys = open_map(field, grammar.ALERT)
    if keys is None:
        return None
    return AlertTrigger(
        sources=keys.read("source", list_of(read_text), ()),
        match=keys.find("match", read_expression),
    )


def _read_schedule(field: Field) -> ScheduleTrigger | None:
    keys = open_map(field, grammar.SCHEDULE)
    if keys is None:
        return None
    if "cron" not in keys and "every" not in keys:
        field.fault("P102", "the key `cron` is missing", "write `cron`, or `every: 15m` for an interval")
    if "cron" in keys and "every" in keys:
        field.fault("P106", "a schedule has either `cron` or `every`", "write two schedules to have both")
    return ScheduleTrigger(
        cron=keys.find("cron", _read_cron),
        every=keys.find("every", _read_interval),
        timezone=keys.read("timezone", _read_timezone, "UTC"),
        catch_up=keys.read("catch_up", one_of(CatchUp), CatchUp.NONE),
    )


def _read_cron(field: Field) -> str | None:
    text = read_text(field)
    if text is None:
        return None
    try:
        check_cron(text)
    except ScheduleError as error:
        hint = 'five fields: minute hour day month weekday, such as "0 7 * * 1-5"'
        field.fault("P117", f"{quote(text)} is no schedule: {error}", hint)
        return None
    return text


def _read_interval(field: Field) -> timedelta | None:
    every = read_duration(field)
    if every is None:
        return None
    try:
        check_interval(every)
    except ScheduleError as error:
        field.fault("P117", str(error), "write 15m, 6h, 1d or 1w")
        return None
    return every


def _read_timezone(field: Field) -> str | None:
    text = read_text(field)
    if text is None:
        return None
    try:
        check_timezone(text)
    except ScheduleError as error:
        field.fault("P117", str(error), "write a name such as Europe/Paris, or UTC")
        return None
    return text


def _read_event(field: Field) -> EventTrigger | None:
    keys = open_map(field, grammar.EVENT)
    if keys is None:
        return None
    return EventTrigger(
        type=keys.need("type", word_of(tuple(EventType)), ""),
        match=keys.find("match", read_expression),
    )


def _open(field: Field, known: grammar.Keys) -> Fields | None:
    return open_map(field, known, "`{}` or a map of keys")
