"""Outcomes added up, in memory that does not grow with their number."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from soar.model.approval import ApprovalStatus
from soar.model.catalog import Effect
from soar.rehearsal.answers import Origin
from soar.rehearsal.outcome import Call, Ending, Outcome, Question

MOST_LISTED = 100
"""Alerts that are named one by one; of the rest the number is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionCount:
    """How often an action would have been called.

    Attributes:
        withheld: calls that shadow mode would have kept from being made; not among `calls`.
        targets: things acted on, over all calls.
        recorded: calls answered as they were at the time.
        simulated: calls answered by a simulator.
    """

    action: str
    effect: Effect
    calls: int
    withheld: int
    targets: int
    recorded: int
    simulated: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionCount:
    """How often people would have been asked something.

    Attributes:
        endings: how often by status.
        recorded: how many of them were decided as people did at the time.
    """

    step: str
    action: str
    by: tuple[str, ...]
    endings: Mapping[ApprovalStatus, int]
    recorded: int

    @property
    def asked(self) -> int:
        """How often in all."""
        return sum(self.endings.values())


@dataclass(frozen=True, slots=True)
class Trouble:
    """An alert that somebody should look at."""

    alert: str
    ending: Ending
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one revision would have done with all alerts.

    Attributes:
        endings: alerts by how they fared.
        troubles: the first of the alerts that somebody should look at.
        trouble_count: how many there are.
    """

    endings: Mapping[Ending, int]
    actions: tuple[ActionCount, ...]
    questions: tuple[QuestionCount, ...]
    saved: timedelta
    troubles: tuple[Trouble, ...]
    trouble_count: int

    @property
    def seen(self) -> int:
        """All alerts."""
        return sum(self.endings.values())

    @property
    def matched(self) -> int:
        """Alerts that a trigger took."""
        return self.seen - self.endings.get(Ending.UNMATCHED, 0)

    @property
    def deduplicated(self) -> int:
        """Alerts that were the same as an earlier one."""
        return self.endings.get(Ending.ATTACHED, 0) + self.endings.get(Ending.DROPPED, 0)

    @property
    def runs(self) -> int:
        """Alerts that started a run."""
        return sum(number for ending, number in self.endings.items() if ending.has_run)


class Tally:
    """Adds outcomes up."""

    def __init__(self) -> None:
        self._endings: Counter[Ending] = Counter()
        self._effects: dict[str, Effect] = {}
        self._actions: Counter[tuple[str, str]] = Counter()
        self._questions: dict[tuple[str, str, tuple[str, ...]], Counter[ApprovalStatus]] = {}
        self._recorded: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
        self._saved = timedelta()
        self._troubles: list[Trouble] = []
        self._trouble_count = 0

    def add(self, alert: str, outcome: Outcome) -> None:
        """Add what came of one alert."""
        self._endings[outcome.ending] += 1
        self._saved += outcome.saved
        for call in outcome.calls:
            self._add_call(call)
        for question in outcome.questions:
            self._add_question(question)
        if outcome.ending.is_trouble:
            self._trouble_count += 1
            if len(self._troubles) < MOST_LISTED:
                self._troubles.append(Trouble(alert, outcome.ending, outcome.reason))

    def report(self) -> Report:
        """Return what was added so far; actions that change something come first."""
        gravest = sorted(self._effects, key=lambda action: (-list(Effect).index(self._effects[action]), action))
        return Report(
            endings={ending: self._endings[ending] for ending in Ending if self._endings[ending]},
            actions=tuple(self._count_action(action) for action in gravest),
            questions=tuple(
                QuestionCount(step=step, action=action, by=by, endings=dict(endings), recorded=self._recorded[key])
                for key, endings in self._questions.items()
                for step, action, by in (key,)
            ),
            saved=self._saved,
            troubles=tuple(self._troubles),
            trouble_count=self._trouble_count,
        )

    def _add_call(self, call: Call) -> None:
        self._effects[call.action] = call.effect
        self._actions[call.action, "withheld" if call.is_withheld else "calls"] += 1
        self._actions[call.action, "targets"] += call.targets
        if call.origin is not None:
            self._actions[call.action, call.origin.value] += 1

    def _add_question(self, question: Question) -> None:
        key = (question.step, question.action, question.by)
        self._questions.setdefault(key, Counter())[question.status] += 1
        self._recorded[key] += question.is_recorded

    def _count_action(self, action: str) -> ActionCount:
        return ActionCount(
            action=action,
            effect=self._effects[action],
            calls=self._actions[action, "calls"],
            withheld=self._actions[action, "withheld"],
            targets=self._actions[action, "targets"],
            recorded=self._actions[action, Origin.RECORDED.value],
            simulated=self._actions[action, Origin.SIMULATED.value],
        )
