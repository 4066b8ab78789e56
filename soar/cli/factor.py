"""`soar factor`."""

from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, note, show, show_answer, show_list
from soar.cli.prompts import ask

commands = group(
    "Keep your second factors: authenticator programs and recovery codes. Security keys are added in the browser.",
    "soar factor add phone",
    "soar factor list",
    "soar factor recovery",
    "soar factor remove fa_7k2m9q4wz1xt",
)


@commands.command("list", help=guide("List your second factors.", "soar factor list"))
def list_factors(is_json: Json = False) -> None:
    """Show which second factors there are."""
    page = connect().get("factors")
    rows = (
        (
            factor.text("id"),
            factor.text("kind"),
            factor.text("name"),
            describe_moment(factor.moment("created_at")),
            describe_moment(factor.moment("used_at")) or "never",
        )
        for factor in page.parts("items")
    )
    if show_list(page, is_json, ("FACTOR", "KIND", "NAME", "ADDED", "LAST USED"), rows):
        show("You have no second factor.", "next: soar factor add phone")
    elif not is_json:
        show(f"{page.number('recovery_codes')} recovery codes are left")


@commands.command(
    help=guide(
        "Add an authenticator program: type the secret into it, then type the code that it shows.",
        "soar factor add phone",
    )
)
def add(
    name: Annotated[str, typer.Argument(help="What you call it.")],
    is_json: Json = False,
) -> None:
    """Show a secret once, and take the first code."""
    client = connect()
    offer = client.post("factors", "totp", body={"name": name})
    note(f"secret  {offer.text('secret')}", f"address {offer.text('uri')}", "It is shown only this once.")
    code = ask("the code that it shows", otherwise="add it at a terminal")
    added = client.post("factors", "totp", offer.text("id"), body={"code": code})
    show_answer(added, f"✔ {name} counts from now on", *_tell_codes(added), is_json=is_json)


@commands.command(help=guide("Make new recovery codes; those from before are void.", "soar factor recovery"))
def recovery(is_json: Json = False) -> None:
    """Show new recovery codes once."""
    made = connect().post("factors", "recovery-codes", body={})
    show_answer(made, *_tell_codes(made), is_json=is_json)


@commands.command(help=guide("Remove a second factor.", "soar factor remove fa_7k2m9q4wz1xt"))
def remove(
    factor_id: Annotated[str, typer.Argument(metavar="ID", help="As `soar factor list` shows it.")],
) -> None:
    """Let a factor count no longer."""
    connect().delete("factors", factor_id)
    show(f"✔ {factor_id} is gone")


def _tell_codes(made: Answer) -> list[str]:
    codes = made.texts("recovery_codes")
    if not codes:
        return []
    return ["Recovery codes, shown only this once; each stands in for a lost factor once:", *(f"  {c}" for c in codes)]
