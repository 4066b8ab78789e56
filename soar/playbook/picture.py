"""Where everything of a graph stands in a picture: layers from top to bottom, lists inside frames, handlers beside."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, TypeAlias

from soar.playbook.caption import NoteKind, list_notes
from soar.playbook.graph import Edge, Lane, Link, Node, NodeKind
from soar.playbook.lettering import wrap

_CARD = 288.0
_PADDING = 14.0
_GAP = 28.0
_LAYER_GAP = 34.0
_SIDE_GAP = 46.0
_LABEL_ROW = 18.0
_WITHIN: Final = frozenset({Link.INSIDE, Link.BRANCH})
_AGAINST: Final = frozenset({Link.DENIED, Link.FAILED})


class Ink(StrEnum):
    """How a text is written; `TAG` stands for what the node does to the world."""

    LABEL = "label"
    DETAIL = "detail"
    NOTE = "note"
    GATE = "gate"
    TAG = "tag"
    HEADING = "heading"


_SIZES: Final = {
    Ink.LABEL: (13.0, 18.0),
    Ink.DETAIL: (11.0, 16.0),
    Ink.NOTE: (11.0, 16.0),
    Ink.GATE: (11.0, 16.0),
    Ink.TAG: (9.5, 15.0),
    Ink.HEADING: (11.0, _LABEL_ROW),
}
"""Size of the letters and height of a line, in pixels."""


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `tone` is the effect or the kind that colours it, or empty."""

    x: float
    y: float
    text: str
    ink: Ink
    tone: str = ""


class Surface(StrEnum):
    """What a panel is."""

    CARD = "card"
    FRAME = "frame"
    BRANCH = "branch"
    HANDLER = "handler"
    BAND = "band"


@dataclass(frozen=True, slots=True)
class Panel:
    """A rectangle; `path` is that of the node it stands for, or empty."""

    x: float
    y: float
    width: float
    height: float
    surface: Surface
    path: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Arrow:
    """A line from one place to another; `is_dashed` is one that is taken only if something went wrong.

    `has_head` is false for a part of a line that goes on.
    """

    x: float
    y: float
    to_x: float
    to_y: float
    is_dashed: bool = False
    has_head: bool = True


Shape: TypeAlias = Words | Panel | Arrow


@dataclass(frozen=True, slots=True)
class Block:
    """Shapes that belong together, in a rectangle that begins at 0, 0.

    Attributes:
        axis: where, from the left, arrows come in and go out.
        base: where, from the top, arrows go out.
    """

    width: float
    height: float
    axis: float
    base: float
    shapes: tuple[Shape, ...]


@dataclass(frozen=True, slots=True)
class _Port:
    """Where arrows come in to a node and, at the same x, go out of it."""

    x: float
    top: float
    base: float


def lay_out(root: Node) -> Block:
    """Return the picture of a whole playbook."""
    start = _lay_node(replace(root, lanes=()))
    whole = start
    for lane in root.lanes:
        if lane.link is Link.ORDER:
            block, ports = _lay_lane(lane)
            whole = _stack([start, block], _LAYER_GAP)
            left, top = whole.axis - block.axis, start.height + _LAYER_GAP
            entries = [ports[entry.path] for entry in lane.entries]
            arrows = (Arrow(whole.axis, start.height, left + port.x, top + port.top) for port in entries)
            whole = replace(whole, shapes=(*arrows, *whole.shapes))
    ends = [_frame_lane(lane) for lane in root.lanes if lane.link is not Link.ORDER]
    return _stack([whole, _line_up(ends)], _LAYER_GAP) if ends else whole


def _lay_node(node: Node) -> Block:
    within = [lane for lane in node.lanes if lane.link in _WITHIN]
    behind = [lane for lane in node.lanes if lane.link not in _WITHIN]
    block = _lay_frame(node, within) if within else _lay_card(node, _CARD, Surface.CARD)
    return _add_handlers(block, behind) if behind else block


