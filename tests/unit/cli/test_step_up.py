"""Second factors and proofs at the terminal, one's logins, and emergencies."""

import pytest

from soar.cli.logins import Login, keep_login, read_logins
from tests.unit.cli.fakes import TOKEN, FakeApi, Soar

WANTED = {"code": "step_up_required", "hint": "`soar step-up`"}
FACTOR = {"code": "second_factor_required"}
SESSION = {"user": {"name": "ann"}, "mfa_at": "2026-03-01T09:00:00Z", "csrf": "c", "permissions": []}


def test_a_login_asks_for_the_code_when_the_server_wants_one(terminal: Soar, api: FakeApi) -> None:
    api.refuse("POST", "/api/v1/session", 403, "a second factor is needed, too", **FACTOR)
    api.answer("POST", "/api/v1/session", SESSION)
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_made", "id": "t_1"}, status=201)
    api.answer("DELETE", "/api/v1/session", b"", status=204)
    answers = [("name:", "ann"), ("password:", "pw"), ("code of your authenticator", "123456")]
    assert terminal("login", answers=answers).code == 0
    assert api.bodies("POST", "/api/v1/session") == [
        {"name": "ann", "password": "pw"},
        {"name": "ann", "password": "pw", "code": "123456"},
    ]


def test_a_code_can_be_given_on_the_command_line(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/session", SESSION)
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_made", "id": "t_1"}, status=201)
    api.answer("DELETE", "/api/v1/session", b"", status=204)
    assert soar("login", "--name", "ann", "--password-stdin", "--code", "123456", stdin="pw").code == 0
    assert api.bodies("POST", "/api/v1/session") == [{"name": "ann", "password": "pw", "code": "123456"}]


def test_what_wants_a_proof_is_sent_again_after_it(terminal: Soar, api: FakeApi) -> None:
    api.refuse("POST", "/api/v1/tokens", 403, "this needs a proof", **WANTED)
    api.answer("POST", "/api/v1/tokens", {"token": "soar_pat_made", "id": "t_1"}, status=201)
    api.refuse("POST", "/api/v1/session/step-up", 403, "a second factor is needed, too", **FACTOR)
    api.answer("POST", "/api/v1/session/step-up", SESSION)
    answers = [("password:", "pw"), ("code of your authenticator", "123456")]
    outcome = terminal("token", "create", "ci", "--scope", "run:read", answers=answers)
    assert (outcome.code, outcome.out.splitlines()[-1]) == (0, "soar_pat_made")
    assert api.bodies("POST", "/api/v1/session/step-up") == [{"password": "pw"}, {"password": "pw", "code": "123456"}]
    assert len(api.bodies("POST", "/api/v1/tokens")) == 2


def test_without_a_terminal_the_hint_says_how_to_prove_it(soar: Soar, api: FakeApi) -> None:
    api.refuse("POST", "/api/v1/tokens", 403, "this needs a proof", **WANTED)
    outcome = soar("token", "create", "ci", "--scope", "run:read")
    assert (outcome.code, outcome.err) == (5, "error: this needs a proof\nhint: `soar step-up`\n")


def test_one_can_prove_it_beforehand(terminal: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/session/step-up", SESSION)
    outcome = terminal("step-up", answers=[("password:", "pw")])
    assert outcome.out.splitlines()[-1] == "✔ you have proved that you are ann, with a second factor"


def test_an_invitation_is_taken_with_a_password_from_standard_input(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/invitations", {"name": "eva"})
    outcome = soar("join", "7k2m-9q4w-z1xt-03ab", "--password-stdin", stdin="a password of my own\n")
    assert outcome.out == "✔ your password is set, eva\nnext: soar login --name eva\n"
    assert api.bodies("POST", "/api/v1/invitations") == [
        {"code": "7k2m-9q4w-z1xt-03ab", "password": "a password of my own"}
    ]
    assert "Authorization" not in api.asked[0].headers


def test_a_password_that_is_typed_twice_must_be_the_same(terminal: Soar, api: FakeApi) -> None:
    outcome = terminal("join", "7k2m", answers=[("a new password:", "one"), ("once more:", "two")])
    assert (outcome.code, api.asked) == (2, [])


def test_ones_own_password_is_changed(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/session/password", b"", status=204)
    assert soar("password", "--password-stdin", stdin="the old one\na password of my own\n").code == 0
    sent = {"present": "the old one", "password": "a password of my own"}
    assert api.bodies("POST", "/api/v1/session/password") == [sent]


def test_the_present_password_is_asked_for_first(terminal: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/session/password", b"", status=204)
    typed = [("the present password:", "one"), ("a new password:", "two"), ("once more:", "two")]
    assert terminal("password", answers=typed).code == 0
    assert api.bodies("POST", "/api/v1/session/password") == [{"present": "one", "password": "two"}]


def test_a_program_is_added_and_recovery_codes_are_shown(terminal: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/factors/totp", {"id": "fa_1", "secret": "ABCD", "uri": "otpauth://totp/x"}, status=201)
    api.answer("POST", "/api/v1/factors/totp/fa_1", {"factor": {}, "recovery_codes": ["aaaa-bbbb"]})
    outcome = terminal("factor", "add", "phone", answers=[("the code that it shows:", "123456")])
    assert outcome.code == 0
    assert "✔ phone counts from now on" in outcome.out
    assert "  aaaa-bbbb" in outcome.out
    assert api.bodies("POST", "/api/v1/factors/totp/fa_1") == [{"code": "123456"}]


def test_factors_are_listed_and_removed(soar: Soar, api: FakeApi) -> None:
    factor = {"id": "fa_1", "kind": "totp", "name": "phone", "created_at": "2026-03-01T09:00:00Z"}
    api.answer("GET", "/api/v1/factors", {"items": [factor], "recovery_codes": 9})
    assert soar("factor", "list").out.endswith("9 recovery codes are left\n")
    api.answer("DELETE", "/api/v1/factors/fa_1", b"", status=204)
    assert soar("factor", "remove", "fa_1").out == "✔ fa_1 is gone\n"
    api.answer("POST", "/api/v1/factors/recovery-codes", {"recovery_codes": ["cccc"]}, status=201)
    assert "  cccc" in soar("factor", "recovery").out


def test_logins_are_listed_and_ended(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/sessions", {"items": [{"id": "9f86", "ip": "192.0.2.7", "agent": "Firefox"}]})
    assert "192.0.2.7" in soar("session", "list").out
    api.answer("DELETE", "/api/v1/sessions/9f86", b"", status=204)
    assert soar("session", "revoke", "9f86").out == "✔ 9f86 is over\n"


def test_logging_out_everywhere_forgets_the_token_here(soar: Soar, api: FakeApi) -> None:
    keep_login(api.url, Login(TOKEN))
    api.answer("DELETE", "/api/v1/sessions", b"", status=204)
    assert soar("session", "revoke", "--all").code == 0
    assert read_logins() == {}


@pytest.mark.parametrize("arguments", [(), ("9f86", "--all")])
def test_one_login_or_all_of_them(soar: Soar, api: FakeApi, arguments: tuple[str, ...]) -> None:
    assert soar("session", "revoke", *arguments).code == 2
    assert api.asked == []


def test_emergencies_are_listed_closed_and_reviewed(soar: Soar, api: FakeApi) -> None:
    opening = {"id": "bg_1", "opened_by": "root", "reason": "r", "user": "u_9", "opened_at": "2026-03-01T09:00:00Z"}
    closed = {**opening, "closed_at": "2026-03-01T10:00:00Z"}
    reviewed = {**closed, "reviewed_at": "2026-03-01T11:00:00Z", "reviewed_by": "carol"}
    api.answer("GET", "/api/v1/emergencies", {"items": [opening, closed, reviewed]})
    lines = soar("break-glass", "list").out.splitlines()
    assert all(
        word in line for word, line in zip(("open", "to be reviewed", "reviewed by carol"), lines[1:], strict=True)
    )
    api.answer("POST", "/api/v1/emergencies/bg_1/close", closed)
    assert "next: soar audit list --actor u_9" in soar("break-glass", "close", "bg_1").out
    api.answer("POST", "/api/v1/emergencies/bg_1/review", reviewed)
    assert soar("break-glass", "review", "bg_1", "-m", "fine").out == "✔ bg_1 is reviewed\n"
    assert api.bodies("POST", "/api/v1/emergencies/bg_1/review") == [{"review": "fine"}]
