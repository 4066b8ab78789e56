from soar.rehearsal.coverage import Answer
from tests.unit.rehearsal.conftest import Try
from tests.unit.rehearsal.test_play import WIPE, by_hand

YES = by_hand("approvals: {wipe: {approve: bob, roles: [analyst]}}\nexpect: {}")
NO = by_hand("approvals: {wipe: {deny: bob, roles: [analyst]}}\nexpect: {}")
CONTINUED = WIPE.replace("by: role:analyst", "by: role:analyst\n      on_deny: continue")


def test_what_no_test_reached_is_known(tried: Try) -> None:
    coverage = tried(WIPE, NO).coverage
    assert [step.id for step in coverage.steps] == ["wipe", "after"]
    assert [step.id for step in coverage.unreached] == ["after"]
    assert [(branch.is_taken, branch.is_passed) for branch in coverage.branches] == [(False, False)]


def test_a_condition_is_covered_both_ways_or_not(tried: Try) -> None:
    (branch,) = tried(CONTINUED, NO).coverage.branches
    assert (branch.is_taken, branch.is_passed) == (False, True)
    (branch,) = tried(CONTINUED, YES).coverage.branches
    assert (branch.is_taken, branch.is_passed) == (True, False)


def test_each_answer_of_a_gate_counts(tried: Try) -> None:
    for tests, answer in (
        (YES, Answer.YES),
        (NO, Answer.NO),
        (by_hand("approvals: {wipe: {timeout: true}}\nexpect: {}"), Answer.SILENCE),
    ):
        (gate,) = tried(WIPE, tests).coverage.gates
        assert gate.answers == {answer}
        assert set(gate.missing) == set(Answer) - {answer}


def test_a_question_that_nobody_answers_is_no_answer(tried: Try) -> None:
    (gate,) = tried(WIPE, by_hand("expect: {status: waiting}")).coverage.gates
    assert gate.missing == (Answer.YES, Answer.NO, Answer.SILENCE)
