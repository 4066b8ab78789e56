"""`soar role` in front of an API at the wire."""

from tests.unit.cli.fakes import FakeApi, Soar

ROLES = {
    "items": [
        {"name": "tier1", "permissions": ["run:read", "run:cancel"], "scope": "team=$own"},
        {"name": "viewer", "permissions": ["run:read"], "scope": None},
    ],
    "next": None,
    "permissions": [],
}


def test_roles_are_listed_with_what_they_allow_and_where(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/roles", ROLES)
    outcome = soar("role", "list")
    assert outcome.code == 0
    heading, tier1, viewer = outcome.out.splitlines()
    assert heading.split() == ["ROLE", "FOR", "ALLOWS"]
    assert tier1.split() == ["tier1", "team=$own", "run:read", "run:cancel"]
    assert viewer.split() == ["viewer", "everything", "run:read"]
