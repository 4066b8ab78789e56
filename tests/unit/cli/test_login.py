import json
import stat

import pytest

from soar.cli.logins import Login, keep_login, locate_logins
from tests.unit.cli.fakes import FakeApi, Soar

PASSWORD = "correct horse battery"
SESSION = {
    "user": {"id": "u_1", "name": "ann", "email": "ann@corp.example", "roles": ["analyst"]},
    "permissions": ["alert:read", "approval:vote"],
    "csrf": "csrf-1",
}


@pytest.fixture
def served(api: FakeApi, monkeypatch: pytest.MonkeyPatch) -> FakeApi:
    monkeypatch.delenv("SOAR_TOKEN")
    cookie = {"Set-Cookie": "soar_session=s-1; HttpOnly; Path=/; SameSite=Strict"}
    api.answer("POST", "/api/v1/session", SESSION, headers=cookie)
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_made", "id": "tok_1"}, status=201)
    api.answer("DELETE", "/api/v1/session", b"", status=204)
    api.answer("DELETE", "/api/v1/tokens/tok_1", b"", status=204)
    api.answer("GET", "/api/v1/session", SESSION)
    return api


def test_a_login_exchanges_a_password_for_a_token(soar: Soar, served: FakeApi) -> None:
    outcome = soar("login", "--name", "ann", "--password-stdin", stdin=f"{PASSWORD}\n")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out == f"✔ logged in to {served.url} as ann, for 30 days\n"
    login, made, ended = served.asked
    assert login.body == {"name": "ann", "password": PASSWORD}
    assert "Authorization" not in login.headers
    assert made.body["scopes"] == SESSION["permissions"]
    assert made.body["days"] == 30
    assert (ended.method, ended.path) == ("DELETE", "/api/v1/session")
    for later in (made, ended):
        assert later.headers["Cookie"] == "soar_session=s-1"
        assert later.headers["X-CSRF-Token"] == "csrf-1"


def test_the_token_is_kept_for_its_server_and_nobody_else(soar: Soar, served: FakeApi) -> None:
    soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    file = locate_logins()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]
    assert json.loads(file.read_text()) == {served.url: {"token": "soar_pat_made", "id": "tok_1"}}
    soar("whoami")
    assert served.asked[-1].headers["Authorization"] == "Bearer soar_pat_made"


def test_another_server_does_not_get_the_token(soar: Soar, served: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    monkeypatch.setenv("SOAR_URL", served.url.replace("127.0.0.1", "localhost"))
    soar("whoami")
    assert "Authorization" not in served.asked[-1].headers


def test_soar_token_goes_before_what_is_kept(soar: Soar, served: FakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    monkeypatch.setenv("SOAR_TOKEN", "soar_pat_other")
    outcome = soar("whoami")
    assert served.asked[-1].headers["Authorization"] == "Bearer soar_pat_other"
    assert outcome.out.splitlines() == [
        f"ann <ann@corp.example> at {served.url}, by SOAR_TOKEN",
        "roles  analyst",
        "may    alert:read approval:vote",
    ]


def test_a_logout_revokes_the_token_and_forgets_it(soar: Soar, served: FakeApi) -> None:
    soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    assert soar("logout").out == f"✔ logged out of {served.url}\n"
    assert (served.asked[-1].method, served.asked[-1].path) == ("DELETE", "/api/v1/tokens/tok_1")
    assert json.loads(locate_logins().read_text()) == {}
    assert soar("logout").out == f"you are not logged in to {served.url}\n"


def test_a_token_that_is_worthless_already_is_forgotten_all_the_same(soar: Soar, served: FakeApi) -> None:
    keep_login(served.url, Login("soar_pat_old", "tok_old"))
    served.refuse("DELETE", "/api/v1/tokens/tok_old", 401, "nobody is logged in")
    assert soar("logout").code == 0
    assert json.loads(locate_logins().read_text()) == {}


def test_a_wrong_password_needs_a_login_and_keeps_nothing(soar: Soar, api: FakeApi) -> None:
    api.refuse("POST", "/api/v1/session", 401, "the name or the password is wrong", hint="try again")
    outcome = soar("login", "--name", "ann", "--password-stdin", stdin="wrong")
    assert (outcome.code, outcome.err) == (
        4,
        "error: the name or the password is wrong\nhint: soar login, or set SOAR_TOKEN\n",
    )
    assert not locate_logins().exists()


def test_without_a_terminal_nothing_is_asked(soar: Soar, api: FakeApi) -> None:
    assert soar("login").err == "error: there is no terminal to ask on\nhint: say who with --name\n"
    outcome = soar("login", "--name", "ann", stdin="typed ahead\n")
    assert (outcome.code, outcome.err) == (2, "error: there is no terminal to ask on\nhint: use --password-stdin\n")
    assert soar("login", "--name", "ann", "--password-stdin").code == 2
    assert api.asked == []


def test_at_a_terminal_the_password_is_asked_for_without_echo(terminal: Soar, served: FakeApi) -> None:
    outcome = terminal("login", answers=[("name:", "ann"), ("password:", PASSWORD)])
    assert outcome.code == 0, outcome.err
    assert served.asked[0].body == {"name": "ann", "password": PASSWORD}
    assert PASSWORD not in outcome.err + outcome.out


def test_a_file_of_tokens_that_others_may_read_is_refused(soar: Soar, served: FakeApi) -> None:
    soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    locate_logins().chmod(0o644)
    outcome = soar("whoami")
    assert outcome.code == 2
    assert outcome.err.endswith(f"hint: chmod 600 {locate_logins()}\n")


@pytest.mark.parametrize("text", ["", "[]", '{"http://a": 7}', "\x00"])
def test_a_damaged_file_of_tokens_is_named(soar: Soar, served: FakeApi, text: str) -> None:
    file = locate_logins()
    file.parent.mkdir(parents=True)
    file.touch(mode=0o600)
    file.write_text(text)
    outcome = soar("whoami")
    assert (outcome.code, outcome.err) == (2, f"error: {file} is damaged\nhint: remove it, and log in again\n")


def test_where_a_token_cannot_be_kept_it_is_told(soar: Soar, served: FakeApi) -> None:
    folder = locate_logins().parent
    folder.parent.mkdir(parents=True)
    folder.write_text("no folder")
    outcome = soar("login", "--name", "ann", "--password-stdin", stdin=PASSWORD)
    assert outcome.code == 2
    assert outcome.err.startswith(f"error: {locate_logins()} cannot be read: ")
