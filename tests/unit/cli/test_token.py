from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar


def test_a_new_token_stands_alone_on_standard_output(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_new", "id": "tok_1"}, status=201)
    outcome = soar("token", "create", "ci", "--scope", "alert:send", "--scope", "run:read", "--days", "7")
    assert outcome.out == "soar_pat_new\n"
    assert "only this once" in outcome.err
    wanted = {"name": "ci", "scopes": ["alert:send", "run:read"], "days": 7, "networks": []}
    assert api.asked[0].body == wanted


def test_a_token_without_scopes_or_for_too_long_is_refused(soar: Soar, api: FakeApi) -> None:
    assert soar("token", "create", "ci").code == 2
    assert soar("token", "create", "ci", "--scope", "alert:send", "--days", "91").code == 2
    assert api.asked == []


def test_the_list_says_which_tokens_still_count(soar: Soar, api: FakeApi) -> None:
    token = {"id": "tok_1", "name": "ci", "scopes": ["alert:send"], "expires_at": "9000-01-01T00:00:00Z"}
    gone = {**token, "id": "tok_2", "revoked_at": "2024-03-01T10:00:00Z", "used_at": "2024-03-01T09:00:00Z"}
    api.answer("GET", "/api/v1/tokens", page(token, gone))
    _, first, second = soar("token", "list").out.splitlines()
    assert "in " in first
    assert "never" in first
    assert "revoked" in second
    assert "ago" in second


def test_a_token_is_revoked(soar: Soar, api: FakeApi) -> None:
    api.answer("DELETE", "/api/v1/tokens/tok_1", b"", status=204)
    assert soar("token", "revoke", "tok_1").out == "✔ tok_1 is revoked\n"
    assert soar("token", "revoke", "tok_2").code == 6
