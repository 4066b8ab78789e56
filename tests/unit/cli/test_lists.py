"""The nouns that are only looked at, or nearly so."""

import json
from datetime import timedelta

import pytest

from soar.app.clock import SystemClock
from soar.model.values import print_timestamp
from tests.unit.cli.documents import HOSTILE, page, response
from tests.unit.cli.fakes import FakeApi, Soar


def test_the_responses_say_what_is_held_and_until_when(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/responses", page(response(), response(id="ar_89", status="overdue", fault="no answer")))
    _, first, second = soar("response", "list").out.splitlines()
    for told in ("ar_88", "exchange.purge_messages", "bob@corp.example", "● active", "never", "run_1"):
        assert told in first
    assert "! overdue" in second
    assert "no answer" in second


def test_where_nothing_is_held_the_list_says_so(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/responses", page())
    assert soar("response", "list").out.startswith("We hold nothing down.\n")
    assert soar("response", "list", "--status", "overdue").out == "No such response. See all: soar response list\n"


def test_a_response_is_shown_with_what_was_done_and_what_can_be(soar: Soar, api: FakeApi) -> None:
    held = response(status="overdue", sighting="standing", fault="the product refuses")
    api.answer("GET", "/api/v1/responses/ar_88", held)
    shown = soar("response", "show", "ar_88").out
    first = ["ar_88  exchange.purge_messages through exchange", "on: bob@corp.example"]
    assert shown.splitlines()[:2] == first
    for told in (
        "status: ! overdue · standing",
        "ends: never",
        "answers for it: team:soc",
        "wrong: the product refuses",
        "soar response lift ar_88",
    ):
        assert told in shown
    assert json.loads(soar("response", "show", "ar_88", "--json").out) == held


def test_a_response_that_was_taken_back_says_who_asked_and_which_run_did_it(soar: Soar, api: FakeApi) -> None:
    asked = {"lifted_by": {"kind": "user", "name": HOSTILE}, "lifted_at": "2024-03-01T11:00:00Z", "lift_run": "run_2"}
    api.answer("GET", "/api/v1/responses/ar_88", response(status="lifted", **asked))
    shown = soar("response", "show", "ar_88").out
    assert "taken back by: soar run show run_2" in shown
    assert HOSTILE not in shown
    assert "ends:" not in shown
    assert "next:" not in shown


def test_a_response_is_lifted_by_a_run_that_can_be_followed(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/responses/ar_88/lift", response(status="lifting", lift_run="run_2"), status=202)
    outcome = soar("response", "lift", "ar_88", "-m", "host is clean")
    assert outcome.out == "· ar_88 lifting: bob@corp.example\nnext: soar run show run_2 --watch\n"
    assert api.asked[0].body == {"reason": "host is clean"}


def test_what_was_seen_of_a_response_stands_beside_its_status(soar: Soar, api: FakeApi) -> None:
    seen = [response(sighting=sighting) for sighting in ("gone", "standing", "unclear")]
    api.answer("GET", "/api/v1/responses", page(*seen, response(status="lifted", sighting="gone")))
    lines = soar("response", "list").out.splitlines()[1:]
    assert ["gone" in line for line in lines] == [True, False, False, False]
    assert "standing" in lines[1]
    assert "unclear" in lines[2]


def test_a_response_is_extended_by_what_was_typed(soar: Soar, api: FakeApi) -> None:
    ends = print_timestamp(SystemClock().now() + timedelta(hours=4, seconds=30))
    api.answer("POST", "/api/v1/responses/ar_88/extend", response(expires_at=ends))
    assert "ar_88 ends in 4 h" in soar("response", "extend", "ar_88", "4h", "-m", "forensics").out
    assert api.asked[0].body == {"by": "4h", "reason": "forensics"}


def test_a_response_is_kept_for_a_reason_and_not_without(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/responses/ar_88/keep", response())
    assert soar("response", "keep", "ar_88").code != 0
    assert api.asked == []
    assert "ar_88 stands until somebody lifts it" in soar("response", "keep", "ar_88", "-m", "known bad").out
    assert api.asked[0].body == {"reason": "known bad"}


def test_all_that_stands_and_can_be_looked_at_is_looked_at(soar: Soar, api: FakeApi) -> None:
    held = page(response(), response(id="ar_89", is_checkable=False))
    api.answer("GET", "/api/v1/responses", held)
    api.answer("GET", "/api/v1/responses", page(response(id="ar_90", status="overdue")))
    for name in ("ar_88", "ar_90"):
        api.answer("POST", f"/api/v1/responses/{name}/check", response(id=name, check_run=f"run_{name}"), status=202)
    outcome = soar("response", "check", "--all")
    assert "ar_88  exchange.purge_messages  looks: soar run show run_ar_88" in outcome.out
    assert "2 responses looked at" in outcome.out
    assert "ar_89" not in outcome.out


@pytest.mark.parametrize("arguments", [(), ("ar_88", "--all")])
def test_a_check_names_one_response_or_all(soar: Soar, api: FakeApi, arguments: tuple[str, ...]) -> None:
    outcome = soar("response", "check", *arguments)
    assert outcome.code != 0
    assert "soar response check ID, or --all" in outcome.err
    assert api.asked == []


def test_the_connections_say_which_are_left_alone_since_when_and_why(soar: Soar, api: FakeApi) -> None:
    since = SystemClock().now() - timedelta(minutes=3, seconds=1)
    left = {
        "id": "exchange-west",
        "connector": "exchange",
        "simulate": False,
        "status": "open",
        "since": print_timestamp(since),
        "reason": "it \x1b[31mhung",
        "retry_at": print_timestamp(since + timedelta(hours=2)),
    }
    left |= {"calling": 10, "waiting": 43}
    fine = {**left, "id": "whois", "simulate": True, "status": "closed", "since": None, "reason": "", "retry_at": None}
    api.answer("GET", "/api/v1/connections", page(left, fine))
    heading, shut, closed = soar("connection", "list").out.splitlines()
    assert " ".join(heading.split()) == "CONNECTION CONNECTOR MODE BREAKER CALLING WAITING SINCE TRIED AGAIN WHY"
    assert shut.split()[:7] == ["exchange-west", "exchange", "live", "✖", "open", "10", "43"]
    assert "3 min ago" in shut
    assert "in 1 h" in shut
    assert "hung" in shut
    assert "\x1b" not in shut
    assert closed.split() == ["whois", "exchange", "simulate", "✔", "closed", "10", "43"]


def test_the_connectors_name_their_actions(soar: Soar, api: FakeApi) -> None:
    actions = [{"name": "purge_messages"}, {"name": "restore_messages"}]
    api.answer(
        "GET", "/api/v1/connectors", page({"id": "exchange", "title": "Exchange", "version": "1.0", "actions": actions})
    )
    _, line = soar("connector", "list").out.splitlines()
    assert line.split() == ["exchange", "Exchange", "1.0", "purge_messages,", "restore_messages"]


def test_the_sources_name_where_they_post(soar: Soar, api: FakeApi) -> None:
    api.answer(
        "GET", "/api/v1/sources", page({"id": "wazuh", "auth": "bearer", "hook": "https://soar.example/hooks/wazuh"})
    )
    _, line = soar("source", "list").out.splitlines()
    assert line.split() == ["wazuh", "bearer", "https://soar.example/hooks/wazuh"]


def test_a_source_that_is_polled_says_how_that_goes(soar: Soar, api: FakeApi) -> None:
    poll = {
        "trigger": "imap.mailbox",
        "connection": "imap",
        "failures": 3,
        "fault": "no answer",
        "due_at": "2020-01-01T00:00:00Z",
    }
    well = {"trigger": "http.pages", "connection": "http", "failures": 0, "polled_at": "2020-01-01T00:00:00Z"}
    api.answer(
        "GET",
        "/api/v1/sources",
        page({"id": "mails", "auth": "polled", "poll": poll}, {"id": "shop", "auth": "polled", "poll": well}),
    )
    _, mails, shop = soar("source", "list").out.splitlines()
    assert mails.split()[:3] == ["mails", "polled", "imap.mailbox"]
    assert "3 failures, again" in mails
    assert "no answer" in mails
    assert shop.rstrip().endswith("ago")


def test_messages_are_told_oldest_first_each_in_its_line(soar: Soar, api: FakeApi) -> None:
    text = HOSTILE.replace("\ud800", "")
    newest = {"at": "2024-03-01T10:05:00Z", "author": "soar", "text": "Purge 12 copies?"}
    oldest = {"at": "2024-03-01T10:00:00Z", "author": "mallory", "text": text}
    api.answer("GET", "/api/v1/messages", page(newest, oldest))
    first, second = soar("message", "list", "#soc").out.splitlines()
    assert "mallory: \\u001b]0;owned" in first
    assert second.endswith("ago  soar: Purge 12 copies?")
    assert api.asked[0].query == {"channel": "#soc", "limit": "50"}


def test_without_a_channel_the_channels_are_listed(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/messages/channels", {"items": ["#soc", "@ann@corp.example"]})
    assert [line.strip() for line in soar("message", "list").out.splitlines()] == [
        "CHANNEL",
        "#soc",
        "@ann@corp.example",
    ]


def test_the_playbooks_say_how_they_run(soar: Soar, api: FakeApi) -> None:
    served = {"id": "a", "name": "A", "mode": "live", "is_enabled": True, "steps": 9, "gates": 1, "connectors": ["x"]}
    api.answer("GET", "/api/v1/playbooks", page(served, {**served, "id": "b", "is_enabled": False}))
    _, first, second = soar("playbook", "list").out.splitlines()
    assert first.split() == ["a", "A", "live", "9", "1", "x"]
    assert "disabled" in second


def test_a_scheduled_playbook_says_when_it_starts_next_and_what_stood_in_its_way(soar: Soar, api: FakeApi) -> None:
    upcoming = {"moment": "2999-01-01T00:00:00Z", "last_moment": None, "last_run": None, "last_reason": None}
    served = {"id": "a", "name": "A", "mode": "live", "is_enabled": True, "steps": 9, "gates": 1, "connectors": ["x"]}
    refused = {**upcoming, "last_reason": "inputs.host"}
    api.answer("GET", "/api/v1/playbooks", page({**served, "upcoming": upcoming}, {**served, "upcoming": refused}))
    heading, first, second = soar("playbook", "list").out.splitlines()
    assert "NEXT" in heading
    assert " in " in first
    assert "inputs.host" in second


def test_a_playbook_is_shown_as_it_was_written(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/playbooks/a", {"id": "a", "text": "name: A\nsteps:\n  - use: x.y\n"})
    assert soar("playbook", "show", "a", "--text").out == "name: A\nsteps:\n  - use: x.y\n"


EMPTY = {
    ("connection", "list"): ("/api/v1/connections", "No connection is set up."),
    ("connector", "list"): ("/api/v1/connectors", "No connector is installed."),
    ("source", "list"): ("/api/v1/sources", "No source is set up."),
    ("message", "list"): ("/api/v1/messages/channels", "Nothing was said yet."),
    ("message", "list", "#soc"): ("/api/v1/messages", "Nothing was said in #soc."),
    ("playbook", "list"): ("/api/v1/playbooks", "No playbook serves."),
    ("secret", "list"): ("/api/v1/credentials", "No credentials yet."),
    ("token", "list"): ("/api/v1/tokens", "You have no tokens."),
    ("audit", "list"): ("/api/v1/audit", "Nothing is recorded yet."),
}


@pytest.mark.parametrize("command", EMPTY, ids=" ".join)
def test_an_empty_list_says_why_and_programs_get_the_empty_list(
    soar: Soar, api: FakeApi, command: tuple[str, ...]
) -> None:
    path, told = EMPTY[command]
    api.answer("GET", path, page())
    assert soar(*command).out.startswith(told)
    assert soar(*command, "--json").document == page()
