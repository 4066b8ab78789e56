"""What the engine tells: people all that a decision needs, products exactly what was meant, and expressions the run."""

from dataclasses import replace
from datetime import timedelta

import pytest

from soar.engine.commands import Call, FinishRun, HoldResponse, RequestApproval, StartAction, StartTimer
from soar.engine.events import ApprovalDecided, CancelRequested
from soar.engine.interpreter import start
from soar.engine.need import list_needs
from soar.engine.retry import delay_before_next
from soar.model.run import Mode, RunStatus
from soar.model.step import Assurance, Backoff, Retry
from tests.support.interpretation import START, Interpretation


def play(steps: str, **more: object) -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}\nsteps:\n{steps}", **more)


def commands_of(run: Interpretation, kind: type) -> list:
    return [command for command in run.commands if isinstance(command, kind)]


def test_a_question_carries_all_that_its_author_wrote() -> None:
    run = play(
        """
  - id: contain
    name: Lock the account
    uses: crm.lock
    with: {user: bob}
    undo: auto
    approve:
      by: [role:analyst, role:soc-lead]
      quorum: ${{ 1 + 1 }}
      veto: false
      exclude: [author]
      assurance: mfa
      reason: Lock ${{ "bob" }}?
      impact: ${{ [1, null, true] }}
      evidence: {Known: "${{ [] }}", Left out: null, Moment: "${{ {'at': false} }}"}
      confirm: ${{ 42 }}
      comment: required_on_deny
      timeout: 40m
      remind: [10m]
      escalate: [{after: 20m, to: role:ciso, via: [chat:#leads]}]
      channel: chat:#soc
"""
    )
    (asked,) = commands_of(run, RequestApproval)
    call = Call(step="steps/0", action="crm.lock", connection="crm", arguments={"user": "bob"}, secrets=())
    assert asked == RequestApproval(
        approval=run.state.records["steps/0"].approval,
        path="steps/0",
        label="Lock the account",
        digest=asked.digest,
        calls=(call,),
        targets=("bob",),
        by=("role:analyst", "role:soc-lead"),
        quorum=2,
        has_veto=False,
        exclude=("author",),
        assurance=Assurance.MFA,
        reason="Lock bob?",
        impact="1, , yes",
        evidence=(("Known", "none"), ("Moment", "at: no")),
        undo=None,
        confirm="42",
        comment="required_on_deny",
        timeout=timedelta(minutes=40),
        remind=(timedelta(minutes=10),),
        escalate=((timedelta(minutes=20), "role:ciso", ("chat:#leads",)),),
        channel="chat:#soc",
    )


def test_a_question_without_words_shows_the_steps_name_and_asks_to_type_nothing_of_its_own() -> None:
    run = play("  - {name: Lock bob, uses: crm.lock, with: {user: bob}, approve: role:analyst}\n")
    (asked,) = commands_of(run, RequestApproval)
    assert (asked.reason, asked.impact, asked.confirm, asked.evidence, asked.escalate) == ("Lock bob", "", None, (), ())


@pytest.mark.parametrize("other", ["workspace", "run", "revision", "argument", "step"])
def test_a_yes_covers_no_other_call(other: str) -> None:
    def digest(user: str = "bob", before: str = "", **changed: object) -> str:
        gated = f"  - {{uses: crm.lock, with: {{user: {user}}}, approve: role:analyst}}\n"
        run = play(before + gated)
        decision = start(replace(run.plan, **changed), START)
        (asked,) = [command for command in decision.commands if isinstance(command, RequestApproval)]
        return asked.digest

    changed = {
        "workspace": lambda: digest(workspace="elsewhere"),
        "run": lambda: digest(run="run_2"),
        "revision": lambda: digest(program=_revised()),
        "argument": lambda: digest(user="eve"),
        "step": lambda: digest(before="  - {set: {x: 1}}\n"),
    }
    assert digest() == digest()
    assert digest() != changed[other]()


