import json

import pytest

from tests.unit.cli.documents import approval, page, response, run, step
from tests.unit.cli.fakes import FakeApi, Soar

BEGUN = {"started_at": "2024-03-01T10:00:00Z", "finished_at": "2024-03-01T10:00:00.4Z"}


def test_the_list_says_what_each_run_waits_for(soar: Soar, api: FakeApi) -> None:
    waiting = run(id="run_2", status="waiting", waiting_for="AB12 0 of 1 (analyst)")
    api.answer("GET", "/api/v1/runs", page(waiting, run()))
    outcome = soar("run", "list", "--status", "waiting", "--playbook", "phishing-triage")
    _, first, second = outcome.out.splitlines()
    assert "… waiting" in first
    assert "AB12 0 of 1 (analyst)" in first
    assert "✔ succeeded" in second
    assert api.asked[0].query == {"status": "waiting", "playbook": "phishing-triage", "limit": "50"}


def test_a_status_that_is_none_is_a_usage_error(soar: Soar, api: FakeApi) -> None:
    assert soar("run", "list", "--status", "done").code == 2
    assert api.asked == []


def test_an_empty_list_says_the_next_step(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs", page())
    assert soar("run", "list").out.splitlines()[-1] == "next: soar alert send SOURCE FILE"
    assert soar("run", "list", "--status", "failed").out == "No such run. Ask without filters: soar run list\n"
    assert soar("run", "list", "--json").document == page()


def test_a_run_that_was_not_for_real_is_marked_in_the_list(soar: Soar, api: FakeApi) -> None:
    modes = ("live", "shadow", "supervised")
    api.answer("GET", "/api/v1/runs", page(*(run(status="succeeded", mode=mode) for mode in modes)))
    live, shadow, supervised = soar("run", "list").out.splitlines()[1:]
    assert "·" not in live
    assert "succeeded · shadow" in shadow
    assert "succeeded · supervised" in supervised


def test_a_run_is_a_tree_that_can_be_read_without_colour(soar: Soar, api: FakeApi) -> None:
    document = run(
        status="failed",
        steps=[
            step("steps/0", "succeeded", id="account", action="entra.get_user", **BEGUN),
            step("steps/1", "skipped", id="owner", reason="if: asked.answer was false"),
            step("steps/2", "succeeded", id="contain", approval="ap_1"),
            step("steps/2/steps/0", "succeeded", id="disable", action="entra.disable_user", depth=1, **BEGUN),
            step(
                "steps/2/steps/1",
                "failed",
                id="revoke",
                action="entra.revoke_sessions",
                depth=1,
                fault={"code": "forbidden", "message": "a permission is missing", "attempts": 4},
            ),
            step(
                "steps/3",
                "failed",
                label="purge",
                items=[
                    {"index": 0, "status": "succeeded", "fault": None},
                    {"index": 1, "status": "failed", "fault": {"code": "timeout", "message": "slow", "attempts": 1}},
                ],
            ),
        ],
        approvals=[approval(status="approved", votes=[{"name": "mia", "choice": "approve"}])],
        responses=[response(step="steps/2/steps/0#0")],
    )
    api.answer("GET", "/api/v1/runs", page(document))
    api.answer("GET", "/api/v1/runs/run_1", document)
    outcome = soar("run", "show", "@failed")
    assert api.asked[0].query == {"limit": "1", "status": "failed"}
    assert outcome.code == 0
    heading, *lines = outcome.out.splitlines()
    assert heading.startswith("run_1  Phishing e-mail triage · ✖ failed after 14 s · al_7k2m9q4wz1xt · by phish-report")
    assert heading.endswith(" · revision 9c1f02a · live")
    assert lines == [
        "  ✔ account    entra.get_user  0.4 s",
        "  \N{EN DASH} owner      skipped · if: asked.answer was false",
        "  ✔ contain    AB12 approved by mia",
        "    ✔ disable  entra.disable_user  0.4 s",
        "        active response on bob@corp.example · lift: soar response lift ar_88",
        "    ✖ revoke   entra.revoke_sessions  failed",
        "        forbidden: a permission is missing (4 attempts)",
        "  ✖ purge      failed · 1 of 2 items",
        "      item 1: timeout: slow",
        "What was done stays done: 1 change still in force; nothing was taken back by itself.",
        "take back: soar run undo run_1",
        "try again: soar run retry run_1",
    ]


def test_what_was_taken_back_is_shown_with_who_asked_for_it(soar: Soar, api: FakeApi) -> None:
    lifters = [("user", "mia"), ("response", "ar_4"), ("run", "run_1"), ("rollback", "run_1")]
    held = [
        response(step=f"steps/{index}", status="lifted", lifted_by={"kind": kind, "name": name})
        for index, (kind, name) in enumerate(lifters)
    ]
    kept = {"status": "overdue", "fault": "lift: no", "lifted_by": {"kind": "rollback", "name": "run_1"}}
    steps = [step(f"steps/{index}", "undone", id="lock") for index in range(4)] + [step("steps/4", "succeeded")]
    api.answer(
        "GET",
        "/api/v1/runs/run_1",
        run(status="cancelled", steps=steps, responses=[*held, response(step="steps/4", **kept)]),
    )
    told = soar("run", "show", "run_1").out
    assert [line.partition(" · ")[2] for line in told.splitlines() if "lifted response" in line] == [
        "taken back by mia",
        "taken back by its expiry",
        "taken back by a step of its run",
        "taken back by the rollback of its run",
    ]
    assert (
        "overdue response on bob@corp.example · the rollback of its run tried to take it back: lift: no · lift:" in told
    )
    assert "It was rolled back: 1 of 2 changes taken back; 1 change still in force." in told


def test_a_waiting_run_says_who_it_waits_for_and_what_to_type(soar: Soar, api: FakeApi) -> None:
    document = run(
        status="waiting",
        finished_at=None,
        steps=[step("steps/0", "waiting", id="purge", action="exchange.purge_messages", approval="ap_1")],
        approvals=[approval()],
    )
    api.answer("GET", "/api/v1/runs/run_1", document)
    told = soar("run", "show", "run_1").out
    assert "… purge  exchange.purge_messages  waiting · AB12 asks role:analyst: 0 of 1 yes" in told
    assert told.endswith("next: soar approval show AB12\n")


def test_a_step_that_asks_for_facts_says_whom_and_then_who_answered(soar: Soar, api: FakeApi) -> None:
    field = {"name": "mine", "type": "bool", "label": "It was me"}
    asked = step("steps/0", "waiting", id="owner", approval="ap_1")
    for number, question in enumerate(
        (
            approval(fields=[field], by=["user:mia@corp.example"]),
            approval(fields=[field], status="answered", reply={"name": "mia", "answers": {"mine": False}}),
        )
    ):
        api.answer("GET", f"/api/v1/runs/run_{number}", run(steps=[asked], approvals=[question]))
    assert "AB12 asks user:mia@corp.example: for facts, ends " in soar("run", "show", "run_0").out
    assert "AB12 answered by mia" in soar("run", "show", "run_1").out


def test_watching_stays_until_the_end_and_tells_how_it_was(soar: Soar, api: FakeApi) -> None:
    for status in ("running", "waiting", "succeeded"):
        api.answer("GET", "/api/v1/runs/run_1", run(status=status))
    outcome = soar("run", "show", "run_1", "--watch", "--json")
    assert (outcome.code, outcome.document["status"], outcome.err) == (0, "succeeded", "")
    assert len(api.asked) == 3


@pytest.mark.parametrize("status", ["failed", "denied", "cancelled", "rejected", "timed_out"])
def test_watching_fails_when_the_run_did_not_succeed(soar: Soar, api: FakeApi, status: str) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run(status=status))
    assert soar("run", "show", "run_1", "--watch").code == 1
    assert soar("run", "show", "run_1").code == 0


