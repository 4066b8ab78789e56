"""Active responses: seen, and taken back."""

from soar.api.call import Call
from soar.api.handlers.runs import announce_lift
from soar.api.schemas.responses import LiftWanted, ResponsePage, ResponseQuery, ResponseView
from soar.api.views import Views
from soar.audit.actor import describe_principal
from soar.model.response import Response
from soar.store import Unit


async def list_responses(call: Call, query: ResponseQuery) -> ResponsePage:
    """List active responses, newest first."""

    def show(unit: Unit) -> ResponsePage:
        page = unit.responses.list(query.limit, query.cursor, query.status)
        return ResponsePage(items=tuple(map(Views(call, unit).show_response, page.items)), next=page.next)

    return await call.read(show)


async def lift_response(call: Call, sent: LiftWanted) -> ResponseView:
    """Take an active response back before it expires."""

    def lift(unit: Unit) -> tuple[Response, ResponseView]:
        lifting = call.services.responses.lift(
            unit,
            call.part("id"),
            actor=describe_principal(call.principal),
            initiator=f"user:{call.principal.id}",
            reason=sent.reason,
            at=call.at,
        )
        return lifting, Views(call, unit).show_response(lifting)

    lifting, view = await call.write(lift)
    announce_lift(call, lifting)
    return view