def _revised() -> object:
    program = play("  - {uses: crm.lock, with: {user: bob}, approve: role:analyst}\n").plan.program
    program.playbook = replace(program.playbook, revision="another")
    return program


@pytest.mark.parametrize(
    ("outcome", "comment", "status", "said"),
    [
        ("denied", None, RunStatus.DENIED, "Lock bob: denied"),
        ("denied", "he is on leave", RunStatus.DENIED, "Lock bob: denied: he is on leave"),
        ("expired", "unheard", RunStatus.DENIED, "Lock bob: nobody decided in time, so the answer is no"),
        ("cancelled", None, RunStatus.DENIED, "Lock bob: cancelled"),
        ("refused", None, RunStatus.FAILED, "a: nobody may decide this"),
        ("refused", "nobody is left", RunStatus.FAILED, "a: nobody is left"),
    ],
)
def test_a_no_says_whose_it_was(outcome: str, comment: str | None, status: RunStatus, said: str) -> None:
    run = play("  - {id: a, name: Lock bob, uses: crm.lock, with: {user: bob}, approve: role:analyst}\n")
    run.decide(outcome, comment)
    assert (run.finish.status, run.finish.reason) == (status, said)
    assert not commands_of(run, StartAction)


def test_expressions_see_the_run_and_what_it_was_given() -> None:
    text = """
name: tried
on: {manual: {}}
inputs: {user: {type: string}}
vars: {twice: "${{ inputs.user + inputs.user }}"}
steps:
  - set: {run: "${{ run }}", set: "${{ config.zone }}", twice: "${{ vars.twice }}", user: "${{ inputs.user }}"}
"""
    run = Interpretation(text, inputs={"user": "bob"})
    plan = replace(run.plan, config={"zone": "eu"}, case="case_1")
    seen = start(plan, START).state.records["steps/0"].output
    assert seen == {
        "run": {
            "id": "run_1",
            "url": "http://127.0.0.1/runs/run_1",
            "playbook": "tried",
            "revision": plan.playbook.revision,
            "started_at": START,
            "actor": "user:u_1",
            "mode": "live",
            "case": "case_1",
        },
        "set": "eu",
        "twice": "bobbob",
        "user": "bob",
    }


def test_steps_show_what_became_of_them() -> None:
    run = play(
        """
  - {id: refused, uses: crm.page, on_failure: continue}
  - {id: gated, uses: crm.note, approve: role:analyst, outputs: {n: "${{ output.n }}"}}
  - {id: unreached, if: 1 > 2, uses: crm.find}
  - {id: shown, set: {steps: "${{ steps }}"}}
"""
    )
    run.refuse("crm.page", "conflict")
    refused_at = run.now
    run.decide("approved", "fine")
    run.answer("crm.note", {"n": 7})
    steps = run.state.records["steps/3"].output["steps"]
    assert steps["refused"] == {
        "status": "failed",
        "error": {"step": "refused", "code": "conflict", "message": "no", "attempts": 1},
        "started_at": START,
        "finished_at": refused_at,
    }
    approval = run.state.records["steps/1"].approval
    assert steps["gated"]["approval"] == {"outcome": "approved", "comment": "fine", "id": approval}
    assert (steps["gated"]["output"], steps["gated"]["outputs"]) == ({"n": 7}, {"n": 7})
    assert steps["unreached"]["status"] == "skipped"
    assert "output" not in steps["unreached"]


