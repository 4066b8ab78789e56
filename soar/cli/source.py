"""`soar source`."""

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import show, show_list

commands = group("List what may send alerts.", "soar source list", "soar source list --json")


@commands.command("list", help=guide("List the sources, and where each posts its alerts.", "soar source list"))
def list_sources(is_json: Json = False) -> None:
    """Show who may send alerts."""
    page = connect().get("sources")
    rows = (
        (source.text("id"), source.text("auth"), source.text("hook"), source.text("description"))
        for source in page.parts("items")
    )
    if show_list(page, is_json, ("SOURCE", "PROVES ITSELF BY", "POSTS TO", "WHAT IT IS"), rows):
        show("No source is set up. Each is a file in config/sources.", "next: soar doctor")
