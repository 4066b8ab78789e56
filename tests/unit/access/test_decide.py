from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from soar.access.decide import (
    SOURCE_PERMISSIONS,
    Allowed,
    Denied,
    decide,
    explain,
    is_unlimited,
    list_held_roles,
    list_permissions,
)
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES, RoleTable
from soar.access.scopes import parse_grant, parse_scope
from soar.access.things import Kind, Thing
from soar.model.grant import Attribute
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


SITE = RoleTable(
    {**DEFAULT_ROLES, "tier1": frozenset({Permission.RUN_READ, Permission.APPROVAL_VOTE})},
    {"tier1": parse_scope("team=$own")},
)


def make_run(team: str, workspace: str = "w") -> Thing:
    return Thing(kind=Kind.RUN, id="run_1", workspace=workspace, attributes={Attribute.TEAM: team})


def test_a_role_that_is_limited_by_the_site_is_limited_for_everybody() -> None:
    person = replace(make_principal(roles=["tier1"]), teams=frozenset({"soc"}))
    assert decide(person, Permission.RUN_READ, roles=SITE, thing=make_run("soc")) == Allowed()
    assert decide(person, Permission.RUN_READ, roles=SITE, thing=make_run("ops")) == Denied(
        "ann may `run:read` elsewhere only: the team of run run_1 is not `$own`", "outside_limit"
    )
    assert decide(person, Permission.RUN_READ, roles=SITE) == Allowed()
    assert not is_unlimited(person, Permission.RUN_READ, roles=SITE)


def test_a_grant_of_a_limited_role_is_within_both_scopes() -> None:
    person = replace(make_principal(), teams=frozenset({"soc"}), grants=(parse_grant("tier1@team=s*|ops"),))
    assert decide(person, Permission.RUN_READ, roles=SITE, thing=make_run("soc")) == Allowed()
    for team in ("ops", "net"):
        assert isinstance(decide(person, Permission.RUN_READ, roles=SITE, thing=make_run(team)), Denied)


def test_the_roles_over_a_thing_are_those_whose_scopes_cover_it() -> None:
    person = replace(
        make_principal(roles=[Role.VIEWER, "tier1"]),
        teams=frozenset({"soc"}),
        grants=(parse_grant("analyst@team=ops"),),
    )
    assert list_held_roles(person, make_run("soc"), roles=SITE) == {"viewer", "tier1"}
    assert list_held_roles(person, make_run("ops"), roles=SITE) == {"viewer", "analyst"}
    source = make_principal(PrincipalKind.SOURCE, [Role.ADMIN])
    assert list_held_roles(source, make_run("soc"), roles=SITE) == frozenset()


def test_nothing_of_another_workspace_is_anybodys() -> None:
    denied = decide(make_principal(roles=[Role.ADMIN]), Permission.RUN_READ, roles=SITE, thing=make_run("soc", "x"))
    assert denied == Denied("run run_1 is not in this workspace", "other_workspace")


def test_a_tokens_limit_takes_away_what_is_about_everything() -> None:
    token = replace(make_principal(PrincipalKind.TOKEN, [Role.SOC_LEAD]), within=parse_scope("team=soc"))
    assert isinstance(decide(token, Permission.RUN_READ, roles=SITE, thing=make_run("soc")), Allowed)
    denied = decide(token, Permission.AUDIT_READ, roles=SITE)
    assert isinstance(denied, Denied)
    assert (denied.code, denied.reason) == (
        "outside_limit",
        "this token is limited: `audit:read` is about the whole installation, and needs a role that is held everywhere",
    )
    assert decide(token, Permission.TOKEN_READ, roles=SITE) == Allowed()
    assert not is_unlimited(token, Permission.RUN_READ, roles=SITE)


def test_an_explanation_names_every_link() -> None:
    token = replace(
        make_principal(PrincipalKind.TOKEN, [Role.VIEWER], frozenset({"run:read"})),
        grants=(parse_grant("analyst@team=ops"),),
        within=parse_scope("team=soc"),
    )
    decision, reasons = explain(token, Permission.RUN_READ, roles=SITE, thing=make_run("ops"))
    assert isinstance(decision, Denied)
    assert [(reason.is_met, reason.text) for reason in reasons] == [
        (True, "run run_1 is in the workspace w"),
        (True, "the role viewer (everywhere) gives `run:read`"),
        (True, "the role analyst (team=ops) gives `run:read`"),
        (True, "the token's scopes include `run:read`"),
        (False, "the token is limited to team=soc, but the team of run run_1 is not `soc`"),
    ]


