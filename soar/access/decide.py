"""The one decision on who may do what. Denied unless something allows it."""

from dataclasses import dataclass
from typing import TypeAlias, assert_never

from soar.access.permissions import Permission
from soar.access.roles import RoleTable
from soar.model.identity import Principal, PrincipalKind

SOURCE_PERMISSIONS = frozenset({Permission.ALERT_SEND, Permission.ALERT_CHECK})
"""All that a source can do, whatever roles or scopes a principal claims for it."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The principal may."""


@dataclass(frozen=True, slots=True)
class Denied:
    """The principal may not.

    Attributes:
        reason: why, in a sentence for people; it goes to the audit too.
        code: `outside_scope` or `missing_permission`, for programs.
    """

    reason: str
    code: str


Decision: TypeAlias = Allowed | Denied


def decide(principal: Principal, permission: Permission, *, roles: RoleTable) -> Decision:
    """Say whether a principal may, by its roles and, for a token, only within its scopes.

    Args:
        principal: as whom the request acts; never taken from the request's own data.
        permission: what the route asks for.
        roles: the installation's table.
    """
    if permission not in _grant(principal, roles):
        return Denied(_explain(principal, permission, roles), "missing_permission")
    if principal.scopes is not None and permission not in principal.scopes:
        return Denied(f"this token's scopes do not include `{permission}`", "outside_scope")
    return Allowed()


def list_permissions(principal: Principal, *, roles: RoleTable) -> frozenset[Permission]:
    """Return everything `decide` would allow."""
    granted = _grant(principal, roles)
    scopes = principal.scopes
    return granted if scopes is None else frozenset(permission for permission in granted if permission in scopes)


def _grant(principal: Principal, roles: RoleTable) -> frozenset[Permission]:
    match principal.kind:
        case PrincipalKind.SOURCE:
            return SOURCE_PERMISSIONS
        case PrincipalKind.USER | PrincipalKind.TOKEN | PrincipalKind.SYSTEM:
            return frozenset().union(*(roles.get(role, frozenset()) for role in principal.roles))
        case _:
            assert_never(principal.kind)


def _explain(principal: Principal, permission: Permission, roles: RoleTable) -> str:
    if principal.kind is PrincipalKind.SOURCE:
        return f"a source may only send and check alerts, not `{permission}`"
    able = sorted(role for role, granted in roles.items() if permission in granted)
    held = ", ".join(sorted(principal.roles)) or "none"
    return f"`{permission}` needs one of the roles {', '.join(able) or 'none'}; {principal.name} has {held}"
