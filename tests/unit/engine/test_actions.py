"""Calls: retries, lost answers, loops, gates, undo, modes."""

from datetime import timedelta

import pytest

from soar.engine.commands import HoldResponse, RequestApproval, StartAction, StartTimer
from soar.engine.interpreter import recover
from soar.model.run import Mode, RunStatus
from tests.support.interpretation import Interpretation


def play(steps: str, **more: object) -> Interpretation:
    return Interpretation(f"name: tried\non: {{manual: {{}}}}\nsteps:\n{steps}", **more)


def timers(run: Interpretation) -> list[StartTimer]:
    return [c for c in run.commands if isinstance(c, StartTimer) and c.timer.startswith("retry:")]


def test_a_read_is_tried_three_times_and_doubles_its_delay() -> None:
    run = play("  - {id: a, uses: crm.find}\n")
    for _ in range(2):
        run.refuse("crm.find", "unavailable")
        assert run.status("a") == "retrying"
        assert run.state.status is RunStatus.WAITING
        run.fire("retry:")
    run.refuse("crm.find", "unavailable")
    assert run.finish.status is RunStatus.FAILED
    assert run.state.records["steps/0"].fault.attempts == 3
    gaps = [timer.due_at for timer in timers(run)]
    assert gaps[1] - gaps[0] == timedelta(seconds=1 + 4)


def test_every_attempt_carries_the_same_effect_key() -> None:
    run = play("  - {id: a, uses: crm.note}\n")
    run.refuse("crm.note", "rate_limited", retry_after=60.0)
    assert timers(run)[0].due_at - run.now == timedelta(seconds=60)
    run.fire("retry:")
    first, second = [c for c in run.commands if isinstance(c, StartAction)]
    assert first.effect_key == second.effect_key
    assert (first.attempt, second.attempt) == (1, 2)


def test_jitter_shortens_the_delay_but_never_below_what_the_product_asked() -> None:
    run = play("  - {id: a, uses: crm.find}\n", jitter=0.0)
    run.refuse("crm.find", "rate_limited", retry_after=3.0)
    assert timers(run)[0].due_at - run.now == timedelta(seconds=3)


@pytest.mark.parametrize(("action", "code"), [("crm.page", "unavailable"), ("crm.find", "invalid")])
def test_what_may_not_or_need_not_be_repeated_is_tried_once(action: str, code: str) -> None:
    run = play(f"  - {{id: a, uses: {action}}}\n")
    run.refuse(action, code)
    assert run.finish.status is RunStatus.FAILED


def test_an_author_can_ask_for_more_attempts_and_a_condition() -> None:
    run = play(
        """
  - id: a
    uses: crm.page
    retry: {attempts: 3, delay: 5s, backoff: fixed, on: [conflict], when: error.attempts < 2}
"""
    )
    run.refuse("crm.page", "conflict")
    run.fire("retry:")
    run.refuse("crm.page", "conflict")
    assert run.finish.status is RunStatus.FAILED


def test_a_call_that_was_never_sent_waits_for_its_turn_and_uses_up_no_attempt() -> None:
    run = play("  - {id: a, uses: crm.page, timeout: 2m}\n")
    for wait in (20.0, 30.0):
        run.refuse("crm.page", "unavailable", retry_after=wait, is_unsent=True)
        assert run.status("a") == "retrying"
        assert timers(run)[-1].due_at - run.now == timedelta(seconds=wait)
        run.fire("retry:")
    run.answer("crm.page", "done")
    assert run.finish.status is RunStatus.SUCCEEDED


def test_attempts_that_were_sent_are_counted_between_those_that_were_not() -> None:
    run = play("  - {id: a, uses: crm.find, timeout: 2m, retry: {attempts: 2, on: [timeout]}}\n")
    for code, is_unsent in [("unavailable", True), ("timeout", False), ("rate_limited", True)]:
        run.refuse("crm.find", code, is_unsent=is_unsent)
        run.fire("retry:")
    run.refuse("crm.find", "timeout")
    assert run.finish.status is RunStatus.FAILED


