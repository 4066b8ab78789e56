from pathlib import Path

import pytest
import yaml

from soar.access.permissions import Permission, Risk
from soar.access.roles import DEFAULT_ROLES, check_grants, check_roles, find_separation, parse_roles
from soar.access.scopes import parse_grant, print_scope
from soar.model.errors import InputError
from soar.model.identity import Role
from soar.model.values import JsonValue

ADMIN_VOTES = "an admin cannot hold `approval:vote`: who hands out roles never votes"
AUDITOR_HOLDS = "an auditor cannot hold `{}`: auditors change nothing, see no credential"
CONFIG = Path(__file__).parents[3] / "config" / "roles.yaml"


def test_every_role_of_the_product_is_in_the_table_and_every_permission_in_some_role() -> None:
    assert set(DEFAULT_ROLES) == {role.value for role in Role}
    assert frozenset().union(*DEFAULT_ROLES.values()) == frozenset(Permission)


def test_the_auditor_reads_everything_but_credentials_and_changes_only_own_tokens() -> None:
    auditor = DEFAULT_ROLES[Role.AUDITOR]
    assert {permission for permission in auditor if permission.risk is not Risk.READ} == {Permission.TOKEN_WRITE}
    reads = {permission for permission in Permission if permission.endswith(":read")}
    assert reads - auditor == {Permission.CREDENTIAL_READ}


def test_the_admin_cannot_vote() -> None:
    assert frozenset(Permission) - DEFAULT_ROLES[Role.ADMIN] == {Permission.APPROVAL_VOTE}


def test_only_those_who_work_on_alerts_vote() -> None:
    voters = {role for role, granted in DEFAULT_ROLES.items() if Permission.APPROVAL_VOTE in granted}
    assert voters == {Role.ANALYST, Role.SOC_LEAD, Role.INCIDENT_COMMANDER}


def test_viewers_change_nothing_but_their_own_tokens() -> None:
    changing = {permission for permission in DEFAULT_ROLES[Role.VIEWER] if permission.risk is not Risk.READ}
    assert changing == {Permission.TOKEN_WRITE}


@pytest.mark.parametrize("other", [Role.ADMIN, Role.ANALYST, Role.SOC_LEAD, Role.INCIDENT_COMMANDER])
def test_an_auditor_holds_no_role_that_votes_or_administers(other: Role) -> None:
    assert check_roles([Role.AUDITOR, other]) == [f"an auditor cannot be `{other}` at the same time"]


def test_roles_without_conflict_may_be_held_together() -> None:
    assert check_roles([Role.ANALYST, Role.AUTHOR]) == []
    assert check_roles([Role.AUDITOR, Role.VIEWER]) == []


def test_an_unknown_role_is_named_whoever_holds_it() -> None:
    unknown = "there is no role `analist`"
    assert check_roles(["analist"]) == [unknown]
    assert check_roles([Role.ADMIN, "analist", Role.SOC_LEAD]) == [
        unknown,
        "an admin cannot be `soc-lead` at the same time",
    ]
    assert check_roles([Role.AUDITOR, "analist", Role.ADMIN]) == [
        unknown,
        "an auditor cannot be `admin` at the same time",
    ]


def test_duties_are_apart_at_each_decision_too() -> None:
    both = {Role.AUDITOR, Role.ADMIN}
    assert find_separation(both, Permission.VAULT_WRITE) == (
        "an auditor never holds `vault:write`: who judges what others do moves no power to act"
    )
    assert find_separation({Role.ADMIN}, Permission.APPROVAL_VOTE) == (
        "an admin never holds `approval:vote`: who hands out roles does not vote"
    )
    assert find_separation({Role.ADMIN}, Permission.VAULT_WRITE) is None
    assert find_separation({Role.AUDITOR}, Permission.AUDIT_READ) is None
    assert find_separation({Role.ANALYST}, Permission.APPROVAL_VOTE) is None


def test_a_site_may_add_a_role_and_keeps_the_others() -> None:
    table = parse_roles({"roles": {"tier1": ["alert:read", "approval:vote"]}})
    assert table["tier1"] == {Permission.ALERT_READ, Permission.APPROVAL_VOTE}
    assert table[Role.ANALYST] == DEFAULT_ROLES[Role.ANALYST]
    assert check_roles([Role.AUDITOR, "tier1"], table=table) == ["an auditor cannot be `tier1` at the same time"]


def test_a_role_may_forbid_that_its_say_is_lent() -> None:
    table = parse_roles({"roles": {"ciso": {"permissions": ["approval:vote"], "delegable": False}, "x": []}})
    assert table.undelegable == {"ciso"}
    assert table["ciso"] == {Permission.APPROVAL_VOTE}