def test_an_explanation_says_what_is_missing() -> None:
    _, reasons = explain(make_principal(roles=[Role.VIEWER]), Permission.RUN_CANCEL, roles=DEFAULT_ROLES)
    assert [(reason.is_met, reason.text) for reason in reasons] == [
        (False, "`run:cancel` needs one of the roles admin, analyst, incident-commander, soc-lead; ann has viewer")
    ]
    _, reasons = explain(make_principal(roles=["old", Role.VIEWER]), Permission.RUN_READ, roles=DEFAULT_ROLES)
    assert [(reason.is_met, reason.text) for reason in reasons] == [
        (True, "the role viewer (everywhere) gives `run:read`")
    ]
    both = make_principal(roles=[Role.ADMIN, Role.ANALYST])
    decision, reasons = explain(both, Permission.APPROVAL_VOTE, roles=DEFAULT_ROLES)
    assert isinstance(decision, Denied)
    assert (decision.code, [reason.is_met for reason in reasons]) == ("separated", [True, False])
    said = "an admin never holds `approval:vote`: who hands out roles does not vote"
    assert decision.reason == reasons[1].text == said


def test_a_source_is_explained_by_what_it_is() -> None:
    source = make_principal(PrincipalKind.SOURCE, [Role.ADMIN])
    for permission, is_met, said in (
        (Permission.ALERT_SEND, True, "a source may `alert:send`, whatever roles it claims"),
        (Permission.RUN_READ, False, "a source may not `run:read`, whatever roles it claims"),
    ):
        decision, (reason,) = explain(source, permission, roles=DEFAULT_ROLES)
        assert (reason.is_met, reason.text) == (is_met, said)
        assert isinstance(decision, Allowed) is is_met
    assert is_unlimited(source, Permission.ALERT_SEND, roles=DEFAULT_ROLES)
    assert not is_unlimited(source, Permission.RUN_READ, roles=DEFAULT_ROLES)


def test_an_explanation_shows_every_scope_and_what_is_outside_of_them() -> None:
    person = replace(make_principal(), teams=frozenset({"soc"}), grants=(parse_grant("tier1@playbook=mail-*"),))
    decision, reasons = explain(person, Permission.RUN_READ, roles=SITE, thing=make_run("soc", "x"))
    assert decision == Denied("run run_1 is not in this workspace", "other_workspace")
    assert [(reason.is_met, reason.text) for reason in reasons] == [
        (False, "run run_1 is not in the workspace w"),
        (
            False,
            (
                "the role tier1 (team=$own and playbook=mail-*) gives `run:read`, "
                "but run run_1 has no playbook, and the scope is playbook=mail-*"
            ),
        ),
    ]


def test_an_explanation_says_what_a_token_leaves_out() -> None:
    token = replace(
        make_principal(PrincipalKind.TOKEN, [Role.VIEWER], frozenset({"alert:read"})), within=parse_scope("team=soc")
    )
    decision, reasons = explain(token, Permission.RUN_READ, roles=DEFAULT_ROLES, thing=make_run("soc"))
    assert decision == Denied("this token's scopes do not include `run:read`", "outside_scope")
    assert [(reason.is_met, reason.text) for reason in reasons[2:]] == [
        (False, "the token's scopes do not include `run:read`"),
        (True, "the token is limited to team=soc"),
    ]


def test_who_has_no_role_and_what_no_role_gives_are_told() -> None:
    roles = RoleTable({"tier1": frozenset()})
    denied = decide(make_principal(), Permission.RUN_READ, roles=roles)
    assert denied == Denied("`run:read` needs one of the roles none; ann has none", "missing_permission")
    held = make_principal(roles=["tier1", "old"])
    assert decide(held, Permission.RUN_READ, roles=roles) == Denied(
        "`run:read` needs one of the roles none; ann has old, tier1", "missing_permission"
    )


def test_a_role_that_is_gone_takes_nothing_from_the_others() -> None:
    person = make_principal(roles=["a-role-that-is-gone", Role.VIEWER])
    assert is_unlimited(person, Permission.RUN_READ, roles=DEFAULT_ROLES)
    assert not is_unlimited(person, Permission.RUN_CANCEL, roles=DEFAULT_ROLES)
    assert decide(person, Permission.RUN_READ, roles=DEFAULT_ROLES) == Allowed()


def test_a_limited_role_beside_one_that_is_held_everywhere_limits_nothing() -> None:
    person = make_principal(roles=["tier1", Role.VIEWER])
    assert is_unlimited(person, Permission.RUN_READ, roles=SITE)
    assert not is_unlimited(person, Permission.APPROVAL_VOTE, roles=SITE)
    assert decide(person, Permission.RUN_READ, roles=SITE, thing=make_run("ops")) == Allowed()
