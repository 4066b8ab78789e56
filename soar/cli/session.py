"""`soar session`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.logins import forget_login
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, show, show_list
from soar.model.errors import InputError

commands = group(
    "See where you are logged in, and log out from afar.",
    "soar session list",
    "soar session revoke 9f86d081884c7d65",
    "soar session revoke --all",
)


@commands.command("list", help=guide("List your logins in browsers.", "soar session list"))
def list_sessions(is_json: Json = False) -> None:
    """Show where the caller is logged in."""
    page = connect().get("sessions")
    rows = (
        (
            session.text("id"),
            session.text("ip"),
            session.text("agent"),
            describe_moment(session.moment("created_at")),
            describe_moment(session.moment("idle_at")),
        )
        for session in page.parts("items")
    )
    if show_list(page, is_json, ("LOGIN", "FROM", "BROWSER", "BEGAN", "ENDS UNUSED"), rows):
        show("You are logged in in no browser. The command line has tokens.", "next: soar token list")


@commands.command(
    help=guide(
        "End a login, or log out everywhere: all logins and all tokens, that of this command line included.",
        "soar session revoke 9f86d081884c7d65",
        "soar session revoke --all",
    )
)
def revoke(
    login: Annotated[str, typer.Argument(metavar="[LOGIN]", help="As `soar session list` shows it.")] = "",
    is_all: Annotated[bool, typer.Option("--all", help="All logins and tokens.")] = False,
) -> None:
    """End logins at once."""
    if bool(login) == is_all:
        raise InputError("name one login, or say --all", hint="soar session list")
    client = connect()
    if not is_all:
        client.delete("sessions", login)
        show(f"✔ {login} is over")
        return
    client.delete("sessions")
    forget_login(client.url)
    show("✔ you are logged out everywhere, and your tokens are revoked")
