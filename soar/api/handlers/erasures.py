"""Erasing a person or an alert from the record, as one of two people."""

from soar.api.call import Call
from soar.api.schemas.erasures import ErasureView, ErasureWanted
from soar.audit.actor import describe_principal
from soar.audit.eraser import Eraser, Subject


async def erase(call: Call, wanted: ErasureWanted) -> ErasureView:
    """Ask for an erasure; once somebody else asks too, it is done for good."""
    subject = Subject(wanted.kind, wanted.id)
    eraser = Eraser(call.services.store, ids=call.services.ids)
    done = await eraser.erase(
        call.workspace, subject, wanted.reason, actor=describe_principal(call.principal), now=call.at
    )
    call.announce("audit", subject.id)
    return ErasureView(kind=subject.kind, id=subject.id, status=done.status, events=done.events)
