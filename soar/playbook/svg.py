"""A playbook's graph as an SVG picture that stands alone: no script, no link, no font or style from elsewhere.

It follows the reader's choice of a light or a dark screen.
"""

from collections.abc import Iterator
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from soar.playbook.graph import Node, walk_nodes
from soar.playbook.picture import Arrow, Ink, Panel, Shape, Surface, Words, lay_out

_MARGIN: Final = 24
_HEAD: Final = 6  # how much of a line its head covers
_SANS: Final = "system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif"
_MONO: Final = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"
_LAYOUT: Final = (
    f"text{{font-family:{_SANS};font-size:11px}}",
    ".label{font-size:13px;font-weight:600}",
    f".detail{{font-family:{_MONO}}}",
    ".tag{font-size:9.5px;font-weight:700;letter-spacing:.06em}",
    ".heading{font-weight:600}",
    ".band,.branch{stroke-width:1}",
    ".handler{stroke-dasharray:5 4}",
    ".arrow{fill:none;stroke-width:1.5}",
    ".dashed{stroke-dasharray:5 4}",
)
_COLOURS: Final = (
    (".ground", "fill", "#ffffff", "#0d1117"),
    (".card", "fill", "#ffffff", "#161b22"),
    (".card,.frame", "stroke", "#c4ccd5", "#3d444d"),
    (".frame", "fill", "#f6f8fa", "#11161d"),
    (".branch", "fill", "#eceff3", "#1a2029"),
    (".branch", "stroke", "#dfe4ea", "#262d36"),
    (".handler", "fill", "#fff5f4", "#1d1416"),
    (".handler", "stroke", "#e5a39d", "#7a3a38"),
    (".band", "fill", "#fff4d6", "#2d2410"),
    (".band", "stroke", "#e6c56e", "#6b5518"),
    (".label", "fill", "#1f2328", "#f0f3f6"),
    (".detail,.heading", "fill", "#3a424b", "#c3cad2"),
    (".note", "fill", "#59636e", "#9da7b3"),
    (".gate", "fill", "#5c4300", "#f0d58c"),
    (".tag", "fill", "#59636e", "#9da7b3"),
    (".tag.read", "fill", "#0a5bc4", "#62a8ff"),
    (".tag.write", "fill", "#8a5a00", "#e3a83a"),
    (".tag.destructive,.tag.fail", "fill", "#c01c28", "#ff7b72"),
    (".stripe", "fill", "#aeb7c1", "#57606a"),
    (".stripe.read", "fill", "#1f75e0", "#3b82f6"),
    (".stripe.write", "fill", "#d29200", "#d29922"),
    (".stripe.destructive,.stripe.fail", "fill", "#d1242f", "#f85149"),
    (".arrow", "stroke", "#7d8793", "#7d8590"),
    (".head", "fill", "#7d8793", "#7d8590"),
)
"""Selector, property, and its value on a light and on a dark screen."""


def draw_svg(root: Node) -> str:
    """Return a graph as an SVG document, each node once, as a rectangle whose `data-path` is the node's."""
    picture = lay_out(root)
    width, height = round(picture.width + 2 * _MARGIN), round(picture.height + 2 * _MARGIN)
    steps = sum(1 for _ in walk_nodes(root)) - 1
    gates = sum(node.gate is not None for node in walk_nodes(root))
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    lines = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>',
        f"<title>{escape(root.label)}</title>",
        f"<desc>Playbook with {steps} steps and {gates} approvals. Starts: {escape(root.detail)}.</desc>",
        f"<style>{''.join(_write_style())}</style>",
        f'<rect class="ground" width="{width}" height="{height}" rx="10"/>',
        f'<g transform="translate({_MARGIN} {_MARGIN})">',
        *(_write_shape(shape) for shape in _order(picture.shapes)),
        "</g>",
        "</svg>",
    )
    return "\n".join(lines) + "\n"


def _order(shapes: tuple[Shape, ...]) -> list[Shape]:
    """Return shapes so that no frame covers an arrow, and no arrow a card."""
    frames = [shape for shape in shapes if isinstance(shape, Panel) and shape.surface is not Surface.CARD]
    bands = [shape for shape in frames if shape.surface is Surface.BAND]
    cards = [shape for shape in shapes if isinstance(shape, Panel) and shape.surface is Surface.CARD]
    arrows = [shape for shape in shapes if isinstance(shape, Arrow)]
    words = [shape for shape in shapes if isinstance(shape, Words)]
    return [*(shape for shape in frames if shape not in bands), *arrows, *cards, *bands, *words]


def _write_style() -> Iterator[str]:
    yield from _LAYOUT
    yield from (f"{selector}{{{name}:{light}}}" for selector, name, light, _ in _COLOURS)
    dark = "".join(f"{selector}{{{name}:{dark}}}" for selector, name, _, dark in _COLOURS)
    yield f"@media (prefers-color-scheme:dark){{{dark}}}"


def _write_shape(shape: Shape) -> str:
    match shape:
        case Panel():
            return _write_panel(shape)
        case Arrow():
            return _write_arrow(shape)
        case Words(x=x, y=y, text=text, ink=ink, tone=tone):
            kind = f"{ink} {tone}" if ink is Ink.TAG and tone else ink
            return f'<text class="{kind}" x="{_number(x)}" y="{_number(y)}">{escape(text)}</text>'


def _write_panel(panel: Panel) -> str:
    place = f'x="{_number(panel.x)}" y="{_number(panel.y)}" height="{_number(panel.height)}"'
    path = f" data-path={quoteattr(panel.path)}" if panel.path else ""
    radius = 5 if panel.surface is Surface.BAND else 8
    rectangle = f'<rect class="{panel.surface}" {place} width="{_number(panel.width)}" rx="{radius}"{path}/>'
    if panel.surface is not Surface.CARD:
        return rectangle
    inside = f'x="{_number(panel.x + 5)}" y="{_number(panel.y + 9)}" height="{_number(panel.height - 18)}"'
    return f'{rectangle}<rect class="{f"stripe {panel.tone}".strip()}" {inside} width="4" rx="2"/>'


def _write_arrow(arrow: Arrow) -> str:
    x, y, to_x, to_y = map(_number, (arrow.x, arrow.y, arrow.to_x, arrow.to_y))
    if arrow.is_dashed:
        middle = _number((arrow.x + arrow.to_x) / 2)
        curve = f"C{middle} {y} {middle} {to_y} {_number(arrow.to_x - _HEAD)} {to_y}"
        head = f"M{to_x} {to_y}l-8 -4v8z"
    else:
        middle = _number((arrow.y + arrow.to_y) / 2)
        end = _number(arrow.to_y - (_HEAD if arrow.has_head else 0))
        curve = f"C{x} {middle} {to_x} {middle} {to_x} {end}"
        head = f"M{to_x} {to_y}l-4 -8h8z"
    line = f'<path class="{"arrow dashed" if arrow.is_dashed else "arrow"}" d="M{x} {y}{curve}"/>'
    return f'{line}<path class="head" d="{head}"/>' if arrow.has_head else line


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")
