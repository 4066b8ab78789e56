"""`expect:` read from a test file."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from soar.model.run import RunStatus, StepStatus
from soar.model.values import JsonValue
from soar.playbook.field import (
    Field,
    describe,
    int_between,
    list_of,
    open_map,
    read_principal,
    read_text,
    word_of,
)
from soar.playbook.node import Mapping as MappingNode
from soar.rehearsal.known import Known
from soar.rehearsal.questions import ASPECTS
from soar.rehearsal.suite import Expectation, Wanted, WantedCall

T = TypeVar("T")

_KEYS = (
    "status",
    "steps",
    "outputs",
    "calls",
    "never",
    "approvals",
    "approval",
    "escalated",
    "undone",
    "audit",
)
_MOST = 10_000


def read_expectation(field: Field, known: Known) -> Expectation | None:
    """Read what must come of a test.

    Args:
        field: the value of `expect`.
        known: what may be named.
    """
    keys = open_map(field, _KEYS)
    if keys is None:
        return None

    def read_step_ids(inner: Field) -> tuple[Wanted[str], ...]:
        return tuple(step for item in inner.items() if (step := _read_name(item, known.check_step)) is not None)

    def read_actions(inner: Field) -> tuple[Wanted[str], ...]:
        return tuple(action for item in inner.items() if (action := _read_name(item, known.check_action)) is not None)

    def read_calls(inner: Field) -> tuple[WantedCall, ...]:
        return tuple(call for item in inner.items() if (call := _read_call(item, known)) is not None)

    return Expectation(
        status=keys.find("status", lambda inner: _want(inner, word_of(tuple(RunStatus)))),
        steps=keys.read("steps", _by_step(known, lambda inner: _want(inner, word_of(tuple(StepStatus)))), {}),
        outputs=keys.read("outputs", _read_values, {}),
        calls=keys.read("calls", read_calls, ()),
        never=keys.read("never", read_actions, ()),
        approvals=keys.find("approvals", lambda inner: _want(inner, int_between(0, _MOST))),
        approval=keys.read("approval", _by_step(known, _read_aspects), {}),
        escalated=keys.read("escalated", _by_step(known, lambda inner: _want(inner, list_of(read_principal))), {}),
        undone=keys.read("undone", read_step_ids, ()),
        audit=keys.find("audit", lambda inner: _want(inner, list_of(read_text))),
    )


def _want(field: Field, reader: Callable[[Field], T | None]) -> Wanted[T] | None:
    value = reader(field)
    return None if value is None else Wanted(value, field.line)


def _by_step(known: Known, reader: Callable[[Field], T | None]) -> Callable[[Field], dict[str, T] | None]:
    """Return a reader of a map whose keys are steps of the playbook."""

    def read(field: Field) -> dict[str, T] | None:
        entries = _open_any(field, "a map by step")
        if entries is None:
            return None
        for name, entry in entries.items():
            known.check_step(entry, name)
        found = {name: reader(entry) for name, entry in entries.items()}
        return {name: value for name, value in found.items() if value is not None}

    return read


def _open_any(field: Field, shape: str) -> dict[str, Field] | None:
    if isinstance(field.node, MappingNode):
        return field.entries()
    field.fault("P100", f"{shape} belongs here, not {describe(field.node)}")
    return None


def _read_values(field: Field) -> Mapping[str, Wanted[JsonValue]] | None:
    entries = _open_any(field, "a map of values")
    if entries is None:
        return None
    return {name: Wanted(entry.node.to_plain(), entry.line) for name, entry in entries.items()}


def _read_aspects(field: Field) -> Mapping[str, Wanted[JsonValue]] | None:
    keys = open_map(field, ASPECTS)
    return None if keys is None else _read_values(field)


def _read_name(field: Field, check: Callable[[Field, str], None]) -> Wanted[str] | None:
    name = read_text(field)
    if name is None:
        return None
    check(field, name)
    return Wanted(name, field.line)


def _read_call(field: Field, known: Known) -> WantedCall | None:
    keys = open_map(field, ("action", "times", "with"))
    if keys is None:
        return None
    action = keys.need("action", read_text, "")
    named = keys.get("action")
    if named is not None and action:
        known.check_action(named, action)
    return WantedCall(
        line=field.line,
        action=action,
        times=keys.find("times", int_between(0, _MOST)),
        arguments=keys.template("with"),
        is_any="with" not in keys,
    )
