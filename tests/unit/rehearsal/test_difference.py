"""Two revisions compared, alert by alert."""

import pytest

from soar.model.approval import ApprovalStatus
from soar.model.catalog import Effect
from soar.rehearsal.difference import ActionShift, Change, Comparison, Difference, QuestionShift
from soar.rehearsal.outcome import Call, Ending, Outcome, Question
from soar.rehearsal.tally import MOST_LISTED


def note(text: str, *, is_withheld: bool = False) -> Call:
    return Call(action="crm.note", effect=Effect.WRITE, arguments=text, targets=0, is_withheld=is_withheld)


def outcome(*calls: Call, ending: Ending = Ending.SUCCEEDED, questions: tuple[Question, ...] = ()) -> Outcome:
    return Outcome(ending=ending, calls=calls, questions=questions)


def ask(action: str, *by: str, status: ApprovalStatus = ApprovalStatus.APPROVED) -> Question:
    return Question(step="gate", action=action, by=by, status=status)


def compare(*pairs: tuple[Outcome, Outcome]) -> Difference:
    comparison = Comparison()
    for number, (before, after) in enumerate(pairs):
        comparison.add(f"al_{number}", before, after)
    return comparison.report()


def test_what_does_the_same_differs_in_nothing() -> None:
    one = outcome(note("a"), note("b"), questions=(ask("crm.note", "role:analyst"),))
    other = outcome(note("b"), note("a"), questions=(ask("crm.note", "role:analyst", status=ApprovalStatus.DENIED),))
    found = compare((one, other))
    assert found == Difference(actions=(), questions=(), changes=(), change_count=0)
    assert found.is_empty


@pytest.mark.parametrize(
    ("before", "after", "gained", "lost", "changed"),
    [
        ((), ("a", "b"), 2, 0, 0),
        (("a",), (), 0, 1, 0),
        (("a",), ("b",), 0, 0, 1),
        (("a", "b"), ("b", "c", "d"), 1, 0, 1),
        (("a", "a"), ("a",), 0, 1, 0),
    ],
)
def test_calls_are_gained_lost_or_made_with_other_arguments(
    before: tuple[str, ...], after: tuple[str, ...], gained: int, lost: int, changed: int
) -> None:
    found = compare((outcome(*map(note, before)), outcome(*map(note, after))))
    assert found.actions == (
        ActionShift(action="crm.note", effect=Effect.WRITE, gained=gained, lost=lost, changed=changed),
    )
    assert not found.is_empty


def test_a_gain_at_one_alert_does_not_hide_a_loss_at_another() -> None:
    (shift,) = compare((outcome(), outcome(note("a"))), (outcome(note("a")), outcome())).actions
    assert (shift.gained, shift.lost, shift.changed) == (1, 1, 0)


def test_a_call_that_shadow_mode_withholds_is_none() -> None:
    (shift,) = compare((outcome(note("a", is_withheld=True)), outcome(note("a")))).actions
    assert (shift.gained, shift.lost) == (1, 0)


def test_questions_are_compared_by_what_they_are_about_and_who_is_asked() -> None:
    found = compare(
        (
            outcome(questions=(ask("crm.note", "role:analyst"), ask("", "role:analyst"))),
            outcome(questions=(ask("crm.note", "role:soc-lead"), ask("", "role:analyst"))),
        )
    )
    assert found.questions == (
        QuestionShift(subject="crm.note", by=("role:analyst",), gained=0, lost=1),
        QuestionShift(subject="crm.note", by=("role:soc-lead",), gained=1, lost=0),
    )
    assert not found.is_empty


def test_alerts_that_fare_otherwise_are_named_up_to_a_limit() -> None:
    pairs = [(outcome(), outcome(ending=Ending.DENIED))] * (MOST_LISTED + 1)
    found = compare(*pairs)
    assert found.changes[0] == Change("al_0", Ending.SUCCEEDED, Ending.DENIED)
    assert (len(found.changes), found.change_count) == (MOST_LISTED, MOST_LISTED + 1)
    assert not found.is_empty