def test_a_call_waits_for_its_turn_no_longer_than_it_may_take() -> None:
    run = play("  - {id: a, uses: crm.page, timeout: 50s}\n")
    for _ in range(2):
        run.refuse("crm.page", "unavailable", retry_after=20.0, is_unsent=True)
        run.fire("retry:")
    run.refuse("crm.page", "unavailable", retry_after=20.0, is_unsent=True)
    assert run.finish.status is RunStatus.FAILED


def test_a_call_that_has_waited_too_long_for_its_turn_counts_as_a_try() -> None:
    run = play("  - {id: a, uses: crm.find, timeout: 30s}\n")
    for attempt in (1, 2):
        run.refuse("crm.find", "unavailable", retry_after=40.0, is_unsent=True)
        assert run.status("a") == "retrying", attempt
        run.fire("retry:")
    run.refuse("crm.find", "unavailable", retry_after=40.0, is_unsent=True)
    assert run.finish.status is RunStatus.FAILED


def test_what_will_never_be_sent_is_not_waited_for() -> None:
    run = play("  - {id: a, uses: crm.page, timeout: 2m}\n")
    run.refuse("crm.page", "auth", is_unsent=True)
    assert run.finish.status is RunStatus.FAILED


def test_a_lost_answer_is_repeated_where_that_does_no_harm() -> None:
    run = play("  - {id: a, uses: crm.note}\n")
    run.lose("crm.note")
    assert run.status("a") == "retrying"


def test_a_lost_answer_of_an_unsafe_call_is_never_sent_again() -> None:
    run = play("  - {id: a, uses: crm.page, retry: {attempts: 5, on: [unknown_outcome, timeout]}}\n")
    run.lose("crm.page")
    assert run.finish.status is RunStatus.FAILED
    assert run.state.records["steps/0"].fault.code == "unknown_outcome"
    assert len([c for c in run.commands if isinstance(c, StartAction)]) == 1


def test_recovery_returns_the_calls_as_they_were_sent() -> None:
    run = play("  - {id: a, uses: crm.note, with: {text: hello}}\n")
    sent = [c for c in run.commands if isinstance(c, StartAction)]
    assert list(recover(run.plan, run.state, run.now)) == sent
    run.answer("crm.note")
    assert recover(run.plan, run.state, run.now) == ()


def test_foreach_keeps_order_limits_how_many_run_and_gathers_outputs() -> None:
    run = play(
        """
  - id: a
    foreach: {in: "[1, 2, 3]", as: n, max_parallel: 2}
    uses: crm.find
    with: {n: "${{ n }}", i: "${{ item_index }}"}
"""
    )
    assert len(run.started()) == 2
    run.answer("crm.find", "one")
    run.answer("crm.find", "two")
    run.answer("crm.find", "three")
    assert run.state.records["steps/0"].output == ["one", "two", "three"]
    arguments = [c.call.arguments for c in run.commands if isinstance(c, StartAction)]
    assert arguments == [{"n": 1, "i": 0}, {"n": 2, "i": 1}, {"n": 3, "i": 2}]


def test_foreach_over_nothing_succeeds_with_nothing() -> None:
    run = play("  - {id: a, foreach: '[]', uses: crm.lock, with: {user: x}, approve: role:analyst}\n")
    assert run.status("a") == "succeeded"
    assert run.state.records["steps/0"].output == []


def test_a_failed_element_stops_the_rest_unless_the_author_says_continue() -> None:
    stopping = play("  - {id: a, foreach: '[1, 2, 3]', uses: crm.page}\n")
    stopping.refuse("crm.page")
    assert stopping.finish.status is RunStatus.FAILED
    assert stopping.state.records["steps/0#1"].status.value == "cancelled"
    going_on = play("  - {id: a, foreach: '[1, 2]', uses: crm.page, on_failure: continue}\n")
    going_on.refuse("crm.page")
    going_on.answer("crm.page", "fine")
    assert going_on.finish.status is RunStatus.SUCCEEDED
    assert going_on.status("a") == "failed"
    assert going_on.state.records["steps/0"].output == ["fine"]


def test_more_elements_than_allowed_is_an_error_before_the_first_call() -> None:
    run = play("  - {id: a, foreach: {in: '[1, 2, 3]', max_items: 2}, uses: crm.page}\n")
    assert run.finish.status is RunStatus.FAILED
    assert run.started() == []


