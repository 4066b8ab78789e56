"""`soar playbook run`: a playbook started by hand."""

from collections.abc import Sequence
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.facts import read_typed, split_pairs
from soar.cli.options import Json, guide
from soar.cli.output import cut, show_answer
from soar.cli.prompts import ask, is_interactive
from soar.model.values import JsonValue

HELP = guide(
    "Start a playbook by hand. What it needs and is not given is asked for at the terminal.",
    "soar playbook run isolate-ransomware-host --input host=srv-files-01",
    "soar playbook run hunt-new-admins --input look_back=72h --json",
)


def start(
    playbook: Annotated[str, typer.Argument(help="The id of a playbook that serves.")],
    given: Annotated[list[str] | None, typer.Option("--input", "-i", help="An input as name=value; repeat it.")] = None,
    is_json: Json = False,
) -> None:
    """Start a run."""
    client = connect()
    inputs = _read_inputs(client.get("playbooks", playbook).parts("inputs"), given or ())
    run = client.post("playbooks", playbook, "runs", body={"inputs": inputs})
    name = run.text("id")
    show_answer(run, f"✔ {name} begins", f"next: soar run show {name} --watch", is_json=is_json)


def _read_inputs(wanted: Sequence[Answer], given: Sequence[str]) -> dict[str, JsonValue]:
    typed = split_pairs(given, "input", "--input name=value")
    for spec in wanted:
        name = spec.text("name")
        if name in typed or spec.flag("may_stay_away"):
            continue
        if is_interactive():
            about = cut(spec.text("description"))
            typed[name] = ask(f"{name} ({spec.text('type')}) {about}".rstrip(), otherwise=f"add --input {name}=…")
    kinds = {spec.text("name"): spec.text("type").removesuffix("?") for spec in wanted}
    return {name: read_typed(text, kinds.get(name, "")) for name, text in typed.items()}
