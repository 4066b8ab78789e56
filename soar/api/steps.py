"""Every step of a run's document, in order, with what became of it. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import JsonValue

from soar.api.schemas.runs import DoubtView, FaultView, StepItemView, StepView
from soar.engine.state import RunState
from soar.expr import to_plain
from soar.model.catalog import Catalog
from soar.model.playbook import Playbook
from soar.model.run import StepFault, StepRecord, StepStatus
from soar.model.step import Step, UseAction, list_branches

_ELEMENT = re.compile(r"#(\d+)")
_NOT_REACHED = "the run did not come to this step"


@dataclass(frozen=True, slots=True)
class _Placed:
    """A step of the document and where it stands."""

    step: Step
    depth: int
    is_handler: bool


def list_steps(
    playbook: Playbook, state: RunState, catalog: Catalog, undone: Collection[str] = ()
) -> tuple[StepView, ...]:
    """Return a view of each step of the document, those not reached included.

    Args:
        playbook: the revision the run is pinned to.
        state: what the run remembers.
        catalog: tells the effect of each action.
        undone: paths of records whose change was taken back; a run that is over does not hear of it.
    """
    records = {path: _mark_undone(record, undone) for path, record in state.records.items()}
    elements = _group_elements(records)
    return tuple(
        _view_step(placed, records.get(placed.step.path), elements.get(placed.step.path, []), state, catalog)
        for placed in _walk_playbook(playbook)
    )


def _mark_undone(record: StepRecord, undone: Collection[str]) -> StepRecord:
    is_undone = record.path in undone and record.status is StepStatus.SUCCEEDED
    return replace(record, status=StepStatus.UNDONE) if is_undone else record


def _walk_playbook(playbook: Playbook) -> Iterator[_Placed]:
    yield from _walk(playbook.steps, 0, is_handler=False)
    yield from _walk(playbook.on_failure, 0, is_handler=True)
    yield from _walk(playbook.finally_, 0, is_handler=True)


def _walk(steps: Sequence[Step], depth: int, *, is_handler: bool) -> Iterator[_Placed]:
    for step in steps:
        yield _Placed(step, depth, is_handler)
        for branch in list_branches(step.body):
            yield from _walk(branch.steps, depth + 1, is_handler=is_handler)
        if step.gate is not None:
            yield from _walk(step.gate.on_deny.steps, depth + 1, is_handler=True)
        yield from _walk(step.on_failure.steps, depth + 1, is_handler=True)


def _group_elements(records: Mapping[str, StepRecord]) -> dict[str, list[StepRecord]]:
    """Return the records that belong to an element of a `foreach`, by the document path of their step, in order."""
    grouped: dict[str, list[StepRecord]] = {}
    for path, record in records.items():
        document = _ELEMENT.sub("", path)
        if document != path:
            grouped.setdefault(document, []).append(record)
    for found in grouped.values():
        found.sort(key=lambda record: _indexes(record.path))
    return grouped


def _indexes(path: str) -> list[int]:
    return [int(found) for found in _ELEMENT.findall(path)]


def _view_step(
    placed: _Placed, record: StepRecord | None, elements: Sequence[StepRecord], state: RunState, catalog: Catalog
) -> StepView:
    step = placed.step
    shown = record or _stand_in(step.path, elements, state)
    action = step.body.action if isinstance(step.body, UseAction) else None
    spec = catalog.find_action(action) if action else None
    return StepView(
        path=step.path,
        id=step.id,
        label=step.label,
        kind=step.body.kind,
        action=action,
        effect=spec.effect if spec else None,
        depth=placed.depth,
        status=shown.status,
        reason=shown.reason or (f"carried over from {shown.carried}" if shown.carried else None),
        arguments=shown.arguments,
        output=_show_output(step, shown),
        fault=_view_fault(shown.fault),
        doubt=_view_doubt(shown),
        attempt=shown.attempt,
        approval=shown.approval,
        outcome=shown.outcome,
        started_at=shown.started_at,
        finished_at=shown.finished_at,
        items=tuple(_view_item(step, element) for element in elements),
        is_handler=placed.is_handler,
    )


def _stand_in(path: str, elements: Sequence[StepRecord], state: RunState) -> StepRecord:
    """Return what to show of a step that has no record of its own: it was not reached, or only inside a `foreach`."""
    if elements:
        return StepRecord(path=path, status=_join_status([element.status for element in elements]))
    if state.status.is_final:
        return StepRecord(path=path, status=StepStatus.SKIPPED, reason=_NOT_REACHED)
    return StepRecord(path=path, status=StepStatus.PENDING)


_LOUDEST = (
    StepStatus.WAITING,
    StepStatus.RETRYING,
    StepStatus.RUNNING,
    StepStatus.PENDING,
    StepStatus.FAILED,
    StepStatus.DENIED,
    StepStatus.CANCELLED,
    StepStatus.SUCCEEDED,
    StepStatus.UNDONE,
    StepStatus.SKIPPED,
)


def _join_status(statuses: Sequence[StepStatus]) -> StepStatus:
    """Return the one status that says most about several."""
    return min(statuses, key=_LOUDEST.index)


def _view_item(step: Step, record: StepRecord) -> StepItemView:
    return StepItemView(
        index=_indexes(record.path)[-1],
        path=record.path,
        status=record.status,
        item=to_plain(record.item),
        output=_show_output(step, record),
        fault=_view_fault(record.fault),
        doubt=_view_doubt(record),
    )


def _view_fault(fault: StepFault | None) -> FaultView | None:
    return FaultView(code=fault.code, message=fault.message, attempts=fault.attempts) if fault else None


def _view_doubt(record: StepRecord) -> DoubtView | None:
    if record.doubt is None or record.settle_by is None:
        return None
    return DoubtView(message=record.doubt, until=record.settle_by)


def _show_output(step: Step, record: StepRecord) -> JsonValue:
    """Return what a step produced, without what the author wants hidden."""
    mask = step.body.mask if isinstance(step.body, UseAction) else False
    if mask is True or not record.has_output:
        return None
    shown = to_plain(record.output)
    for path in mask or ():
        shown = _hide(shown, path.split("."))
    return shown


def _hide(document: JsonValue, path: Sequence[str]) -> JsonValue:
    if not path:
        return None
    if isinstance(document, list):
        return [_hide(element, path) for element in document]
    if isinstance(document, dict) and path[0] in document:
        return {**document, path[0]: _hide(document[path[0]], path[1:])}
    return document
