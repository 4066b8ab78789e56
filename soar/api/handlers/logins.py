"""One's own logins: seen, and ended from afar."""

from aiohttp import web

from soar.api.authentication import name_session
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.people import LoginPage, view_login
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import NotFoundError
from soar.model.values import JsonValue
from soar.store import Unit


async def list_logins(call: Call, _: Nothing) -> LoginPage:
    """List one's own logins in browsers."""
    current = call.caller.session.key if call.caller.session else ""
    found = await call.read(lambda unit: unit.sessions.list_of(call.principal.id))
    items = (
        view_login(session, name_session(session.key), is_current=session.key == current)
        for session in found
        if call.at < min(session.idle_at, session.expires_at)
    )
    return LoginPage(items=tuple(items), next=None)


async def end_login(call: Call, _: Nothing) -> web.Response:
    """End one of one's own logins; it is refused from the next request on."""
    wanted = call.part("id")

    def end(unit: Unit) -> None:
        for session in unit.sessions.list_of(call.principal.id):
            if name_session(session.key) == wanted:
                unit.sessions.remove(session.key)
                call.record(unit, _report(call, {"session": wanted}))
                return
        raise NotFoundError(f"you have no login {wanted}", hint="`soar session list` shows yours")

    await call.write(end)
    call.announce("session", call.principal.id)
    return web.Response(status=204)


async def end_all_logins(call: Call, _: Nothing) -> web.Response:
    """Log out everywhere: all of one's own logins and API tokens are gone, this one included."""

    def end(unit: Unit) -> None:
        ended = len(unit.sessions.list_of(call.principal.id))
        unit.sessions.remove_of(call.principal.id)
        revoked = unit.tokens.revoke_of(call.principal.id, call.at)
        call.record(unit, _report(call, {"sessions": ended, "tokens": revoked}))

    await call.write(end)
    call.announce("session", call.principal.id)
    return web.Response(status=204)


def _report(call: Call, ended: dict[str, JsonValue]) -> AuditEvent:
    return AuditEvent(
        type="session.revoked",
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "user", "id": call.principal.id, "name": call.principal.name},
        before=ended,
    )