def test_a_handler_sees_what_failed_and_how_often_it_was_tried() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
steps: [{id: a, uses: crm.find, retry: {attempts: 2, delay: 1s}}]
on_failure: [{id: note, set: {error: "${{ error }}"}}]
"""
    )
    run.refuse("crm.find", "unavailable")
    run.fire("retry:")
    run.refuse("crm.find", "unavailable")
    assert run.state.records["on_failure/0"].output == {
        "error": {"step": "a", "code": "unavailable", "message": "no", "attempts": 2}
    }
    assert (run.finish.status, run.finish.reason) == (RunStatus.FAILED, "a: no")


@pytest.mark.parametrize(("reason", "said"), [(None, "cancelled by bob"), ("not real", "cancelled by bob: not real")])
def test_a_cancelled_run_says_by_whom_and_why(reason: str | None, said: str) -> None:
    run = play("  - {id: a, wait: 1h}\n")
    run.send(CancelRequested(at=run.tick(), by="bob", reason=reason))
    assert (run.finish.status, run.finish.reason) == (RunStatus.CANCELLED, said)


def test_a_call_says_where_it_goes_what_it_hits_and_how_long_it_may_take() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
defaults: {timeout: 3m}
steps:
  - {uses: crm.lock, connection: north, with: {user: [bob, 7]}, timeout: 40s, approve: role:analyst}
  - {uses: crm.find, with: {"a/b~c": ["${{ secrets.key }}"]}}
"""
    )
    run.decide("approved")
    run.answer("crm.lock")
    lock, find = commands_of(run, StartAction)
    assert (lock.call.connection, lock.targets, lock.timeout) == ("north", ("bob", "7"), 40.0)
    assert lock.approval == run.state.records["steps/0"].approval
    assert (find.call.connection, find.targets, find.timeout, find.approval) == ("crm", (), 180.0, None)
    assert find.call.secrets == (("/a~1b~0c/0", "key"),)


def test_the_way_back_goes_where_the_change_went() -> None:
    run = play(
        "  - {uses: crm.lock, connection: north, with: {user: bob}, undo: auto, expires: 2h, approve: role:analyst}\n"
    )
    run.decide("approved")
    run.answer("crm.lock", {"ticket": "T-1"})
    (held,) = commands_of(run, HoldResponse)
    assert held == HoldResponse(
        path="steps/0",
        action="crm.lock",
        connection="north",
        targets=("bob",),
        undo_action="crm.unlock",
        undo_arguments={"user": "bob", "ticket": "T-1"},
        expires_at=run.now + timedelta(hours=2),
    )


def test_shadow_mode_reads_and_says_what_it_would_have_called() -> None:
    run = play("  - {id: a, uses: crm.find}\n  - {id: b, uses: crm.note, approve: role:x}\n", mode=Mode.SHADOW)
    run.answer("crm.find")
    assert [start.call.action for start in commands_of(run, StartAction)] == ["crm.find"]
    record = run.state.records["steps/1"]
    assert (record.status, record.reason) == ("succeeded", "shadow: this would have been called")
    assert record.started_at == record.finished_at == run.now


@pytest.mark.parametrize(("attempt", "seconds"), [(1, 0.1), (2, 0.2), (3, 0.4), (4, 0.5), (5, 0.5)])
def test_a_delay_doubles_up_to_its_limit_and_may_be_less_than_a_second(attempt: int, seconds: float) -> None:
    retry = Retry(
        attempts=9,
        delay=timedelta(seconds=0.1),
        max_delay=timedelta(seconds=0.5),
        backoff=Backoff.EXPONENTIAL,
        has_jitter=False,
    )
    delay = delay_before_next(retry, attempt=attempt, code="timeout", retry_after=None, jitter=0.0)
    assert delay == timedelta(seconds=seconds)


def test_a_step_that_takes_too_long_says_how_long_it_was_allowed() -> None:
    run = play("  - id: g\n    timeout: 90s\n    steps:\n      - {id: q, approve: role:analyst}\n")
    assert commands_of(run, StartTimer)[-1].due_at in {START + timedelta(seconds=90), START + timedelta(minutes=30)}
    run.fire("timeout:")
    fault = run.state.records["steps/0"].fault
    assert (fault.code, fault.message, fault.step, fault.attempts) == ("timeout", "it took longer than 1m30s", "g", 1)
    assert run.now == START + timedelta(seconds=90)
    assert [command.status for command in commands_of(run, FinishRun)] == [RunStatus.FAILED]


