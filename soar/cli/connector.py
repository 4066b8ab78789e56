"""`soar connector`."""

from soar.cli.answer import Answer
from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import show, show_list

commands = group("List the installed connectors.", "soar connector list", "soar connector list --json")


@commands.command("list", help=guide("List the installed connectors and their actions.", "soar connector list"))
def list_connectors(is_json: Json = False) -> None:
    """Show which products the service can speak to."""
    page = connect().get("connectors")
    rows = (
        (one.text("id"), one.text("title"), one.text("version"), ", ".join(_list_actions(one)))
        for one in page.parts("items")
    )
    if show_list(page, is_json, ("CONNECTOR", "TITLE", "VERSION", "ACTIONS"), rows):
        show("No connector is installed. Each is a folder, or an installed package.", "next: soar doctor")


def _list_actions(connector: Answer) -> list[str]:
    return [action.text("name") for action in connector.parts("actions")]
