"""`core.undo` held against the steps that it can take back."""

from collections.abc import Mapping

from soar.model.playbook import Playbook
from soar.model.step import UNDO_ACTION, Step, UseAction, walk_steps
from soar.playbook.context import Context
from soar.playbook.names import explain_invisible
from soar.playbook.node import Scalar, Spot
from soar.playbook.report import Report, quote
from soar.playbook.sites import list_sites


def check_undoing(playbook: Playbook, spots: Mapping[str, Spot], report: Report) -> None:
    """Note down each `core.undo` that names no earlier step with something in it that can be taken back."""
    steps = walk_steps(playbook.steps + playbook.on_failure + playbook.finally_)
    undoing = [step for step in steps if isinstance(step.body, UseAction) and step.body.action == UNDO_ACTION]
    if not undoing:
        return
    known = {step.id: step for step in steps if step.id}
    contexts = {site.path: site.context for site in list_sites(playbook, spots)}
    for step in undoing:
        spot = spots.get(f"{step.path}/with/step")
        if spot is not None:
            found = _find_fault(spot, known, contexts[f"{step.path}/with"], report)
            if found is not None:
                report.add("P310", (spot.line, spot.column), spot.path, *found)


def _find_fault(
    spot: Spot, known: Mapping[str, Step], context: Context, report: Report
) -> tuple[str, str | None] | None:
    name = spot.node.value if isinstance(spot.node, Scalar) else None
    if not isinstance(name, str) or "${{" in name:
        return "what is undone must be known before the run", "write the id of an earlier step as it is"
    step = known.get(name)
    if step is None:
        return f"there is no step {quote(name)}", report.suggest(name, context.visible) or "give the step an `id:`"
    if name not in context.visible:
        return explain_invisible(name)
    if not any(_is_undoable(inner) for inner in walk_steps((step,))):
        return f"nothing in {quote(name)} can be taken back", "add `undo:` to the steps in it that change something"
    return None


def _is_undoable(step: Step) -> bool:
    return isinstance(step.body, UseAction) and step.body.undo is not None