def test_a_gate_freezes_what_will_be_sent_before_it_asks() -> None:
    run = play(
        """
  - id: a
    uses: crm.lock
    with: {user: "${{ inputs.user }}"}
    approve: {by: role:analyst, reason: "lock ${{ inputs.user }}", evidence: {Nothing: null, Links: "${{ [] }}"}}
""",
        inputs={"user": "bob"},
    )
    (asked,) = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert run.started() == []
    assert asked.calls[0].arguments == {"user": "bob"}
    assert asked.targets == ("bob",)
    assert asked.reason == "lock bob"
    assert asked.evidence == (("Links", "none"),)
    run.decide("approved", "go")
    (start,) = [c for c in run.commands if isinstance(c, StartAction)]
    assert start.call == asked.calls[0]
    assert start.approval == asked.approval


@pytest.mark.parametrize("outcome", ["denied", "expired", "cancelled"])
def test_without_a_yes_the_run_ends_denied_and_nothing_is_called(outcome: str) -> None:
    run = play("  - {id: a, uses: crm.lock, with: {user: bob}, approve: role:analyst}\n  - {uses: crm.note}\n")
    run.decide(outcome)
    assert run.finish.status is RunStatus.DENIED
    assert run.status("a") == "denied"
    assert not [c for c in run.commands if isinstance(c, StartAction)]


def test_a_denial_can_be_gone_on_from_or_handled() -> None:
    going_on = play(
        """
  - {id: a, uses: crm.lock, with: {user: bob}, approve: {by: role:analyst, on_deny: continue}}
  - {id: b, set: {how: "${{ steps.a.approval.outcome }}", why: "${{ steps.a.approval.comment }}"}}
"""
    )
    going_on.decide("denied", "wrong one")
    assert going_on.state.records["steps/1"].output == {"how": "denied", "why": "wrong one"}
    handled = play(
        """
  - id: a
    uses: crm.lock
    with: {user: bob}
    approve:
      by: role:analyst
      on_deny:
        - {uses: crm.note}
        - {stop: {status: denied, reason: not agreed}}
"""
    )
    handled.decide("expired")
    handled.answer("crm.note")
    assert handled.finish.status is RunStatus.DENIED
    assert handled.finish.reason == "not agreed"


def test_nobody_who_could_ever_decide_fails_the_step_at_once() -> None:
    run = play("  - {id: a, uses: crm.lock, with: {user: bob}, approve: role:analyst}\n")
    run.decide("refused", "nobody holds role:analyst")
    assert run.finish.status is RunStatus.FAILED
    assert "role:analyst" in (run.finish.reason or "")


def test_a_batch_asks_once_and_covers_each_element() -> None:
    run = play(
        """
  - id: a
    foreach: {in: '["bob", "eve"]', as: who, max_parallel: 5}
    uses: crm.lock
    with: {user: "${{ who }}"}
    approve: role:analyst
"""
    )
    (asked,) = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert asked.targets == ("bob", "eve")
    run.decide("approved")
    starts = [c for c in run.commands if isinstance(c, StartAction)]
    assert [start.call for start in starts] == list(asked.calls)
    assert {start.approval for start in starts} == {asked.approval}


def test_per_item_asks_for_each_element() -> None:
    run = play(
        """
  - id: a
    foreach: {in: '["bob", "eve"]', max_parallel: 2}
    uses: crm.lock
    with: {user: "${{ item }}"}
    approve: {by: role:analyst, per: item, on_deny: continue}
"""
    )
    asked = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert len({request.approval for request in asked}) == 2
    run.decide("denied")
    run.decide("approved")
    run.answer("crm.lock", {"ticket": 1})
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.state.records["steps/0"].output == [{"ticket": 1}]


