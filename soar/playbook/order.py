"""Ids and what waits for what."""

from collections.abc import Iterable, Mapping

from soar.model.playbook import Playbook
from soar.model.step import Step, list_branches, walk_steps
from soar.playbook.context import ROOTS, Context, list_ids
from soar.playbook.names import explain_invisible
from soar.playbook.node import Spot
from soar.playbook.report import Report, quote

_MEANINGFUL = ROOTS | {"output", "error", "secrets", "item_index"}


def check_order(playbook: Playbook, spots: Mapping[str, Spot], report: Report) -> None:
    """Note down ids that stand twice, and steps that wait for what never comes before them."""
    steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
    _check_ids(steps, spots, report)
    known = frozenset(step.id for step in steps if step.id)
    for top in (playbook.steps, playbook.on_failure, playbook.finally_):
        for step, visible in _walk_lists(top, Context()):
            _check_needs(step, visible, known, spots, report)


def _check_ids(steps: Iterable[Step], spots: Mapping[str, Spot], report: Report) -> None:
    seen: dict[str, int] = {}
    for step in steps:
        spot = spots.get(f"{step.path}/id")
        if step.id and spot is not None:
            if step.id in seen:
                message = f"the id {quote(step.id)} stands twice; the first is in line {seen[step.id]}"
                report.add("P111", (spot.line, spot.column), spot.path[:-1], message, "give one of them another id")
            seen.setdefault(step.id, spot.line)
        name = spots.get(f"{step.path}/foreach/as")
        if name is not None and step.foreach is not None and step.foreach.name in _MEANINGFUL:
            message = f"{quote(step.foreach.name)} means something already"
            report.add("P111", (name.line, name.column), name.path[:-1], message, "choose another name")


def _walk_lists(steps: tuple[Step, ...], context: Context) -> Iterable[tuple[Step, frozenset[str]]]:
    """Yield every step with the ids of those that stand before it."""
    for step in steps:
        yield step, context.visible
        for branch in list_branches(step.body):
            yield from _walk_lists(branch.steps, context)
        after = context.see(list_ids(step))
        if step.gate is not None:
            yield from _walk_lists(step.gate.on_deny.steps, after)
        yield from _walk_lists(step.on_failure.steps, after)
        context = after


def _check_needs(
    step: Step, visible: frozenset[str], known: frozenset[str], spots: Mapping[str, Spot], report: Report
) -> None:
    for index, name in enumerate(step.needs or ()):
        spot = spots.get(f"{step.path}/needs/{index}") or spots.get(f"{step.path}/needs")
        if name in visible or spot is None:
            continue
        place = spot.node.line, spot.node.column
        if name in known:
            report.add("P205", place, spot.path, *explain_invisible(name))
        else:
            report.add("P202", place, spot.path, f"there is no step {quote(name)}", report.suggest(name, visible))
