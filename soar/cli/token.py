"""`soar token`."""

from typing import Annotated

import typer

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, note, show, show_answer, show_list
from soar.model.values import JsonValue

Networks = Annotated[
    list[str] | None,
    typer.Option("--from", help="An address or network, such as 192.0.2.0/24, it may come from; may be repeated."),
]
Within = Annotated[str | None, typer.Option(help="The part of the world it reaches: playbook=phishing-*.")]

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
        "soar token create ci --scope alert:send --from 192.0.2.0/24 | vault-put soar-token",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="What it is for.")],
    scopes: Annotated[list[str], typer.Option("--scope", help="A permission it carries; may be repeated.")],
    days: Annotated[int, typer.Option(min=1, max=90, help="How long it is valid.")] = 30,
    networks: Networks = None,
    within: Within = None,
    is_json: Json = False,
) -> None:
    """Make a token and show it once."""
    body = write_wanted(name, scopes, days, networks, within)
    made = connect().post("tokens", body=body)
    note(f"token {name}, valid for {days} days; it is shown only this once:")
    show_answer(made, made.text("token"), is_json=is_json)


@commands.command("list", help=guide("List your tokens, without their texts.", "soar token list"))
def list_tokens(is_json: Json = False) -> None:
    """Show which tokens there are."""
    page = connect().get("tokens")
    if show_tokens(page, is_json):
        show("You have no tokens.", "next: soar token create NAME --scope alert:send --days 7")


@commands.command(help=guide("Revoke a token, at once.", "soar token revoke t_7k2m9q4wz1xt"))
def revoke(token_id: Annotated[str, typer.Argument(metavar="ID", help="As `soar token list` shows it.")]) -> None:
    """Make a token worthless."""
    connect().delete("tokens", token_id)
    show(f"✔ {token_id} is revoked")


def write_wanted(name: str, scopes: list[str], days: int, networks: list[str] | None, within: str | None) -> JsonValue:
    """Return what is sent to make a token."""
    wanted: list[JsonValue] = [*scopes]
    bound: list[JsonValue] = [*(networks or ())]
    limit: dict[str, JsonValue] = {} if within is None else {"within": within}
    return {"name": name, "scopes": wanted, "days": days, "networks": bound, **limit}


def show_tokens(page: Answer, is_json: bool) -> bool:
    """Print tokens; return whether people were shown an empty list."""
    rows = (
        (
            token.text("id"),
            token.text("name"),
            "revoked" if token.text("revoked_at") else describe_moment(token.moment("expires_at")),
            describe_moment(token.moment("used_at")) or "never",
            token.text("used_ip"),
            " ".join(token.texts("networks")) or "anywhere",
            " ".join(token.texts("scopes")),
            token.text("within") or "everything",
        )
        for token in page.parts("items")
    )
    return show_list(page, is_json, ("TOKEN", "NAME", "ENDS", "LAST USED", "BY", "FROM", "SCOPES", "WITHIN"), rows)