def test_a_gated_group_freezes_every_write_inside() -> None:
    run = play(
        """
  - id: g
    approve: role:analyst
    steps:
      - {uses: crm.find}
      - {id: a, uses: crm.lock, with: {user: bob}}
      - {id: b, uses: crm.note, with: {text: done}}
"""
    )
    (asked,) = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert [call.action for call in asked.calls] == ["crm.lock", "crm.note"]
    run.decide("approved")
    run.answer("crm.find")
    run.answer("crm.lock", {"ticket": 1})
    run.answer("crm.note")
    writes = [c for c in run.commands if isinstance(c, StartAction) and c.call.action != "crm.find"]
    assert [write.call for write in writes] == list(asked.calls)
    assert {write.approval for write in writes} == {asked.approval}
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_gated_group_whose_writes_depend_on_each_other_says_to_gate_the_step() -> None:
    run = play(
        """
  - id: g
    approve: role:analyst
    steps:
      - {id: a, uses: crm.lock, with: {user: bob}}
      - {uses: crm.note, with: {text: "${{ steps.a.output.ticket }}"}}
"""
    )
    assert run.finish.status is RunStatus.FAILED
    assert not [c for c in run.commands if isinstance(c, RequestApproval | StartAction)]


def test_a_change_is_held_with_the_arguments_of_its_way_back() -> None:
    run = play("  - {id: a, uses: crm.lock, with: {user: bob}, approve: role:analyst, undo: auto, expires: 24h}\n")
    run.decide("approved")
    run.answer("crm.lock", {"ticket": 7})
    (held,) = [c for c in run.commands if isinstance(c, HoldResponse)]
    assert held.undo_action == "crm.unlock"
    assert held.undo_arguments == {"user": "bob", "ticket": 7}
    assert held.expires_at == run.now + timedelta(hours=24)
    assert held.targets == ("bob",)


def test_shadow_calls_no_write_and_asks_nobody() -> None:
    run = play(
        "  - {uses: crm.find}\n  - {id: a, uses: crm.lock, with: {user: bob}, approve: role:analyst}\n",
        mode=Mode.SHADOW,
    )
    run.answer("crm.find")
    assert run.finish.status is RunStatus.SUCCEEDED
    assert run.state.records["steps/1"].reason == "shadow: this would have been called"
    assert run.state.records["steps/1"].arguments == {"user": "bob"}
    assert not [c for c in run.commands if isinstance(c, RequestApproval)]


def test_supervised_asks_before_every_write() -> None:
    text = """
name: tried
on: {manual: {}}
defaults: {approve: role:soc-lead}
steps:
  - {id: r, uses: crm.find}
  - {id: a, uses: crm.note, with: {text: hi}}
"""
    run = Interpretation(text, mode=Mode.SUPERVISED)
    run.answer("crm.find")
    (asked,) = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert asked.by == ("role:soc-lead",)


def test_secrets_travel_beside_the_arguments() -> None:
    run = play('  - {uses: crm.note, with: {headers: {key: "${{ secrets.crm_key }}"}, text: hi}}\n')
    (start,) = [c for c in run.commands if isinstance(c, StartAction)]
    assert start.call.arguments == {"headers": {"key": None}, "text": "hi"}
    assert start.call.secrets == (("/headers/key", "crm_key"),)


def test_a_group_that_takes_too_long_fails_and_can_be_gone_on_from() -> None:
    run = play(
        """
  - id: g
    timeout: 5m
    on_failure: continue
    steps:
      - {id: q, uses: crm.lock, with: {user: bob}, approve: role:analyst}
  - {id: after, set: {x: 1}}
"""
    )
    run.fire("timeout:")
    assert run.status("g") == "failed"
    assert run.status("q") == "cancelled"
    assert run.finish.status is RunStatus.SUCCEEDED


def test_a_waiting_run_says_for_whom_and_for_what() -> None:
    run = play(
        """
  - id: a
    name: Lock bob
    uses: crm.lock
    with: {user: bob}
    approve: {by: [role:analyst, role:soc-lead]}
  - {id: b, needs: [], uses: crm.find}
"""
    )
    assert run.state.waiting_for == "role:analyst or role:soc-lead to decide: Lock bob"
    run.refuse("crm.find", "unavailable")
    assert run.state.waiting_for == "role:analyst or role:soc-lead to decide: Lock bob, and 1 more"


def test_a_question_names_the_authors_own_way_back() -> None:
    run = play(
        """
  - id: a
    uses: crm.page
    approve: role:analyst
    undo: {uses: crm.note, with: {text: never mind}}
  - {id: b, needs: [], uses: crm.lock, with: {user: bob}, approve: role:analyst, undo: auto}
"""
    )
    first, second = [c for c in run.commands if isinstance(c, RequestApproval)]
    assert (first.undo, second.undo) == ("crm.note", None)
