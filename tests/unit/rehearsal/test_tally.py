"""Outcomes added up."""

from datetime import timedelta

from soar.model.approval import ApprovalStatus
from soar.model.catalog import Effect
from soar.rehearsal.answers import Origin
from soar.rehearsal.outcome import Call, Ending, Outcome, Question
from soar.rehearsal.tally import MOST_LISTED, ActionCount, QuestionCount, Tally, Trouble


def call(action: str, effect: Effect = Effect.READ, **changes: object) -> Call:
    return Call(**{"action": action, "effect": effect, "arguments": "{}", "targets": 0, **changes})


def question(status: ApprovalStatus, *, is_recorded: bool = False) -> Question:
    return Question(step="wipe", action="crm.wipe", by=("role:analyst",), status=status, is_recorded=is_recorded)


def test_nothing_comes_to_nothing() -> None:
    report = Tally().report()
    assert (report.seen, report.matched, report.deduplicated, report.runs) == (0, 0, 0, 0)
    assert (report.actions, report.questions, report.troubles, report.saved) == ((), (), (), timedelta())


def test_alerts_are_counted_by_how_they_fared() -> None:
    tally = Tally()
    for ending in (Ending.UNMATCHED, Ending.ATTACHED, Ending.DROPPED, Ending.REJECTED, Ending.SUCCEEDED, Ending.DENIED):
        tally.add("al_1", Outcome(ending=ending, saved=timedelta(minutes=5)))
    report = tally.report()
    assert (report.seen, report.matched, report.deduplicated, report.runs) == (6, 5, 2, 2)
    assert report.endings[Ending.REJECTED] == 1
    assert Ending.FAILED not in report.endings
    assert report.saved == timedelta(minutes=30)


def test_calls_are_counted_by_action_and_the_gravest_come_first() -> None:
    tally = Tally()
    wipe = call("crm.wipe", Effect.DESTRUCTIVE, targets=2, origin=Origin.SIMULATED)
    tally.add("al_1", Outcome(ending=Ending.SUCCEEDED, calls=(call("crm.find", origin=Origin.RECORDED), wipe, wipe)))
    withheld = call("crm.note", Effect.WRITE, is_withheld=True)
    tally.add("al_2", Outcome(ending=Ending.SUCCEEDED, calls=(call("crm.find"), withheld)))
    plain = {"withheld": 0, "targets": 0, "recorded": 0, "simulated": 0}
    assert tally.report().actions == (
        ActionCount(
            action="crm.wipe", effect=Effect.DESTRUCTIVE, calls=2, withheld=0, targets=4, recorded=0, simulated=2
        ),
        ActionCount(**plain | {"action": "crm.note", "effect": Effect.WRITE, "calls": 0, "withheld": 1}),
        ActionCount(**plain | {"action": "crm.find", "effect": Effect.READ, "calls": 2, "recorded": 1}),
    )


def test_questions_are_counted_by_who_is_asked_and_how_they_ended() -> None:
    tally = Tally()
    asked = (question(ApprovalStatus.APPROVED, is_recorded=True), question(ApprovalStatus.DENIED))
    tally.add("al_1", Outcome(ending=Ending.DENIED, questions=asked))
    tally.add("al_2", Outcome(ending=Ending.DENIED, questions=(question(ApprovalStatus.DENIED),)))
    endings = {ApprovalStatus.APPROVED: 1, ApprovalStatus.DENIED: 2}
    (counted,) = tally.report().questions
    assert counted == QuestionCount(step="wipe", action="crm.wipe", by=("role:analyst",), endings=endings, recorded=1)
    assert counted.asked == 3


def test_of_many_alerts_in_trouble_the_first_are_named_and_the_rest_counted() -> None:
    tally = Tally()
    tally.add("al_fine", Outcome(ending=Ending.SUCCEEDED))
    for number in range(MOST_LISTED + 5):
        tally.add(f"al_{number}", Outcome(ending=Ending.BROKEN, reason="a fault"))
    report = tally.report()
    assert report.troubles[0] == Trouble("al_0", Ending.BROKEN, "a fault")
    assert (len(report.troubles), report.trouble_count) == (MOST_LISTED, MOST_LISTED + 5)
