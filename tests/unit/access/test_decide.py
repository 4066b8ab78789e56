from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.access.decide import SOURCE_PERMISSIONS, Allowed, Denied, decide, list_permissions
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES
from soar.model.identity import Principal, PrincipalKind, Role


def make_principal(
    kind: PrincipalKind = PrincipalKind.USER, roles: Iterable[str] = (), scopes: frozenset[str] | None = None
) -> Principal:
    return Principal(kind=kind, id="u_1", name="ann", workspace="w", roles=frozenset(roles), scopes=scopes)


def test_a_role_allows_what_its_table_says() -> None:
    analyst = make_principal(roles=[Role.ANALYST])
    assert decide(analyst, Permission.APPROVAL_VOTE, roles=DEFAULT_ROLES) == Allowed()


def test_who_has_no_role_may_nothing() -> None:
    nobody = make_principal()
    for permission in Permission:
        assert isinstance(decide(nobody, permission, roles=DEFAULT_ROLES), Denied)


def test_an_unknown_role_gives_nothing() -> None:
    assert list_permissions(make_principal(roles=["superuser"]), roles=DEFAULT_ROLES) == frozenset()


def test_a_denial_tells_people_which_role_would_do() -> None:
    denied = decide(make_principal(roles=[Role.ADMIN]), Permission.APPROVAL_VOTE, roles=DEFAULT_ROLES)
    assert denied == Denied(
        "`approval:vote` needs one of the roles analyst, incident-commander, soc-lead; ann has admin",
        "missing_permission",
    )


def test_a_tokens_scopes_take_away_and_never_add() -> None:
    token = make_principal(PrincipalKind.TOKEN, [Role.VIEWER], frozenset({"alert:read", "approval:vote"}))
    assert decide(token, Permission.ALERT_READ, roles=DEFAULT_ROLES) == Allowed()
    assert decide(token, Permission.RUN_READ, roles=DEFAULT_ROLES) == Denied(
        "this token's scopes do not include `run:read`", "outside_scope"
    )
    voting = decide(token, Permission.APPROVAL_VOTE, roles=DEFAULT_ROLES)
    assert isinstance(voting, Denied)
    assert voting.code == "missing_permission"


def test_what_is_listed_are_permissions_even_where_scopes_are_texts() -> None:
    token = make_principal(PrincipalKind.TOKEN, [Role.VIEWER], frozenset({"alert:read"}))
    (listed,) = list_permissions(token, roles=DEFAULT_ROLES)
    assert listed is Permission.ALERT_READ


def test_empty_scopes_are_no_rights() -> None:
    token = make_principal(PrincipalKind.TOKEN, [Role.ADMIN], frozenset())
    assert list_permissions(token, roles=DEFAULT_ROLES) == frozenset()


@pytest.mark.parametrize("roles", [(), (Role.ADMIN, Role.ANALYST)])
def test_a_source_only_brings_alerts_whatever_roles_it_claims(roles: tuple[str, ...]) -> None:
    source = make_principal(PrincipalKind.SOURCE, roles)
    assert list_permissions(source, roles=DEFAULT_ROLES) == SOURCE_PERMISSIONS
    denied = decide(source, Permission.RUN_READ, roles=DEFAULT_ROLES)
    assert denied == Denied("a source may only send and check alerts, not `run:read`", "missing_permission")


@given(
    kind=st.sampled_from(PrincipalKind),
    roles=st.sets(st.sampled_from([*Role, "made-up"])),
    scopes=st.none() | st.frozensets(st.sampled_from([*Permission, "made:up"])),
    permission=st.sampled_from(Permission),
)
def test_the_decision_and_the_list_agree_and_scopes_only_narrow(
    kind: PrincipalKind, roles: set[str], scopes: frozenset[str] | None, permission: Permission
) -> None:
    principal = make_principal(kind, roles, scopes)
    listed = list_permissions(principal, roles=DEFAULT_ROLES)
    assert (permission in listed) == (decide(principal, permission, roles=DEFAULT_ROLES) == Allowed())
    assert listed <= list_permissions(make_principal(kind, roles), roles=DEFAULT_ROLES)
