"""What the commands have in common on the command line: their help and their options."""

from enum import StrEnum
from typing import Annotated

import typer


class Origin(StrEnum):
    """What starts a new playbook, beside people."""

    ALERT = "alert"
    MANUAL = "manual"
    SCHEDULE = "schedule"


Json = Annotated[bool, typer.Option("--json", help="Print the API's answer, for programs.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=200, help="At most so many.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def guide(summary: str, *examples: str) -> str:
    """Return a help text: a sentence or more, then examples, each on a line of its own."""
    return "\n".join((summary, "", "\b", *(f"  {example}" for example in examples)))


def group(summary: str, *examples: str) -> typer.Typer:
    """Return the commands of a noun, still empty."""
    return typer.Typer(help=guide(summary, *examples), no_args_is_help=True)
