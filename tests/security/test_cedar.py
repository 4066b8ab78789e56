"""Decisions against Cedar, an independent engine, with policies made of the table that people wrote."""

import cedarpy
from hypothesis import given, settings
from hypothesis import strategies as st

from soar.access.decide import Allowed, decide
from soar.access.permissions import Permission, Risk
from soar.access.roles import DEFAULT_ROLES
from soar.access.things import Kind, Thing
from soar.model.grant import Attribute, Grant, Scope
from soar.model.identity import Principal, PrincipalKind
from tests.security.rights import RIGHTS, ROLES

ATTRIBUTES = (Attribute.PLAYBOOK, Attribute.SOURCE, Attribute.TEAM, Attribute.CONNECTOR)
NAMES = ("a", "ab", "abc", "b", "soc", "soc-2")
PATTERNS = (*NAMES, "a*", "ab*", "soc*", "*")
CRITICAL = (
    "approval:vote",
    "run:settle",
    "playbook:publish",
    "credential:write",
    "vault:write",
    "user:write",
    "scim:write",
    "freeze:write",
    "response:keep",
    "audit:shred",
)
WORKSPACES = ("here", "elsewhere")
REQUESTS_EACH = 20

scopes = st.dictionaries(
    st.sampled_from(ATTRIBUTES), st.lists(st.sampled_from(PATTERNS), min_size=1, max_size=3).map(tuple), min_size=1
).map(Scope)
things = st.builds(
    Thing,
    kind=st.sampled_from(Kind),
    id=st.just("x"),
    workspace=st.sampled_from(WORKSPACES),
    attributes=st.dictionaries(st.sampled_from(ATTRIBUTES), st.sampled_from(NAMES)),
)
permissions = st.sampled_from(Permission)
principals = st.builds(
    Principal,
    kind=st.sampled_from((PrincipalKind.USER, PrincipalKind.TOKEN)),
    id=st.just("u"),
    name=st.just("ann"),
    workspace=st.just("here"),
    roles=st.frozensets(st.sampled_from(ROLES), max_size=3),
    grants=st.lists(st.builds(Grant, st.sampled_from(ROLES), scopes), max_size=3).map(tuple),
    scopes=st.none() | st.frozensets(permissions.map(str), min_size=len(Permission) // 2),
    within=st.none() | scopes,
)


def write_policies(principal: Principal) -> str:
    """Return somebody's rights as Cedar policies: permits for what they hold, forbids for what limits them."""
    lines = [f"permit(principal, action in {list_actions(role)}, resource);" for role in sorted(principal.roles)]
    for held in principal.grants:
        personal = list_actions(held.role, "oneself")
        lines.append(f"permit(principal, action in {personal}, resource);")
        inside = write_scope(held.scope)
        lines.append(f"permit(principal, action in {list_actions(held.role, 'thing')}, resource) when {{ {inside} }};")
    lines.append("forbid(principal, action, resource) when { resource.workspace != principal.workspace };")
    roles = principal.roles | {held.role for held in principal.grants}
    if "auditor" in roles:
        lines.append(f"forbid(principal, action in {name_actions(CRITICAL)}, resource);")
    if "admin" in roles:
        lines.append('forbid(principal, action == Action::"approval:vote", resource);')
    if principal.scopes is not None:
        lines.append(f"forbid(principal, action, resource) unless {{ action in {name_actions(principal.scopes)} }};")
    if principal.within is not None:
        limited = name_actions(right.permission for right in RIGHTS.values() if right.about == "thing")
        whole = name_actions(right.permission for right in RIGHTS.values() if right.about == "everything")
        inside = write_scope(principal.within)
        lines.append(f"forbid(principal, action in {limited}, resource) unless {{ {inside} }};")
        lines.append(f"forbid(principal, action in {whole}, resource);")
    return "\n".join(lines)


def list_actions(role: str, about: str = "") -> str:
    return name_actions(
        right.permission for right in RIGHTS.values() if role in right.roles and about in ("", right.about)
    )


def name_actions(permissions: object) -> str:
    return "[" + ", ".join(f'Action::"{name}"' for name in sorted(permissions)) + "]"


def write_scope(scope: Scope) -> str:
    return " && ".join(
        "resource has {name} && ({any})".format(
            name=attribute.value,
            any=" || ".join(f'resource.{attribute.value} like "{name}"' for name in names),
        )
        for attribute, names in scope.limits.items()
    )


def test_the_policies_know_every_critical_permission() -> None:
    assert set(CRITICAL) == {permission.value for permission in Permission if permission.risk is Risk.CRITICAL}


@settings(max_examples=250, deadline=None)
@given(
    principal=principals,
    asked=st.lists(st.tuples(permissions, things), min_size=REQUESTS_EACH, max_size=REQUESTS_EACH),
)
def test_cedar_decides_as_we_do(principal: Principal, asked: list[tuple[Permission, Thing]]) -> None:
    policies = write_policies(principal)
    person = {"uid": {"type": "User", "id": "u"}, "attrs": {"workspace": principal.workspace}, "parents": []}
    entities = [person]
    requests = []
    for index, (permission, thing) in enumerate(asked):
        attributes = {name.value: found for name, found in thing.attributes.items()}
        resource = {"type": "Thing", "id": str(index)}
        entities.append({"uid": resource, "attrs": {"workspace": thing.workspace, **attributes}, "parents": []})
        requests.append(
            {"principal": 'User::"u"', "action": f'Action::"{permission}"', "resource": f'Thing::"{index}"'}
        )
    theirs = [
        answer.decision == cedarpy.Decision.Allow
        for answer in cedarpy.is_authorized_batch(requests, policies, entities)
    ]
    ours = [
        isinstance(decide(principal, permission, roles=DEFAULT_ROLES, thing=thing), Allowed)
        for permission, thing in asked
    ]
    assert ours == theirs
