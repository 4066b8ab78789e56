"""The page of permissions and roles."""

from collections.abc import Iterator

from pages.table import row
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.access.things import ATTRIBUTES, PERSONAL, find_kind


def render() -> Iterator[str]:
    """Yield the lines of the page."""
    yield "# Permissions and roles"
    yield ""
    yield "A route asks for exactly one permission. Risk `read` shows something, `change` alters what can be set right"
    yield "again, `critical` moves the power to act itself."
    yield ""
    yield "A role can be given [for a part of the world](../howto/give-and-limit-rights.md). The last column says by"
    yield "what: these attributes; *nothing*, as the permission is about oneself; or that the role must be held"
    yield "*everywhere*, as it is about the whole installation."
    yield ""
    yield "| Permission | Allows | Risk | Limited by |"
    yield "|---|---|---|---|"
    for permission in Permission:
        yield row(f"`{permission}`", permission.description, permission.risk, _describe_limits(permission))
    yield ""
    yield "## Roles"
    yield ""
    yield "These are the roles that come with the product. `config/roles.yaml` changes them and adds others."
    yield "Nobody who holds `auditor` may hold `admin`, and nobody who holds either of them a role that votes."
    yield ""
    yield row("Permission", *(f"`{role}`" for role in DEFAULT_ROLES))
    yield "|---" * (len(DEFAULT_ROLES) + 1) + "|"
    for permission in Permission:
        marks = ("yes" if permission in granted else "" for granted in DEFAULT_ROLES.values())
        yield row(f"`{permission}`", *marks)


def _describe_limits(permission: Permission) -> str:
    if permission in PERSONAL:
        return "*nothing*"
    kind = find_kind(permission)
    return "*everywhere*" if kind is None else ", ".join(sorted(ATTRIBUTES[kind]))
