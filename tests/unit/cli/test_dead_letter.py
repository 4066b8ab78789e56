from tests.unit.cli.documents import HOSTILE, page
from tests.unit.cli.fakes import FakeApi, Soar

LETTER = {
    "id": "dead_1",
    "kind": "run",
    "subject": "run_1",
    "reason": "internal: KeyError",
    "first_at": "2024-03-01T10:00:00Z",
    "at": "2024-03-01T10:09:00Z",
    "tries": 10,
    "payload": None,
}


def test_the_letters_say_what_was_given_up_on_and_why(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/dead-letters", page(LETTER, {**LETTER, "reason": HOSTILE}))
    heading, line, *_ = soar("dead-letter", "list").out.splitlines()
    assert heading.split() == ["LETTER", "KIND", "ABOUT", "SINCE", "TRIED", "WHY"]
    assert line.split()[:3] == ["dead_1", "run", "run_1"]
    assert "10 attempts" in line
    assert line.rstrip().endswith("internal: KeyError")


def test_where_nothing_was_given_up_on_that_is_said(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/dead-letters", page())
    assert soar("dead-letter", "list").out == "No dead letters: nothing was given up on.\n"


def test_a_letter_is_put_back(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/dead-letters/dead_1/replay", {"letter": "dead_1", "run": "run_2"})
    assert soar("dead-letter", "replay", "dead_1").out.splitlines() == [
        "✔ dead_1 is put back as run_2",
        "next: soar run show run_2",
    ]
    api.answer("POST", "/api/v1/dead-letters/dead_2/replay", {"letter": "dead_2", "run": None})
    assert soar("dead-letter", "replay", "dead_2").out == "✔ dead_2 is put back\n"


def test_a_letter_is_discarded(soar: Soar, api: FakeApi) -> None:
    api.answer("DELETE", "/api/v1/dead-letters/dead_1", b"", status=204)
    assert soar("dead-letter", "discard", "dead_1").out == "✔ dead_1 is discarded\n"
    assert [(asked.method, asked.path) for asked in api.asked] == [("DELETE", "/api/v1/dead-letters/dead_1")]
