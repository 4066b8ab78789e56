"""The page of permissions and roles."""

from collections.abc import Iterator

from pages.table import row
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Permissions and roles"
    yield ""
    yield "A route asks for exactly one permission. Risk `read` shows something, `change` alters what can be set right"
    yield "again, `critical` moves the power to act itself."
    yield ""
    yield "| Permission | Allows | Risk |"
    yield "|---|---|---|"
    for permission in Permission:
        yield row(f"`{permission}`", permission.description, permission.risk)
    yield ""
    yield "## Roles"
    yield ""
    yield "These are the roles that come with the product. `config/roles.yaml` changes them and adds others."
    yield "Nobody who holds `auditor` may hold `admin` or a role that votes, and `admin` never votes."
    yield ""
    yield row("Permission", *(f"`{role}`" for role in DEFAULT_ROLES))
    yield "|---" * (len(DEFAULT_ROLES) + 1) + "|"
    for permission in Permission:
        marks = ("yes" if permission in granted else "" for granted in DEFAULT_ROLES.values())
        yield row(f"`{permission}`", *marks)
