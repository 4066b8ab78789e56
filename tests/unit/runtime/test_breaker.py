"""When a product is left alone; moments are data."""

from datetime import datetime, timedelta

import pytest

from soar.model.breaker import BreakerStatus
from soar.runtime.breaker import BreakerRule, Circuit, Result, begin_call, close_circuit, end_call, end_trial, find_wait
from tests.support.clock import START

RULE = BreakerRule(failures=3, window=timedelta(seconds=60), pause=timedelta(seconds=30))
NONE = timedelta()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def fail(circuit: Circuit, *moments: float) -> Circuit:
    for moment in moments:
        circuit = end_call(circuit, Result.FAILED, at(moment), RULE, reason=f"failed at {moment:g}")
    return circuit


CLOSED = close_circuit("crm", "crm.example", START)
OPEN = fail(CLOSED, 1, 2, 3)
HALF_OPEN = begin_call(OPEN)


def test_so_many_failures_in_a_row_open_it_and_the_last_says_why() -> None:
    assert fail(CLOSED, 1, 2).breaker.status is BreakerStatus.CLOSED
    assert OPEN.breaker.status is BreakerStatus.OPEN
    assert (OPEN.breaker.since, OPEN.breaker.reason, OPEN.breaker.retry_at) == (at(3), "failed at 3", at(33))
    assert find_wait(OPEN, at(13), RULE) == timedelta(seconds=20)


def test_one_good_answer_clears_the_failures_and_one_that_says_nothing_does_not() -> None:
    failed = fail(CLOSED, 1, 2)
    cleared = end_call(failed, Result.ALIVE, at(2), RULE, reason="")
    assert fail(cleared, 3, 4).breaker.status is BreakerStatus.CLOSED
    untouched = end_call(failed, Result.NOTHING, at(2), RULE, reason="")
    assert fail(untouched, 3).breaker.status is BreakerStatus.OPEN


def test_failures_older_than_the_window_do_not_count() -> None:
    assert fail(CLOSED, 0, 30, 61).breaker.status is BreakerStatus.CLOSED
    assert fail(CLOSED, 0, 30, 61, 62).breaker.status is BreakerStatus.OPEN


def test_after_the_pause_one_call_goes_and_the_others_stay_away() -> None:
    assert find_wait(OPEN, at(33), RULE) is None
    assert HALF_OPEN.breaker.status is BreakerStatus.HALF_OPEN
    assert find_wait(HALF_OPEN, at(34), RULE) == timedelta(seconds=5)
    assert HALF_OPEN.breaker.since == at(3)


def test_a_good_trial_closes_it() -> None:
    closed = end_trial(HALF_OPEN, Result.ALIVE, at(34), RULE, reason="")
    assert closed == close_circuit("crm", "crm.example", at(34))
    assert find_wait(closed, at(34), RULE) is None


def test_a_failed_trial_keeps_it_open_since_when_it_opened() -> None:
    again = end_trial(HALF_OPEN, Result.FAILED, at(40), RULE, reason="still dead")
    assert again.breaker.status is BreakerStatus.OPEN
    assert (again.breaker.since, again.breaker.reason, again.breaker.retry_at) == (at(3), "still dead", at(70))


def test_a_trial_that_says_nothing_lets_the_next_call_be_the_trial() -> None:
    again = end_trial(HALF_OPEN, Result.NOTHING, at(40), RULE, reason="")
    assert (again.breaker.status, again.breaker.reason) == (BreakerStatus.OPEN, "failed at 3")
    assert find_wait(again, at(40), RULE) is None


@pytest.mark.parametrize("circuit", [OPEN, HALF_OPEN])
@pytest.mark.parametrize("result", list(Result))
def test_calls_from_before_it_opened_change_nothing_any_more(circuit: Circuit, result: Result) -> None:
    assert end_call(circuit, result, at(5), RULE, reason="late") is circuit


def test_what_the_product_asks_for_is_waited_if_it_is_longer() -> None:
    patient = end_call(fail(CLOSED, 1, 2), Result.FAILED, at(3), RULE, reason="", wanted=timedelta(minutes=2))
    assert patient.breaker.retry_at == at(123)
    assert end_trial(HALF_OPEN, Result.FAILED, at(40), RULE, reason="", wanted=NONE).breaker.retry_at == at(70)


def test_a_clock_set_back_does_not_keep_it_open_for_longer() -> None:
    assert find_wait(OPEN, at(-3600), RULE) is None


def test_a_call_over_a_closed_one_is_no_trial() -> None:
    assert begin_call(CLOSED) is CLOSED
    assert begin_call(HALF_OPEN) is HALF_OPEN
