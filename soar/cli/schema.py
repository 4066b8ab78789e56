"""`soar playbook schema`."""

import json
from pathlib import Path
from typing import Annotated

import typer

from soar.cli.options import guide
from soar.cli.output import note, show_json, waiting

HELP = guide(
    "Write the language as JSON Schema for editors, with the installed connectors' parameters in it.",
    "soar playbook schema --output .soar/playbook.schema.json",
    "soar playbook schema",
)


def write(
    output: Annotated[Path | None, typer.Option("--output", help="Write it into this file.")] = None,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings.")] = None,
) -> None:
    """Write the schema."""
    from soar.cli.document import Documents  # noqa: PLC0415 -- loads every connector, and much with them
    from soar.playbook.schema import build_schema  # noqa: PLC0415 -- as above

    with waiting("reading the connectors"):
        schema = build_schema(Documents.of(config).catalog)
    if output is None:
        show_json(schema)
        return
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")
    note(f"wrote {output}")
