"""`soar expr`."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.options import group, guide
from soar.cli.output import show, show_json, show_table

commands = group(
    "Try expressions out, and list what they may call.",
    "soar expr eval 'size(inputs.hosts) > 3' --input 'hosts=[\"a\", \"b\"]'",
    "soar expr functions in_cidr",
)


@commands.command(
    "eval",
    help=guide(
        "Evaluate an expression here, as playbooks do; no server is needed. Exit codes: 0 it has a value, 1 it has "
        "none for these data, 2 it is no expression.",
        "soar expr eval 'alert.severity == \"high\" && is_private(inputs.ip)' --alert alert.json --input ip=10.0.0.7",
        "soar expr eval 'steps.links.output.filter(r, r.malicious > 3)' --vars names.json --trace",
        "soar expr eval 'now() - duration(\"72h\")' --now 2026-11-21T09:00:00Z",
    ),
)
def evaluate(
    expression: Annotated[str, typer.Argument(help="The expression, with or without ${{ }}.")],
    alert: Annotated[
        Path | None, typer.Option("--alert", help="A file with an alert in our words, as playbook tests have it.")
    ] = None,
    inputs: Annotated[
        list[str] | None, typer.Option("--input", help="name=value, as often as needed; JSON, else a text.")
    ] = None,
    names: Annotated[
        Path | None, typer.Option("--vars", help="A file with a map of further names: vars, steps, item and so on.")
    ] = None,
    now: Annotated[str | None, typer.Option("--now", help="What now() answers, in RFC 3339.")] = None,
    has_trace: Annotated[bool, typer.Option("--trace", help="Say what each part came to.")] = False,
    is_json: Annotated[bool, typer.Option("--json", help="Print it for programs.")] = False,
    config: Annotated[Path | None, typer.Option("--config", help="The site's settings, for `config`.")] = None,
) -> None:
    """Say what an expression comes to."""
    from soar.cli import evaluation  # noqa: PLC0415 -- loads the evaluator and the settings

    scope = evaluation.build_scope(alert, inputs or [], names, now, config)
    evaluated = evaluation.evaluate(expression, scope, has_trace=has_trace)
    if is_json:
        show_json(evaluated.to_json())
    else:
        show(*evaluation.tell_evaluated(evaluated))
    evaluated.check()


@commands.command(
    "functions",
    help=guide("List functions and macros, or tell one.", "soar expr functions", "soar expr functions in_cidr"),
)
def list_functions(
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Of one function.")] = None,
    is_json: Annotated[bool, typer.Option("--json", help="Print them for programs.")] = False,
) -> None:
    """Show what may be called."""
    from soar.cli import evaluation  # noqa: PLC0415 -- loads the evaluator

    entries = evaluation.list_functions(name)
    if is_json:
        show_json({"functions": [evaluation.write_function(entry) for entry in entries]})
    elif name is not None:
        show(*(line for entry in entries for line in evaluation.tell_function(entry)))
    else:
        rows = ((entry.name, entry.form, entry.gives, entry.example) for entry in entries)
        show_table(("NAME", "FORM", "GIVES", "EXAMPLE"), rows)
