"""Logging in and out."""

from dataclasses import dataclass
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
from soar.api.denials import QuietDenialError
from soar.api.schemas.base import Nothing
from soar.api.schemas.factors import ChallengeView
from soar.api.schemas.people import Installation, LoginSent, PasswordSent, SessionView, list_names, view_session_user
from soar.api.services import Services
from soar.audit.actor import describe_principal
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import DeniedError
from soar.model.identity import Principal, PrincipalKind, Session, User
from soar.people.factors import Proof
from soar.store import Unit

_LONGEST_AGENT = 200


@dataclass(frozen=True, slots=True)
class Opened:
    """A login that was begun, and the cookie that stands for it."""

    session: Session
    cookie: str


async def start_session(visit: Visit, sent: LoginSent) -> web.Response:
    """Log in with a name and a password, and a second factor where the person has one."""
    limits, address = visit.desk.limits.logins, visit.request.remote
    limits.begin(sent.name, address)
    user = await _check_password(visit, sent)
    secrets = await visit.services.factors.unlock(visit.workspace, user.id, sent.code)
    proof = Proof(sent.code, sent.assertion, secrets)
    outcome = await visit.write(lambda unit: _open_session(visit, unit, user, proof))
    if isinstance(outcome, DeniedError):
        if outcome.code == "second_factor_required":
            limits.take_back(sent.name, address)
        raise outcome
    limits.succeed(sent.name, address)
    session = outcome.session
    principal = act_as(visit, user, session)
    caller = Caller(principal=principal, user=user, session=session, token=None, expires_at=session.expires_at)
    answer = write_json(view_session(visit.services, caller))
    set_cookie(answer, visit.services.url, outcome.cookie)
    return answer


async def challenge_login(visit: Visit, sent: PasswordSent) -> ChallengeView:
    """Say which second factors count for this login, and give a security key what it is to sign."""
    visit.desk.limits.logins.begin(sent.name, visit.request.remote)
    user = await _check_password(visit, sent)
    visit.desk.limits.logins.take_back(sent.name, visit.request.remote)
    return await visit.write(lambda unit: challenge(visit, unit, user))


def challenge(visit: Visit, unit: Unit, user: User) -> ChallengeView:
    """Return which second factors a person has, and what a security key is to sign."""
    factors = visit.services.factors
    kinds = {factor.kind for factor in factors.find(unit, user)}
    return ChallengeView(kinds=tuple(sorted(kinds)), passkey=factors.challenge(unit, user, visit.at))


async def show_session(call: Call, _: Nothing) -> SessionView:
    """Show who is logged in, and what they may do."""
    return view_session(call.services, call.caller)


async def end_session(call: Call, _: Nothing) -> web.Response:
    """Log out."""
    await call.write(lambda unit: close_session(call, unit))
    call.announce("session", call.principal.id)
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


async def _check_password(visit: Visit, sent: PasswordSent) -> User:
    """Return the person. It takes as long whether there is one of this name or not.

    Raises:
        DeniedError: the name or the password is wrong, or the person may not act; which, is not said.
    """
    user = await visit.read(lambda unit: unit.users.find_name(sent.name))
    stored = user.password_hash if user is not None and user.may_act(visit.at) else None
    is_right = await visit.services.passwords.verify(sent.password.get_secret_value(), stored)
    if user is not None and is_right:
        return user
    event = _report(Outcome.DENIED, describe_stranger(visit.request, sent.name, "web"), user, "wrong name or password")
    await visit.write(lambda unit: visit.record(unit, event))
    raise _refuse_login()


def _refuse_login() -> DeniedError:
    return DeniedError("the name, the password or the code is wrong", code="unauthenticated", hint="try again")


def _open_session(visit: Visit, unit: Unit, user: User, proof: Proof) -> Opened | DeniedError:
    """Begin a login, in the place of the one that the same browser had; or say why not, which is in the audit."""
    stranger = describe_stranger(visit.request, user.name, "web")
    factors, mfa_at = visit.services.factors, None
    if factors.find(unit, user):
        refusal = _check_factor(visit, unit, user, proof, stranger)
        if refusal is not None:
            return refusal
        mfa_at = visit.at
    opened = draw_login(visit, user, mfa_at)
    before = visit.request.cookies.get(name_cookie(visit.services.url))
    if before is not None:
        unit.sessions.remove(hash_cookie(before))
    unit.sessions.add(opened.session)
    actor = describe_principal(act_as(visit, user, opened.session), assurance=assure(opened.session))
    visit.record(unit, _report(Outcome.SUCCESS, actor, user, None))
    return opened


def _check_factor(visit: Visit, unit: Unit, user: User, proof: Proof, stranger: Actor) -> DeniedError | None:
    if visit.services.factors.prove(unit, user, proof, stranger, visit.at):
        return None
    said = "no second factor" if proof.is_empty else "wrong second factor"
    visit.record(unit, _report(Outcome.DENIED, stranger, user, said))
    return ask_for_factor() if proof.is_empty else _refuse_login()


def ask_for_factor() -> QuietDenialError:
    """Return the answer to a right password that is not enough."""
    return QuietDenialError(
        "a second factor is needed, too",
        code="second_factor_required",
        hint="send `code`, or `assertion` with what POST /api/v1/session/challenge lets a security key sign",
    )


def draw_login(visit: Visit, user: User, mfa_at: datetime | None) -> Opened:
    """Return a new login, which is yet to be added, with the cookie that stands for it."""
    cookie = encode_secret(visit.services.randomness.bytes(COOKIE_BYTES))
    return Opened(make_session(visit, user, cookie=cookie, mfa_at=mfa_at), cookie)


def make_session(visit: Visit, user: User, *, cookie: str, mfa_at: datetime | None) -> Session:
    """Return the login that a cookie stands for, from now on and as long as the person may act."""
    ends = (moment for moment in (visit.at + LONGEST_LOGIN, user.expires_at) if moment is not None)
    return Session(
        key=hash_cookie(cookie),
        user=user.id,
        csrf=encode_secret(visit.services.randomness.bytes(COOKIE_BYTES)),
        created_at=visit.at,
        authenticated_at=visit.at,
        idle_at=visit.at + IDLE,
        expires_at=min(ends),
        mfa_at=mfa_at,
        ip=visit.request.remote,
        agent=visit.request.headers.get("User-Agent", "")[:_LONGEST_AGENT],
    )


def act_as(visit: Visit, user: User, session: Session) -> Principal:
    """Return the principal of a login."""
    return Principal(
        kind=PrincipalKind.USER,
        id=user.id,
        name=user.name,
        workspace=visit.workspace,
        roles=user.roles,
        grants=user.grants,
        teams=user.teams,
        session=name_session(session.key),
        authenticated_at=session.authenticated_at,
        mfa_at=session.mfa_at,
        via="web",
        ip=visit.request.remote,
    )


def assure(session: Session) -> str | None:
    """Return what the audit says of a login with a second factor."""
    return None if session.mfa_at is None else "mfa"


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


def view_session(services: Services, caller: Caller) -> SessionView:
    """Return who is logged in, and what they may do."""
    return SessionView(
        user=view_session_user(caller.user),
        permissions=list_names(list_permissions(caller.principal, roles=services.roles)),
        csrf=caller.session.csrf if caller.session else "",
        authenticated_at=caller.principal.authenticated_at,
        mfa_at=caller.principal.mfa_at,
        expires_at=caller.expires_at,
        installation=Installation(version=soar.__version__, is_demo=services.is_demo, url=services.url),
    )
