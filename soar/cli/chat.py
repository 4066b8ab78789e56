"""`soar chat`."""

from typing import Annotated

import typer

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, show, show_answer, show_list

commands = group(
    "Link your chat accounts: a linked account votes as you.",
    "soar chat link 7k2m9q4wz1xt03ab",
    "soar chat list",
    "soar chat unlink slack T0123456789 U0123456789",
)


@commands.command(
    help=guide(
        "Link the chat account that was given a code by `!link`, or `/soar link` in Slack. Take only a code that you "
        "asked for yourself: the account that it was given to votes as you from then on.",
        "soar chat link 7k2m9q4wz1xt03ab",
    )
)
def link(
    code: Annotated[str, typer.Argument(help="What `!link` or `/soar link` answered.")],
    is_json: Json = False,
) -> None:
    """Bind an account to oneself."""
    linked = connect().post("chat-accounts", body={"code": code})
    said = f"✔ {linked.text('account')} of {linked.text('team')} in {linked.text('platform')} votes as you"
    show_answer(linked, said, is_json=is_json)


@commands.command("list", help=guide("List your linked chat accounts.", "soar chat list"))
def list_accounts(is_json: Json = False) -> None:
    """Show which accounts act for oneself."""
    page = connect().get("chat-accounts")
    rows = (
        (
            account.text("platform"),
            account.text("team"),
            account.text("account"),
            describe_moment(account.moment("linked_at")),
        )
        for account in page.parts("items")
    )
    if show_list(page, is_json, ("PLATFORM", "TEAM", "ACCOUNT", "LINKED"), rows):
        show("No chat account is yours.", "next: !link in the chat, or /soar link in Slack")


@commands.command(help=guide("Take a chat account away from yourself.", "soar chat unlink slack T0123 U0123"))
def unlink(
    platform: Annotated[str, typer.Argument(help="Such as slack.")],
    team: Annotated[str, typer.Argument(help="Id of the team.")],
    account: Annotated[str, typer.Argument(help="Id of the account.")],
) -> None:
    """Let an account act for oneself no longer."""
    connect().delete("chat-accounts", platform, team, account)
    show(f"✔ {account} is yours no longer")
