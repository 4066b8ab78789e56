"""Logging in and out through an identity provider."""

import hashlib
from dataclasses import replace
from html import escape
from http import HTTPStatus
from urllib.parse import parse_qs

from aiohttp import web

from soar.api.actor import describe_stranger
from soar.api.authentication import (
    COOKIE_BYTES,
    LONGEST_LOGIN,
    encode_secret,
    is_secure,
    name_session,
)
from soar.api.call import Call, Visit, write_json
from soar.api.errors import status_of
from soar.api.handlers.session import act_as, clear_cookie, close_session, make_session, set_cookie
from soar.api.limits import EVERYBODY
from soar.api.reading import check_type, read_bytes
from soar.api.schemas.base import Nothing
from soar.api.schemas.sign_on import SignOnEnded, SignOnView, SignOnWanted
from soar.audit.actor import describe_principal
from soar.federation.attempt import LIFE, SECRET_BYTES, derive_attempt
from soar.federation.people import Registrar
from soar.federation.service import SignOnService
from soar.federation.token import LEEWAY, OLDEST, Login, Logout, refuse_token
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, DeniedError, InputError, NotFoundError, SoarError, UnavailableError
from soar.model.federation import PendingLogin, SignOn
from soar.model.identity import Session, User
from soar.model.step import Assurance
from soar.store import Unit

PATH = "/login/sso"
_REMEMBERED = OLDEST + 2 * LEEWAY
_REFUSED = "refused"
_MOST_FIELDS = 10
_FORM = frozenset({"application/x-www-form-urlencoded"})


async def show_sign_on(visit: Visit, _: Nothing) -> SignOnView:
    """Say whether people can log in through an identity provider, and what it is called."""
    sign_on = visit.services.sign_on
    return SignOnView(name=sign_on.provider.name if sign_on else None)


async def begin_sign_on(visit: Visit, wanted: SignOnWanted) -> web.Response:
    """Send a person to the identity provider."""
    sign_on = _find(visit)
    if not visit.desk.limits.sign_ons.take(EVERYBODY):
        raise _refuse_flood(visit)
    secret = encode_secret(visit.services.randomness.bytes(SECRET_BYTES))
    attempt = derive_attempt(secret)
    address = await sign_on.begin(attempt, is_fresh=wanted.fresh)
    pending = PendingLogin(
        key=attempt.key, is_fresh=wanted.fresh, to=wanted.to, created_at=visit.at, expires_at=visit.at + LIFE
    )
    await visit.write(lambda unit: unit.pending_logins.add(pending))
    answer = web.Response(status=302, headers={"Location": address})
    answer.set_cookie(
        _name_cookie(visit.services.url),
        secret,
        max_age=int(LIFE.total_seconds()),
        path="/",
        secure=is_secure(visit.services.url),
        httponly=True,
        samesite="Lax",  # the person comes back from another site
    )
    return answer


async def finish_sign_on(visit: Visit) -> web.Response:
    """Log in a person who comes back from the identity provider."""
    sign_on = _find(visit)
    try:
        login, pending = await _recognize(visit, sign_on)
        cookie = encode_secret(visit.services.randomness.bytes(COOKIE_BYTES))
        await visit.write(lambda unit: _open_session(visit, unit, sign_on, login, cookie))
    except (DeniedError, ConflictError) as error:
        if visit.desk.limits.may_record_denial(visit.request.remote or ""):
            event = _report(describe_stranger(visit.request, via="web"), None, Outcome.DENIED, error.message)
            await visit.write(lambda unit: visit.record(unit, event))
        raise
    answer = web.Response(status=303, headers={"Location": pending.to})
    answer.del_cookie(
        _name_cookie(visit.services.url), path="/", secure=is_secure(visit.services.url), httponly=True, samesite="Lax"
    )
    set_cookie(answer, visit.services.url, cookie)
    return answer


async def end_sign_on(call: Call, _: Nothing) -> web.Response:
    """Log out here, and say where to log out at the identity provider."""
    session, sign_on = call.caller.session, call.services.sign_on

    def end(unit: Unit) -> bool:
        came_from_there = session is not None and unit.sign_ons.get(session.key) is not None
        close_session(call, unit)
        if session is not None:
            unit.sign_ons.remove(session.key)
        return came_from_there

    came_from_there = await call.write(end)
    url = await _find_end(sign_on) if came_from_there and sign_on is not None else None
    answer = write_json(SignOnEnded(url=url))
    clear_cookie(answer, call.services.url)
    return answer


async def hear_logout(visit: Visit) -> web.Response:
    """End the logins of a person who has logged out at the identity provider."""
    sign_on = _find(visit)
    if visit.desk.limits.sign_ons.wait(_REFUSED) > 0:
        raise _refuse_flood(visit, _REFUSED)
    check_type(visit.request, _FORM)
    try:
        logout = await sign_on.read_logout(_read_logout_token(await read_bytes(visit.request)))
        await visit.write(lambda unit: _end_sessions(visit, unit, sign_on, logout))
    except DeniedError as error:
        visit.desk.limits.sign_ons.add(_REFUSED)
        raise InputError(error.message, code=error.code, hint=error.hint) from error  # 400 is what the protocol wants
    return web.Response(status=200)


def answer_page(error: SoarError) -> web.Response:
    """Return an error as a page for the person who was on their way to log in."""
    hint = f"<p>{escape(error.hint)}</p>" if error.hint else ""
    page = f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Not logged in</title>