@pytest.mark.parametrize(
    ("steps", "path", "said"),
    [
        ("  - id: g\n    steps: [{id: a, uses: crm.find}, {uses: crm.find}]\n", "steps/0", "before it was through"),
        (
            "  - {id: a, uses: crm.find, poll: {until: output.done, every: 10s, timeout: 5m}}\n",
            "steps/0",
            "before it was done",
        ),
    ],
)
def test_what_a_cancelled_run_left_unfinished_says_so(steps: str, path: str, said: str) -> None:
    run = play(steps)
    run.send(CancelRequested(at=run.tick(), by="bob"))
    run.answer("crm.find", {"done": False})
    record = run.state.records[path]
    assert (record.status, record.reason) == ("cancelled", f"the run ended {said}")
    assert run.finish.status is RunStatus.CANCELLED


@pytest.mark.parametrize("silence", ["continue", "fail", "stop"])
def test_a_question_that_is_not_answered_keeps_what_was_said_and_says_that_time_was_up(silence: str) -> None:
    run = play(f"  - {{id: q, ask: {{to: role:x, question: Well?, fields: {{a: {{}}}}, on_timeout: {silence}}}}}\n")
    run.reply("expired")
    record = run.state.records["steps/0"]
    assert record.outcome == "expired"
    assert (record.fault.message if record.fault else record.reason) == "nobody answered in time"
    ends = {"continue": None, "fail": "q: nobody answered in time", "stop": "q: nobody answered in time"}
    assert run.finish.reason == ends[silence]


@pytest.mark.parametrize(("comment", "said"), [("none of us", "none of us"), (None, "nobody may answer this")])
def test_who_refuses_a_question_is_heard(comment: str | None, said: str) -> None:
    run = play("  - {id: q, ask: {to: role:x, question: Well?, fields: {a: {}}}}\n")
    asked = run.pending[-1]
    assert asked.approval.startswith("ap_")
    run.send(
        ApprovalDecided(
            at=run.tick(), path="steps/0", approval=asked.approval, outcome="refused", digest="", comment=comment
        )
    )
    assert run.state.records["steps/0"].comment == comment
    assert run.finish.reason == f"q: {said}"


def test_each_way_back_and_each_end_has_its_own_words() -> None:
    run = play(
        """
  - {uses: crm.page, undo: {uses: crm.note, with: {text: "${{ output.id }}"}}}
  - {uses: crm.page, undo: {uses: crm.note, with: {call: "${{ output.id }}"}}}
  - {id: one, fail: first, on_failure: continue}
  - {id: two, fail: "second ${{ 1 + 1 }}"}
"""
    )
    run.answer("crm.page", {"id": 1})
    run.answer("crm.page", {"id": 2})
    assert [held.undo_arguments for held in commands_of(run, HoldResponse)] == [{"text": 1}, {"call": 2}]
    assert run.state.records["steps/2"].fault.message == "first"
    assert run.finish.reason == "two: second 2"


def test_a_question_is_told_from_that_of_another_run_and_of_another_step() -> None:
    run = play("  - {id: q, ask: {to: role:x, question: Well?, fields: {a: {}}}}\n")
    same, other = (
        start(replace(run.plan, run=run_id), START).state.records["steps/0"].approval for run_id in ("run_1", "run_2")
    )
    assert run.state.records["steps/0"].approval == same != other


@pytest.mark.parametrize("each", ["", "foreach: '[1, 2]', "])
def test_a_question_that_is_superseded_is_asked_anew_about_the_same_calls(each: str) -> None:
    run = play(f"  - {{id: a, name: Lock bob, {each}uses: crm.lock, with: {{user: bob}}, approve: role:analyst}}\n")
    run.decide("superseded")
    first, second = commands_of(run, RequestApproval)
    assert second.approval != first.approval
    assert second == replace(first, approval=second.approval, supersedes=first.approval, digest=second.digest)
    assert (len(second.calls), second.supersedes) == (2 if each else 1, first.approval)
    run.decide("approved")
    assert run.started() == ["crm.lock"]


