"""The audit record: searched and checked."""

from soar.api.call import Call
from soar.api.schemas.audit import AuditPage, AuditQuery, Verdict
from soar.api.schemas.base import Nothing
from soar.audit.actor import describe_principal
from soar.audit.verify import Report
from soar.model.audit import AuditEvent, Checkpoint, Outcome
from soar.store import Unit


async def list_events(call: Call, query: AuditQuery) -> AuditPage:
    """List what was done, newest first."""
    page = await call.read(
        lambda unit: unit.audit.list(query.limit, query.cursor, query.type, query.actor, query.target)
    )
    return AuditPage(
        items=tuple({"sequence": event.sequence, **event.document} for event in page.items), next=page.next
    )


async def verify_record(call: Call, _: Nothing) -> Verdict:
    """Check that the whole record is as it was written and signed."""
    report = await call.services.verify_audit()

    def note(unit: Unit) -> Checkpoint | None:
        call.record(unit, _report(call, report))
        return unit.audit.latest_checkpoint()

    checkpoint = await call.write(note)
    return Verdict(
        is_sound=report.is_sound,
        size=report.size,
        checkpoints=report.checkpoints,
        last_checkpoint=checkpoint.at if checkpoint else None,
        root=report.root,
        faults=tuple(fault.message for fault in report.faults),
        summary=report.summary,
    )


def _report(call: Call, report: Report) -> AuditEvent:
    return AuditEvent(
        type="audit.verified",
        outcome=Outcome.SUCCESS if report.is_sound else Outcome.FAILURE,
        actor=describe_principal(call.principal),
        target={"kind": "audit", "id": "record"},
        reason=report.summary,
    )
