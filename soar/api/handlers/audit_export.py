"""The audit record, whole or a part of it, in a format for other programs."""

from collections.abc import AsyncIterator
from functools import partial
from urllib.parse import urlsplit

from aiohttp import web

import soar
from soar.api.call import Call
from soar.api.schemas.audit import ExportQuery
from soar.audit.actor import describe_principal
from soar.audit.export import write_checkpoint, write_heading, write_record
from soar.audit.format import Format
from soar.audit.keeper import index_events
from soar.audit.views import Question, read_question
from soar.audit.writer import Writer
from soar.model.audit import AuditEvent, AuditHead, AuditRecord, Outcome
from soar.model.errors import SoarError
from soar.store import Unit

_BATCH = 500  # events read at a time


async def export_events(call: Call, query: ExportQuery) -> web.StreamResponse:
    """Export the record up to now, oldest first; whole and as JSON lines it can be verified elsewhere."""
    question = read_question(query.q, query.view)
    head = await call.write(lambda unit: _begin(call, unit, query))
    await index_events(call.services.store, call.workspace)
    is_whole = query.format is Format.JSONL and not query.q and query.view is None
    chunks = _export_whole(call, head) if is_whole else _export_some(call, head, question, query.format)
    answer = web.StreamResponse()
    answer.content_type, answer.charset = query.format.media_type, "utf-8"
    await answer.prepare(call.request)
    try:
        async for chunk in chunks:
            await answer.write(chunk.encode("utf-8", "backslashreplace"))
    except SoarError as error:
        raise ConnectionResetError("an export was cut short: what has begun has no other way to say so") from error
    await answer.write_eof()
    return answer


def _begin(call: Call, unit: Unit, query: ExportQuery) -> AuditHead:
    """Record the export, and return where the record ended before."""
    head = unit.audit.head()
    asked = {"q": query.q, "view": query.view}
    event = AuditEvent(
        type="audit.exported",
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "audit", "id": "record"},
        context={
            "format": query.format.value,
            "size": head.size,
            "asked": {name: text for name, text in asked.items() if text},
        },
    )
    call.record(unit, event)
    return head


async def _export_whole(call: Call, head: AuditHead) -> AsyncIterator[str]:
    """Yield the record of all workspaces with its checkpoints, as `soar audit verify` reads it."""
    keys = (await call.services.describe_audit()).keys
    yield f"{write_heading(head, keys)}\n"
    for start in range(0, head.size, _BATCH):
        found = await call.read(partial(_read_range, start=start, stop=min(start + _BATCH, head.size)))
        yield "".join(f"{write_record(record)}\n" for record in found)
    for checkpoint in await call.read(lambda unit: unit.audit.checkpoints()):
        if checkpoint.size <= head.size:
            yield f"{write_checkpoint(checkpoint)}\n"


async def _export_some(call: Call, head: AuditHead, question: Question, format_: Format) -> AsyncIterator[str]:
    """Yield the workspace's events that are asked for."""
    writer = Writer(format_, soar.__version__, urlsplit(call.services.url).hostname or "")
    yield writer.begin()
    start = 0
    while start < head.size:
        start, kept = await call.read(partial(_read_some, question=question, start=start, stop=head.size))
        yield "".join(writer.write(kept))


def _read_range(unit: Unit, *, start: int, stop: int) -> tuple[AuditRecord, ...]:
    return unit.audit.range(start, stop)


def _read_some(unit: Unit, *, question: Question, start: int, stop: int) -> tuple[int, tuple[AuditRecord, ...]]:
    """Return the next of the events that are meant, and where those after them begin."""
    found = unit.audit.walk(question.query, start, stop, _BATCH)
    keeps = question.keeps
    kept = found if keeps is None else tuple(record for record in found if keeps(unit, record))
    return (found[-1].sequence + 1 if len(found) == _BATCH else stop), kept
