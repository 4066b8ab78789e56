"""What stands beside a node of a graph, in words, for every form in which a graph is shown."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from soar.playbook.graph import Node


class NoteKind(StrEnum):
    """What a note is about."""

    CONDITION = "condition"
    FOREACH = "foreach"
    GATE = "gate"
    UNDO = "undo"
    AFTERMATH = "aftermath"


@dataclass(frozen=True, slots=True)
class Note:
    """A line beside a node."""

    kind: NoteKind
    text: str


_ONE: Final = "1"


def list_notes(node: Node) -> tuple[Note, ...]:
    """Return what must be known of a node besides its label, its detail and its effect."""
    return tuple(_list_notes(node))


def _list_notes(node: Node) -> Iterator[Note]:
    if node.condition:
        yield Note(NoteKind.CONDITION, f"if {node.condition}")
    if node.foreach:
        yield Note(NoteKind.FOREACH, f"for each {node.foreach}")
    if node.gate is not None:
        many = "" if node.gate.quorum == _ONE else f", quorum {node.gate.quorum}"
        yield Note(NoteKind.GATE, f"approval by {' or '.join(node.gate.by)}{many}, within {node.gate.timeout}")
        if node.gate.condition:
            yield Note(NoteKind.GATE, f"asked only if {node.gate.condition}")
        if node.gate.goes_on:
            yield Note(NoteKind.AFTERMATH, "goes on if denied")
    if node.undo:
        after = f", by itself after {node.expires}" if node.expires else ""
        yield Note(NoteKind.UNDO, f"undo: {node.undo}{after}")
    if node.goes_on:
        yield Note(NoteKind.AFTERMATH, "goes on if it fails")