def test_elements_that_people_leave_out_are_skipped_and_say_so() -> None:
    run = play("  - {id: all, foreach: '[1, 2]', uses: crm.note, with: {text: x}, approve: role:analyst}\n")
    asked = run.pending[-1]
    run.send(
        ApprovalDecided(
            at=run.tick(),
            path="steps/0",
            approval=asked.approval,
            outcome="approved",
            digest=asked.digest,
            left_out=["steps/0#0"],
        )
    )
    left, made = (run.state.records[f"steps/0#{index}"] for index in range(2))
    assert (left.status, left.reason) == ("skipped", "left out by whoever approved the others")
    assert (made.status, run.started()) == ("running", ["crm.note"])


def test_a_wait_that_people_have_allowed_needs_its_timer_and_no_question() -> None:
    run = play("  - {id: nap, wait: 1h, approve: role:analyst}\n")
    assert [need.kind for need in list_needs(run.plan, run.state, run.now)] == ["timer", "approval"]
    run.decide("approved")
    assert [(need.kind, need.id) for need in list_needs(run.plan, run.state, run.now)] == [
        ("timer", "run"),
        ("timer", "wait:steps/0"),
    ]


def test_what_a_waiting_run_needs_is_found_by_its_timer_and_shown_by_its_step() -> None:
    run = play("  - {id: nap, wait: 1h}\n  - {id: a, needs: [], uses: crm.find}\n")
    run.refuse("crm.find", "unavailable")
    whole, nap, again = list_needs(run.plan, run.state, run.now)
    timers = {command.timer: command for command in commands_of(run, StartTimer)}
    assert (whole.path, nap.path, again.path) == ("", "steps/0", "steps/1")
    assert (whole.timer, nap.timer) == (timers[whole.id], timers[nap.id])
    assert again.id in timers
    assert again.timer == StartTimer(timer=again.id, due_at=run.now)


def test_a_lift_that_takes_too_long_leaves_what_was_done_in_the_output_of_its_step() -> None:
    lock = "  - {id: %s, uses: crm.lock, with: {user: bob}, undo: auto}\n"
    run = play(
        "  - id: both\n    steps:\n"
        + "".join(f"    {lock % name}" for name in ("first", "second"))
        + "  - {id: back, uses: core.undo, timeout: 1m, with: {step: both}, on_failure: continue}\n"
        + "  - {set: {seen: '${{ steps.back.output }}'}}\n"
    )
    for ticket in ("T-1", "T-2"):
        run.answer("crm.lock", {"ticket": ticket})
    run.fire("timeout:")
    run.lift("the product is down")
    assert run.status("back") == "failed"
    failed = [{"step": "second", "message": "the product is down"}]
    assert run.state.records["steps/2"].output == {"seen": {"lifted": 0, "failed": failed}}


def test_a_lift_names_the_elements_of_a_loop_as_they_are_counted() -> None:
    run = play(
        """
  - id: each
    foreach: "[[1]]"
    steps: [{id: lock, foreach: "item", uses: crm.lock, with: {user: bob}, undo: auto}]
  - {id: back, uses: core.undo, with: {step: each}}
"""
    )
    run.answer("crm.lock", {"ticket": "T-1"})
    run.lift("gone")
    assert run.state.records["steps/1"].output == {"lifted": 0, "failed": [{"step": "lock#0#0", "message": "gone"}]}


def test_a_step_that_needs_one_that_failed_waits_for_what_its_author_does_about_it() -> None:
    run = play(
        """
  - {id: a, uses: crm.page, on_failure: [{uses: crm.find}]}
  - {id: b, needs: [a], uses: crm.note}
"""
    )
    run.refuse("crm.page", "conflict")
    assert (run.status("a"), run.started()) == ("failed", ["crm.find"])
    run.answer("crm.find")
    assert run.started() == ["crm.note"]


def test_a_step_in_a_group_may_need_one_that_stands_above_the_group() -> None:
    run = play(
        """
  - {id: a, uses: crm.find}
  - id: g
    steps: [{id: b, needs: [a], uses: crm.note}]
"""
    )
    run.answer("crm.find")
    assert run.started() == ["crm.note"]
