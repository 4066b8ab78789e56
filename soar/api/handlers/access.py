"""Who may do what and why, and roles for a part of the world."""

from soar.access.decide import explain
from soar.access.permissions import find_permission
from soar.access.scopes import parse_grant
from soar.access.things import Kind, Thing
from soar.api.call import Call
from soar.api.schemas.access import (
    AccessQuery,
    AccessView,
    GrantsSent,
    GrantsView,
    RolePage,
    UserAccessQuery,
    view_access,
    view_grants,
    view_roles,
)
from soar.api.schemas.base import Nothing
from soar.api.things import Things
from soar.model.errors import InputError, NotFoundError
from soar.model.identity import Principal, PrincipalKind, User
from soar.people.accounts import Holding
from soar.store import Unit

_THINGS = frozenset(Kind) - {Kind.ACTION}


async def list_roles(call: Call, _: Nothing) -> RolePage:
    """List the roles, and what each allows."""
    return view_roles(call.services.roles)


async def explain_own(call: Call, query: AccessQuery) -> AccessView:
    """Say whether the caller may do something, and why."""
    return await call.read(lambda unit: _explain(call, unit, call.principal, query))


async def explain_access(call: Call, query: UserAccessQuery) -> AccessView:
    """Say whether somebody may do something, and why, as if they were logged in now."""

    def show(unit: Unit) -> AccessView:
        return _explain(call, unit, _act_as(call, find_user(unit, query.user)), query)

    return await call.read(show)


async def set_grants(call: Call, sent: GrantsSent) -> GrantsView:
    """Set which roles somebody holds for a part of the world, and their teams; nobody sets their own."""
    grants = tuple(parse_grant(text) for text in sorted(set(sent.grants)))

    def change(unit: Unit) -> User:
        return call.services.accounts.change_grants(
            unit, call.part("id"), Holding(grants, sent.teams), call.principal, call.at
        )

    return view_grants(await call.write(change))


def find_user(unit: Unit, name: str) -> User:
    """Return the person with this id or name.

    Raises:
        NotFoundError: there is none.
    """
    user = unit.users.get(name) or unit.users.find_name(name)
    if user is None:
        raise NotFoundError(f"there is nobody called {name}", hint="GET /api/v1/users lists people")
    return user


def _act_as(call: Call, user: User) -> Principal:
    """Return a person as a login would have them; one who is switched off holds nothing."""
    is_there = user.may_act(call.at)
    return Principal(
        kind=PrincipalKind.USER,
        id=user.id,
        name=user.name,
        workspace=call.workspace,
        roles=user.roles if is_there else frozenset(),
        grants=user.grants if is_there else (),
        teams=user.teams,
    )


def _explain(call: Call, unit: Unit, principal: Principal, query: AccessQuery) -> AccessView:
    permission = find_permission(query.permission)
    if permission is None:
        hint = "docs/reference/permissions.md lists them"
        raise InputError(f"`{query.permission}` is no permission", code="access.permission", hint=hint)
    thing = None if query.thing is None else _find_thing(Things(call, unit), query.thing)
    decision, reasons = explain(principal, permission, roles=call.services.roles, thing=thing)
    return view_access(principal.name, permission, thing, decision, reasons)


def _find_thing(things: Things, text: str) -> Thing:
    """Return the thing written `kind:id`.

    Raises:
        InputError: it is written in another way.
        NotFoundError: there is no such thing.
    """
    word, colon, id_ = text.partition(":")
    kind = next((kind for kind in _THINGS if kind.value == word), None)
    if kind is None or not colon or not id_:
        hint = f"write kind:id, where the kind is one of {', '.join(sorted(_THINGS))}"
        raise InputError(f"`{text}` names no thing", code="access.thing", hint=hint)
    return things.find(kind, id_)
