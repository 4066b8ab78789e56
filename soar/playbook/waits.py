"""`wait:` and `poll:` read from a document."""

from datetime import timedelta

from soar.model.event import EventType
from soar.model.step import AfterSilence, Poll, StepBody, WaitForEvent, WaitUntil, WaitWhile
from soar.playbook import grammar
from soar.playbook.field import Field, Fields, one_of, open_map, read_duration, read_expression, word_of
from soar.playbook.node import Mapping

_LONGEST = timedelta(days=7)


def read_wait(field: Field) -> StepBody:
    """Read a wait: for a while, until a moment, or for an event."""
    if not isinstance(field.node, Mapping):
        return WaitWhile(duration=read_duration(field) or timedelta())
    keys = Fields(field, grammar.WAIT)
    if ("until" in keys) == ("for" in keys):
        field.fault("P105", "a wait has either `until` or `for`", "write `wait: 10m` to wait for a while")
    event = keys.get("for")
    if event is not None:
        return _read_event(event, keys)
    for key in ("timeout", "on_timeout"):
        found = keys.get(key)
        if found is not None:
            found.fault("P106", f"`{key}` does not go with `until`", is_about_owner=True)
    return WaitUntil(moment=keys.read("until", read_expression, "now()"))


def _read_event(field: Field, around: Fields) -> WaitForEvent:
    timeout = around.need("timeout", read_duration, _LONGEST)
    on_timeout = around.read("on_timeout", one_of(AfterSilence), AfterSilence.STOP)
    keys = open_map(field, grammar.WAIT_EVENT, "a map with `event` and `match`")
    if keys is None:
        return WaitForEvent(event="", match=None, timeout=timeout, on_timeout=on_timeout)
    return WaitForEvent(
        event=keys.need("event", word_of(tuple(EventType)), ""),
        match=keys.find("match", read_expression),
        timeout=timeout,
        on_timeout=on_timeout,
    )


def read_poll(field: Field) -> Poll | None:
    """Read how an action is called again until it is done."""
    keys = open_map(field, grammar.POLL)
    if keys is None:
        return None
    every = keys.need("every", read_duration, timedelta(seconds=1))
    timeout = keys.need("timeout", read_duration, _LONGEST)
    for key, duration in (("every", every), ("timeout", timeout)):
        found = keys.get(key)
        if found is not None and duration < timedelta(seconds=1):
            found.fault("P104", "it is shorter than a second", "write 1s or more", is_about_owner=True)
    return Poll(every=every, until=keys.need("until", read_expression, "true"), timeout=timeout)
