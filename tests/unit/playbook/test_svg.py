import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

import pytest

from soar.model.catalog import Catalog
from soar.playbook.graph import Node, build_graph, walk_nodes
from soar.playbook.lettering import measure
from soar.playbook.picture import Arrow, Panel, Surface, lay_out
from soar.playbook.svg import draw_svg
from tests.support.examples import EXAMPLES, load_catalog, name_everything, parse, read_example

NS = "{http://www.w3.org/2000/svg}"
KNOWN = {f"{NS}{name}" for name in ("svg", "title", "desc", "style", "g", "rect", "path", "text")}
HOSTILE = (
    "<script>alert(1)</script>",
    "</text></svg><a href='https://evil.example'>",
    '"\' onload="alert(1)"',
    "]]> &lt; <!-- x -->",
    "`click`\nn0 href",
    "a\u0000\u0007\u202e\ufffe b",
    "\u200d\ufeff\ud7ff",
)


def list_panels(root: Node) -> list[Panel]:
    return [shape for shape in lay_out(root).shapes if isinstance(shape, Panel) and shape.path]


def read(root: Node) -> ET.Element:
    return ET.fromstring(draw_svg(root))  # noqa: S314 -- what we have written ourselves


def list_attributes(picture: ET.Element) -> Iterator[str]:
    for element in picture.iter():
        yield from element.attrib


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_a_finished_playbook_is_a_picture_with_each_node_once(file: object) -> None:
    root = build_graph(read_example(file), load_catalog())
    picture = read(root)
    shown = [element.attrib["data-path"] for element in picture.iter() if "data-path" in element.attrib]
    assert sorted(shown) == sorted(node.path for node in walk_nodes(root))
    assert {element.tag for element in picture.iter()} == KNOWN
    assert picture.findtext(f"{NS}title") == root.label
    assert str(picture.findtext(f"{NS}desc")).startswith("Playbook with ")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_no_card_lies_on_another_and_all_lie_in_the_picture(file: object) -> None:
    root = build_graph(read_example(file), load_catalog())
    whole = lay_out(root)
    panels = list_panels(root)
    cards = [panel for panel in panels if panel.surface is Surface.CARD]
    for place, one in enumerate(cards):
        for other in cards[place + 1 :]:
            apart_x = one.x + one.width <= other.x or other.x + other.width <= one.x
            apart_y = one.y + one.height <= other.y or other.y + other.height <= one.y
            assert apart_x or apart_y
    for panel in panels:
        assert panel.x >= 0
        assert panel.y >= 0
        assert panel.x + panel.width <= whole.width + 0.01
        assert panel.y + panel.height <= whole.height + 0.01


def test_an_arrow_that_passes_a_layer_goes_beside_its_cards(catalog: Catalog) -> None:
    steps = "{id: a, stop: {}}, {id: b, needs: [], stop: {}}, {id: c, needs: [a], stop: {}}, {id: d, stop: {}}"
    root = build_graph(parse(f"name: A\non: {{manual: {{}}}}\nsteps: [{steps}]\n"), catalog)
    shapes = lay_out(root).shapes
    cards = [shape for shape in shapes if isinstance(shape, Panel)]
    arrows = [shape for shape in shapes if isinstance(shape, Arrow)]
    assert sum(not arrow.has_head for arrow in arrows) == 2
    for arrow in arrows:
        for card in cards:
            is_beside = not card.x < arrow.x < card.x + card.width or not card.x < arrow.to_x < card.x + card.width
            assert is_beside or arrow.to_y <= card.y or card.y + card.height <= arrow.y


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_and_nothing_else(name: str, catalog: Catalog) -> None:
    picture = read(build_graph(name_everything(name), catalog))
    assert {element.tag for element in picture.iter()} == KNOWN
    known = {"role", "width", "height", "viewBox", "class", "rx", "transform", "data-path", "x", "y", "d"}
    assert set(list_attributes(picture)) <= known
    style = str(picture.findtext(f"{NS}style"))
    assert not re.search(r"url\(|@import|https?:", style)


def test_a_text_that_is_long_is_cut_into_lines_that_fit(catalog: Catalog) -> None:
    name = "unbreakable" * 60
    picture = read(
        build_graph(parse(f"name: A\non: {{manual: {{}}}}\nsteps: [{{name: {name}, stop: {{}}}}]\n"), catalog)
    )
    lines = [text.text or "" for text in picture.iter(f"{NS}text") if "unbreak" in str(text.text)]
    assert len(lines) == 4
    assert lines[-1].endswith("…")
    assert all(measure(line, 13) <= 288 for line in lines)


def test_it_has_colours_for_dark_and_for_light(catalog: Catalog) -> None:
    style = str(read(build_graph(name_everything("a"), catalog)).findtext(f"{NS}style"))
    light, _, dark = style.partition("@media (prefers-color-scheme:dark)")
    assert ".ground{fill:#ffffff}" in light
    assert ".ground{fill:#0d1117}" in dark
