"""`soar token`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, note, show, show_answer, show_list
from soar.model.values import JsonValue

commands = group(
    "Make, list and revoke API tokens of your own.",
    "soar token create ci --scope alert:send --days 7",
    "soar token list",
    "soar token revoke t_7k2m9q4wz1xt",
)


@commands.command(
    help=guide(
        "Make a token. It is printed once, alone on standard output.",
        "soar token create ci --scope alert:send --days 7",
        "soar token create ci --scope alert:send | vault-put soar-token",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scopes: Annotated[list[str], typer.Option("--scope", help="A permission it carries; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How long it is valid.")] = 30,
    is_json: Json = False,
) -> None:
    """Make a token and show it once."""
    wanted: list[JsonValue] = [*scopes]
    made = connect().post("tokens", body={"name": name, "scopes": wanted, "days": days})
    note(f"token {name}, valid for {days} days; it is shown only this once:")
    show_answer(made, made.text("token"), is_json=is_json)


@commands.command("list", help=guide("List your tokens, without their texts.", "soar token list"))
def list_tokens(is_json: Json = False) -> None:
    """Show which tokens there are."""
    page = connect().get("tokens")
    rows = (
        (
            token.text("id"),
            token.text("name"),
            "revoked" if token.text("revoked_at") else describe_moment(token.moment("expires_at")),
            describe_moment(token.moment("used_at")) or "never",
            " ".join(token.texts("scopes")),
        )
        for token in page.parts("items")
    )
    if show_list(page, is_json, ("TOKEN", "NAME", "ENDS", "LAST USED", "SCOPES"), rows):
        show("You have no tokens.", "next: soar token create NAME --scope alert:send --days 7")


@commands.command(help=guide("Revoke a token, at once.", "soar token revoke t_7k2m9q4wz1xt"))
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID", help="As `soar token list` shows it.")]) -> None:
    """Make a token worthless."""
    connect().delete("tokens", token_id)
    show(f"✔ {token_id} is revoked")
