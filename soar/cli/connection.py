"""`soar connection`."""

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import describe_moment, mark, show, show_list

commands = group(
    "List the connections, and which are left alone.", "soar connection list", "soar connection list --json"
)


@commands.command(
    "list", help=guide("List the connections, and whether calls over them are let through.", "soar connection list")
)
def list_connections(is_json: Json = False) -> None:
    """Show over which connections products are called."""
    page = connect().get("connections")
    rows = (
        (
            one.text("id"),
            one.text("connector"),
            "simulate" if one.flag("simulate") else "live",
            f"{mark(one.text('status'))} {one.text('status')}",
            one.text("calling"),
            one.text("waiting"),
            describe_moment(one.moment("since")),
            describe_moment(one.moment("retry_at")),
            one.text("reason"),
        )
        for one in page.parts("items")
    )
    heads = ("CONNECTION", "CONNECTOR", "MODE", "BREAKER", "CALLING", "WAITING", "SINCE", "TRIED AGAIN", "WHY")
    if show_list(page, is_json, heads, rows):
        show("No connection is set up. Each is an entry in config/connections.yaml.", "next: soar connector list")