<h1>You are not logged in</h1>
<p>{escape(error.message)}</p>
{hint}
<p><a href="/">Back to the start</a></p>
</html>
"""
    return web.Response(status=status_of(error), text=page, content_type="text/html", charset="utf-8")


def answer_logout(error: SoarError) -> web.Response:
    """Return an error to the identity provider (OpenID Connect Back-Channel Logout 1.0, section 2.8)."""
    status = HTTPStatus.BAD_REQUEST if isinstance(error, InputError) else status_of(error)
    return write_json({"error": "invalid_request", "error_description": error.message}, status)


async def _recognize(visit: Visit, sign_on: SignOnService) -> tuple[Login, PendingLogin]:
    """Return who comes back, and the login that they began. What was begun counts once, however this ends.

    Raises:
        DeniedError: nothing was begun in this browser, or what came is not accepted.
    """
    attempt = derive_attempt(visit.request.cookies.get(_name_cookie(visit.services.url), ""))
    pending = await visit.write(lambda unit: unit.pending_logins.take(attempt.key))
    if pending is None:
        raise refuse_token("no login was begun in this browser, or it came back before")
    if len(dict(visit.request.query)) != len(visit.request.query):
        raise refuse_token("a parameter stands twice in the address")
    return await sign_on.finish(dict(visit.request.query), attempt, pending), pending


def _open_session(visit: Visit, unit: Unit, sign_on: SignOnService, login: Login, cookie: str) -> None:
    """Let a person in, in one transaction: themselves, their roles, the login, and what it came from."""
    there = Actor(kind="system", id="sign_on", name=sign_on.provider.name, via="web", ip=visit.request.remote)
    user = Registrar(
        unit=unit,
        provider=sign_on.provider,
        roles=visit.services.roles,
        ids=visit.services.ids,
        actor=there,
        at=visit.at,
    ).admit(login)
    session = _make_session(visit, user, login, cookie)
    unit.sessions.add(session)
    came = SignOn(
        session=session.key,
        issuer=sign_on.provider.issuer,
        subject=login.subject,
        sid=login.sid,
        expires_at=session.expires_at,
    )
    unit.sign_ons.add(came, visit.at)
    visit.record(unit, _report(_describe(visit, user, login, session), user, Outcome.SUCCESS, None))


def _make_session(visit: Visit, user: User, login: Login, cookie: str) -> Session:
    """Return the login here. Where nobody knows when the person proved who they are, it counts as long ago."""
    opened = make_session(visit, user, cookie=cookie, mfa_at=login.mfa_at)
    return replace(opened, authenticated_at=login.authenticated_at or visit.at - LONGEST_LOGIN)


def _end_sessions(visit: Visit, unit: Unit, sign_on: SignOnService, logout: Logout) -> None:
    issuer = sign_on.provider.issuer
    key = hashlib.sha256(f"{issuer} {logout.id}".encode()).hexdigest()
    if not unit.spent_tokens.spend(key, visit.at, visit.at + _REMEMBERED):
        raise refuse_token("it came before")
    if logout.sid is not None:
        found = unit.sign_ons.of_sid(issuer, logout.sid)
        found = tuple(one for one in found if logout.subject in {None, one.subject})
    else:
        found = unit.sign_ons.of(issuer, logout.subject or "")
    for one in found:
        session = unit.sessions.get(one.session)
        unit.sign_ons.remove(one.session)
        if session is not None:
            unit.sessions.remove(session.key)
            visit.record(unit, _report_end(visit, sign_on, session, unit.users.get(session.user)))


def _report_end(visit: Visit, sign_on: SignOnService, session: Session, user: User | None) -> AuditEvent:
    return AuditEvent(
        type="session.ended",
        outcome=Outcome.SUCCESS,
        actor=Actor(kind="system", id="sign_on", name=sign_on.provider.name, via="api", ip=visit.request.remote),
        target={"kind": "user", "id": session.user, "name": user.name if user else ""},
        reason="logged out at the identity provider",
        context={"session": name_session(session.key)},
    )


def _describe(visit: Visit, user: User, login: Login, session: Session) -> Actor:
    assurance = Assurance.LINKED if login.mfa_at is None else Assurance.MFA
    return describe_principal(act_as(visit, user, session), assurance=assurance.value)


def _report(actor: Actor, user: User | None, outcome: Outcome, reason: str | None) -> AuditEvent:
    target = {"kind": "user", "id": user.id if user else "", "name": user.name if user else ""}
    context = {"method": "sign_on"}
    return AuditEvent(
        type="session.started", outcome=outcome, actor=actor, target=dict(target), reason=reason, context=dict(context)
    )


async def _find_end(sign_on: SignOnService) -> str | None:
    """Return where the login ends at the provider; None if it cannot say now: here it has ended in any case."""
    try:
        return await sign_on.find_end()
    except (UnavailableError, InputError):
        return None


def _read_logout_token(body: bytes) -> str:
    """Return the token of a form.

    Raises:
        DeniedError: there is none, or more than one (`sign_on.token`).
    """
    try:
        fields = parse_qs(body.decode("ascii"), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise refuse_token("it is no form") from error
    tokens = fields.get("logout_token", [])
    if len(tokens) != 1:
        raise refuse_token("there is not exactly one logout_token")
    return tokens[0]


def _name_cookie(url: str) -> str:
    return "__Host-soar-login" if is_secure(url) else "soar_login"


def _refuse_flood(visit: Visit, key: str = EVERYBODY) -> UnavailableError:
    wait = visit.desk.limits.sign_ons.wait(key)
    return UnavailableError("too many logins at once", code="rate_limited", retry_after=wait, hint="try again shortly")


def _find(visit: Visit) -> SignOnService:
    sign_on = visit.services.sign_on
    if sign_on is None:
        raise NotFoundError("there is no single sign-on here", hint="log in with a name and a password")
    return sign_on
