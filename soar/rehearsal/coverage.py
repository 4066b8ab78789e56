"""How much of a playbook its tests have seen."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from soar.model.approval import ApprovalStatus
from soar.model.playbook import Playbook
from soar.model.run import StepStatus
from soar.model.step import Step
from soar.rehearsal.known import list_steps
from soar.rehearsal.mocks import document_path
from soar.rehearsal.play import Played


class Answer(StrEnum):
    """How a question can end."""

    YES = "yes"
    NO = "no"
    SILENCE = "silence"


_ANSWERS = {
    ApprovalStatus.APPROVED: Answer.YES,
    ApprovalStatus.DENIED: Answer.NO,
    ApprovalStatus.EXPIRED: Answer.SILENCE,
}


@dataclass(frozen=True, slots=True)
class Branch:
    """A step's `if`, and which of its two ways was taken."""

    step: Step
    is_taken: bool
    is_passed: bool


@dataclass(frozen=True, slots=True)
class GateCover:
    """A gate, and the answers it was given."""

    step: Step
    answers: frozenset[Answer]

    @property
    def missing(self) -> tuple[Answer, ...]:
        """The answers that no test gives."""
        return tuple(answer for answer in Answer if answer not in self.answers)


@dataclass(frozen=True, slots=True)
class Coverage:
    """What the tests of a playbook have seen of it.

    Attributes:
        steps: all of them.
        unreached: those that no test did.
        branches: every `if`.
        gates: every gate.
    """

    steps: tuple[Step, ...]
    unreached: tuple[Step, ...]
    branches: tuple[Branch, ...]
    gates: tuple[GateCover, ...]


def measure(playbook: Playbook, played: Iterable[Played]) -> Coverage:
    """Add up what some tests have seen of a playbook."""
    entered: set[str] = set()
    passed: set[str] = set()
    answers: dict[str, set[Answer]] = {}
    for one in played:
        for path, record in one.records.items():
            if record.status is not StepStatus.PENDING:
                (passed if record.status is StepStatus.SKIPPED else entered).add(document_path(path))
        for question in one.questions:
            if question.status in _ANSWERS and not question.is_question:
                answers.setdefault(document_path(question.step), set()).add(_ANSWERS[question.status])
    steps = list_steps(playbook)
    return Coverage(
        steps=steps,
        unreached=tuple(step for step in steps if step.path not in entered),
        branches=tuple(
            Branch(step, step.path in entered, step.path in passed) for step in steps if step.condition is not None
        ),
        gates=tuple(GateCover(step, frozenset(answers.get(step.path, ()))) for step in steps if step.gate is not None),
    )
