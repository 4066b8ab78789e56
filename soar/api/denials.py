"""Every no, in the audit."""

from collections.abc import Mapping

from aiohttp import web

from soar.api.actor import describe_stranger
from soar.api.call import Caller, Desk
from soar.audit.actor import describe_principal
from soar.audit.record import record
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import DeniedError, SoarError
from soar.model.values import JsonValue


class QuietDenialError(DeniedError):
    """A no that adds nothing to the audit: an event of its own tells of it, or it only asks for more."""


async def record_denial(
    desk: Desk, request: web.Request, caller: Caller | None, target: Mapping[str, JsonValue], error: SoarError
) -> None:
    """Record a denial, up to a bound that a flood of them cannot pass.

    Args:
        desk: services and limits.
        request: what was asked.
        caller: who asked; None is a stranger.
        target: the route or the thing.
        error: what they are told.
    """
    key = caller.principal.id if caller else request.remote or ""
    if not desk.limits.may_record_denial(key):
        return
    services = desk.services
    event = AuditEvent(
        type="access.denied",
        outcome=Outcome.DENIED,
        actor=describe_principal(caller.principal) if caller else describe_stranger(request),
        target=target,
        reason=error.message,
        context={"code": error.code},
    )
    at, id_ = services.clock.now(), services.ids.new("ev")
    await services.store.write(services.workspace, lambda unit: record(unit, event, at=at, id=id_))
