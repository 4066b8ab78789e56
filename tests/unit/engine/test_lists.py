"""Order, needs, conditions, groups and how lists end."""

import pytest

from soar.engine.events import ActionSucceeded, CancelRequested
from soar.model.run import RunStatus
from tests.support.interpretation import Interpretation


def play(steps: str, **more: object) -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}\nsteps:\n{steps}", **more)


def test_a_step_without_needs_waits_for_everything_above_it() -> None:
    run = play(
        """
  - {id: a, uses: crm.find}
  - {id: b, uses: crm.note, needs: []}
  - {id: c, uses: crm.page}
"""
    )
    assert run.started() == ["crm.find", "crm.note"]
    run.answer("crm.find")
    assert run.status("c") == "pending"
    run.answer("crm.note")
    assert run.started() == ["crm.page"]
    run.answer("crm.page")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_step_with_needs_waits_for_just_those() -> None:
    run = play(
        """
  - {id: a, uses: crm.find}
  - {id: b, uses: crm.note, needs: []}
  - {id: c, uses: crm.page, needs: [b]}
"""
    )
    run.answer("crm.note")
    assert run.started() == ["crm.find", "crm.page"]


def test_skipping_does_not_cascade_and_says_why() -> None:
    run = play(
        """
  - {id: a, if: 1 > 2, uses: crm.find}
  - {id: b, set: {seen: "${{ steps.a.status }}"}}
"""
    )
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.state.records["steps/0"].reason == "`1 > 2` was false"
    assert run.state.records["steps/1"].output == {"seen": "skipped"}


def test_the_output_of_a_skipped_step_is_an_error_unless_guarded() -> None:
    run = play(
        """
  - {id: a, if: "false", uses: crm.find}
  - {id: b, set: {seen: "${{ default(steps.a.output.x, 7) }}"}}
  - {id: c, set: {seen: "${{ steps.a.output.x }}"}}
"""
    )
    assert run.state.records["steps/1"].output == {"seen": 7}
    assert run.status("c") == "failed"
    assert run.finish.status is RunStatus.FAILED
    assert "output" in (run.finish.reason or "")


def test_a_failed_step_stops_its_list_and_waits_for_what_is_under_way() -> None:
    run = play(
        """
  - {id: a, uses: crm.find}
  - {id: b, uses: crm.note, needs: []}
  - {id: c, uses: crm.page}
"""
    )
    run.refuse("crm.find")
    assert run.state.status is RunStatus.RUNNING
    run.answer("crm.note")
    assert run.finish.status is RunStatus.FAILED
    assert run.status("c") == "pending"
    assert run.finish.reason == "a: no"


def test_on_failure_continue_goes_on() -> None:
    run = play(
        """
  - {id: a, uses: crm.find, on_failure: continue}
  - {id: b, set: {code: "${{ steps.a.error.code }}"}}
"""
    )
    run.refuse("crm.find", "not_found")
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.state.records["steps/1"].output == {"code": "not_found"}


def test_a_handler_that_ends_well_means_go_on() -> None:
    run = play(
        """
  - id: a
    uses: crm.find
    on_failure:
      - {id: tell, uses: crm.note, with: {text: "${{ error.step }} ${{ error.code }}"}}
  - {id: b, uses: crm.page}
"""
    )
    run.refuse("crm.find")
    assert run.started() == ["crm.note"]
    (start,) = [c for c in run.pending if getattr(c, "call", None)]
    assert start.call.arguments == {"text": "a invalid"}
    run.answer("crm.note")
    run.answer("crm.page")
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.status("a") == "failed"


def test_a_handler_that_fails_fails_the_list() -> None:
    run = play(
        """
  - id: a
    uses: crm.find
    on_failure:
      - {id: tell, uses: crm.note}
  - {id: b, uses: crm.page}
"""
    )
    run.refuse("crm.find")
    run.refuse("crm.note")
    assert run.finish.status is RunStatus.FAILED
    assert run.finish.reason == "tell: no"


def test_a_group_fails_with_what_failed_inside_and_its_own_policy_decides() -> None:
    run = play(
        """
  - id: g
    on_failure: continue
    steps:
      - {id: a, uses: crm.find}
      - {id: b, uses: crm.note}
  - {id: c, uses: crm.page}
"""
    )
    run.refuse("crm.find")
    assert run.status("g") == "failed"
    assert run.state.records["steps/0"].fault.step == "a"
    assert run.started() == ["crm.page"]


