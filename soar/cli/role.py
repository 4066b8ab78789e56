"""`soar role`."""

from soar.cli.client import connect
from soar.cli.options import Json, group, guide
from soar.cli.output import show_list

commands = group("See which role allows what.", "soar role list")


@commands.command(
    "list", help=guide("List the roles, and what each allows.", "soar role list", "soar role list --json")
)
def list_roles(is_json: Json = False) -> None:
    """Show every role with its permissions."""
    page = connect().get("roles")
    rows = (
        (role.text("name"), role.text("scope") or "everything", " ".join(role.texts("permissions")))
        for role in page.parts("items")
    )
    show_list(page, is_json, ("ROLE", "FOR", "ALLOWS"), rows)
