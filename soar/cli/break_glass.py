"""`soar break-glass`."""

import getpass
from pathlib import Path
from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, note, show, show_answer, show_list
from soar.cli.site import find_settings

Id = Annotated[str, typer.Argument(metavar="ID", help="As `soar break-glass list` shows it.")]

commands = group(
    "Act in an emergency when nobody who may can log in. It takes the server's own machine, everybody sees it, and "
    "somebody else has to review it afterwards.",
    "soar break-glass open --reason 'the identity provider is down'",
    "soar break-glass list",
    "soar break-glass close bg_7k2m9q4wz1xt",
    "soar break-glass review bg_7k2m9q4wz1xt -m 'switched off a stolen account, nothing else'",
)


@commands.command(
    "open",
    help=guide(
        "Become administrator for an hour, on the server's own machine and as the service's own user. The token is "
        "printed once, alone on standard output.",
        "soar break-glass open --reason 'the identity provider is down'",
        "export SOAR_TOKEN=\"$(soar break-glass open --reason 'nobody can log in' --config /etc/soar/soar.yaml)\"",
    ),
)
def open_glass(
    reason: Annotated[str, typer.Option("--reason", "-m", help="Why; everybody will read it.")],
    config: Annotated[
        Path | None, typer.Option("--config", help="The settings; config/soar.yaml if it is there.")
    ] = None,
) -> None:
    """Make an administrator for an hour."""
    from soar.app.emergency import open_emergency  # noqa: PLC0415 -- loads the whole service; `--help` need not

    token, ends = open_emergency(find_settings(config), reason, getpass.getuser())
    note(f"emergency access, over {describe_moment(ends)}; everything done with it is in the record:")
    show(token)


@commands.command("list", help=guide("List hours of emergency access, newest first.", "soar break-glass list"))
def list_openings(is_json: Json = False) -> None:
    """Show when the glass was broken."""
    page = connect().get("emergencies")
    rows = (
        (
            opening.text("id"),
            opening.text("opened_by"),
            describe_moment(opening.moment("opened_at")),
            _say_state(opening),
            opening.text("user"),
            opening.text("reason"),
        )
        for opening in page.parts("items")
    )
    if show_list(page, is_json, ("ID", "BY", "OPENED", "", "ACTED AS", "REASON"), rows):
        show("The glass was never broken.")


@commands.command(
    help=guide("End an hour of emergency access before it is over.", "soar break-glass close bg_7k2m9q4wz1xt")
)
def close(opening: Id, is_json: Json = False) -> None:
    """Take the power back."""
    closed = connect().post("emergencies", opening, "close", body={})
    show_answer(
        closed, f"✔ {opening} is closed", f"next: soar audit list --actor {closed.text('user')}", is_json=is_json
    )


@commands.command(
    help=guide(
        "Put down what you found who looked at what was done.",
        "soar break-glass review bg_7k2m9q4wz1xt -m 'switched off a stolen account, nothing else'",
    )
)
def review(
    opening: Id,
    said: Annotated[str, typer.Option("--message", "-m", help="What you found.")],
    is_json: Json = False,
) -> None:
    """Close the matter."""
    reviewed = connect().post("emergencies", opening, "review", body={"review": said})
    show_answer(reviewed, f"✔ {opening} is reviewed", is_json=is_json)


def _say_state(opening: Answer) -> str:
    if opening.text("reviewed_at"):
        return f"reviewed by {opening.text('reviewed_by')}"
    return "to be reviewed" if opening.text("closed_at") else "open"
