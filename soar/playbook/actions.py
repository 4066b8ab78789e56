"""Calls held against what the installed connectors say of their actions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from soar.model.catalog import ActionSpec, Catalog, ConnectorSpec, Effect, Repeat
from soar.model.playbook import Playbook
from soar.model.step import UseAction, walk_steps
from soar.model.values import JsonValue
from soar.playbook.literals import find_misfit
from soar.playbook.node import Mapping as MappingNode
from soar.playbook.node import Spot
from soar.playbook.report import Report, quote


@dataclass(frozen=True, slots=True)
class _Call:
    """An action with its arguments, at the path of the map that holds `uses`."""

    path: str
    action: str
    major: int | None
    arguments: JsonValue


def check_actions(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down actions that are not installed, and arguments that they do not take."""
    for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
        if isinstance(step.body, UseAction):
            for call in _list_calls(step.path, step.body):
                _check_call(call, spots, catalog, report)
            _check_inverse(step.path, step.body, spots, catalog, report)
            _check_poll(step.path, step.body, spots, catalog, report)


def _list_calls(path: str, use: UseAction) -> Iterator[_Call]:
    yield _Call(path, use.action, use.major, use.arguments)
    if use.verify is not None and use.verify.action is not None:
        yield _Call(f"{path}/verify", use.verify.action, None, use.verify.arguments)
    if use.undo is not None and use.undo.action is not None:
        yield _Call(f"{path}/undo", use.undo.action, None, use.undo.arguments)


def _check_call(call: _Call, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    spot = spots.get(f"{call.path}/uses")
    if spot is None or not call.action:
        return
    place = spot.line, spot.column
    owner = spot.path[:-1]
    connector, _, name = call.action.partition(".")
    spec = catalog.connectors.get(connector)
    if spec is None:
        hint = report.suggest(connector, catalog.connectors) or "install it, or look for another that does the same"
        report.add("P301", place, owner, f"there is no connector {quote(connector)}", hint)
        return
    action = spec.actions.get(name)
    if action is None:
        hint = report.suggest(name, spec.callable_actions) or _list_names(spec)
        report.add("P302", place, owner, f"{quote(connector)} has no action {quote(name)}", hint)
        return
    if action.is_for_service:
        message = f"`{call.action}` is for the service alone"
        report.add("P315", place, owner, message, f"no playbook may call it; {_list_names(spec)}")
    installed = spec.version.partition(".")[0]
    if call.major is not None and str(call.major) != installed:
        message = f"{quote(connector)} is installed as version {spec.version}, not {call.major}"
        report.add("P307", place, owner, message, f"write `{call.action}@{installed}` once you have read what changed")
    _check_arguments(call, action, spot, spots, report)


def _list_names(spec: ConnectorSpec) -> str:
    return f"{spec.id} has {', '.join(sorted(spec.callable_actions)) or 'none'}"


def _check_arguments(call: _Call, action: ActionSpec, uses: Spot, spots: Mapping[str, Spot], report: Report) -> None:
    given = spots.get(f"{call.path}/with")
    entries = given.node.entries if given is not None and isinstance(given.node, MappingNode) else ()
    properties = _as_map(action.parameters.get("properties"))
    is_open = bool(action.parameters.get("additionalProperties"))
    for entry in entries:
        name = entry.key.text
        place = entry.key.line, entry.key.column
        path = (*uses.path[:-1], "with")
        if name not in properties:
            if not is_open:
                message = f"`{call.action}` has no parameter {quote(name)}"
                hint = report.suggest(name, properties) or f"it has {', '.join(properties) or 'none'}"
                report.add("P303", place, path, message, hint)
            continue
        misfit = find_misfit(entry.value.to_plain(), properties[name], action.parameters)
        if misfit:
            report.add("P305", place, (*path, name), f"`{call.action}` wants {misfit}")
    required = action.parameters.get("required")
    missing = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    for name in missing:
        if name not in {entry.key.text for entry in entries}:
            message = f"`{call.action}` needs the parameter {quote(name)}"
            report.add("P304", (uses.line, uses.column), uses.path[:-1], message, f"add `{name}:` to `with:`")


def _check_inverse(path: str, use: UseAction, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    spot = spots.get(f"{path}/undo")
    action = catalog.find_action(use.action)
    if spot is None or action is None or use.undo is None or use.undo.action is not None or action.is_reversible:
        return
    message = f"{quote(action.connector)} knows no way back for `{use.action}`"
    report.add("P306", (spot.line, spot.column), spot.path, message, "name the one that undoes it: {uses: …, with: …}")


def _check_poll(path: str, use: UseAction, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    spot = spots.get(f"{path}/poll")
    action = catalog.find_action(use.action)
    if spot is None or action is None or action.effect is Effect.READ or action.repeat is not Repeat.UNSAFE:
        return
    message = f"`{use.action}` does more with each call, so it cannot be called until something is true"
    report.add("P309", (spot.line, spot.column), spot.path, message, "call it once, and poll an action that reads")


def _as_map(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}
