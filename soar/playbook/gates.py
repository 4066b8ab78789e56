"""`approve:` read from a document."""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeAlias

from soar.model.step import EXCLUDABLE, AfterFailure, Assurance, Escalation, Gate, OnDeny, Step
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    list_of,
    one_of,
    open_map,
    read_bool,
    read_channel,
    read_duration,
    read_expression,
    read_map,
    read_principal,
    word_of,
)
from soar.playbook.node import Mapping, Scalar, Sequence
from soar.playbook.report import quote

StepsReader: TypeAlias = Callable[[Field], tuple[Step, ...]]

_OUTCOMES = ("stop", "continue")


def read_gate(field: Field, read_steps: StepsReader) -> Gate | None:
    """Read a gate, or the principal that stands for one.

    Args:
        field: the value of `approve:`.
        read_steps: reads the branch under `on_deny`.
    """
    if isinstance(field.node, Scalar) and field.node.value is not None:
        principal = read_principal(field)
        return None if principal is None else Gate(by=(principal,))
    keys = open_map(field, grammar.GATE, "a principal, such as role:analyst, or a map of keys")
    if keys is None:
        return None
    quorum = keys.get("quorum")
    gate = Gate(
        by=keys.need("by", list_of(read_principal), ()),
        condition=keys.find("if", read_expression),
        quorum=1 if quorum is None else _read_quorum(quorum) or 1,
        has_veto=keys.read("veto", read_bool, default=True),
        exclude=keys.read("exclude", list_of(word_of(EXCLUDABLE)), ("initiator", "target")),
        assurance=keys.find("assurance", one_of(Assurance)),
        reason=keys.template("reason"),
        impact=keys.template("impact"),
        evidence=keys.read("evidence", read_map, {}),
        confirm=keys.template("confirm"),
        comment=keys.read("comment", word_of(("optional", "required", "required_on_deny")), "optional"),
        per_item=keys.read("per", word_of(("batch", "item")), "batch") == "item",
        may_choose=keys.read("subset", read_bool, default=False),
        timeout=keys.read("timeout", read_duration, timedelta(minutes=30)),
        remind=keys.read("remind", list_of(read_duration), ()),
        escalate=keys.read("escalate", list_of(_read_escalation), ()),
        on_timeout=keys.read("on_timeout", _read_on_timeout, "deny"),
        on_deny=keys.read("on_deny", lambda inner: _read_on_deny(inner, read_steps), OnDeny()),
        channel=keys.find("channel", read_channel),
    )
    _check_voters(keys, gate)
    _check_moments(keys, gate)
    return gate


def _read_quorum(field: Field) -> int | str | None:
    """Read a whole number of voters, or a template that gives one."""
    node = field.node
    if isinstance(node, Scalar) and isinstance(node.value, str) and "${{" in node.value:
        return node.value
    if not isinstance(node, Scalar) or not isinstance(node.value, int) or isinstance(node.value, bool):
        field.fault("P100", f"a whole number or ${{{{ … }}}} belongs here, not {describe(node)}")
        return None
    if node.value < 1:
        field.fault("P104", f"a quorum of {node.value} asks nobody", "write 1 or more")
        return None
    return node.value


def _read_escalation(field: Field) -> Escalation | None:
    keys = open_map(field, grammar.ESCALATION)
    if keys is None:
        return None
    return Escalation(
        after=keys.need("after", read_duration, timedelta()),
        to=keys.need("to", read_principal, ""),
        via=keys.read("via", list_of(read_channel), ()),
    )


def _read_on_timeout(field: Field) -> str | None:
    if isinstance(field.node, Scalar) and field.node.value == "approve":
        message = "silence never approves this action (policy `silence-never-approves`)"
        field.fault("P403", message, "write `deny`", is_about_owner=True)
        return None
    return word_of(("deny", "fail"))(field)


def _read_on_deny(field: Field, read_steps: StepsReader) -> OnDeny | None:
    match field.node:
        case Sequence():
            return OnDeny(then=AfterFailure.HANDLE, steps=read_steps(field))
        case Mapping():
            field.fault("P100", "stop, continue or a list of steps belongs here", "begin each step with `- `")
            return None
        case _:
            word = word_of(_OUTCOMES)(field)
            return None if word is None else OnDeny(then=AfterFailure(word))


def _check_voters(keys: Fields, gate: Gate) -> None:
    by = keys.get("by")
    if by is not None and not gate.by and isinstance(by.node, Sequence) and not by.node.items:
        by.fault("P406", "nobody may decide here", "name somebody: role:analyst", is_about_owner=True)


def _check_moments(keys: Fields, gate: Gate) -> None:
    """Refuse reminders and escalations that the timeout overtakes."""
    for key, moments in (("remind", gate.remind), ("escalate", tuple(step.after for step in gate.escalate))):
        field = keys.get(key)
        if field is not None and any(moment >= gate.timeout for moment in moments):
            message = f"{quote(key)} comes when the gate has timed out already"
            field.fault("P404", message, "choose a moment before `timeout`", is_about_owner=True)
