"""`soar oncall`."""

from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, show, show_list

commands = group("See who is on call.", "soar oncall show")


@commands.command(
    "show",
    help=guide(
        "Say who is on call by each rota of config/oncall.yaml, now or at another moment.",
        "soar oncall show",
        "soar oncall show incident-commander --at 2026-12-24T20:00:00Z",
    ),
)
def show_on_call(
    name: Annotated[str | None, typer.Argument(help="A rota; all of them if none is named.")] = None,
    at: Annotated[str | None, typer.Option("--at", help="A moment, such as 2026-12-24T20:00:00Z.")] = None,
    is_json: Json = False,
) -> None:
    """Show the rotas and whom they name."""
    asked = {"name": name, "at": at}
    page = connect().get("oncall", query={key: value for key, value in asked.items() if value is not None})
    rows = (
        (
            rota.text("name"),
            ", ".join(map(_describe, rota.parts("people"))) or "nobody",
            describe_moment(rota.moment("until")),
            ", ".join(map(_describe, rota.parts("following"))) or "nobody",
            rota.text("timezone"),
        )
        for rota in page.parts("items")
    )
    if show_list(page, is_json, ("ROTA", "ON CALL", "UNTIL", "THEN", "ZONE"), rows):
        show("There are no rotas, so `oncall:` means nobody.", "next: write config/oncall.yaml")


def _describe(person: Answer) -> str:
    name, email = person.text("name"), person.text("email")
    return f"{name} ({email})" if name else f"{email} (nobody here)"
