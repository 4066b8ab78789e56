"""`soar dead-letter`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, Limit, group, guide
from soar.cli.output import count, describe_moment, show, show_answer, show_list

LetterId = Annotated[str, typer.Argument(metavar="ID", help="As `soar dead-letter list` shows it.")]

commands = group(
    "See what the service has given up on; put it back or discard it.",
    "soar dead-letter list",
    "soar dead-letter replay dead_31x84k2m9q4w",
    "soar dead-letter discard dead_31x84k2m9q4w",
)


@commands.command("list", help=guide("List what was given up on, newest first.", "soar dead-letter list"))
def list_letters(limit: Limit = 50, is_json: Json = False) -> None:
    """Show what waits for somebody to look."""
    page = connect().get("dead-letters", query={"limit": str(limit)})
    rows = (
        (
            letter.text("id"),
            letter.text("kind"),
            letter.text("subject"),
            describe_moment(letter.moment("first_at")),
            count(letter.number("tries"), "attempt"),
            letter.text("reason"),
        )
        for letter in page.parts("items")
    )
    if show_list(page, is_json, ("LETTER", "KIND", "ABOUT", "SINCE", "TRIED", "WHY"), rows):
        show("No dead letters: nothing was given up on.")


@commands.command(
    help=guide(
        "Put back what was given up on: a timer is set anew, a run is tried again.",
        "soar dead-letter replay dead_31x84k2m9q4w",
    )
)
def replay(letter: LetterId, is_json: Json = False) -> None:
    """Put a letter back."""
    replayed = connect().post("dead-letters", letter, "replay", body={})
    run = replayed.text("run")
    lines = [f"✔ {letter} is put back{f' as {run}' if run else ''}"]
    show_answer(replayed, *lines, *([f"next: soar run show {run}"] if run else []), is_json=is_json)


@commands.command(help=guide("Discard what was given up on, for good.", "soar dead-letter discard dead_31x84k2m9q4w"))
def discard(letter: LetterId) -> None:
    """Discard a letter."""
    connect().delete("dead-letters", letter)
    show(f"✔ {letter} is discarded")
