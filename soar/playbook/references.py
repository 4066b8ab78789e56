"""Everything outside itself that a playbook names, found by what it is, at any depth of the document."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from soar.expr import ExpressionError, parse_template
from soar.model.catalog import ActionSpec
from soar.model.playbook import AlertTrigger, Playbook
from soar.model.step import UNDO_ACTION, CallPlaybook, Gate, Step, UseAction, Verify, walk_steps
from soar.model.values import JsonValue

FindAction: TypeAlias = Callable[[str], ActionSpec | None]


class ReferenceKind(StrEnum):
    """What is named."""

    ACTION = "action"
    CREDENTIAL = "credential"
    PLAYBOOK = "playbook"
    LIST = "list"
    SOURCE = "source"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True, order=True)
class Reference:
    """Something that a playbook names.

    Attributes:
        name: of the thing; of an action `connector.action`.
        path: where in the document.
        connection: of an action, the id of what it goes through; empty of everything else.
    """

    kind: ReferenceKind
    name: str
    path: str
    connection: str = ""


def find_references(playbook: Playbook, find_action: FindAction) -> tuple[Reference, ...]:
    """Return everything that a playbook names, in order, whichever way its conditions go.

    Args:
        playbook: as read.
        find_action: gives an installed action by its full name, for what `undo: auto` stands for.
    """
    found = {*_find_around(playbook)}
    for step in list_all_steps(playbook):
        match step.body:
            case UseAction() as use:
                found |= {*_find_in_use(step.path, use, playbook, find_action)}
            case CallPlaybook(playbook=name):
                found.add(Reference(ReferenceKind.PLAYBOOK, name, f"{step.path}/uses"))
            case _:
                pass
        if step.gate is not None:
            found |= {*_find_in_gate(f"{step.path}/approve", step.gate)}
    return tuple(sorted(found))


def list_all_steps(playbook: Playbook) -> tuple[Step, ...]:
    """Return every step of a playbook: of its handlers, and of what its default gate does after a no, too."""
    denied = playbook.default_gate.on_deny.steps if playbook.default_gate else ()
    return walk_steps((*playbook.steps, *playbook.on_failure, *playbook.finally_, *denied))


def name_connection(use: UseAction, playbook: Playbook) -> str:
    """Return the id of the connection that a step uses: its own, the playbook's default, or the connector's name."""
    connector = use.action.partition(".")[0]
    return use.connection or playbook.default_connections.get(connector) or connector


def _find_around(playbook: Playbook) -> Iterator[Reference]:
    for index, trigger in enumerate(playbook.triggers):
        if isinstance(trigger, AlertTrigger):
            for source in trigger.sources:
                yield Reference(ReferenceKind.SOURCE, source, f"on/{index}/alert/source")
    if playbook.notify is not None:
        yield Reference(ReferenceKind.CHANNEL, _strip(playbook.notify.channel), "notify/channel")
    if playbook.default_gate is not None:
        yield from _find_in_gate("defaults/approve", playbook.default_gate)


def _find_in_gate(path: str, gate: Gate) -> Iterator[Reference]:
    if gate.channel is not None:
        yield Reference(ReferenceKind.CHANNEL, _strip(gate.channel), f"{path}/channel")
    for index, level in enumerate(gate.escalate):
        for channel in level.via:
            yield Reference(ReferenceKind.CHANNEL, _strip(channel), f"{path}/escalate/{index}/via")


def _find_in_use(path: str, use: UseAction, playbook: Playbook, find_action: FindAction) -> Iterator[Reference]:
    if use.action == UNDO_ACTION:
        return
    connection = name_connection(use, playbook)
    yield Reference(ReferenceKind.ACTION, use.action, f"{path}/uses", connection)
    yield from _find_in_arguments(f"{path}/with", use.action, use.arguments)
    undo, spec = use.undo, find_action(use.action)
    if use.verify is not None:
        yield from _find_in_verify(f"{path}/verify", use, use.verify, playbook, spec)
    if undo is None:
        return
    if undo.action:
        own = undo.connection or undo.action.partition(".")[0]
        yield Reference(ReferenceKind.ACTION, undo.action, f"{path}/undo/uses", own)
        yield from _find_in_arguments(f"{path}/undo/with", undo.action, undo.arguments)
    elif spec is not None and spec.undo is not None:
        yield Reference(ReferenceKind.ACTION, f"{spec.connector}.{spec.undo}", f"{path}/undo", connection)


def _find_in_verify(
    path: str, use: UseAction, verify: Verify, playbook: Playbook, spec: ActionSpec | None
) -> Iterator[Reference]:
    """Yield the action that looks for what a step did, be it the connector's own check."""
    connection = verify.find_connection(use.action, name_connection(use, playbook), playbook.default_connections)
    if verify.action:
        yield Reference(ReferenceKind.ACTION, verify.action, f"{path}/uses", connection)
        yield from _find_in_arguments(f"{path}/with", verify.action, verify.arguments)
    elif spec is not None and spec.check is not None:
        yield Reference(ReferenceKind.ACTION, f"{spec.connector}.{spec.check}", path, connection)


def _find_in_arguments(path: str, action: str, arguments: JsonValue) -> Iterator[Reference]:
    """Yield credentials wherever they stand in the arguments, and what the built-in connectors are told by name."""
    try:
        names = {name for _, name in parse_template(arguments).secrets}
    except ExpressionError:
        names = set()  # the checker says what is wrong with it, and it does not run
    for name in names:
        yield Reference(ReferenceKind.CREDENTIAL, name, path)
    connector = action.partition(".")[0]
    given = arguments if isinstance(arguments, dict) else {}
    for parameter, kind in _NAMING.get(connector, {}).items():
        named = given.get(parameter)
        if isinstance(named, str) and "${{" not in named:
            yield Reference(kind, _strip(named) if kind is ReferenceKind.CHANNEL else named, f"{path}/{parameter}")


_NAMING = {
    "list": {"list": ReferenceKind.LIST},
    "chat": {"channel": ReferenceKind.CHANNEL},
}
"""Parameters of the built-in connectors whose values name something of ours."""


def _strip(channel: str) -> str:
    """Return a channel as the built-in chat names it, whichever way it is written."""
    name = channel.removeprefix("chat:")
    return name if name.startswith(("#", "@")) else f"#{name}"
