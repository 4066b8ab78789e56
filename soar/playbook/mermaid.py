"""A playbook's graph as a Mermaid flowchart (https://mermaid.js.org/syntax/flowchart.html).

Nothing that a playbook says is syntax there: every label is quoted, and in it each character that is neither a letter
nor a digit is written as a character code.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from soar.playbook.caption import list_notes
from soar.playbook.graph import Edge, Lane, Link, Node, NodeKind, walk_nodes

_UNSAFE: Final = re.compile(r"[^\w ,]|(?<!\w)_|_(?!\w)")
_SHAPES: Final[Mapping[NodeKind, tuple[str, str]]] = {
    NodeKind.PLAYBOOK: ("([", "])"),
    NodeKind.CALL: ("[[", "]]"),
    NodeKind.ASK: ("[/", "/]"),
    NodeKind.GATE: ("{{", "}}"),
    NodeKind.STOP: ("([", "])"),
    NodeKind.FAIL: ("([", "])"),
}
_BOX: Final = ("[", "]")
_WITHIN: Final = frozenset({Link.INSIDE, Link.BRANCH})
_INDENT: Final = "  "
_NEW_LINE: Final = "<br/>"
_SAME_LINE: Final = ", "  # the title of a subgraph has room for one line
_STYLES: Final = (
    "classDef read stroke:#3b82f6,stroke-width:2px",
    "classDef write stroke:#d97706,stroke-width:2px",
    "classDef destructive stroke:#dc2626,stroke-width:3px",
    "classDef gated stroke-dasharray:6 3",
)


def draw_mermaid(root: Node) -> str:
    """Return a graph as the text of a Mermaid flowchart, each node once."""
    names = {node.path: f"n{number}" for number, node in enumerate(walk_nodes(root))}
    lines = [
        "flowchart TB",
        *(_INDENT + line for line in _draw_node(root, names)),
        *(_INDENT + style for style in _STYLES),
    ]
    return "\n".join(lines) + "\n"


def _draw_node(node: Node, names: Mapping[str, str]) -> Iterator[str]:
    name = names[node.path]
    within = [lane for lane in node.lanes if lane.link in _WITHIN]
    behind = [lane for lane in node.lanes if lane.link not in _WITHIN]
    if within:
        yield f"subgraph {name}[{_label(node, _SAME_LINE)}]"
        for number, lane in enumerate(within):
            yield from _indent(_draw_branch(lane, f"{name}b{number}", names))
        yield "end"
    else:
        opening, closing = _SHAPES.get(node.kind, _BOX)
        yield f"{name}{opening}{_label(node)}{closing}"
    marks = [*([node.effect.value] if node.effect else []), *(["gated"] if node.gate else [])]
    yield from (f"class {name} {mark}" for mark in marks)
    for number, lane in enumerate(behind):
        yield from _draw_aftermath(node, lane, f"{name}a{number}", names)


def _draw_branch(lane: Lane, name: str, names: Mapping[str, str]) -> Iterator[str]:
    if not lane.label:
        yield from _draw_lane(lane, names)
        return
    yield f'subgraph {name}["{escape_label(lane.label)}"]'
    yield from _indent(_draw_lane(lane, names))
    yield "end"


def _draw_aftermath(node: Node, lane: Lane, name: str, names: Mapping[str, str]) -> Iterator[str]:
    source = names[node.path]
    if lane.link is Link.ORDER:
        yield from _draw_lane(lane, names)
        yield from (f"{source} --> {names[entry.path]}" for entry in lane.entries)
        return
    yield f'subgraph {name}["{escape_label(lane.label)}"]'
    yield from _indent(_draw_lane(lane, names))
    yield "end"
    yield f"{source} -.-> {name}"


def _draw_lane(lane: Lane, names: Mapping[str, str]) -> Iterator[str]:
    for node in lane.nodes:
        yield from _draw_node(node, names)
    yield from (_draw_edge(edge, names) for edge in lane.edges)


def _draw_edge(edge: Edge, names: Mapping[str, str]) -> str:
    return f"{names[edge.source]} --> {names[edge.target]}"


def _indent(lines: Iterable[str]) -> Iterator[str]:
    return (_INDENT + line for line in lines)


def _label(node: Node, separator: str = _NEW_LINE) -> str:
    detail = "" if node.detail == node.label else node.detail
    effect = f"({node.effect.value})" if node.effect else ""
    did = f"{detail} {effect}".strip()
    parts = (node.label, *filter(None, (did,)), *(note.text for note in list_notes(node)))
    return f'"{separator.join(map(escape_label, parts))}"'


def escape_label(text: str) -> str:
    """Return a text for a quoted label of Mermaid, in which nothing of it is syntax, HTML, Markdown or a link."""
    return _UNSAFE.sub(lambda found: f"#{ord(found[0])};", text)
