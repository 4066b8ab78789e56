from datetime import timedelta

import pytest

from soar.app.clock import SystemClock
from soar.model.values import parse_timestamp
from tests.unit.cli.documents import HOSTILE, page
from tests.unit.cli.fakes import FakeApi, Soar

RULE = {
    "id": "sup_1",
    "match": 'alert.source == "scanner"',
    "reason": "the yearly test",
    "created_by": "user:carol@corp.example",
    "created_at": "2024-03-01T10:00:00Z",
    "expires_at": "2024-03-02T10:00:00Z",
    "alerts": 7,
}
ADD = "/api/v1/suppressions"


def test_rules_are_listed_with_what_they_took_however_hostile(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", ADD, page(RULE, {**RULE, "match": HOSTILE, "reason": HOSTILE}))
    outcome = soar("suppress", "list")
    heading, line, *_ = outcome.out.splitlines()
    assert heading.split() == ["RULE", "TAKES", "ENDS", "TOOK", "BY", "REASON"]
    assert "7 alerts" in line
    assert "\x1b" not in outcome.out


def test_where_there_is_no_rule_the_next_step_is_said(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", ADD, page())
    assert "next: soar suppress add" in soar("suppress", "list").out


def test_a_rule_is_set_until_a_moment(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", ADD, RULE, status=201)
    outcome = soar("suppress", "add", str(RULE["match"]), "--for", "4h", "--reason", "the yearly test")
    assert outcome.out.startswith("✔ sup_1 holds; it ends ")
    sent = api.asked[0].body
    assert isinstance(sent, dict)
    ends = parse_timestamp(sent.pop("expires_at")) - SystemClock().now()
    assert timedelta(hours=3, minutes=55) < ends <= timedelta(hours=4)
    assert sent == {"match": RULE["match"], "reason": "the yearly test"}


@pytest.mark.parametrize("length", ["0s", "91d", "soon", "4"])
def test_a_length_that_is_none_or_too_long_is_refused_before_it_is_sent(soar: Soar, api: FakeApi, length: str) -> None:
    outcome = soar("suppress", "add", "true", "--for", length, "--reason", "x")
    assert (outcome.code, api.asked) == (2, [])


def test_a_rule_is_removed(soar: Soar, api: FakeApi) -> None:
    api.answer("DELETE", f"{ADD}/sup_1", b"", status=204)
    assert soar("suppress", "remove", "sup_1").out == "✔ sup_1 holds no more; what it took stays as it is\n"