@pytest.mark.parametrize(
    ("plain", "pointer", "words"),
    [
        ({"roles": {"x": {"permissions": [], "delegable": "no"}}}, "/roles/x/delegable", "must be true or false"),
        ({"roles": {"x": ["alert:reed"]}}, "/roles/x/0", "`alert:reed` is no permission; did you mean `alert:read`?"),
        ({"roles": {"x": [7]}}, "/roles/x/0", "`7` is no permission"),
        (
            {"roles": {"x": ["alert:read", ["run:read"]]}},
            "/roles/x/1",
            "`['run:read']` is no permission; did you mean `run:read`?",
        ),
        ({"roles": {"a/b~c": "alert:read"}}, "/roles/a~1b~0c", "must be a list of permissions such as `alert:read`"),
        ({"roles": {}, "users": {}}, "/users", "unknown key; only `roles` is known"),
        ({"roles": {}, "u/s~": {}}, "/u~1s~0", "unknown key; only `roles` is known"),
        ({"roles": {"admin": ["approval:vote"]}}, "/roles/admin", ADMIN_VOTES),
        ({"roles": {"auditor": ["run:cancel"]}}, "/roles/auditor", AUDITOR_HOLDS.format("run:cancel")),
        ({"roles": {"auditor": ["credential:read"]}}, "/roles/auditor", AUDITOR_HOLDS.format("credential:read")),
    ],
)
def test_a_faulty_table_says_where_and_what(plain: JsonValue, pointer: str, words: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_roles(plain)
    (fault,) = caught.value.faults
    assert fault.pointer == pointer
    assert fault.message == words
    assert caught.value.message == f"the table of roles has 1 faults, the first: {fault.message}"
    assert caught.value.hint == "correct the entries at the pointers"


def test_what_resembles_no_permission_is_named_without_a_guess() -> None:
    with pytest.raises(InputError) as caught:
        parse_roles({"roles": {"x": ["zzzzzz", "run:red"], "y": "run:read"}})
    assert [(fault.pointer, fault.message) for fault in caught.value.faults] == [
        ("/roles/x/0", "`zzzzzz` is no permission"),
        ("/roles/x/1", "`run:red` is no permission; did you mean `run:read`?"),
        ("/roles/y", "must be a list of permissions such as `alert:read`"),
    ]


@pytest.mark.parametrize("plain", [None, [], {}, {"roles": []}])
def test_a_table_of_another_shape_is_refused(plain: JsonValue) -> None:
    with pytest.raises(InputError, match=r"\Aroles must be a map with one key, `roles`") as caught:
        parse_roles(plain)
    assert caught.value.hint == "write `roles:` and under it `id: [...]`"


def test_the_shipped_file_says_what_the_product_does() -> None:
    shipped = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))  # noqa: TID251 -- the test reads one trusted file
    assert set(shipped["roles"]) == set(DEFAULT_ROLES)
    assert parse_roles(shipped) == DEFAULT_ROLES


def test_a_role_of_the_site_may_be_for_a_part_of_the_world() -> None:
    written: JsonValue = {"permissions": ["run:read"], "scope": {"team": ["$own"], "playbook": ["mail-*"]}}
    table = parse_roles({"roles": {"tier1": written}})
    assert table["tier1"] == {Permission.RUN_READ}
    assert print_scope(table.scopes["tier1"]) == "playbook=mail-*,team=$own"
    assert len(table) == len(DEFAULT_ROLES) + 1


@pytest.mark.parametrize(
    ("written", "pointer"),
    [
        ({"permissions": ["run:read"]}, "/roles/x/scope"),
        ({"permissions": ["run:read"], "scope": {"planet": ["mars"]}}, "/roles/x/scope/planet"),
        ({"permissions": ["run:reed"], "scope": {"team": ["soc"]}}, "/roles/x/0"),
        ({"permissions": [], "scope": {"team": ["soc"]}, "role": "y"}, "/roles/x/role"),
        ({"permissions": [], "scope": {"team": ["soc"]}, "a/b~c": 1}, "/roles/x/a~1b~0c"),
        ({"scope": {"team": ["soc"]}}, "/roles/x"),
    ],
)
def test_a_faulty_scoped_role_says_where(written: JsonValue, pointer: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_roles({"roles": {"x": written}})
    assert [fault.pointer for fault in caught.value.faults] == [pointer]


def test_an_admin_holds_no_role_that_votes() -> None:
    assert check_roles([Role.ADMIN, Role.ANALYST]) == ["an admin cannot be `analyst` at the same time"]
    assert check_roles([Role.ADMIN, Role.AUTHOR]) == []


def test_a_scope_makes_no_difference_to_what_is_kept_apart() -> None:
    grants = [parse_grant("analyst@team=soc")]
    assert check_grants(grants, [Role.AUTHOR], table=DEFAULT_ROLES) == []
    assert check_grants(grants, [Role.AUDITOR], table=DEFAULT_ROLES) == [
        "an auditor cannot be `analyst` at the same time"
    ]
    assert check_grants([parse_grant("analist@team=soc")], [], table=DEFAULT_ROLES) == ["there is no role `analist`"]
    site = parse_roles({"roles": {"tier1": ["approval:vote"]}})
    assert check_grants([parse_grant("tier1@team=soc")], [Role.ADMIN], table=site) == [
        "an admin cannot be `tier1` at the same time"
    ]