def test_stop_ends_the_run_and_takes_back_what_waits() -> None:
    run = play(
        """
  - {id: q, needs: [], uses: crm.lock, with: {user: bob}, approve: role:analyst}
  - id: g
    needs: []
    steps:
      - {stop: {status: succeeded, reason: enough}}
      - {id: never, uses: crm.page}
"""
    )
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.finish.reason == "enough"
    assert run.status("q") == "cancelled"
    assert run.status("g") == "succeeded"
    assert any(type(command).__name__ == "CancelApproval" for command in run.commands)


def test_on_failure_and_finally_of_the_playbook_run_after_the_steps() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
steps:
  - {id: a, uses: crm.find}
on_failure:
  - {uses: crm.note, with: {text: "${{ error.step }}"}}
finally:
  - {uses: crm.page}
"""
    )
    run.refuse("crm.find")
    assert run.started() == ["crm.note"]
    run.answer("crm.note")
    assert run.started() == ["crm.page"]
    run.answer("crm.page")
    assert run.finish.status is RunStatus.FAILED


def test_outputs_that_cannot_be_worked_out_fail_a_run_that_went_well() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
steps:
  - {id: a, set: {x: 1}}
outputs:
  good: ${{ steps.a.output.x }}
  bad: ${{ steps.a.output.y }}
"""
    )
    assert run.finish.status is RunStatus.FAILED
    assert run.finish.outputs == {"good": 1}
    assert (run.finish.reason or "").startswith("outputs.bad:")


def test_needs_that_are_never_met_fail_instead_of_hanging() -> None:
    run = play(
        """
  - {id: a, needs: [b], set: {x: 1}}
  - {id: b, needs: [a], set: {x: 1}}
"""
    )
    assert run.finish.status is RunStatus.FAILED


def test_a_run_that_takes_too_long_is_timed_out() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
timeout: 1h
steps:
  - {id: a, uses: crm.lock, with: {user: bob}, approve: {by: role:analyst, timeout: 2h}}
"""
    )
    assert run.state.status is RunStatus.WAITING
    run.fire("run")
    assert (run.finish.status, run.finish.reason) == (RunStatus.TIMED_OUT, "it took longer than 1h")
    assert run.status("a") == "cancelled"


@pytest.mark.parametrize("under_way", ["crm.find", "crm.note"])
def test_cancelling_waits_for_a_call_under_way_and_starts_nothing(under_way: str) -> None:
    run = play("  - {id: a, uses: crm.find}\n  - {id: b, uses: crm.note}\n")
    if under_way == "crm.note":
        run.answer("crm.find")
    run.send(CancelRequested(at=run.tick(), by="bob", reason="wrong host"))
    assert run.state.status is RunStatus.RUNNING
    run.answer(under_way)
    assert run.finish.status is RunStatus.CANCELLED
    assert run.finish.reason == "cancelled by bob: wrong host"
    assert run.started() == []


def test_what_comes_too_late_changes_nothing() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    run.answer("crm.find", {"x": 1})
    before = run.state
    run.send(ActionSucceeded(at=run.tick(), path="steps/0", attempt=1, output={"x": 2}))
    assert run.state is before


def test_typed_values_survive_the_journal() -> None:
    run = play(
        """
  - {id: a, set: {at: "${{ now() }}", wait: "${{ duration(\\"90s\\") }}"}}
  - {id: b, set: {due: "${{ steps.a.output.at + steps.a.output.wait }}"}}
"""
    )
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.state.records["steps/1"].output["due"].isoformat() == "2026-11-21T09:01:30+00:00"


def test_a_loop_whose_questions_are_taken_back_is_over_even_while_something_above_it_is_under_way() -> None:
    run = Interpretation(
        """
name: tried
on: {manual: {}}
steps:
  - {id: bad, uses: crm.note}
  - {id: slow, needs: [], uses: crm.find}
  - id: each
    needs: []
    foreach: {in: '["a", "b"]', max_parallel: 2}
    uses: crm.page
    approve: {by: role:analyst, per: item}
"""
    )
    run.refuse("crm.note")
    assert (run.status("bad"), run.status("slow"), run.status("each")) == ("failed", "running", "cancelled")
