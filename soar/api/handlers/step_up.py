"""Proving again who one is, for what moves the power to act."""

from dataclasses import replace

from aiohttp import web

from soar.api.call import Call, Caller, write_json
from soar.api.denials import QuietDenialError
from soar.api.handlers.session import act_as, ask_for_factor, challenge, draw_login, set_cookie, view_session
from soar.api.schemas.base import Nothing
from soar.api.schemas.factors import ChallengeView, StepUpSent
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import DeniedError
from soar.model.identity import Session, Token, UserKind
from soar.people.factors import Proof
from soar.store import Unit


async def step_up(call: Call, sent: StepUpSent) -> web.Response:
    """Prove again who one is: by password and code, or by a security key; good for five minutes, under a new cookie."""
    user, limits = call.caller.user, call.desk.limits.logins
    if user.kind is not UserKind.PERSON:
        raise DeniedError("only people can prove again who they are", code="people_only")
    limits.begin(user.name, call.request.remote)
    password = sent.password.get_secret_value() if sent.password else ""
    is_known = sent.assertion is None and await call.services.passwords.verify(password, user.password_hash)
    secrets = await call.services.factors.unlock(call.workspace, user.id, sent.code)
    proof = Proof(sent.code, sent.assertion, secrets)
    outcome = await call.write(lambda unit: _step_up(call, unit, proof, is_known=is_known))
    if isinstance(outcome, DeniedError):
        if outcome.code == "second_factor_required":
            limits.take_back(user.name, call.request.remote)
        raise outcome
    limits.succeed(user.name, call.request.remote)
    caller, cookie = outcome
    answer = write_json(view_session(call.services, caller))
    if cookie is not None:
        set_cookie(answer, call.services.url, cookie)
    return answer


async def challenge_step_up(call: Call, _: Nothing) -> ChallengeView:
    """Say which second factors one has, and give a security key what it is to sign."""
    return await call.write(lambda unit: challenge(call, unit, call.caller.user))


def _step_up(call: Call, unit: Unit, proof: Proof, *, is_known: bool) -> tuple[Caller, str | None] | DeniedError:
    """Take a proof, and put it down with the login or token; or say why not, which is in the audit."""
    user, actor = call.caller.user, describe_principal(call.principal)
    has_factor = bool(call.services.factors.find(unit, user))
    is_enough = is_known or proof.assertion is not None
    if has_factor and is_known and proof.is_empty:
        return ask_for_factor()
    if not is_enough or (has_factor and not call.services.factors.prove(unit, user, proof, actor, call.at)):
        return _refuse(call, unit)
    if not has_factor and proof.assertion is not None:
        return _refuse(call, unit)
    caller, cookie = _put_down(call, unit, has_factor=has_factor)
    principal = describe_principal(caller.principal, assurance="mfa" if has_factor else None)
    call.record(
        unit, AuditEvent(type="session.stepped_up", outcome=Outcome.SUCCESS, actor=principal, target=_own(call))
    )
    return caller, cookie


def _refuse(call: Call, unit: Unit) -> DeniedError:
    event = AuditEvent(
        type="session.stepped_up",
        outcome=Outcome.DENIED,
        actor=describe_principal(call.principal),
        target=_own(call),
        reason="wrong password or second factor",
    )
    call.record(unit, event)
    return QuietDenialError("the password or the second factor is wrong", code="wrong_proof", hint="try again")


def _own(call: Call) -> dict[str, str]:
    return {"kind": "user", "id": call.principal.id, "name": call.principal.name}


def _put_down(call: Call, unit: Unit, *, has_factor: bool) -> tuple[Caller, str | None]:
    """Note the moment: a login goes on under a new cookie, a token as it is."""
    if call.caller.session is not None:
        return _rotate(call, unit, call.caller.session, has_factor=has_factor)
    token: Token | None = call.caller.token
    if token is not None:
        token = replace(token, authenticated_at=call.at, mfa_at=call.at if has_factor else token.mfa_at)
        unit.tokens.update(token)
    principal = replace(
        call.principal, authenticated_at=call.at, mfa_at=call.at if has_factor else call.principal.mfa_at
    )
    return replace(call.caller, token=token, principal=principal), None


def _rotate(call: Call, unit: Unit, session: Session, *, has_factor: bool) -> tuple[Caller, str]:
    made = draw_login(call, call.caller.user, call.at if has_factor else session.mfa_at)
    fresh = replace(made.session, created_at=session.created_at, expires_at=session.expires_at)
    unit.sessions.remove(session.key)
    unit.sessions.add(fresh)
    unit.sign_ons.follow(session.key, fresh.key)
    return replace(call.caller, session=fresh, principal=act_as(call, call.caller.user, fresh)), made.cookie
