"""A playbook's graph as a tree of text."""

from collections.abc import Iterator, Mapping
from typing import Final

from soar.model.catalog import Effect
from soar.playbook.caption import list_notes
from soar.playbook.graph import Lane, Link, Node, NodeKind

_SIGNS: Final[Mapping[Effect, str]] = {Effect.READ: "○", Effect.WRITE: "◐", Effect.DESTRUCTIVE: "●"}
_MIDDLE, _LAST, _DOWN, _BLANK = "├─ ", "└─ ", "│  ", "   "


def draw_tree(root: Node) -> tuple[str, ...]:
    """Return a graph as lines of text, each node once, with what it does to the world and who is asked before."""
    return (root.label, f"starts: {root.detail}", *_draw_lanes(root, ""))


def _draw_lanes(node: Node, indent: str) -> Iterator[str]:
    """Yield what is inside a node: its own list directly, each other under its label."""
    own = [lane for lane in node.lanes if not lane.label]
    named = [lane for lane in node.lanes if lane.label]
    for lane in own:
        yield from _draw_nodes(lane, indent, is_last=not named)
    for lane in named:
        head, below = _branch(indent, is_last=lane is named[-1])
        yield f"{head}{lane.label}:"
        yield from _draw_nodes(lane, below, is_last=True)


def _draw_nodes(lane: Lane, indent: str, *, is_last: bool) -> Iterator[str]:
    for place, node in enumerate(lane.nodes):
        head, below = _branch(indent, is_last=is_last and place == len(lane.nodes) - 1)
        yield f"{head}{_title(node)}"
        margin = below + (_DOWN if node.lanes else _BLANK)
        if place and _list_awaited(node, lane) != [lane.nodes[place - 1]]:
            yield f"{margin}{_tell_order(node, lane)}"
        yield from (f"{margin}{note.text}" for note in list_notes(node))
        yield from _draw_lanes(node, below)


def _branch(indent: str, *, is_last: bool) -> tuple[str, str]:
    return indent + (_LAST if is_last else _MIDDLE), indent + (_BLANK if is_last else _DOWN)


def _list_awaited(node: Node, lane: Lane) -> list[Node]:
    sources = {edge.source for edge in lane.edges if edge.target == node.path}
    return [other for other in lane.nodes if other.path in sources]


def _tell_order(node: Node, lane: Lane) -> str:
    awaited = _list_awaited(node, lane)
    if not awaited:
        return "starts at once"
    has_needs = any(edge.link is Link.NEEDS for edge in lane.edges if edge.target == node.path)
    return f"waits for {' and '.join(other.label for other in awaited)}" if has_needs else "waits for all above"


def _title(node: Node) -> str:
    detail = "" if node.detail in {"", node.label} else f"  {node.detail}"
    if node.kind is not NodeKind.ACTION:
        return f"{node.label}{detail}"
    effect = "? not installed" if node.effect is None else f"{_SIGNS[node.effect]} {node.effect.value}"
    return f"{node.label}{detail}  {effect}"
