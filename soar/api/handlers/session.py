"""Logging in and out."""

from datetime import datetime

from aiohttp import web

import soar
from soar.access.decide import list_permissions
from soar.api.actor import describe_stranger
from soar.api.authentication import (
    COOKIE_BYTES,
    IDLE,
    LONGEST_LOGIN,
    encode_secret,
    hash_cookie,
    is_secure,
    name_cookie,
    name_session,
)
from soar.api.call import Call, Caller, Visit, write_json
from soar.api.schemas.base import Nothing
from soar.api.schemas.people import Installation, LoginSent, SessionView, list_names, view_session_user
from soar.api.services import Services
from soar.audit.actor import describe_principal
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import DeniedError, UnavailableError
from soar.model.identity import Principal, PrincipalKind, Session, User
from soar.store import Unit


async def start_session(visit: Visit, sent: LoginSent) -> web.Response:
    """Log in with a name and a password."""
    keys = (f"name:{sent.name.casefold()}", f"address:{visit.request.remote}")
    _check_lockout(visit, keys)
    for key in keys:
        visit.desk.limits.logins.add(key)
    user = await _authenticate(visit, sent)
    visit.desk.limits.logins.forget(keys[0])
    visit.desk.limits.logins.take_back(keys[1])
    cookie = encode_secret(visit.services.randomness.bytes(COOKIE_BYTES))
    session = _make_session(visit, user, cookie)
    principal = _act_as(visit, user, session)

    def open_session(unit: Unit) -> None:
        unit.sessions.add(session)
        visit.record(unit, _report(Outcome.SUCCESS, describe_principal(principal), user, None))

    await visit.write(open_session)
    caller = Caller(principal=principal, user=user, session=session, token=None, expires_at=session.expires_at)
    answer = write_json(_view(visit.services, caller))
    set_cookie(answer, visit.services.url, cookie)
    return answer


async def show_session(call: Call, _: Nothing) -> SessionView:
    """Show who is logged in, and what they may do."""
    return _view(call.services, call.caller)


async def end_session(call: Call, _: Nothing) -> web.Response:
    """Log out."""
    await call.write(lambda unit: close_session(call, unit))
    answer = web.Response(status=204)
    clear_cookie(answer, call.services.url)
    return answer


def close_session(call: Call, unit: Unit) -> None:
    """End the login that a call was made with, if it was made with one."""
    session = call.caller.session
    if session is not None:
        unit.sessions.remove(session.key)
        event = AuditEvent(
            type="session.ended",
            outcome=Outcome.SUCCESS,
            actor=describe_principal(call.principal),
            target={"kind": "user", "id": call.principal.id, "name": call.principal.name},
        )
        call.record(unit, event)


def clear_cookie(answer: web.Response, url: str) -> None:
    """Take the cookie of its login from a browser."""
    answer.del_cookie(name_cookie(url), path="/", secure=is_secure(url), httponly=True, samesite="Strict")


def _check_lockout(visit: Visit, keys: tuple[str, ...]) -> None:
    wait = max(visit.desk.limits.logins.wait(key) for key in keys)
    if wait > 0:
        raise UnavailableError(
            "too many failed logins", code="rate_limited", retry_after=wait, hint="wait, then try again"
        )


async def _authenticate(visit: Visit, sent: LoginSent) -> User:
    """Return the person. It takes as long whether there is one of this name or not.

    Raises:
        DeniedError: the name or the password is wrong, or the person was switched off; which, is not said.
    """
    user = await visit.read(lambda unit: unit.users.find_name(sent.name))
    stored = user.password_hash if user is not None and user.disabled_at is None else None
    is_right = await visit.services.passwords.verify(sent.password.get_secret_value(), stored)
    if user is not None and is_right:
        return user
    event = _report(Outcome.DENIED, describe_stranger(visit.request, sent.name, "web"), user, "wrong name or password")
    await visit.write(lambda unit: visit.record(unit, event))
    raise DeniedError("the name or the password is wrong", code="unauthenticated", hint="try again")


def _make_session(visit: Visit, user: User, cookie: str) -> Session:
    return Session(
        key=hash_cookie(cookie),
        user=user.id,
        csrf=encode_secret(visit.services.randomness.bytes(COOKIE_BYTES)),
        created_at=visit.at,
        authenticated_at=visit.at,
        idle_at=visit.at + IDLE,
        expires_at=visit.at + LONGEST_LOGIN,
    )


def _act_as(visit: Visit, user: User, session: Session) -> Principal:
    return Principal(
        kind=PrincipalKind.USER,
        id=user.id,
        name=user.name,
        workspace=visit.workspace,
        roles=user.roles,
        session=name_session(session.key),
        authenticated_at=session.authenticated_at,
        via="web",
        ip=visit.request.remote,
    )


def _report(outcome: Outcome, actor: Actor, user: User | None, reason: str | None) -> AuditEvent:
    target = {"kind": "user", "id": user.id if user else "", "name": user.name if user else actor.name}
    return AuditEvent(type="session.started", outcome=outcome, actor=actor, target=dict(target), reason=reason)


def set_cookie(answer: web.Response, url: str, cookie: str) -> None:
    """Give a browser the cookie of its login."""
    answer.set_cookie(
        name_cookie(url),
        cookie,
        max_age=int(LONGEST_LOGIN.total_seconds()),
        path="/",
        secure=is_secure(url),
        httponly=True,
        samesite="Strict",
    )


def _view(services: Services, caller: Caller) -> SessionView:
    authenticated_at: datetime | None = caller.session.authenticated_at if caller.session else None
    return SessionView(
        user=view_session_user(caller.user),
        permissions=list_names(list_permissions(caller.principal, roles=services.roles)),
        csrf=caller.session.csrf if caller.session else "",
        authenticated_at=authenticated_at,
        expires_at=caller.expires_at,
        installation=Installation(version=soar.__version__, is_demo=services.is_demo, frozen=False, url=services.url),
    )
