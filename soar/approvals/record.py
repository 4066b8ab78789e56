"""What the audit hears about questions."""

from collections.abc import Mapping
from datetime import datetime

from soar.audit.record import record
from soar.expr import to_plain
from soar.model.approval import Approval
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.ids import Ids
from soar.model.values import JsonValue
from soar.store import Unit

ENGINE = Actor(kind="system", id="engine", name="soar", via="engine")


def record_approval(
    unit: Unit,
    kind: str,
    approval: Approval,
    outcome: Outcome,
    at: datetime,
    *,
    ids: Ids,
    actor: Actor = ENGINE,
    reason: str | None = None,
    before: Approval | None = None,
    context: Mapping[str, JsonValue] | None = None,
) -> None:
    """Append to the audit what happened to a question, in the transaction of what it reports.

    Args:
        unit: the transaction.
        kind: type of the event, such as `approval.voted`.
        approval: as it is from now on.
        outcome: whether it came to what was wanted.
        at: the moment.
        ids: new identifiers.
        actor: who did it.
        reason: why, in their words or ours.
        before: as it was, where it changed.
        context: what else belongs to it.
    """
    event = AuditEvent(
        type=kind,
        outcome=outcome,
        actor=actor,
        target={"kind": "approval", "id": approval.id, "code": approval.code, "action": approval.card.action},
        reason=reason,
        before=_summarize(before) if before else None,
        after=_summarize(approval),
        digest=approval.digest,
        context={
            "run": approval.run,
            "step": approval.step,
            "playbook": approval.playbook,
            "revision": approval.revision,
            **(context or {}),
        },
    )
    record(unit, event, at=at, id=ids.new("ev"))


def _summarize(approval: Approval) -> dict[str, JsonValue]:
    summary: dict[str, JsonValue] = {
        "status": approval.status.value,
        "votes": len(approval.votes),
        "version": approval.version,
    }
    if approval.reply:
        summary["answers"] = to_plain(dict(approval.reply.answers))
    return summary
