"""`parallel` and `choose`."""

import pytest

from soar.engine.commands import CancelApproval, CancelTimer, RequestApproval
from soar.engine.events import CancelRequested
from soar.model.run import RunStatus
from tests.support.interpretation import Interpretation

HEAD = "name: tried\non: {manual: {}}\n"
TWO = """
  - id: both
    parallel:
      left:
        - {id: a, uses: crm.find}
        - {id: b, uses: crm.note}
      right:
        - {id: c, uses: crm.page}
        - {id: d, uses: crm.find}
"""


def play(steps: str, tail: str = "", **more: object) -> Interpretation:
    return Interpretation(f"{HEAD}steps:{steps}{tail}", **more)


def test_branches_begin_together_and_what_follows_waits_for_all() -> None:
    run = play(TWO + "  - {id: after, uses: crm.find}\n")
    assert run.started() == ["crm.find", "crm.page"]
    run.answer("crm.find")
    assert run.started() == ["crm.page", "crm.note"]
    run.answer("crm.note")
    assert run.status("after") == "pending"
    run.answer("crm.page")
    run.answer("crm.find")
    assert run.status("both") == "succeeded"
    assert run.started() == ["crm.find"]
    run.answer("crm.find")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_failing_branch_lets_the_others_finish() -> None:
    run = play(TWO)
    run.refuse("crm.page")
    run.answer("crm.find")
    assert run.started() == ["crm.note"]
    run.answer("crm.note")
    assert (run.status("both"), run.status("b"), run.status("d")) == ("failed", "succeeded", "pending")
    assert run.finish.status is RunStatus.FAILED
    assert run.state.records["steps/0"].fault.step == "c"


def test_with_fail_fast_the_others_begin_nothing_more() -> None:
    run = play(TWO.rstrip() + "\n    fail_fast: true\n")
    run.refuse("crm.page")
    run.answer("crm.find")
    assert run.started() == []
    assert (run.status("b"), run.finish.status) == ("pending", RunStatus.FAILED)


def test_with_fail_fast_a_question_in_another_branch_is_taken_back() -> None:
    run = play(
        """
  - fail_fast: true
    parallel:
      left:
        - {id: ask, uses: crm.lock, with: {user: ann}, approve: role:analyst}
      right:
        - {id: c, uses: crm.page}
"""
    )
    run.take(RequestApproval)
    run.refuse("crm.page")
    assert isinstance(run.take(CancelApproval), CancelApproval)
    assert run.status("ask") == "cancelled"
    assert run.finish.status is RunStatus.FAILED


def test_a_stop_in_a_branch_ends_the_run_once_nothing_is_under_way() -> None:
    run = play(
        """
  - id: both
    parallel:
      left:
        - {id: c, uses: crm.page}
        - {id: d, uses: crm.find}
      right:
        - stop: {status: succeeded, reason: enough}
"""
    )
    assert not run.state.status.is_final
    run.answer("crm.page")
    assert run.status("d") == "pending"
    assert (run.finish.status, run.finish.reason) == (RunStatus.SUCCEEDED, "enough")


def test_cancelling_waits_for_the_calls_under_way_in_all_branches() -> None:
    run = play(TWO)
    run.send(CancelRequested(at=run.tick(), by="ann"))
    run.answer("crm.find")
    assert not run.state.status.is_final
    run.answer("crm.page")
    assert (run.finish.status, run.status("both")) == (RunStatus.CANCELLED, "cancelled")


def test_a_timeout_around_branches_takes_back_what_waits() -> None:
    run = play(
        """
  - id: both
    timeout: 5m
    parallel:
      left:
        - {id: ask, uses: crm.lock, with: {user: ann}, approve: role:analyst}
      right:
        - {id: c, uses: crm.find}
"""
    )
    run.answer("crm.find")
    run.fire("timeout:")
    assert (run.status("ask"), run.status("both")) == ("cancelled", "failed")
    assert run.finish.reason == "both: it took longer than 5m"


