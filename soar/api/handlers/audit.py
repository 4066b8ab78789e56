"""The audit record: searched and checked."""

from soar.api.call import Call
from soar.api.schemas.audit import AuditPage, AuditQuery, ProofView, RecordView, Verdict, view_anchor
from soar.api.schemas.base import Nothing
from soar.audit import keeper
from soar.audit.actor import describe_principal
from soar.audit.verify import Report
from soar.model.audit import AuditEvent, Checkpoint, Outcome
from soar.model.errors import NotFoundError
from soar.store import Unit

_LONGEST_NUMBER = 18  # digits; more do not fit into 64 bits


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
        remarks=report.remarks,
        summary=report.summary,
    )


async def show_record(call: Call, _: Nothing) -> RecordView:
    """Show who vouches for the record: public keys and anchors, and how far each has come."""
    standing = await call.services.describe_audit()

    def show(unit: Unit) -> RecordView:
        latest = unit.audit.latest_checkpoint()
        return RecordView(
            size=unit.audit.head().size,
            signed=latest.size if latest else 0,
            signed_at=latest.at if latest else None,
            keys=tuple(map(str, standing.keys)),
            anchors=tuple(map(view_anchor, standing.anchors)),
        )

    return await call.read(show)


async def prove_event(call: Call, _: Nothing) -> ProofView:
    """Show the proof that one event is in the record."""
    text = call.part("sequence")
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise NotFoundError(f"there is no event {text}", hint="name its number, as `soar audit list` shows it")
    sequence = int(text)
    return ProofView(sequence=sequence, proof=await call.read(lambda unit: keeper.prove_event(unit, sequence)))


def _report(call: Call, report: Report) -> AuditEvent:
    return AuditEvent(
        type="audit.verified",
        outcome=Outcome.SUCCESS if report.is_sound else Outcome.FAILURE,
        actor=describe_principal(call.principal),
        target={"kind": "audit", "id": "record"},
        reason=report.summary,
    )
