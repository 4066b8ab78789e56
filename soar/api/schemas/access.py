"""Decisions explained, and roles for a part of the world."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from soar.access.decide import Allowed, Decision, Reason
from soar.access.permissions import Permission, Risk
from soar.access.roles import RoleTable
from soar.access.scopes import print_grant, print_scope
from soar.access.things import Thing
from soar.api.schemas.base import Incoming, Name
from soar.model.identity import User

_LONGEST_GRANT = 1_000
_MOST_GRANTS = 50


class AccessQuery(Incoming):
    """A permission such as `run:cancel`, and perhaps a thing such as `run:run_7k2m`."""

    permission: Name
    thing: Name | None = None


class UserAccessQuery(AccessQuery):
    """The same, for somebody by name or id."""

    user: Name


class GrantsSent(Incoming):
    """Every grant that somebody is to hold, such as `analyst@playbook=phishing-*`, and the teams they are to be in."""

    grants: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=_LONGEST_GRANT)], ...], Field(max_length=_MOST_GRANTS)
    ]
    teams: Annotated[frozenset[Name], Field(max_length=_MOST_GRANTS)] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReasonView:
    """One link of the chain: whether it speaks for allowing, and what was found."""

    is_met: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessView:
    """A decision; `code` and `reason` are null where it is yes. Without a thing it is about there being any at all."""

    user: str
    permission: str
    thing: str | None
    is_allowed: bool
    code: str | None
    reason: str | None
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantsView:
    """What somebody holds: roles everywhere, grants for a part of the world."""

    user: str
    name: str
    roles: tuple[str, ...]
    grants: tuple[str, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleView:
    """A role and what it allows; `scope` is the part of the world it is for whoever holds it, null for all of it."""

    name: str
    permissions: tuple[str, ...]
    scope: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PermissionView:
    """Something that a role can allow, in words."""

    name: str
    description: str
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class RolePage:
    """Every role, and every permission there is."""

    items: tuple[RoleView, ...]
    next: str | None
    permissions: tuple[PermissionView, ...]


def view_access(
    user: str, permission: Permission, thing: Thing | None, decision: Decision, reasons: tuple[Reason, ...]
) -> AccessView:
    """Return a decision with its reasons."""
    denied = None if isinstance(decision, Allowed) else decision
    return AccessView(
        user=user,
        permission=permission.value,
        thing=thing.label if thing else None,
        is_allowed=denied is None,
        code=denied.code if denied else None,
        reason=denied.reason if denied else None,
        reasons=tuple(ReasonView(is_met=reason.is_met, text=reason.text) for reason in reasons),
    )


def view_grants(user: User) -> GrantsView:
    """Return what somebody holds."""
    return GrantsView(
        user=user.id,
        name=user.name,
        roles=tuple(sorted(user.roles)),
        grants=tuple(sorted(map(print_grant, user.grants))),
        teams=tuple(sorted(user.teams)),
    )


def view_roles(table: RoleTable) -> RolePage:
    """Return every role with what it allows."""
    return RolePage(
        items=tuple(_view_role(table, role) for role in table),
        next=None,
        permissions=tuple(
            PermissionView(name=permission.value, description=permission.description, risk=permission.risk)
            for permission in Permission
        ),
    )


def _view_role(table: RoleTable, role: str) -> RoleView:
    scope = table.scopes.get(role)
    return RoleView(
        name=role,
        permissions=tuple(permission.value for permission in Permission if permission in table[role]),
        scope=None if scope is None else print_scope(scope),
    )
