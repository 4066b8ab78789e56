"""What one revision would have done otherwise than another, alert by alert."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from soar.model.catalog import Effect
from soar.rehearsal.outcome import Call, Ending, Outcome
from soar.rehearsal.tally import MOST_LISTED


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionShift:
    """How the calls of an action differ, counted within each alert, so that a gain here hides no loss there.

    Attributes:
        gained: calls that would come anew.
        lost: calls that would not be made any more.
        changed: calls that would be made with other arguments.
    """

    action: str
    effect: Effect
    gained: int
    lost: int
    changed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionShift:
    """How the questions about an action, or at a gate on its own, differ.

    Attributes:
        subject: `connector.action`, or the step of a gate on its own.
        by: who may decide.
        gained: questions that would come anew.
        lost: questions that nobody would be asked any more.
    """

    subject: str
    by: tuple[str, ...]
    gained: int
    lost: int


@dataclass(frozen=True, slots=True)
class Change:
    """An alert that would fare otherwise."""

    alert: str
    before: Ending
    after: Ending


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What would change.

    Attributes:
        actions: those whose calls differ, the gravest first.
        questions: those that differ.
        changes: the first of the alerts that would fare otherwise.
        change_count: how many there are.
    """

    actions: tuple[ActionShift, ...]
    questions: tuple[QuestionShift, ...]
    changes: tuple[Change, ...]
    change_count: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing would change."""
        return not (self.actions or self.questions or self.change_count)


class Comparison:
    """Compares outcomes, in memory that does not grow with their number."""

    def __init__(self) -> None:
        self._effects: dict[str, Effect] = {}
        self._gained: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()
        self._changed: Counter[str] = Counter()
        self._asked: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._unasked: Counter[tuple[str, tuple[str, ...]]] = Counter()
        self._changes: list[Change] = []
        self._change_count = 0

    def add(self, alert: str, before: Outcome, after: Outcome) -> None:
        """Compare what would come of one alert."""
        if before.ending is not after.ending:
            self._change_count += 1
            if len(self._changes) < MOST_LISTED:
                self._changes.append(Change(alert, before.ending, after.ending))
        self._compare_calls(before.calls, after.calls)
        asked_before, asked_after = _count_questions(before), _count_questions(after)
        self._asked += asked_after - asked_before
        self._unasked += asked_before - asked_after

    def report(self) -> Difference:
        """Return what was found so far."""
        differing = [name for name in self._effects if self._gained[name] + self._lost[name] + self._changed[name]]
        gravest = sorted(differing, key=lambda action: (-list(Effect).index(self._effects[action]), action))
        return Difference(
            actions=tuple(
                ActionShift(
                    action=action,
                    effect=self._effects[action],
                    gained=self._gained[action],
                    lost=self._lost[action],
                    changed=self._changed[action],
                )
                for action in gravest
            ),
            questions=tuple(
                QuestionShift(subject=subject, by=by, gained=self._asked[subject, by], lost=self._unasked[subject, by])
                for subject, by in sorted({*self._asked, *self._unasked})
            ),
            changes=tuple(self._changes),
            change_count=self._change_count,
        )

    def _compare_calls(self, before: Iterable[Call], after: Iterable[Call]) -> None:
        made_before, made_after = _count_calls(before), _count_calls(after)
        gained, lost = _by_action(made_after - made_before), _by_action(made_before - made_after)
        changed = gained & lost
        self._gained += gained - changed
        self._lost += lost - changed
        self._changed += changed
        self._effects |= {call.action: call.effect for call in (*before, *after)}


def _count_calls(calls: Iterable[Call]) -> Counter[tuple[str, str]]:
    """Return how often each call is made; one that shadow mode withholds is none."""
    return Counter((call.action, call.arguments) for call in calls if not call.is_withheld)


def _by_action(calls: Counter[tuple[str, str]]) -> Counter[str]:
    summed: Counter[str] = Counter()
    for (action, _), number in calls.items():
        summed[action] += number
    return summed


def _count_questions(outcome: Outcome) -> Counter[tuple[str, tuple[str, ...]]]:
    return Counter((question.action or question.step, question.by) for question in outcome.questions)
