"""The worst that a playbook can do, told from its text and the installed connectors before it runs."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from typing import assert_never

from soar.expr import ExpressionError, parse_template, print_duration
from soar.model.catalog import Catalog, Effect
from soar.model.playbook import (
    AlertTrigger,
    CallTrigger,
    EventTrigger,
    ManualTrigger,
    Playbook,
    ScheduleTrigger,
    Trigger,
)
from soar.model.run import Mode
from soar.model.step import CallPlaybook, Gate, Step, Template, UseAction, list_branches, walk_steps
from soar.model.values import JsonValue
from soar.playbook.references import name_connection
from soar.playbook.schedule import describe_schedule


class WayBack(StrEnum):
    """How a change can be taken back."""

    NONE = "none"
    INVERSE = "inverse"
    OWN = "own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A question to people that stands before an action.

    Attributes:
        by: principals.
        quorum: a whole number, or a template that gives one.
        timeout: how long they have.
        condition: expression; they are asked only if it is true. None means always.
    """

    by: tuple[str, ...]
    quorum: Template
    timeout: timedelta
    condition: str | None

    def to_json(self) -> dict[str, JsonValue]:
        """Return the question as plain data."""
        return {
            "by": list(self.by),
            "quorum": self.quorum,
            "timeout": print_duration(self.timeout),
            "condition": self.condition,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """An action that a playbook may call and that changes something, or of which nobody knows whether it does.

    Attributes:
        path: of its step.
        label: what people call the step.
        action: `connector.action`.
        effect: None if no installed connector has the action.
        most: how often one run calls it at most, retries of the same call not counted.
        connection: id of the connection that it goes through.
        asked: the questions before it, outermost first; none means that nobody is asked but by the policy.
        way_back: how it can be taken back.
        undo: the action that takes it back; None if there is none.
        expires: template that gives after how long it is taken back by itself; None means never.
    """

    path: str
    label: str
    action: str
    effect: Effect | None
    most: int
    connection: str
    asked: tuple[Asked, ...]
    way_back: WayBack
    undo: str | None
    expires: Template

    @property
    def is_gated(self) -> bool:
        """Whether somebody is asked before it whatever happens."""
        return any(question.condition is None for question in self.asked)

    def to_json(self) -> dict[str, JsonValue]:
        """Return the change as plain data."""
        return {
            "path": self.path,
            "label": self.label,
            "action": self.action,
            "effect": None if self.effect is None else self.effect.value,
            "most": self.most,
            "connection": self.connection,
            "is_gated": self.is_gated,
            "asked": [question.to_json() for question in self.asked],
            "way_back": self.way_back.value,
            "undo": self.undo,
            "expires": self.expires,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededConnection:
    """A connection that a playbook goes through.

    Attributes:
        id: as the playbook names it; the connector's id if it names none.
        credentials: the connector's fields that a credential fills.
    """

    id: str
    connector: str
    credentials: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EffectReport:
    """The worst that a playbook can do, and what it needs for it.

    Attributes:
        mode: in `shadow` nothing is changed.
        changes: in the order of the document.
        connections: in the order of their ids.
        secrets: names of the credentials that its arguments read.
        starters: what may start it, in words.
    """

    mode: Mode
    starters: tuple[str, ...]
    changes: tuple[Change, ...]
    connections: tuple[NeededConnection, ...]
    secrets: tuple[str, ...]

    @property
    def worst(self) -> Effect | None:
        """The gravest effect of any step; None if one step's effect is not known."""
        known = [change.effect for change in self.changes if change.effect is not None]
        return max(known, key=list(Effect).index, default=Effect.READ) if len(known) == len(self.changes) else None

    def to_json(self) -> dict[str, JsonValue]:
        """Return the report as plain data."""
        return {
            "mode": self.mode.value,
            "starters": list(self.starters),
            "worst": None if self.worst is None else self.worst.value,
            "changes": [change.to_json() for change in self.changes],
            "connections": [
                {"id": one.id, "connector": one.connector, "credentials": list(one.credentials)}
                for one in self.connections
            ],
            "secrets": list(self.secrets),
        }


@dataclass(frozen=True, slots=True)
class _Around:
    """What stands around a step: the questions before it, and how often its surroundings may come to it."""

    gates: tuple[Gate, ...] = ()
    most: int = 1


def report_effects(playbook: Playbook, catalog: Catalog) -> EffectReport:
    """Return the worst that a playbook can do, whichever way its conditions go.

    The policy is not looked at: it may ask where the playbook does not, and refuse what the playbook would do.
    """
    tops = playbook.steps + playbook.on_failure + playbook.finally_
    uses = [step.body for step in walk_steps(tops) if isinstance(step.body, UseAction)]
    return EffectReport(
        mode=playbook.mode,
        starters=tuple(_tell_trigger(trigger) for trigger in playbook.triggers),
        changes=tuple(_list_changes(tops, _Around(), playbook, catalog)),
        connections=tuple(_list_connections(uses, playbook, catalog)),
        secrets=tuple(sorted({name for use in uses for name in _list_secrets(use)})),
    )


def _tell_trigger(trigger: Trigger) -> str:
    match trigger:
        case AlertTrigger(sources=sources, match=match):
            origin = f"of {' or '.join(sources)}" if sources else "of any source"
            return f"an alert {origin}" + (f" where {match}" if match else "")
        case ManualTrigger(by=by):
            return f"{' or '.join(by)}, by hand" if by else "whoever may run playbooks, by hand"
        case CallTrigger():
            return "another playbook"
        case ScheduleTrigger():
            return f"the schedule {describe_schedule(trigger)} ({trigger.timezone})"
        case EventTrigger(type=type_, match=match):
            return f"the event {type_}" + (f" where {match}" if match else "")
        case _:
            assert_never(trigger)


def _list_changes(steps: tuple[Step, ...], around: _Around, playbook: Playbook, catalog: Catalog) -> Iterator[Change]:
    for step in steps:
        repeated = around.most * (step.foreach.max_items if step.foreach else 1)
        gates = (*around.gates, step.gate) if step.gate else around.gates
        here = _Around(gates, repeated)
        if isinstance(step.body, UseAction):
            yield from _judge_use(step, step.body, here, playbook, catalog)
        elif isinstance(step.body, CallPlaybook):
            yield _judge_call(step, step.body, here)
        for branch in list_branches(step.body):
            yield from _list_changes(branch.steps, here, playbook, catalog)
        if step.gate is not None:
            asked = repeated if step.gate.per_item else around.most
            yield from _list_changes(step.gate.on_deny.steps, replace(around, most=asked), playbook, catalog)
        yield from _list_changes(step.on_failure.steps, replace(around, most=repeated), playbook, catalog)


def _judge_use(step: Step, use: UseAction, around: _Around, playbook: Playbook, catalog: Catalog) -> Iterator[Change]:
    action = catalog.find_action(use.action)
    if action is not None and action.effect is Effect.READ:
        return
    gates = around.gates
    own = step.gate or playbook.default_gate
    if playbook.mode is Mode.SUPERVISED and own is not None and all(gate.condition is not None for gate in gates):
        gates = (*(gate for gate in gates if gate is not step.gate), replace(own, condition=None))
    way_back, undo = WayBack.NONE, None
    if use.undo is not None and use.undo.action:
        way_back, undo = WayBack.OWN, use.undo.action
    elif use.undo is not None and action is not None and action.undo is not None:
        way_back, undo = WayBack.INVERSE, f"{action.connector}.{action.undo}"
    yield Change(
        path=step.path,
        label=step.label,
        action=use.action,
        effect=None if action is None else action.effect,
        most=around.most,
        connection=name_connection(use, playbook),
        asked=tuple(describe_gate(gate) for gate in gates),
        way_back=way_back,
        undo=undo,
        expires=use.expires,
    )


def _judge_call(step: Step, call: CallPlaybook, around: _Around) -> Change:
    """Name a playbook that is called; what it does is told by its own report."""
    return Change(
        path=step.path,
        label=step.label,
        action=f"playbook.{call.playbook}",
        effect=None,
        most=around.most,
        connection="",
        asked=tuple(describe_gate(gate) for gate in around.gates),
        way_back=WayBack.NONE,
        undo=None,
        expires=None,
    )


def describe_gate(gate: Gate) -> Asked:
    """Return the question that a gate asks."""
    return Asked(by=gate.by, quorum=gate.quorum, timeout=gate.timeout, condition=gate.condition)


def _list_connections(uses: list[UseAction], playbook: Playbook, catalog: Catalog) -> Iterator[NeededConnection]:
    connectors = {name_connection(use, playbook): use.action.partition(".")[0] for use in uses}
    for use in uses:
        if use.verify is not None and use.verify.action:
            name = use.verify.find_connection(use.action, name_connection(use, playbook), playbook.default_connections)
            connectors[name] = use.verify.action.partition(".")[0]
    for undo in (use.undo for use in uses):
        if undo is not None and undo.action:
            connector = undo.action.partition(".")[0]
            connectors[undo.connection or connector] = connector
    for id_, connector in sorted(connectors.items()):
        spec = catalog.connectors.get(connector)
        yield NeededConnection(id=id_, connector=connector, credentials=spec.secrets if spec else ())


def _list_secrets(use: UseAction) -> set[str]:
    """Return the secrets that a call reads; a template with a fault reads none, which the checker has said."""
    found: set[str] = set()
    for arguments in (use.arguments, use.undo.arguments if use.undo else None):
        try:
            found |= {name for _, name in parse_template(arguments).secrets}
        except ExpressionError:
            continue
    return found
