"""Every permission, role, way of holding it and relation to a thing, against a table that people wrote."""

import itertools

import pytest

from soar.access.decide import Allowed, decide, explain, is_unlimited
from soar.access.permissions import Permission
from soar.access.roles import DEFAULT_ROLES, check_roles
from soar.access.scopes import parse_grant
from soar.access.things import Kind, Thing
from soar.model.grant import Attribute
from soar.model.identity import Principal, PrincipalKind
from tests.security.rights import RIGHTS, ROLES

HERE = "default"
THINGS = {
    "own": {"playbook": "phishing-triage", "team": "soc"},
    "of another team": {"playbook": "phishing-sweep", "team": "ops"},
    "of the team, by another name": {"playbook": "malware-triage", "team": "soc"},
    "of nobody": {},
    "in another workspace": {"playbook": "phishing-triage", "team": "soc"},
}
HOLDINGS = {
    "everywhere": "",
    "the team": "team=soc",
    "their own teams": "team=$own",
    "a name": "playbook=phishing-triage",
    "a beginning": "playbook=phishing-*",
    "a beginning in the team": "playbook=phishing-*,team=soc",
    "another team": "team=net|dev",
}
COVERED = {
    ("the team", "own"),
    ("the team", "of the team, by another name"),
    ("their own teams", "own"),
    ("their own teams", "of the team, by another name"),
    ("a name", "own"),
    ("a beginning", "own"),
    ("a beginning", "of another team"),
    ("a beginning in the team", "own"),
}
"""What a limited way of holding a role covers. Everything else it does not."""


def expect(permission: str, role: str, holding: str, relation: str) -> bool:
    right = RIGHTS[permission]
    if relation == "in another workspace" or role not in right.roles:
        return False
    if holding == "everywhere" or right.about == "oneself":
        return True
    return right.about == "thing" and (holding, relation) in COVERED


def make_principal(role: str, holding: str) -> Principal:
    scope = HOLDINGS[holding]
    return Principal(
        kind=PrincipalKind.USER,
        id="u_1",
        name="ann",
        workspace=HERE,
        roles=frozenset() if scope else frozenset({role}),
        grants=(parse_grant(f"{role}@{scope}"),) if scope else (),
        teams=frozenset({"soc"}),
    )


def make_thing(relation: str) -> Thing:
    workspace = "elsewhere" if relation == "in another workspace" else HERE
    attributes = {Attribute(name): found for name, found in THINGS[relation].items()}
    return Thing(kind=Kind.RUN, id="run_1", workspace=workspace, attributes=attributes)


def test_the_table_has_every_permission_and_every_role() -> None:
    assert set(RIGHTS) == {permission.value for permission in Permission}
    assert set(ROLES) == set(DEFAULT_ROLES)


def test_every_cell_of_the_table_is_decided_as_it_says(capsys: pytest.CaptureFixture[str]) -> None:
    cells = list(itertools.product(Permission, ROLES, HOLDINGS, THINGS))
    wrong = []
    for permission, role, holding, relation in cells:
        decision = decide(make_principal(role, holding), permission, roles=DEFAULT_ROLES, thing=make_thing(relation))
        if isinstance(decision, Allowed) is not expect(permission, role, holding, relation):
            wrong.append((permission.value, role, holding, relation, decision))
    with capsys.disabled():
        print(f"\n{len(cells)} cells of permission, role, holding and relation, {len(wrong)} mismatches")  # noqa: T201 -- the numbers are the result
    assert len(cells) >= 5_000
    assert wrong == []


def test_every_decision_has_reasons_that_speak_for_it() -> None:
    for permission, role, holding, relation in itertools.product(Permission, ROLES, HOLDINGS, THINGS):
        decision, reasons = explain(
            make_principal(role, holding), permission, roles=DEFAULT_ROLES, thing=make_thing(relation)
        )
        assert reasons
        assert all(reason.is_met for reason in reasons) is isinstance(decision, Allowed)


def test_who_is_unlimited_may_to_everything_and_nobody_else_is() -> None:
    for permission, role, holding in itertools.product(Permission, ROLES, HOLDINGS):
        principal = make_principal(role, holding)
        if is_unlimited(principal, permission, roles=DEFAULT_ROLES):
            assert holding == "everywhere"
            assert expect(permission, role, holding, "of nobody")


def test_no_combination_of_roles_and_grants_joins_what_is_kept_apart() -> None:
    for size in range(1, len(ROLES) + 1):
        for combination in itertools.combinations(ROLES, size):
            for split in range(size + 1):
                principal = Principal(
                    kind=PrincipalKind.USER,
                    id="u_1",
                    name="ann",
                    workspace=HERE,
                    roles=frozenset(combination[:split]),
                    grants=tuple(parse_grant(f"{role}@team=soc") for role in combination[split:]),
                )
                votes = decide(principal, Permission.APPROVAL_VOTE, roles=DEFAULT_ROLES, thing=make_thing("own"))
                if {"auditor", "admin"} & set(combination):
                    assert not isinstance(votes, Allowed), combination
                if "auditor" in combination:
                    for permission in ("user:write", "credential:write", "playbook:publish", "freeze:write"):
                        decision = decide(principal, Permission(permission), roles=DEFAULT_ROLES)
                        assert not isinstance(decision, Allowed), (combination, permission)


def test_roles_that_are_kept_apart_cannot_be_given_together() -> None:
    voting = {"analyst", "soc-lead", "incident-commander"}
    for size in range(2, len(ROLES) + 1):
        for combination in itertools.combinations(ROLES, size):
            held = set(combination)
            is_apart = {"auditor", "admin"} <= held or bool(held & voting and held & {"auditor", "admin"})
            assert bool(check_roles(combination)) is is_apart, combination


def test_no_permission_reads_the_value_of_a_credential() -> None:
    about = {permission.value for permission in Permission if permission.value.startswith("credential:")}
    assert about == {"credential:read", "credential:write"}
    assert "never a value" in Permission.CREDENTIAL_READ.description
