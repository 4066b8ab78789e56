"""Active responses: seen, and taken back."""

from soar.api.call import Call
from soar.api.handlers.runs import announce_lift
from soar.api.schemas.responses import LiftWanted, ResponsePage, ResponseQuery, ResponseView, view_response
from soar.audit.actor import describe_principal


async def list_responses(call: Call, query: ResponseQuery) -> ResponsePage:
    """List active responses, newest first."""
    page = await call.read(lambda unit: unit.responses.list(query.limit, query.cursor, query.status))
    return ResponsePage(items=tuple(map(view_response, page.items)), next=page.next)


async def lift_response(call: Call, sent: LiftWanted) -> ResponseView:
    """Take an active response back before it expires."""
    lifting = await call.write(
        lambda unit: call.services.responses.lift(
            unit,
            call.part("id"),
            actor=describe_principal(call.principal),
            initiator=f"user:{call.principal.id}",
            reason=sent.reason,
            at=call.at,
        )
    )
    announce_lift(call, lifting)
    return view_response(lifting)
