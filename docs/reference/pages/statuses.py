"""The page of statuses, drawn from the tables that the service holds itself to."""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import TypeVar

from soar.engine.state import RUN_TRANSITIONS, STEP_TRANSITIONS
from soar.model.approval import APPROVAL_TRANSITIONS
from soar.model.response import RESPONSE_TRANSITIONS

Status = TypeVar("Status", bound=StrEnum)


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Statuses"
    yield ""
    yield "Which status may follow which. Anything else is a fault of ours and raises. A status that nothing follows is"
    yield "final. What may follow itself (another attempt, another wait) is not drawn."
    yield from _describe("A run", RUN_TRANSITIONS)
    yield from _describe("A step", STEP_TRANSITIONS)
    yield from _describe("An approval", APPROVAL_TRANSITIONS)
    yield from _describe("An active response", RESPONSE_TRANSITIONS)


def _describe(title: str, table: Mapping[Status, frozenset[Status]]) -> Iterator[str]:
    yield from ("", f"## {title}", "", "```mermaid", "stateDiagram-v2", *_draw(table), "```")


def _draw(table: Mapping[Status, frozenset[Status]]) -> Iterator[str]:
    first = next(iter(table))
    yield f"    [*] --> {first}"
    for before in type(first):
        yield from (f"    {before} --> {after}" for after in type(first) if after in table[before] - {before})
        if not table[before]:
            yield f"    {before} --> [*]"
