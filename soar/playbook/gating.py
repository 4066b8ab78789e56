"""Steps held against the policy above every playbook."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from soar.expr import ExpressionError, parse_duration, parse_template
from soar.model.catalog import ActionSpec, Catalog, Effect
from soar.model.playbook import Playbook
from soar.model.run import Mode
from soar.model.step import Step, UseAction, list_branches, walk_steps
from soar.playbook.context import list_ids
from soar.playbook.node import Spot
from soar.playbook.report import Report
from soar.policy import GateRule, Policy, required_gate

_ANY_MOMENT: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""What `now()` is to a policy here: the same file is judged the same at any hour."""


@dataclass(frozen=True, slots=True)
class _Gated:
    """A step and the steps whose gates stand before it: its own and those of the groups around, outermost first."""

    step: Step
    gates: tuple[Step, ...]


def check_gating(
    playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, policy: Policy, report: Report
) -> None:
    """Note down actions that the policy wants a gate before and that have none, or one that can be switched off."""
    for top in (playbook.steps, playbook.on_failure, playbook.finally_):
        for gated in _walk_gated(top, ()):
            action = _find_action(gated.step, catalog)
            rule = None if action is None else _find_rule(policy, action, gated.step)
            if action is not None and rule is not None:
                _check_step(gated, action, rule, spots, report)
    for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
        inner = tuple(inner for branch in list_branches(step.body) for inner in branch.steps)
        if step.gate is not None and inner:
            _check_group(inner, spots, catalog, report)
        if step.gate is not None and step.gate.may_choose and (step.foreach is None or step.gate.per_item):
            _report_choice(spots[f"{step.path}/approve/subset"], report)
    _check_supervision(playbook, spots, catalog, report)


def _walk_gated(steps: tuple[Step, ...], gates: tuple[Step, ...]) -> Iterator[_Gated]:
    for step in steps:
        here = (*gates, step) if step.gate is not None else gates
        yield _Gated(step, here)
        for branch in list_branches(step.body):
            yield from _walk_gated(branch.steps, here)
        if step.gate is not None:
            yield from _walk_gated(step.gate.on_deny.steps, ())
        yield from _walk_gated(step.on_failure.steps, ())


def _find_action(step: Step, catalog: Catalog) -> ActionSpec | None:
    return catalog.find_action(step.body.action) if isinstance(step.body, UseAction) else None


def _find_rule(policy: Policy, action: ActionSpec, step: Step) -> GateRule | None:
    expires = step.body.expires if isinstance(step.body, UseAction) else None
    return required_gate(policy, action, (), _read_expiry(expires), now=_ANY_MOMENT)


def _read_expiry(expires: object) -> timedelta | None:
    """Return an expiry that is written down; one that is computed may be any, which is as good as none."""
    try:
        return parse_duration(expires) if isinstance(expires, str) else None
    except ExpressionError:
        return None


def _check_step(gated: _Gated, action: ActionSpec, rule: GateRule, spots: Mapping[str, Spot], report: Report) -> None:
    uses = spots[f"{gated.step.path}/uses"]
    path = uses.path[:-1]
    if not gated.gates:
        message = f"`{action.full_name}` changes something and has no `approve:` (policy `{rule.name}`)"
        who = rule.by[0] if rule.by else "role:analyst"
        report.add("P401", (uses.line, uses.column), path, message, f"add `approve: {who}`")
    elif all(step.gate is not None and step.gate.condition is not None for step in gated.gates):
        spot = spots[f"{gated.gates[-1].path}/approve/if"]
        message = f"the policy `{rule.name}` always wants a gate before `{action.full_name}`"
        report.add("P402", (spot.line, spot.column), spot.path, message, "remove `if`, or move it to the step")


def _check_group(steps: tuple[Step, ...], spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down changes inside a gated group whose arguments are not known when people are asked."""
    inside = {name for step in steps for name in list_ids(step)}
    for step in walk_steps(steps):
        action = _find_action(step, catalog)
        if action is None or action.effect is Effect.READ:
            continue
        cause = "it repeats over a list" if step.foreach is not None else _find_dependence(step, inside)
        spot = spots.get(f"{step.path}/uses")
        if cause and spot is not None:
            message = f"the gate on the group cannot show what `{action.full_name}` will do: {cause}"
            report.add("P405", (spot.line, spot.column), spot.path[:-1], message, "gate the step itself")


def _report_choice(spot: Spot, report: Report) -> None:
    message = "people can choose only among the elements of a `foreach` that they are asked about at once"
    report.add("P409", (spot.line, spot.column), spot.path, message, "remove `subset`, or put it beside a `foreach`")


def _find_dependence(step: Step, inside: set[str]) -> str | None:
    if not isinstance(step.body, UseAction):
        return None
    try:
        programs = parse_template(step.body.arguments).programs
    except ExpressionError:
        return None
    for _, program in programs:
        for reference in program.references:
            if reference.path[0] == "steps" and set(reference.path[1:2]) & inside:
                return f"it needs the answer of `{reference.path[1]}`"
    return None


def _check_supervision(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Note down that a supervised playbook names nobody to ask."""
    spot = spots.get("mode")
    if playbook.mode is not Mode.SUPERVISED or playbook.default_gate is not None or spot is None:
        return
    writes = [
        gated
        for gated in _walk_gated(playbook.steps, ())
        if (action := _find_action(gated.step, catalog)) and action.effect is not Effect.READ and not gated.gates
    ]
    if writes:
        message = "a supervised playbook asks before every write, and this one names nobody to ask"
        report.add("P407", (spot.line, spot.column), spot.path, message, "add `defaults: {approve: role:analyst}`")
