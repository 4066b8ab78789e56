"""The one decision on who may do what. Denied unless something allows it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias, assert_never

from soar.access.permissions import Permission
from soar.access.roles import RoleTable, find_separation
from soar.access.scopes import find_miss, print_scope
from soar.access.things import PERSONAL, Thing, find_kind
from soar.model.grant import Scope
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
        code: `missing_permission`, `separated` (another role forbids it), `outside_scope` (of a token's permissions),
            `outside_limit` (of a part of the world) or `other_workspace`, for programs.
    """

    reason: str
    code: str


Decision: TypeAlias = Allowed | Denied


@dataclass(frozen=True, slots=True)
class Reason:
    """One link of the chain that a decision hangs on.

    Attributes:
        is_met: whether it speaks for allowing.
        text: what was looked at and what was found, in a sentence.
    """

    is_met: bool
    text: str


@dataclass(frozen=True, slots=True)
class _Holding:
    """A role as somebody holds it; every scope must cover a thing, and none is everywhere."""

    role: str
    scopes: tuple[Scope, ...]


def decide(principal: Principal, permission: Permission, *, roles: RoleTable, thing: Thing | None = None) -> Decision:
    """Say whether a principal may, by its roles and grants and, for a token, only within its scopes and its limit.

    Args:
        principal: as whom the request acts; never taken from the request's own data.
        permission: what the route asks for.
        roles: the installation's table.
        thing: what it is to be done to. None asks whether there is anything at all to which the principal may do it: it
            lets a caller through to a route, whose things are then asked for one by one. A permission about the
            installation as a whole needs a role that is held everywhere.
    """
    if thing is not None and thing.workspace != principal.workspace:
        return Denied(f"{thing.label} is not in this workspace", "other_workspace")
    if principal.kind is PrincipalKind.SOURCE:
        return _decide_on_source(permission)
    giving = [held for held in _list_holdings(principal, roles) if permission in roles.get(held.role, ())]
    if not giving:
        return Denied(_name_missing(principal, permission, roles), "missing_permission")
    separation = find_separation(_name_roles(principal), permission)
    if separation is not None:
        return Denied(separation, "separated")
    if principal.scopes is not None and permission not in principal.scopes:
        return Denied(f"this token's scopes do not include `{permission}`", "outside_scope")
    misses = [_find_outside(held.scopes, permission, thing, principal) for held in giving]
    if all(misses):
        return Denied(f"{principal.name} may `{permission}` elsewhere only: {misses[0]}", "outside_limit")
    limit = () if principal.within is None else (principal.within,)
    miss = _find_outside(limit, permission, thing, principal)
    return Denied(f"this token is limited: {miss}", "outside_limit") if miss else Allowed()


def is_unlimited(principal: Principal, permission: Permission, *, roles: RoleTable) -> bool:
    """Whether a principal may this to everything in its workspace, so that no thing need be looked at."""
    if principal.within is not None or not isinstance(decide(principal, permission, roles=roles), Allowed):
        return False
    if principal.kind is PrincipalKind.SOURCE:
        return True
    return any(not held.scopes and permission in roles.get(held.role, ()) for held in _list_holdings(principal, roles))


def list_permissions(principal: Principal, *, roles: RoleTable) -> frozenset[Permission]:
    """Return everything `decide` would allow for some thing or other."""
    return frozenset(
        permission for permission in Permission if isinstance(decide(principal, permission, roles=roles), Allowed)
    )


def list_held_roles(principal: Principal, thing: Thing, *, roles: RoleTable) -> frozenset[str]:
    """Return the roles that a principal holds over a thing: those held everywhere, and those whose scopes cover it."""
    return frozenset(
        held.role
        for held in _list_holdings(principal, roles)
        if all(find_miss(scope, thing, principal.teams) is None for scope in held.scopes)
    )


def explain(
    principal: Principal, permission: Permission, *, roles: RoleTable, thing: Thing | None = None
) -> tuple[Decision, tuple[Reason, ...]]:
    """Return the decision with every link it hangs on: which role, which scope, which limit, and what is missing."""
    decision = decide(principal, permission, roles=roles, thing=thing)
    return decision, tuple(_explain(principal, permission, roles, thing))


def _explain(principal: Principal, permission: Permission, roles: RoleTable, thing: Thing | None) -> Iterator[Reason]:
    if thing is not None:
        is_here = thing.workspace == principal.workspace
        yield Reason(is_here, f"{thing.label} is {'' if is_here else 'not '}in the workspace {principal.workspace}")
    if principal.kind is PrincipalKind.SOURCE:
        may = permission in SOURCE_PERMISSIONS
        yield Reason(may, f"a source may {'' if may else 'not '}`{permission}`, whatever roles it claims")
        return
    giving = [held for held in _list_holdings(principal, roles) if permission in roles.get(held.role, ())]
    if not giving:
        yield Reason(is_met=False, text=_name_missing(principal, permission, roles))
    for held in giving:
        miss = _find_outside(held.scopes, permission, thing, principal)
        where = " and ".join(map(print_scope, held.scopes)) or "everywhere"
        said = f"the role {held.role} ({where}) gives `{permission}`"
        yield Reason(miss is None, f"{said}, but {miss}" if miss else said)
    separation = find_separation(_name_roles(principal), permission)
    if separation is not None:
        yield Reason(is_met=False, text=separation)
    if principal.scopes is not None:
        is_inside = permission in principal.scopes
        yield Reason(is_inside, f"the token's scopes {'include' if is_inside else 'do not include'} `{permission}`")
    if principal.within is not None:
        miss = _find_outside((principal.within,), permission, thing, principal)
        said = f"the token is limited to {print_scope(principal.within)}"
        yield Reason(miss is None, f"{said}, but {miss}" if miss else said)


def _decide_on_source(permission: Permission) -> Decision:
    if permission in SOURCE_PERMISSIONS:
        return Allowed()
    return Denied(f"a source may only send and check alerts, not `{permission}`", "missing_permission")


def _list_holdings(principal: Principal, roles: RoleTable) -> tuple[_Holding, ...]:
    match principal.kind:
        case PrincipalKind.SOURCE:
            return ()
        case PrincipalKind.USER | PrincipalKind.TOKEN | PrincipalKind.SYSTEM:
            everywhere = [_hold(role, roles) for role in sorted(principal.roles)]
            limited = [_hold(grant.role, roles, grant.scope) for grant in principal.grants]
            return (*everywhere, *limited)
        case _:
            assert_never(principal.kind)


def _name_roles(principal: Principal) -> frozenset[str]:
    return principal.roles | {grant.role for grant in principal.grants}


def _hold(role: str, roles: RoleTable, *given: Scope) -> _Holding:
    own = roles.scopes.get(role)
    return _Holding(role, given if own is None else (own, *given))


def _find_outside(
    scopes: tuple[Scope, ...], permission: Permission, thing: Thing | None, principal: Principal
) -> str | None:
    """Return what keeps scopes from reaching this, in words; None if they reach it."""
    if not scopes or permission in PERSONAL:
        return None
    if find_kind(permission) is None:
        return f"`{permission}` is about the whole installation, and needs a role that is held everywhere"
    if thing is None:
        return None
    return next((miss for scope in scopes if (miss := find_miss(scope, thing, principal.teams))), None)


def _name_missing(principal: Principal, permission: Permission, roles: RoleTable) -> str:
    able = sorted(role for role, granted in roles.items() if permission in granted)
    held = sorted(_name_roles(principal))
    wanted = ", ".join(able) or "none"
    return f"`{permission}` needs one of the roles {wanted}; {principal.name} has {', '.join(held) or 'none'}"