CHOICE = """
  - {id: age, uses: crm.find}
  - id: way
    choose:
      - when: steps.age.output > 9
        steps: [{id: old, uses: crm.note}]
      - when: steps.age.output > 5
        steps: [{id: middle, uses: crm.page}]
    else: [{id: young, uses: crm.find}]
  - {id: seen, set: {way: "${{ steps.old.status }} ${{ steps.middle.status }} ${{ steps.young.status }}"}}
"""


@pytest.mark.parametrize(
    ("age", "action", "seen"),
    [
        (10, "crm.note", "succeeded skipped skipped"),
        (7, "crm.page", "skipped succeeded skipped"),
        (1, "crm.find", "skipped skipped succeeded"),
    ],
)
def test_the_first_true_condition_is_taken(age: int, action: str, seen: str) -> None:
    run = play(CHOICE)
    run.answer("crm.find", age)
    assert run.started() == [action]
    run.answer(action)
    assert run.state.records["steps/2"].output == {"way": seen}
    assert run.finish.status is RunStatus.SUCCEEDED


def test_without_a_true_condition_and_without_else_nothing_is_done() -> None:
    run = play("\n  - {id: way, choose: [{when: 1 > 2, steps: [{uses: crm.find}]}]}\n")
    assert (run.status("way"), run.state.records["steps/0"].reason) == ("succeeded", "no condition was true")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_condition_is_decided_once_and_not_again_when_what_it_read_would_say_otherwise() -> None:
    run = play(
        """
  - id: way
    choose:
      - when: steps.flag.status == "skipped"
        steps: [{uses: crm.find}, {uses: crm.note}]
    else: [{uses: crm.page}]
  - {id: flag, needs: [], set: {x: 1}}
"""
    )
    run.answer("crm.find")
    assert run.started() == ["crm.note"]
    run.answer("crm.note")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_condition_that_cannot_be_decided_fails_the_step() -> None:
    run = play("\n  - {id: way, choose: [{when: size(1) > 2, steps: [{uses: crm.find}]}]}\n")
    assert (run.status("way"), run.finish.status) == ("failed", RunStatus.FAILED)


def test_a_gate_before_a_choice_shows_the_changes_of_all_ways() -> None:
    run = play(
        """
  - approve: role:analyst
    choose:
      - when: 1 > 2
        steps: [{uses: crm.lock, with: {user: ann}}]
    else: [{uses: crm.note, with: {text: hello}}]
"""
    )
    asked = run.take(RequestApproval)
    assert isinstance(asked, RequestApproval)
    assert [call.action for call in asked.calls] == ["crm.lock", "crm.note"]


def test_branches_inside_a_loop_stand_apart_for_each_element() -> None:
    run = play(
        """
  - id: each
    foreach: {in: "[1, 2]", max_parallel: 2}
    parallel:
      left: [{id: a, uses: crm.find, with: {n: "${{ item }}"}}]
      right: [{id: b, uses: crm.page, with: {n: "${{ item }}"}}]
"""
    )
    assert sorted(run.started()) == ["crm.find", "crm.find", "crm.page", "crm.page"]
    for action in ("crm.find", "crm.page", "crm.page", "crm.find"):
        run.answer(action)
    assert run.finish.status is RunStatus.SUCCEEDED


def test_fail_fails_with_its_message_and_can_be_handled() -> None:
    run = play(
        """
  - id: no
    fail: "${{ 1 + 1 }} is too many"
    on_failure: [{id: said, set: {why: "${{ error.message }}"}}]
"""
    )
    assert run.state.records["steps/0/on_failure/0"].output == {"why": "2 is too many"}
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_group_that_is_through_in_time_leaves_no_timer_behind() -> None:
    run = play("\n  - {id: both, timeout: 5m, steps: [{uses: crm.find}]}\n  - {uses: crm.find}\n")
    run.answer("crm.find")
    assert CancelTimer(timer="timeout:steps/0") in run.commands
