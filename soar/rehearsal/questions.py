"""What a test may ask about a question that people were asked."""

from collections.abc import Callable, Mapping

from soar.approvals.parts import confirmation_of
from soar.expr import print_duration
from soar.model.approval import Approval
from soar.model.values import JsonValue


def _describe_wait(approval: Approval) -> JsonValue:
    return None if approval.decided_at is None else print_duration(approval.decided_at - approval.asked_at)


_ASPECTS: Mapping[str, Callable[[Approval], JsonValue]] = {
    "outcome": lambda approval: approval.status.value,
    "waited": _describe_wait,
    "question": lambda approval: approval.card.question,
    "reason": lambda approval: approval.card.reason,
    "impact": lambda approval: approval.card.impact,
    "undo": lambda approval: approval.card.undo,
    "targets": lambda approval: list(approval.card.targets),
    "evidence": lambda approval: dict(approval.card.evidence),
    "confirm": confirmation_of,
    "by": lambda approval: list(approval.by),
    "quorum": lambda approval: approval.quorum,
    "votes": lambda approval: len(approval.votes),
    "comment": lambda approval: approval.votes[-1].comment if approval.votes else None,
}

ASPECTS = tuple(_ASPECTS)
"""The words for what may be asked."""


def describe_aspect(approval: Approval, aspect: str) -> JsonValue:
    """Return what a question was like in one of the `ASPECTS`."""
    return _ASPECTS[aspect](approval)
