"""`soar playbook graph`."""

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from soar.cli.options import guide
from soar.cli.output import note, show, waiting

if TYPE_CHECKING:
    from soar.playbook.graph import Node


class Form(StrEnum):
    """How a graph is drawn."""

    TREE = "tree"
    SVG = "svg"
    MERMAID = "mermaid"
    JSON = "json"


HELP = guide(
    "Draw a playbook: what it does to the world, in which order, and who is asked before. No server is needed.",
    "soar playbook graph phishing-triage",
    "soar playbook graph phishing-triage --format svg --output phishing-triage.svg",
    "soar playbook graph playbooks/phishing-triage.yaml --format mermaid",
)


def draw(
    name: Annotated[str, typer.Argument(metavar="FILE_OR_ID", help="A file, or the id of a playbook of the site.")],
    form: Annotated[Form, typer.Option("--format", help="How it is drawn: tree, svg, mermaid or json.")] = Form.TREE,
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this file.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Draw one playbook."""
    from soar.cli.document import Documents  # noqa: PLC0415 -- loads every connector, and much with them
    from soar.playbook.graph import build_graph  # noqa: PLC0415 -- as above

    with waiting("reading the playbook"):
        documents = Documents.of(config)
        text = _draw(build_graph(documents.read(name), documents.catalog), form)
    if output is None:
        show(*text.rstrip("\n").split("\n"))
        return
    output.write_text(text, "utf-8")
    note(f"wrote {output}")


def _draw(root: "Node", form: Form) -> str:
    from soar.playbook import graph, mermaid, svg, tree  # noqa: PLC0415 -- as above

    match form:
        case Form.TREE:
            return "\n".join(tree.draw_tree(root)) + "\n"
        case Form.SVG:
            return svg.draw_svg(root)
        case Form.MERMAID:
            return mermaid.draw_mermaid(root)
        case Form.JSON:
            return json.dumps(graph.write_graph(root), indent=2, ensure_ascii=False) + "\n"
        case _:
            assert_never(form)
