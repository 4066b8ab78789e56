"""What runs, waiting steps and the audit are told of a question that was decided."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from soar.approvals.decide import name_all
from soar.approvals.parts import find_left_out
from soar.engine.events import ApprovalDecided, dump_event
from soar.model.approval import Approval, ApprovalStatus, EscalationLevel, Vote
from soar.model.event import EventType
from soar.model.values import JsonValue, Value
from soar.store import Unit

_HAPPENINGS: Mapping[ApprovalStatus, EventType] = {
    ApprovalStatus.APPROVED: EventType.APPROVAL_APPROVED,
    ApprovalStatus.DENIED: EventType.APPROVAL_DENIED,
    ApprovalStatus.EXPIRED: EventType.APPROVAL_EXPIRED,
}


def tell_run(unit: Unit, approval: Approval, at: datetime) -> None:
    """Tell the run that waits how its question was decided."""
    last = approval.votes[-1] if approval.votes else None
    event = ApprovalDecided(
        at=at,
        path=approval.step,
        approval=approval.id,
        outcome=approval.status.value,
        digest=approval.digest,
        comment=last.comment if last else approval.reason,
        answers=answers_of(approval) if approval.reply else None,
        left_out=[part.path for part in find_left_out(approval)] or None,
    )
    unit.inbox.add(approval.run, dump_event(event), at)


def publish(unit: Unit, approval: Approval, at: datetime) -> None:
    """Put down that a question was answered, or was not in time, for whoever waits for that."""
    kind, run = _HAPPENINGS.get(approval.status), unit.runs.get(approval.run)
    if kind is None:
        return
    data: dict[str, Value] = {
        "approval": approval.id,
        "run": approval.run,
        "step": approval.step,
        "playbook": approval.playbook,
        "action": approval.card.action,
        "targets": list(approval.card.targets),
    }
    unit.happenings.add(
        kind, approval.id, data, at, playbook=approval.playbook, depth=run.depth + 1 if run is not None else 0
    )


def answers_of(approval: Approval) -> dict[str, Value]:
    """Return what was answered, by field."""
    return dict(approval.reply.answers) if approval.reply else {}


def describe_vote(vote: Vote) -> dict[str, JsonValue]:
    """Return what the audit says of a vote besides who cast it."""
    lent: dict[str, JsonValue] = {"for": vote.for_user, "for_name": vote.for_name} if vote.for_user else {}
    return {**lent, **({"only": list(vote.only)} if vote.only else {})}


def say_levels(levels: Sequence[EscalationLevel]) -> str:
    """Say to whom a question was escalated, and who of them may decide."""
    deciding = [level.to for level in levels if level.may_decide]
    told = [level.to for level in levels if not level.may_decide]
    said = [f"{name_all(deciding, ', ')} may decide, too"] if deciding else []
    said += [f"{name_all(told, ', ')} should know"] if told else []
    return f"escalated: {'; '.join(said)}"
