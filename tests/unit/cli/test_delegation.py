"""Lending one's say on the command line, and what else people do with a question besides voting."""

from datetime import UTC, datetime

import pytest

from soar.cli.delegation import read_end
from soar.model.errors import InputError
from tests.unit.cli.documents import approval, page
from tests.unit.cli.fakes import FakeApi, Soar

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LENT = {
    "id": "dg_1",
    "giver_name": "ann",
    "receiver_name": "bob",
    "expires_at": "2026-03-07T00:00:00Z",
}


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("friday", datetime(2026, 3, 7, tzinfo=UTC)),
        ("Monday", datetime(2026, 3, 3, tzinfo=UTC)),
        ("sunday", datetime(2026, 3, 9, tzinfo=UTC)),
        ("3d", datetime(2026, 3, 5, 9, 30, tzinfo=UTC)),
        ("2026-03-04T12:00:00Z", datetime(2026, 3, 4, 12, tzinfo=UTC)),
    ],
)
def test_an_end_is_a_weekday_a_length_or_a_moment(text: str, end: datetime) -> None:
    assert read_end(text, MONDAY) == end


@pytest.mark.parametrize("text", ["", "someday", "3"])
def test_what_is_no_end_is_refused(text: str) -> None:
    with pytest.raises(InputError):
        read_end(text, MONDAY)


def test_a_delegation_is_made_listed_and_ended(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/delegations", LENT)
    api.answer("GET", "/api/v1/delegations", page(LENT))
    api.answer("DELETE", "/api/v1/delegations/dg_1", None)
    made = soar("approval", "delegate", "--to", "bob", "--until", "2026-03-07T00:00:00Z").out
    assert made.startswith("✔ bob may vote for you until ")
    assert api.asked[0].body == {"to": "bob", "until": "2026-03-07T00:00:00Z"}
    assert all(told in soar("approval", "delegations").out for told in ("dg_1", "bob", "ann"))
    assert soar("approval", "undelegate", "dg_1").out == "✔ dg_1 is over\n"


def test_a_vote_is_taken_back(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.answer("GET", "/api/v1/approvals/ap_1", approval())
    api.answer("DELETE", "/api/v1/approvals/ap_1/votes", approval())
    assert soar("approval", "take-back", "ab12").out == "✔ your vote on AB12 is taken back (0 of 1 yes)\n"


def test_something_is_asked_and_more_time_is_given(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.answer("POST", "/api/v1/approvals/ap_1/inquiries", approval())
    api.answer("POST", "/api/v1/approvals/ap_1/extensions", approval())
    assert soar("approval", "ask", "ab12", "who owns it?").out.startswith("✔ asked; AB12 still ends ")
    assert soar("approval", "extend", "ab12", "10m").out.startswith("✔ AB12 ends ")
    bodies = [asked.body for asked in api.asked if asked.body]
    assert bodies == [{"text": "who owns it?"}, {"seconds": 600}]


def test_the_answer_to_a_command_is_shown(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/messages", {"message": {"text": "!pending"}, "answer": {"text": "Nothing is open."}})
    assert soar("message", "say", "#soc", "!pending").out == "Nothing is open.\n"


def test_what_is_no_command_is_just_said(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/messages", {"message": {"text": "hello"}, "answer": None})
    assert soar("message", "say", "#soc", "hello").out == "✔ said in #soc\n"


def test_a_yes_to_a_part_names_what_it_is_for(soar: Soar, api: FakeApi) -> None:
    asked = approval(may_vote=True)
    api.answer("GET", "/api/v1/approvals/AB12", asked)
    api.answer("POST", f"/api/v1/approvals/{asked['id']}/votes", {**asked, "status": "approved"})
    soar("approval", "approve", "AB12", "--only", "web-1, web-2,", "--confirm", "2")
    body = next(each.body for each in api.asked if each.method == "POST")
    assert isinstance(body, dict)
    assert (body["only"], body["confirm"]) == (["web-1", "web-2"], "2")
