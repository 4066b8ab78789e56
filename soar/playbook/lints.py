"""What is allowed and yet seldom meant."""

from collections.abc import Mapping

from soar.model.catalog import Catalog, Effect
from soar.model.playbook import Playbook
from soar.model.step import AfterFailure, UseAction, walk_steps
from soar.playbook.finding import Severity
from soar.playbook.node import Spot
from soar.playbook.report import Report


def check_lints(playbook: Playbook, spots: Mapping[str, Spot], catalog: Catalog, report: Report) -> None:
    """Warn of a playbook without an owner, of changes without a way back, and of those that fail unseen."""
    if "owner" not in spots:
        name = spots.get("name")
        place = (1, 1) if name is None else (name.line, name.column)
        report.add("P501", place, (), "nobody answers for this playbook", "add `owner: team:…`", Severity.WARNING)
    for step in walk_steps(playbook.steps + playbook.on_failure + playbook.finally_):
        uses = spots.get(f"{step.path}/uses")
        action = catalog.find_action(step.body.action) if isinstance(step.body, UseAction) else None
        if action is None or uses is None or action.effect is Effect.READ or not isinstance(step.body, UseAction):
            continue
        if step.body.undo is None and (action.is_reversible or action.effect is Effect.DESTRUCTIVE):
            hint = "add `undo: auto`" if action.is_reversible else "add `undo: {uses: …, with: …}` if there is a way"
            message = f"`{action.full_name}` changes something and declares no way back"
            report.add("P502", (uses.line, uses.column), uses.path[:-1], message, hint, Severity.WARNING)
        spot = spots.get(f"{step.path}/on_failure")
        if step.on_failure.then is AfterFailure.CONTINUE and spot is not None:
            message = f"if `{action.full_name}` fails, the run goes on and nobody is told"
            hint = "write steps under `on_failure:` that tell somebody"
            report.add("P503", (spot.line, spot.column), spot.path, message, hint, Severity.WARNING)
