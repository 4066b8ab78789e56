import pytest

from tests.unit.cli.documents import HOSTILE, approval, page
from tests.unit.cli.fakes import FakeApi, Soar

VOTES = "/api/v1/approvals/ap_1/votes"
DIGEST = "sha256:" + "d" * 64


@pytest.fixture
def asking(api: FakeApi) -> FakeApi:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.answer("POST", VOTES, approval(status="approved", yes=1))
    return api


def test_the_list_says_what_is_asked_and_who_may_answer(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals", page(approval()))
    _, line = soar("approval", "list").out.splitlines()
    for told in ("AB12", "Purge 12 copies?", "… pending", "0 of 1", "role:analyst", "you", "run_1"):
        assert told in line
    assert api.asked[0].query == {"status": "pending", "limit": "50"}


def test_where_nobody_is_waited_for_the_list_says_so(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals", page())
    assert soar("approval", "list").out.startswith("Nobody is being waited for.")
    assert soar("approval", "list", "--status", "decided").out.startswith("Nothing was decided yet.")


def test_the_card_shows_what_the_engine_computed_before_what_the_author_wrote(soar: Soar, asking: FakeApi) -> None:
    lines = soar("approval", "show", "ab12").out.splitlines()
    assert lines[0] == "… AB12 pending · 0 of 1 yes"
    assert lines[1:10] == [
        "Purge 12 copies?",
        "  runs      exchange.purge_messages over exchange, destructive, reversible",
        "  targets   12: ann@corp.example, bob@corp.example and 10 more",
        "  undo      exchange.restore_messages",
        "  why       A bad link",
        "  impact    The message is gone",
        "  evidence",
        "    · Subject: “Invoice”",
        "  asked by  playbook phishing-triage@9c1f02a for alert al_7k2m9q4wz1xt, run run_1",
    ]
    assert lines[10] == "  who may   role:analyst, with assurance confirmed"
    assert lines[-1] == "next: soar approval approve AB12   or   soar approval deny AB12 -m WHY"


def test_a_decided_card_names_the_votes(soar: Soar, api: FakeApi) -> None:
    votes = [{"name": "mia", "choice": "deny", "at": "2024-03-01T10:05:00Z", "comment": "wrong host"}]
    api.answer(
        "GET", "/api/v1/approvals/AB12", approval(status="denied", votes=votes, may_vote=False, reason="mia said no")
    )
    told = soar("approval", "show", "AB12").out
    assert "✖ AB12 denied" in told
    assert "  no        mia " in told
    assert "“wrong host”" in told
    assert "  because   mia said no" in told
    assert "next:" not in told


@pytest.mark.parametrize(("typed", "path"), [("ab12", "AB12"), ("oil2", "0112"), ("ap_1", "ap_1")])
def test_a_code_is_read_as_people_type_it(soar: Soar, api: FakeApi, typed: str, path: str) -> None:
    soar("approval", "show", typed)
    assert api.asked[0].path == f"/api/v1/approvals/{path}"


def test_a_yes_carries_the_digest_of_what_was_shown(soar: Soar, asking: FakeApi) -> None:
    outcome = soar("approval", "approve", "ab12", "--confirm", "12", "-m", "seen it")
    assert (outcome.code, outcome.out) == (
        0,
        "✔ AB12 approved (1 of 1 yes)\nnext: soar run show run_1 --watch\n",
    )
    assert "Purge 12 copies?" in outcome.err
    assert asking.bodies("POST", VOTES) == [
        {"vote": "approve", "comment": "seen it", "confirm": "12", "digest": DIGEST}
    ]


def test_without_a_terminal_a_yes_needs_what_must_be_typed(soar: Soar, asking: FakeApi) -> None:
    outcome = soar("approval", "approve", "AB12", stdin="12\n")
    assert outcome.code == 2
    assert outcome.err.endswith("hint: use --confirm with the number of messages\n")
    assert asking.bodies("POST", VOTES) == []


def test_at_a_terminal_it_is_asked_for_after_the_card_is_shown(terminal: Soar, asking: FakeApi) -> None:
    question = "to approve, type the number of messages:"
    outcome = terminal("approval", "approve", "AB12", answers=[(question, "12")])
    assert outcome.code == 0, outcome.err
    assert outcome.err.index("Purge 12 copies?") < outcome.err.index(question)
    assert asking.bodies("POST", VOTES) == [{"vote": "approve", "comment": None, "confirm": "12", "digest": DIGEST}]


def test_a_yes_that_is_not_the_last_needed_is_not_yet(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval(quorum=2))
    api.answer("POST", VOTES, approval(quorum=2, yes=1))
    outcome = soar("approval", "approve", "AB12", "--confirm", "12")
    assert outcome.code == 3
    assert outcome.out.splitlines()[0] == "✔ your vote on AB12 counts; it waits for more (1 of 2 yes)"


def test_a_wrong_confirmation_is_the_servers_to_refuse(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.refuse("POST", VOTES, 422, "what was typed is not the number of messages")
    outcome = soar("approval", "approve", "AB12", "--confirm", "13")
    assert outcome.code == 2
    assert "error: what was typed is not the number of messages\n" in outcome.err


def test_who_may_not_vote_is_told_why_and_asked_nothing(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval(may_vote=False, why_not="you posted the alert yourself"))
    outcome = soar("approval", "approve", "AB12", "--confirm", "12")
    assert outcome.code == 5
    assert outcome.err.splitlines()[-1] == "error: you posted the alert yourself"
    assert api.bodies("POST", VOTES) == []


def test_what_is_decided_already_is_not_decided_again(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval(status="expired"))
    outcome = soar("approval", "approve", "AB12", "--confirm", "12")
    assert outcome.code == 1
    assert "error: AB12 is expired already" in outcome.err


def test_what_changed_meanwhile_is_a_conflict(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.refuse("POST", VOTES, 409, "the targets changed; CD34 asks anew", hint="soar approval show CD34")
    outcome = soar("approval", "approve", "AB12", "--confirm", "12")
    assert outcome.code == 1
    assert outcome.err.endswith("error: the targets changed; CD34 asks anew\nhint: soar approval show CD34\n")


def test_a_no_needs_the_comment_that_the_gate_wants(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval())
    api.answer("POST", VOTES, approval(status="denied"))
    assert soar("approval", "deny", "AB12").code == 2
    assert api.bodies("POST", VOTES) == []
    outcome = soar("approval", "deny", "AB12", "-m", "wrong host")
    assert outcome.out.startswith("✖ AB12 denied")
    assert outcome.code == 0
    assert api.bodies("POST", VOTES) == [{"vote": "deny", "comment": "wrong host", "confirm": None, "digest": DIGEST}]


def test_a_yes_needs_the_comment_that_the_gate_wants(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", approval(comment="required"))
    outcome = soar("approval", "approve", "AB12", "--confirm", "12")
    assert outcome.code == 2
    assert outcome.err.endswith("hint: a comment is required: use -m\n")
    assert api.bodies("POST", VOTES) == []


def test_json_is_the_answer_itself_and_the_card_stays_out_of_it(soar: Soar, asking: FakeApi) -> None:
    outcome = soar("approval", "approve", "AB12", "--confirm", "12", "--json")
    assert outcome.document == approval(status="approved", yes=1)


def test_an_alert_cannot_imitate_the_card(soar: Soar, api: FakeApi) -> None:
    text = HOSTILE.replace("\ud800", "")
    card = {**approval()["card"], "reason": text, "question": text, "evidence": [{"label": text, "text": text * 99}]}
    api.answer("GET", "/api/v1/approvals/AB12", approval(card=card))
    told = soar("approval", "show", "AB12").out
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b"} & set(told)
    assert not any(line.startswith("APPROVED") for line in told.splitlines())
    assert max(len(line) for line in told.splitlines()) < 3000


ANSWERS = "/api/v1/approvals/ap_1/answers"
FIELDS = [
    {"name": "mine", "type": "bool", "label": "It was me", "enum": [], "has_default": False, "default": None},
    {"name": "count", "type": "int", "label": "How many", "enum": [], "has_default": True, "default": 1},
    {"name": "verdict", "type": "string", "label": "Verdict", "enum": ["bad", "good"], "has_default": False},
]


def question(**more: object) -> dict[str, object]:
    card = {"question": "Was it you?", "reason": "Ask the owner", "targets": [], "evidence": []}
    return approval(card=card, fields=FIELDS, assurance="linked", by=["user:mia@corp.example"], **more)


@pytest.fixture
def questioning(api: FakeApi) -> FakeApi:
    api.answer("GET", "/api/v1/approvals/AB12", question())
    api.answer("POST", ANSWERS, question(status="answered"))
    return api


def test_a_question_says_what_it_wants_to_know_and_how_to_answer(soar: Soar, questioning: FakeApi) -> None:
    lines = soar("approval", "show", "AB12").out.splitlines()
    assert lines[:3] == ["… AB12 pending · asks for facts", "Was it you?", "  why       Ask the owner"]
    for told in (
        "  fields",
        "    · mine: It was me (bool)",
        "    · count: How many (int; default 1)",
        "    · verdict: Verdict (one of bad, good)",
        "next: soar approval answer AB12 mine=… count=… verdict=…",
    ):
        assert told in lines
    assert not any("silence is a no" in line or "targets" in line for line in lines)


def test_answers_are_sent_with_the_types_of_their_fields(soar: Soar, questioning: FakeApi) -> None:
    outcome = soar("approval", "answer", "ab12", "mine=No", "count=3", "verdict=good=ish")
    assert (outcome.code, outcome.out) == (0, "✔ AB12 answered\nnext: soar run show run_1 --watch\n")
    assert "Was it you?" in outcome.err
    assert questioning.bodies("POST", ANSWERS) == [{"answers": {"mine": False, "count": 3, "verdict": "good=ish"}}]


def test_what_does_not_fit_is_the_servers_to_refuse(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", question())
    api.refuse("POST", ANSWERS, 422, "mine: `perhaps` is not a bool")
    outcome = soar("approval", "answer", "AB12", "mine=perhaps", "count=NaN", "verdict=good", "other=1")
    assert outcome.code == 2
    assert "error: mine: `perhaps` is not a bool\n" in outcome.err
    assert api.bodies("POST", ANSWERS) == [
        {"answers": {"mine": "perhaps", "count": "NaN", "verdict": "good", "other": "1"}}
    ]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["mine"], "error: `mine` is no answer\nhint: write field=value\n"),
        (["=yes"], "error: `=yes` is no answer\nhint: write field=value\n"),
        (["mine=yes", "mine=no"], "error: `mine` stands twice\nhint: give each answer once\n"),
        (["mine=yes"], "error: there is no terminal to ask on\nhint: add verdict=…\n"),
    ],
)
def test_what_is_not_written_as_answers_is_not_sent(
    soar: Soar, questioning: FakeApi, typed: list[str], said: str
) -> None:
    outcome = soar("approval", "answer", "AB12", *typed)
    assert outcome.code == 2
    assert outcome.err.endswith(said)
    assert questioning.bodies("POST", ANSWERS) == []


def test_at_a_terminal_what_is_missing_is_asked_for(terminal: Soar, questioning: FakeApi) -> None:
    asked = [("count: How many (int; default 1):", ""), ("verdict: Verdict (one of bad, good):", "bad")]
    outcome = terminal("approval", "answer", "AB12", "mine=yes", answers=asked)
    assert outcome.code == 0, outcome.err
    assert questioning.bodies("POST", ANSWERS) == [{"answers": {"mine": True, "verdict": "bad"}}]


def test_a_question_takes_no_vote_and_a_gate_no_answers(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/approvals/AB12", question())
    for command in ("approve", "deny"):
        outcome = soar("approval", command, "AB12", "-m", "why")
        assert outcome.code == 2
        assert outcome.err.endswith(
            "error: AB12 asks for facts and takes no vote\nhint: soar approval answer AB12 mine=… count=… verdict=…\n"
        )
    api.answer("GET", "/api/v1/approvals/CD34", approval(code="CD34"))
    outcome = soar("approval", "answer", "CD34", "mine=yes")
    assert outcome.code == 2
    assert "error: CD34 asks for a yes or a no\n" in outcome.err


def test_an_answered_question_shows_who_said_what(soar: Soar, api: FakeApi) -> None:
    reply = {"name": "mia", "at": "2024-03-01T10:05:00Z", "answers": {"mine": False, "count": 3, "verdict": "good"}}
    api.answer("GET", "/api/v1/approvals/AB12", question(status="answered", reply=reply, may_vote=False))
    told = soar("approval", "show", "AB12").out
    assert "✔ AB12 answered" in told
    assert "  answered  mia " in told
    assert "    · mine: It was me “false”" in told
    assert "    · verdict: Verdict “good”" in told


def test_a_hostile_question_stays_on_its_line(soar: Soar, api: FakeApi) -> None:
    text = HOSTILE.replace("\ud800", "") * 99
    card = {"question": text, "reason": text, "targets": [], "evidence": []}
    field = {**FIELDS[0], "label": text, "enum": [text]}
    api.answer("GET", "/api/v1/approvals/AB12", approval(card=card, fields=[field]))
    told = soar("approval", "show", "AB12").out
    assert not {"\x1b", "\x07", "\x9b", "\u202e", "\u200b"} & set(told)
    assert not any(line.startswith("APPROVED") for line in told.splitlines())
    assert max(len(line) for line in told.splitlines()) < 3000


def test_how_people_decide_is_told(soar: Soar, api: FakeApi) -> None:
    person = {"user": "u_ann", "name": "ann", "votes": 9, "busiest_hour": 7, "median_seconds": 2.5, "hasty": 6}
    gate = {"playbook": "triage", "step": "steps/0", "effect": "write", "decided": 60, "in_a_row": 55}
    told = {
        "decided": 60,
        "expired": 1,
        "median_seconds": 42.0,
        "votes": 1,
        "hasty": 0,
        "is_complete": True,
        "people": [person | {"is_hasty": True}],
        "gates": [gate | {"is_proposed": True}, gate | {"step": "steps/1", "in_a_row": 2, "is_proposed": False}],
    }
    api.answer("GET", "/api/v1/metrics/approvals", told)
    assert soar("approval", "stats", "--days", "7").out.splitlines() == [
        "60 questions decided, 42 s in the median; 1 ran out",
        "1 vote, 0 of them within five seconds",
        "! ann: 9 votes, 7 in the busiest hour, 2.5 s in the median, 6 within five seconds",
        "  triage steps/0: 55 yes in a row, of 60 decisions",
        "    look whether it has to ask each time: `approve.if` in the playbook",
        "  triage steps/1: 2 yes in a row, of 60 decisions",
    ]
    assert [asked.query for asked in api.asked] == [{"days": "7"}]


def test_where_nothing_was_decided_that_is_told(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/metrics/approvals", {"decided": 0, "median_seconds": None, "is_complete": False})
    assert soar("approval", "stats").out.splitlines() == [
        "0 questions decided; 0 ran out",
        "0 votes, 0 of them within five seconds",
        "only the newest were measured; choose fewer --days",
    ]
