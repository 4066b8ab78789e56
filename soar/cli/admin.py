"""`soar admin`."""

from pathlib import Path
from typing import Annotated

import typer

from soar.cli.options import group, guide
from soar.cli.output import describe_moment, note, show
from soar.cli.prompts import ask, is_interactive
from soar.cli.site import find_settings

commands = group(
    "Make the first administrator, on the server's own machine; everybody else is added by an administrator.",
    "soar admin create --name eva --email eva@corp.example",
)


@commands.command(
    help=guide(
        "Make the first administrator of an installation that has nobody yet, as the service's own user, and print the "
        "code with which they set their password: once, and within a day. Where the code has run out, print another.",
        "soar admin create",
        "soar admin create --name eva --email eva@corp.example --config /etc/soar/soar.yaml",
    )
)
def create(
    name: Annotated[
        str, typer.Option("--name", help="What they log in with; asked for if missing, drawn where nobody answers.")
    ] = "",
    email: Annotated[str, typer.Option("--email", help="Their address.")] = "",
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings; config/soar.yaml if it is there.")
    ] = None,
) -> None:
    """Invite the first one."""
    from soar.app.first_admin import create_admin  # noqa: PLC0415 -- loads the whole service; `--help` need not

    if not name and is_interactive() and not find_settings(config).first_admin.name:
        name = ask("name (empty draws one)", otherwise="say who with --name")
    said = {"name": name, "email": email}
    made = create_admin(find_settings(config, first_admin={field: text for field, text in said.items() if text}))
    note(f"{made.name} sets a password with this code, until {describe_moment(made.expires_at)}:")
    show(made.code)
    note(f"next: soar join {made.code} && soar login --name {made.name}")