def test_at_a_terminal_watching_shows_each_look(terminal: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run(status="running", reason="first look"))
    api.answer("GET", "/api/v1/runs/run_1", run(status="succeeded"))
    outcome = terminal("run", "show", "run_1", "--watch")
    assert outcome.code == 0
    assert "first look" in outcome.err
    assert "first look" not in outcome.out
    assert "✔ succeeded" in outcome.out


def test_a_name_that_stands_for_no_run_is_refused(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs", page())
    assert soar("run", "show", "@last").code == 6
    assert soar("run", "show", "@failed").err == "error: there is no failed run yet\nhint: soar run list\n"
    assert soar("run", "show", "@first").code == 2


def test_a_run_is_cancelled_with_a_reason(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/runs/run_1/cancel", run(status="cancelled"), status=202)
    outcome = soar("run", "cancel", "run_1", "-m", "wrong host")
    assert outcome.out.splitlines()[0].endswith(
        "run_1 is cancelled; what it did stays done, unless its playbook rolls back"
    )
    assert api.asked[0].body == {"reason": "wrong host"}


def test_a_call_that_nobody_knows_of_is_shown_with_the_way_to_say_what_it_did(soar: Soar, api: FakeApi) -> None:
    doubt = {"message": "the line was cut", "until": "2024-03-01T10:30:00Z"}
    items = [{"index": 1, "path": "steps/1#1", "status": "waiting", "fault": None, "doubt": doubt}]
    document = run(
        status="waiting",
        steps=[step("steps/0", "waiting", label="lock", doubt=doubt), step("steps/1", "waiting", items=items)],
    )
    api.answer("GET", "/api/v1/runs/run_1", document)
    lines = soar("run", "show", "run_1").out.splitlines()
    assert [line.strip() for line in lines if "did it happen?" in line] == [
        "did it happen? the line was cut",
        "item 1: did it happen? the line was cut",
    ]
    assert [line for line in lines if line.startswith("next:")] == [
        "next: soar run settle run_1 steps/0 --happened or --did-not",
        "next: soar run settle run_1 steps/1#1 --happened or --did-not",
    ]


@pytest.mark.parametrize(
    ("words", "finding", "output"),
    [
        (("--happened",), "happened", None),
        (("--happened", "--output", '{"key": "SEC-7"}'), "happened", {"key": "SEC-7"}),
        (("--did-not",), "did_not", None),
        (("--did-not", "--again"), "again", None),
    ],
)
def test_somebody_says_what_a_call_did(
    soar: Soar, api: FakeApi, words: tuple[str, ...], finding: str, output: object
) -> None:
    api.answer("POST", "/api/v1/runs/run_1/settle", run(status="waiting"), status=202)
    outcome = soar("run", "settle", "run_1", "page", *words, "-m", "seen there")
    assert (outcome.code, outcome.out) == (0, "run_1 goes on with that\nnext: soar run show run_1 --watch\n")
    assert api.asked[0].body == {"step": "page", "finding": finding, "reason": "seen there", "output": output}


@pytest.mark.parametrize("words", [(), ("--again",), ("--happened", "--again"), ("--happened", "--output", "SEC-7")])
def test_what_somebody_says_has_to_make_sense(soar: Soar, api: FakeApi, words: tuple[str, ...]) -> None:
    outcome = soar("run", "settle", "run_1", "page", *words, "-m", "seen there")
    assert outcome.code == 2
    assert api.asked == []


def test_taking_back_needs_a_terminal_or_yes(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run(responses=[response(), response(id="ar_87", status="lifted")]))
    api.answer("POST", "/api/v1/runs/run_1/undo", {"responses": [response(status="lifting")]}, status=202)
    refused = soar("run", "undo", "run_1")
    assert refused.code == 2
    assert refused.err.endswith("hint: use --yes\n")
    assert api.bodies("POST", "/api/v1/runs/run_1/undo") == []
    done = soar("run", "undo", "run_1", "--yes")
    assert (done.code, done.out) == (0, "· ar_88 lifting\nnext: soar response list\n")
    assert api.bodies("POST", "/api/v1/runs/run_1/undo") == [{}]


@pytest.mark.parametrize(("typed", "code", "count"), [("run_1", 0, 1), ("yes", 2, 0)])
def test_at_a_terminal_the_runs_name_is_typed(terminal: Soar, api: FakeApi, typed: str, code: int, count: int) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run(responses=[response()]))
    api.answer("POST", "/api/v1/runs/run_1/undo", {"responses": [response(status="lifting")]}, status=202)
    outcome = terminal("run", "undo", "run_1", answers=[("type run_1 to take them back:", typed)])
    assert outcome.code == code
    assert "ar_88  exchange.purge_messages  bob@corp.example" in outcome.err
    assert len(api.bodies("POST", "/api/v1/runs/run_1/undo")) == count


def test_where_nothing_is_held_there_is_nothing_to_take_back(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run())
    api.answer("POST", "/api/v1/runs/run_1/undo", {"responses": []}, status=202)
    assert soar("run", "undo", "run_1").out == "run_1 holds nothing down; there is nothing to take back\n"


def test_json_is_the_answer_itself(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run())
    assert json.loads(soar("run", "show", "run_1", "--json").out) == run()


def test_a_run_is_tried_again_from_a_step(soar: Soar, api: FakeApi) -> None:
    api.answer("POST", "/api/v1/runs/run_1/retry", run(id="run_2", status="queued", retry_of="run_1"), status=202)
    outcome = soar("run", "retry", "run_1", "--from", "contain", "--accept-unknown", "nobody was paged")
    assert outcome.code == 0
    assert outcome.out.splitlines() == [
        "… run_2 tries run_1 again; what run_1 did stays its own",
        "next: soar run show run_2 --watch",
    ]
    assert api.bodies("POST", "/api/v1/runs/run_1/retry") == [{"from": "contain", "accept_unknown": "nobody was paged"}]


def test_without_a_step_the_server_chooses_and_its_refusal_is_told(soar: Soar, api: FakeApi) -> None:
    api.refuse(
        "POST", "/api/v1/runs/run_1/retry", 409, "it is not known whether this happened: page", hint="look first"
    )
    outcome = soar("run", "retry", "run_1")
    assert outcome.code == 1
    assert "it is not known whether this happened: page" in outcome.err
    assert api.bodies("POST", "/api/v1/runs/run_1/retry") == [{"from": None, "accept_unknown": None}]


def test_both_runs_of_a_retry_name_each_other(soar: Soar, api: FakeApi) -> None:
    api.answer("GET", "/api/v1/runs/run_1", run(status="failed", retried_by=["run_2"]))
    assert soar("run", "show", "run_1").out.splitlines()[-1] == "tried again by: run_2"
    api.answer("GET", "/api/v1/runs/run_2", run(id="run_2", retry_of="run_1"))
    assert soar("run", "show", "run_2").out.splitlines()[0].endswith(" · tries run_1 again")
