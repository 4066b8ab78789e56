"""Where a step instance stands: everything its record's path says about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from soar.engine.plan import Program
from soar.engine.state import Ending
from soar.model.run import StepFault, StepRecord
from soar.model.values import Value

_ELEMENT = re.compile(r"#(\d+)")


@dataclass(frozen=True, slots=True)
class Place:
    """A step instance's surroundings.

    Attributes:
        path: the record's path; with `#index` for each `foreach` around it.
        names: names that only exist here, such as `item` and `error`.
        elements: for each `foreach` around it, the document path and the instance path, from outside to inside.
        approval: the approval that already covers everything in here.
    """

    path: str
    names: Mapping[str, Value]
    elements: tuple[tuple[str, str], ...]
    approval: str | None

    def locate(self, document_path: str) -> str:
        """Return the record path of a step as seen from here: inside a `foreach`, that of the same element."""
        for outer, inner in reversed(self.elements):
            if document_path.startswith(f"{outer}/"):
                return inner + document_path[len(outer) :]
        return document_path


def find_place(program: Program, records: Mapping[str, StepRecord], ending: Ending | None, path: str) -> Place:
    """Return the place of a record, from its path and the records around it."""
    names: dict[str, Value] = {}
    elements: list[tuple[str, str]] = []
    for found in _ELEMENT.finditer(path):
        instance = path[: found.end()]
        document = _ELEMENT.sub("", instance)
        names |= _name_element(program, records, instance, int(found[1]))
        elements.append((document, instance))
    fault = _fault_around(records, ending, path)
    if fault is not None:
        names["error"] = view_fault(fault)
    return Place(path, names, tuple(elements), _approval_around(records, path))


def is_element(path: str) -> bool:
    """Whether a record is that of one element of a `foreach`."""
    return path.rpartition("#")[2].isdigit()


def view_fault(fault: StepFault) -> dict[str, Value]:
    """Return a fault as `error` shows it."""
    return {"step": fault.step, "code": fault.code, "message": fault.message, "attempts": fault.attempts}


def _name_element(
    program: Program, records: Mapping[str, StepRecord], instance: str, index: int
) -> Mapping[str, Value]:
    foreach = program.step(instance).foreach
    item = records[instance].item
    return {"item": item, foreach.name if foreach else "item": item, "item_index": index}


def _fault_around(records: Mapping[str, StepRecord], ending: Ending | None, path: str) -> StepFault | None:
    """Return what failed, for steps of a handler: the nearest step around it, or the run."""
    owner, separator, _ = path.rpartition("/on_failure/")
    if separator:
        record = records.get(owner)
        return record.fault if record else None
    return ending.fault if ending and path.startswith("on_failure/") else None


def _approval_around(records: Mapping[str, StepRecord], path: str) -> str | None:
    """Return the approval of the nearest gate around a step, if it said yes to what is inside."""
    end = len(path)
    while (end := max(path.rfind("/", 0, end), path.rfind("#", 0, end))) > 0:
        record = records.get(path[:end])
        if record is not None and record.outcome == "approved":
            return record.approval
    return None