def _lay_card(node: Node, width: float, surface: Surface) -> Block:
    shapes: list[Shape] = []
    tone = _tone(node)
    y = 8.0
    y = _write(shapes, _tag(node), Ink.TAG, y, width, tone)
    y = _write(shapes, node.label, Ink.LABEL, y, width)
    if node.detail not in {"", node.label}:
        y = _write(shapes, node.detail, Ink.DETAIL, y, width)
    notes = list_notes(node)
    for note in notes:
        if note.kind is not NoteKind.GATE:
            y = _write(shapes, note.text, Ink.NOTE, y, width)
    asked = [note.text for note in notes if note.kind is NoteKind.GATE]
    if asked:
        top = y + 6
        y = top + 4
        for text in asked:
            y = _write(shapes, text, Ink.GATE, y, width)
        y += 4
        shapes.insert(0, Panel(_PADDING, top, width - 2 * _PADDING, y - top, Surface.BAND))
    height = y + 10
    panel = Panel(0, 0, width, height, surface, node.path, tone)
    return Block(width, height, width / 2, height, (panel, *shapes))


def _write(shapes: list[Shape], text: str, ink: Ink, y: float, width: float, tone: str = "") -> float:
    """Add a text's lines below a place, and return where they end."""
    size, height = _SIZES[ink]
    margin = _PADDING + (8 if ink is Ink.GATE else 2)
    lines = wrap(text, width - 2 * margin, size, is_monospaced=ink is Ink.DETAIL)
    for number, line in enumerate(lines):
        shapes.append(Words(margin, y + number * height + height * 0.75, line, ink, tone))
    return y + len(lines) * height


def _lay_frame(node: Node, lanes: Sequence[Lane]) -> Block:
    """Lay out a node with its lists inside, side by side."""
    inner = _line_up([_frame_lane(lane) if lane.link is Link.BRANCH else _lay_lane(lane)[0] for lane in lanes])
    width = max(_CARD, inner.width + 2 * _PADDING)
    head = _lay_card(node, width, Surface.FRAME)
    height = head.height + inner.height + _PADDING
    frame = Panel(0, 0, width, height, Surface.FRAME, node.path)
    inside = _move(inner.shapes, (width - inner.width) / 2, head.height)
    return Block(width, height, width / 2, height, (frame, *head.shapes[1:], *inside))


def _frame_lane(lane: Lane) -> Block:
    """Lay out a list in a frame of its own, under its label."""
    inner, _ = _lay_lane(lane)
    width = inner.width + 2 * _PADDING
    shapes: list[Shape] = []
    top = _write(shapes, lane.label, Ink.HEADING, 8, width) + 8
    height = top + inner.height + _PADDING
    shapes.extend(_move(inner.shapes, _PADDING, top))
    surface = Surface.HANDLER if lane.link in _AGAINST else Surface.BRANCH
    return Block(width, height, width / 2, height, (Panel(0, 0, width, height, surface), *shapes))


def _add_handlers(block: Block, lanes: Sequence[Lane]) -> Block:
    """Set the lists that follow a no or a failure beside a node."""
    handlers = [_frame_lane(lane) for lane in lanes]
    shapes = [*block.shapes]
    left = block.width + _SIDE_GAP
    y = 0.0
    for handler in handlers:
        middle = min(y + 24, block.height - 12)
        shapes.append(Arrow(block.width, middle, left, y + 24, is_dashed=True))
        shapes.extend(_move(handler.shapes, left, y))
        y += handler.height + _GAP
    width = left + max(handler.width for handler in handlers)
    return Block(width, max(block.height, y - _GAP), block.axis, block.base, tuple(shapes))


def _lay_lane(lane: Lane) -> tuple[Block, dict[str, _Port]]:
    """Lay out a list of nodes in layers; return it with each node's port by path."""
    routes = _route(lane)
    rows = [[(place, _lay_place(place)) for place in row] for row in _list_rows(lane, routes)]
    lines = [_line_up([block for _, block in row]) for row in rows]
    whole = _stack(lines, _LAYER_GAP)
    ports: dict[str, _Port] = {}
    y = 0.0
    for row, line in zip(rows, lines, strict=True):
        x = whole.axis - line.axis
        for place, block in row:
            is_node = isinstance(place, Node)
            name = place.path if isinstance(place, Node) else place.name
            ports[name] = _Port(x + block.axis, y, y + (block.base if is_node else line.height))
            x += block.width + _GAP
        y += line.height + _LAYER_GAP
    arrows = [arrow for route in routes for arrow in _draw_route(route, ports)]
    return replace(whole, shapes=(*arrows, *whole.shapes)), ports


@dataclass(frozen=True, slots=True)
class _Passage:
    """Room for an arrow in a layer that it passes."""

    name: str
    layer: int
    is_left: bool


