"""`verify:` read from a document, and held against what the installed connectors say of their actions."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from soar.model.catalog import Catalog, Effect
from soar.model.playbook import Playbook
from soar.model.step import UseAction, Verify, walk_steps
from soar.playbook import grammar
from soar.playbook.field import (
    Field,
    Fields,
    describe,
    int_between,
    read_duration,
    read_expression,
    read_map,
    read_text,
)
from soar.playbook.node import Mapping as MappingNode
from soar.playbook.node import Scalar, Spot
from soar.playbook.report import Report, quote

ActionReader: TypeAlias = Callable[[Field], tuple[str, int | None] | None]

_MOST_LOOKS = 100
_PLAIN = Verify()


def read_verify(field: Field, read_action: ActionReader) -> Verify | None:
    """Read how is looked for what an action did: `auto`, or a map."""
    if isinstance(field.node, Scalar) and field.node.value == "auto":
        return _PLAIN
    if not isinstance(field.node, MappingNode):
        field.fault("P103", f"auto or a map belongs here, not {describe(field.node)}", "write `auto`")
        return None
    keys = Fields(field, grammar.VERIFY)
    uses = keys.get("uses")
    if uses is None:
        _refuse_arguments(keys)
    every = keys.read("every", read_duration, _PLAIN.every)
    timeout = keys.read("timeout", read_duration, _PLAIN.timeout)
    _refuse_moments(keys, every, timeout)
    named = None if uses is None else read_action(uses)
    return Verify(
        action=None if uses is None else named[0] if named else "",
        arguments=keys.read("with", read_map, None),
        connection=keys.find("connection", read_text),
        until=_PLAIN.until if uses is None else keys.need("until", read_expression, "true"),
        attempts=keys.read("attempts", int_between(1, _MOST_LOOKS), _PLAIN.attempts),
        every=every,
        timeout=timeout,
    )


def _refuse_arguments(keys: Fields) -> None:
    for key in ("with", "connection", "until"):
        found = keys.get(key)
        if found is not None:
            message = f"`{key}` goes with an action that looks, and none is named"
            found.fault("P106", message, "add `uses: connector.action`", is_about_owner=True)


def _refuse_moments(keys: Fields, every: timedelta, timeout: timedelta) -> None:
    for key, duration in (("every", every), ("timeout", timeout)):
        found = keys.get(key)
        if found is not None and duration < timedelta(seconds=1):
            found.fault("P104", "it is shorter than a second", "write 1s or more", is_about_owner=True)


def check_verifying(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down each `verify` that has nothing to look for, nothing to look with, or does more than look."""
    for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
        spot = spots.get(f"{step.path}/verify")
        if isinstance(step.body, UseAction) and step.body.verify is not None and spot is not None:
            found = _find_fault(step.body, step.body.verify, catalog)
            if found is not None:
                code, message, hint = found
                report.add(code, (spot.line, spot.column), spot.path, message, hint)


def _find_fault(use: UseAction, verify: Verify, catalog: Catalog) -> tuple[str, str, str] | None:
    action = catalog.find_action(use.action)
    if action is not None and action.effect is Effect.READ:
        return "P312", f"`{use.action}` changes nothing that could be looked for", "leave `verify` out"
    if verify.action is None:
        if action is None or action.check is not None:
            return None
        hint = "name an action that reads: {uses: …, with: …, until: …}"
        return "P313", f"{quote(action.connector)} has no check for `{use.action}`", hint
    look = catalog.find_action(verify.action)
    if look is None or look.effect is Effect.READ:
        return None
    return "P314", f"`{verify.action}` changes something itself, so it cannot be used to look", "name one that reads"
