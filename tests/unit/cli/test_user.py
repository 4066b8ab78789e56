import pytest

from tests.unit.cli.fakes import FakeApi, Soar

EVA = {
    "id": "u_1",
    "name": "eva",
    "kind": "person",
    "email": "eva@corp.example",
    "roles": ["analyst"],
    "factors": 1,
    "may_log_in": True,
}
INVITED = {"user": EVA, "code": "7k2m-9q4w-z1xt-03ab", "expires_at": "2999-01-01T00:00:00Z"}


def test_whoever_is_added_gets_a_code_to_join_with_alone_on_standard_output(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/users", INVITED, status=201)
    outcome = soar("user", "add", "eva", "--email", "eva@corp.example", "--role", "analyst")
    assert (outcome.code, outcome.out) == (0, "soar join 7k2m-9q4w-z1xt-03ab\n")
    (body,) = api.bodies("POST", "/api/v1/users")
    assert body == {
        "name": "eva",
        "email": "eva@corp.example",
        "roles": ["analyst"],
        "kind": "person",
        "owner": None,
        "until": None,
    }


def test_a_program_has_an_owner_and_is_told_how_to_get_a_token(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/users", {"user": EVA, "code": None, "expires_at": None}, status=201)
    outcome = soar("user", "add", "sync", "--email", "s@x.y", "--owner", "ann", "--until", "2999-01-01T01:00:00+01:00")
    assert "next: soar user token sync" in outcome.out
    (body,) = api.bodies("POST", "/api/v1/users")
    assert (body["kind"], body["owner"], body["until"]) == ("service", "ann", "2999-01-01T00:00:00Z")


@pytest.mark.parametrize("until", ["tomorrow", "30", ""])
def test_an_end_that_is_none_is_refused_before_anything_is_sent(soar: Soar, api: FakeApi, until: str) -> None:
    outcome = soar("user", "enable", "eva", "--until", until)
    assert (outcome.code, api.asked) == (2, [])
    assert "neither a length nor a moment" in outcome.err


@pytest.mark.parametrize(
    ("arguments", "path", "body", "said"),
    [
        (("roles", "eva", "--role", "author"), "roles", {"roles": ["author"]}, "✔ eva is analyst now"),
        (("disable", "eva", "-m", "left"), "disable", {"reason": "left"}, "✔ eva is switched off"),
        (("enable", "eva"), "enable", {"until": None}, "✔ eva is switched on"),
    ],
)
def test_accounts_are_changed(
    soar: Soar, api: FakeApi, arguments: tuple[str, ...], path: str, body: object, said: str
) -> None:
    api.answer("POST", f"/api/v1/users/eva/{path}", EVA)
    assert soar("user", *arguments).out == f"{said}\n"
    assert api.bodies("POST", f"/api/v1/users/eva/{path}") == [body]


@pytest.mark.parametrize(
    ("command", "body"), [(("invite", "eva"), {}), (("reset", "eva", "--factors"), {"factors": True})]
)
def test_somebody_is_invited_again(soar: Soar, api: FakeApi, command: tuple[str, ...], body: object) -> None:
    path = "/api/v1/users/eva/" + ("invitation" if command[0] == "invite" else "reset")
    api.answer("POST", path, INVITED)
    assert soar("user", *command).out == "soar join 7k2m-9q4w-z1xt-03ab\n"
    assert api.bodies("POST", path) == [body]


def test_accounts_are_listed_with_what_keeps_them_from_acting(soar: Soar, api: FakeApi) -> None:
    states = [
        {"name": "a", "disabled_at": "2020-01-01T00:00:00Z"},
        {"name": "b", "expires_at": "2020-01-01T00:00:00Z"},
        {"name": "c", "may_log_in": False, "is_invited": True},
        {"name": "d", "may_log_in": False},
        {"name": "e", "kind": "service", "may_log_in": False},
    ]
    api.answer("GET", "/api/v1/users", {"items": [{**EVA, **state} for state in states], "next": None})
    lines = soar("user", "list").out.splitlines()[1:]
    assert "switched off" in lines[0]
    assert "ended" in lines[1]
    assert lines[2].rstrip().endswith("invited")
    assert lines[3].rstrip().endswith("cannot log in")
    assert lines[4].rstrip().endswith("1")
    api.answer("GET", "/api/v1/users/eva", {**EVA, "owner": "u_ann"})
    assert "owner    u_ann" in soar("user", "show", "eva").out


def test_a_token_of_a_program_is_printed_alone(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/users/sync/tokens", {"token": "soar_pat_made", "id": "t_1"}, status=201)
    outcome = soar("user", "token", "sync", "--scope", "run:read", "--from", "192.0.2.0/24", "--days", "7")
    assert outcome.out == "soar_pat_made\n"
    (body,) = api.bodies("POST", "/api/v1/users/sync/tokens")
    assert body == {"name": "sync", "scopes": ["run:read"], "days": 7, "networks": ["192.0.2.0/24"]}
    api.answer("GET", "/api/v1/users/sync/tokens", {"items": [], "next": None})
    assert "sync has no tokens." in soar("user", "tokens", "sync").out
    api.answer("DELETE", "/api/v1/users/sync/tokens/t_1", b"", status=204)
    assert soar("user", "revoke", "sync", "t_1").out == "✔ t_1 is revoked\n"
