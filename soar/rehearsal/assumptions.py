"""What a backtest takes for granted."""

from dataclasses import dataclass
from enum import StrEnum


class Answers(StrEnum):
    """Where products' answers come from; `recorded` are simulated where no stored run made the same call."""

    RECORDED = "recorded"
    SIMULATED = "simulated"


class Decide(StrEnum):
    """What people are assumed to do at gates; `recorded` is what they did, and a yes where they were not asked."""

    APPROVE = "approve"
    DENY = "deny"
    SILENCE = "silence"
    RECORDED = "recorded"


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What a backtest takes for granted."""

    answers: Answers
    decide: Decide
