"""Inputs where nobody gives them: a schedule has none to give, an event only what it tells of."""

from collections.abc import Iterator, Mapping

from soar.expr import ExpressionError, compile_expression
from soar.model.playbook import EventTrigger, InputSpec, Playbook, ScheduleTrigger
from soar.playbook.node import Spot
from soar.playbook.report import Report, quote


def check_unattended(playbook: Playbook, spots: Mapping[str, Spot], report: Report) -> None:
    """Report inputs without which every start by a schedule, or by an event, would be refused."""
    for name, spec in playbook.inputs.items():
        spot = spots.get(f"inputs/{name}")
        lacking = " or ".join(_list_lacking(playbook, spec))
        may_lack = spec.has_default or not spec.is_required or spec.type == "any" or spec.type.endswith("?")
        if spot is not None and lacking and not may_lack:
            message = f"{quote(name)} has no value when the playbook is started by {lacking}"
            report.add("P214", (spot.line, spot.column), spot.path, message, "give it a `default`")


def _list_lacking(playbook: Playbook, spec: InputSpec) -> Iterator[str]:
    """Yield in words which of the playbook's triggers surely give an input nothing."""
    if any(isinstance(trigger, ScheduleTrigger) for trigger in playbook.triggers) and not _has_value(spec, ()):
        yield "a schedule"
    if any(isinstance(trigger, EventTrigger) for trigger in playbook.triggers) and not _has_value(spec, ("event",)):
        yield "an event"


def _has_value(spec: InputSpec, known: tuple[str, ...]) -> bool:
    """Whether an input's `from` may find something where, of what starts runs, only these names are known."""
    if spec.source is None:
        return False
    try:
        references = compile_expression(spec.source).references
    except ExpressionError:
        return True  # reported where the expression stands
    return all(each.guarded or each.path[0] in ("config", *known) for each in references)
