"""Active responses: seen, taken back, let stand longer, and looked at."""

from collections.abc import Callable

from soar.access.permissions import Permission
from soar.api.call import Call
from soar.api.handlers.runs import announce_lift
from soar.api.schemas.base import Nothing
from soar.api.schemas.responses import (
    ExtensionWanted,
    KeepingWanted,
    LiftWanted,
    ResponsePage,
    ResponseQuery,
    ResponseView,
)
from soar.api.things import Shown, Things
from soar.api.views import Views
from soar.audit.actor import describe_principal
from soar.expr import ExpressionError, parse_duration
from soar.model.errors import FieldFault, InputError
from soar.model.response import Response
from soar.responses.report import find_response
from soar.store import Unit


async def list_responses(call: Call, query: ResponseQuery) -> ResponsePage:
    """List active responses, newest first."""

    def show(unit: Unit) -> ResponsePage:
        shown = Shown(call, Permission.RESPONSE_READ, Things(call, unit).of_response)
        page = shown.page(lambda cursor: unit.responses.list(query.limit, cursor, query.status), query.cursor)
        return ResponsePage(items=tuple(map(Views(call, unit).show_response, page.items)), next=page.next)

    return await call.read(show)


async def show_response(call: Call, _: Nothing) -> ResponseView:
    """Show one active response."""
    return await call.read(lambda unit: Views(call, unit).show_response(find_response(unit, call.part("id"))))


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


async def extend_response(call: Call, sent: ExtensionWanted) -> ResponseView:
    """Let an active response stand longer than was planned."""
    try:
        by = parse_duration(sent.by)
    except ExpressionError as error:
        fault = FieldFault("/by", error.message)
        raise InputError(f"by: {error.message}", hint="write 4h or 2d", faults=[fault]) from error

    def extend(unit: Unit) -> ResponseView:
        extended = call.services.responses.extend(
            unit, call.part("id"), by, actor=describe_principal(call.principal), reason=sent.reason, at=call.at
        )
        return Views(call, unit).show_response(extended)

    return await _change(call, extend)


async def keep_response(call: Call, sent: KeepingWanted) -> ResponseView:
    """Let an active response stand until somebody lifts it."""

    def keep(unit: Unit) -> ResponseView:
        kept = call.services.responses.keep(
            unit, call.part("id"), actor=describe_principal(call.principal), reason=sent.reason, at=call.at
        )
        return Views(call, unit).show_response(kept)

    return await _change(call, keep)


async def check_response(call: Call, _: Nothing) -> ResponseView:
    """Look at the product whether an active response still stands; a run does it."""

    def check(unit: Unit) -> ResponseView:
        checked = call.services.responses.check(
            unit,
            call.part("id"),
            actor=describe_principal(call.principal),
            initiator=f"user:{call.principal.id}",
            at=call.at,
        )
        return Views(call, unit).show_response(checked)

    view = await _change(call, check)
    if view.check_run is not None:
        call.announce("run", view.check_run)
    return view


async def _change(call: Call, change: Callable[[Unit], ResponseView]) -> ResponseView:
    view = await call.write(change)
    call.announce("response", view.id)
    return view
