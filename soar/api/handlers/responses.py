"""Active responses: seen, and taken back."""

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers.runs import announce_lift
from soar.api.schemas.responses import LiftWanted, ResponsePage, ResponseQuery, ResponseView
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.audit.actor import describe_principal
from soar.model.response import Response
from soar.store import Unit


async def list_responses(call: Call, query: ResponseQuery) -> ResponsePage:
    """List active responses, newest first."""

    def show(unit: Unit) -> ResponsePage:
        shown = Shown(call, Permission.RESPONSE_READ, Things(call, unit).of_response)
        page = shown.page(lambda cursor: unit.responses.list(query.limit, cursor, query.status), query.cursor)
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
