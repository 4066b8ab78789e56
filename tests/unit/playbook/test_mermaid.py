import re

import pytest

from soar.model.catalog import Catalog
from soar.playbook.graph import build_graph, walk_nodes
from soar.playbook.mermaid import draw_mermaid, escape_label
from tests.support.examples import EXAMPLES, load_catalog, name_everything, read_example

LABEL = r'"(?:[\w ,]|#[0-9]+;|<br/>)*"'
LINES = (
    "flowchart TB",
    rf"subgraph n[0-9]+(?:[ab][0-9]+)?\[{LABEL}\]",
    "end",
    rf"n[0-9]+(?:\[|\(\[|\[\[|\[/|\{{\{{){LABEL}(?:\]|\]\)|\]\]|/\]|\}}\}})",
    "class n[0-9]+ (?:read|write|destructive|gated)",
    "n[0-9]+ --> n[0-9]+",
    r"n[0-9]+ -\.-> n[0-9]+a[0-9]+",
    r"classDef \w+ [\w:,# -]+",
)
LINE = re.compile(rf" *(?:{'|'.join(LINES)})")
NODE = re.compile(r" *(?:subgraph )?(n[0-9]+)[\[({]")


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_each_line_is_one_of_ours_and_each_node_stands_once(file: object) -> None:
    root = build_graph(read_example(file), load_catalog())
    lines = draw_mermaid(root).splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    named = [found[1] for line in lines if (found := NODE.match(line))]
    assert sorted(named) == sorted(f"n{number}" for number, _ in enumerate(walk_nodes(root)))
    assert sum(line.strip() == "end" for line in lines) == sum("subgraph" in line for line in lines)


HOSTILE = (
    '"]\n  click n0 "https://evil.example"',
    "<script>alert(1)</script>",
    "`markdown` **bold** [link](javascript:x)",
    "end",
    "%%{init: {}}%%",
    "#quot; &amp; ;",
    "a --> b",
    "1. a list",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_never_syntax(name: str, catalog: Catalog) -> None:
    lines = draw_mermaid(build_graph(name_everything(name), catalog)).splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []


def test_what_is_no_letter_or_digit_is_a_code() -> None:
    assert escape_label('a"b<c>`d` é_f _x') == "a#34;b#60;c#62;#96;d#96; é_f #95;x"