@dataclass(frozen=True, slots=True)
class _Route:
    """An arrow's way, layer by layer."""

    edge: Edge
    passages: tuple[_Passage, ...]


def _lay_place(place: Node | _Passage) -> Block:
    return _lay_node(place) if isinstance(place, Node) else Block(0, 0, 0, 0, ())


def _route(lane: Lane) -> list[_Route]:
    """Return the way of every arrow of a list; one that spans layers has room made for it in those between."""
    depths = _find_depths(lane)
    routes: list[_Route] = []
    for edge in lane.edges:
        layer = depths[edge.source]
        row = [path for path, depth in depths.items() if depth == layer]
        is_left = row.index(edge.source) * 2 < len(row) - 1
        between = range(layer + 1, depths[edge.target])
        passages = (_Passage(f"{edge.source} {edge.target} {number}", number, is_left) for number in between)
        routes.append(_Route(edge, tuple(passages)))
    return routes


def _draw_route(route: _Route, ports: Mapping[str, _Port]) -> Iterator[Arrow]:
    here = ports[route.edge.source]
    for passage in route.passages:
        port = ports[passage.name]
        yield Arrow(here.x, here.base, port.x, port.top, has_head=False)
        yield Arrow(port.x, port.top, port.x, port.base, has_head=False)
        here = port
    target = ports[route.edge.target]
    yield Arrow(here.x, here.base, target.x, target.top)


def _find_depths(lane: Lane) -> dict[str, int]:
    """Return the layer of each node: below everything that it waits for."""
    depths: dict[str, int] = {}
    for node in lane.nodes:
        sources = [edge.source for edge in lane.edges if edge.target == node.path]
        depths[node.path] = 1 + max((depths[source] for source in sources), default=-1)
    return depths


def _list_rows(lane: Lane, routes: Sequence[_Route]) -> list[list[Node | _Passage]]:
    """Return what stands in each layer, from left to right."""
    depths = _find_depths(lane)
    rows: list[list[Node | _Passage]] = [[] for _ in range(max(depths.values(), default=-1) + 1)]
    for node in lane.nodes:
        rows[depths[node.path]].append(node)
    for passage in (passage for route in routes for passage in route.passages):
        row = rows[passage.layer]
        row.insert(0 if passage.is_left else len(row), passage)
    return rows


def _line_up(blocks: Sequence[Block]) -> Block:
    """Set blocks side by side; a single one keeps its axis."""
    if len(blocks) == 1:
        return blocks[0]
    shapes: list[Shape] = []
    x = 0.0
    for block in blocks:
        shapes.extend(_move(block.shapes, x, 0))
        x += block.width + _GAP
    width = x - _GAP
    height = max(block.height for block in blocks)
    return Block(width, height, width / 2, height, tuple(shapes))


def _stack(blocks: Sequence[Block], gap: float) -> Block:
    """Set blocks below each other, their axes in one line."""
    axis = max((block.axis for block in blocks), default=0.0)
    shapes: list[Shape] = []
    y = 0.0
    for block in blocks:
        shapes.extend(_move(block.shapes, axis - block.axis, y))
        y += block.height + gap
    width = axis + max((block.width - block.axis for block in blocks), default=0.0)
    height = max(y - gap, 0.0)
    return Block(width, height, axis, height, tuple(shapes))


def _move(shapes: Iterable[Shape], right: float, down: float) -> list[Shape]:
    moved: list[Shape] = []
    for shape in shapes:
        match shape:
            case Arrow(to_x=to_x, to_y=to_y):
                there = replace(shape, to_x=to_x + right, to_y=to_y + down)
                moved.append(replace(there, x=shape.x + right, y=shape.y + down))
            case Words() | Panel():
                moved.append(replace(shape, x=shape.x + right, y=shape.y + down))
    return moved


def _tone(node: Node) -> str:
    if node.effect is not None:
        return node.effect.value
    return node.kind.value if node.kind in {NodeKind.STOP, NodeKind.FAIL, NodeKind.PLAYBOOK} else ""


def _tag(node: Node) -> str:
    if node.kind is NodeKind.ACTION:
        return node.effect.value.upper() if node.effect else "NOT INSTALLED"
    return "APPROVAL" if node.kind is NodeKind.GATE else node.kind.value.upper()
