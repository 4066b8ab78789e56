"""The audit record: searched and checked."""

from collections.abc import Mapping
from hashlib import sha256

from soar.api.call import Call
from soar.api.schemas.audit import (
    AuditPage,
    AuditQuery,
    FacetQuery,
    FacetsView,
    ProofView,
    RecordView,
    Verdict,
    ViewPage,
    view_anchor,
    view_facets,
    view_view,
)
from soar.api.schemas.base import Nothing
from soar.audit import keeper
from soar.audit.actor import describe_principal
from soar.audit.query import parse_query
from soar.audit.seal import blank_erased
from soar.audit.sentence import describe_event
from soar.audit.verify import Report
from soar.audit.views import VIEWS, find_page, read_question
from soar.model.audit import AuditEvent, AuditRecord, Checkpoint, Outcome
from soar.model.canonical import canonicalize
from soar.model.errors import NotFoundError
from soar.model.values import JsonValue
from soar.store import Unit

_LONGEST_NUMBER = 18  # digits; more do not fit into 64 bits


async def list_events(call: Call, query: AuditQuery) -> AuditPage:
    """Search what was done, newest first; a question is itself an event, its further pages are not."""
    question = read_question(query.q, query.view)
    if query.cursor is None:
        asked = {"q": query.q, "view": query.view, "type": query.type, "actor": query.actor, "target": query.target}
        await note_reading(call, "audit.searched", {name: value for name, value in asked.items() if value})
    await keeper.index_events(call.services.store, call.workspace)
    page = await call.read(
        lambda unit: find_page(
            unit,
            question,
            query.limit,
            query.cursor,
            type_prefix=query.type,
            actor=query.actor,
            target=query.target,
        )
    )
    return AuditPage(items=tuple(map(_show, page.items)), next=page.next)


async def count_events(call: Call, query: FacetQuery) -> FacetsView:
    """Count the newest events that match, by type, actor, outcome and day."""
    asked = parse_query(query.q)
    await note_reading(call, "audit.searched", {"q": query.q} if query.q else {})
    await keeper.index_events(call.services.store, call.workspace)
    return view_facets(await call.read(lambda unit: unit.audit.facets(asked)))


async def list_views(_: Call, __: Nothing) -> ViewPage:
    """List the ready-made questions."""
    return ViewPage(items=tuple(map(view_view, VIEWS.values())), next=None)


async def note_reading(call: Call, kind: str, asked: Mapping[str, JsonValue]) -> None:
    """Record that somebody reads the audit, before they do; the same again within ten minutes is not recorded."""
    key = sha256(canonicalize([call.principal.id, kind, dict(asked)])).hexdigest()
    searches = call.desk.limits.searches
    if searches.wait(key) > 0:
        return
    event = AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "audit", "id": "record"},
        context={"asked": dict(asked)},
    )
    await call.write(lambda unit: call.record(unit, event))
    searches.add(key)


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
    await note_reading(call, "audit.proved", {"sequence": sequence})
    return ProofView(sequence=sequence, proof=await call.read(lambda unit: keeper.prove_event(unit, sequence)))


def _show(record: AuditRecord) -> dict[str, JsonValue]:
    shown = blank_erased(record.document)
    return {"sequence": record.sequence, "sentence": describe_event(shown), **shown}


def _report(call: Call, report: Report) -> AuditEvent:
    return AuditEvent(
        type="audit.verified",
        outcome=Outcome.SUCCESS if report.is_sound else Outcome.FAILURE,
        actor=describe_principal(call.principal),
        target={"kind": "audit", "id": "record"},
        reason=report.summary,
    )
