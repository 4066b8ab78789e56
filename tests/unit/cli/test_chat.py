from tests.unit.cli.documents import page
from tests.unit.cli.fakes import FakeApi, Soar

ACCOUNT = {"platform": "slack", "team": "T0000001", "account": "U0000001", "linked_at": "2026-03-01T09:00:00Z"}


def test_linking_says_which_account_votes_from_now_on(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/chat-accounts", ACCOUNT, status=201)
    assert soar("chat", "link", "7k2m9q4wz1xt03ab").out == "✔ U0000001 of T0000001 in slack votes as you\n"
    assert api.asked[0].body == {"code": "7k2m9q4wz1xt03ab"}


def test_the_list_shows_what_is_linked(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/chat-accounts", page(ACCOUNT))
    assert "U0000001" in soar("chat", "list").out


def test_an_empty_list_says_how_to_begin(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/chat-accounts", page())
    assert "/soar link" in soar("chat", "list").out


def test_an_account_is_unlinked(soar: Soar, api: FakeApi) -> None:
    api.answer("DELETE", "/api/v1/chat-accounts/slack/T0000001/U0000001", b"", status=204)
    assert soar("chat", "unlink", "slack", "T0000001", "U0000001").out == "✔ U0000001 is yours no longer\n"
    assert soar("chat", "unlink", "slack", "T0000001", "U0000002").code == 6
