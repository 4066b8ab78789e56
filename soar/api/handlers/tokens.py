"""The caller's own API tokens."""

from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from soar.access.tokens import SECRET_BYTES, check_scopes, format_token, hash_token
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.people import TokenMade, TokenPage, TokenWanted, view_token
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import FieldFault, InputError, NotFoundError
from soar.model.identity import Token
from soar.store import Unit

_PREFIX = "t"


async def list_tokens(call: Call, _: Nothing) -> TokenPage:
    """List one's own tokens, without their text."""
    found = await call.read(lambda unit: unit.tokens.list_of(call.principal.id))
    return TokenPage(items=tuple(map(view_token, found)), next=None)


async def make_token(call: Call, sent: TokenWanted) -> TokenMade:
    """Make a token; its text is shown this once."""
    reasons = check_scopes(sent.scopes, call.permissions)
    if reasons:
        raise InputError(
            "; ".join(reasons),
            code="scopes",
            hint="GET /api/v1/session lists what you may do",
            faults=[FieldFault("/scopes", reason) for reason in reasons],
        )
    token_id = call.services.ids.new(_PREFIX)
    text = format_token(token_id, call.services.randomness.bytes(SECRET_BYTES))
    token = Token(
        id=token_id,
        key=hash_token(text),
        user=call.principal.id,
        name=sent.name,
        scopes=frozenset(sent.scopes),
        created_at=call.at,
        expires_at=call.at + timedelta(days=sent.days),
    )

    def add(unit: Unit) -> None:
        unit.tokens.add(token)
        call.record(unit, _report(call, "token.created", token))

    await call.write(add)
    return TokenMade(
        token=text, id=token.id, name=token.name, scopes=tuple(sorted(token.scopes)), expires_at=token.expires_at
    )


async def revoke_token(call: Call, _: Nothing) -> web.Response:
    """Revoke one of one's own tokens; it is refused from the next request on."""
    token_id = call.part("id")

    def revoke(unit: Unit) -> None:
        token = unit.tokens.get(token_id)
        if token is None or token.user != call.principal.id:
            raise NotFoundError(f"you have no token {token_id}", hint="`soar token list` shows yours")
        if token.revoked_at is None:
            unit.tokens.update(replace(token, revoked_at=call.at))
            call.record(unit, _report(call, "token.revoked", token))

    await call.write(revoke)
    return web.Response(status=204)


def _report(call: Call, kind: str, token: Token) -> AuditEvent:
    return AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "token", "id": token.id, "name": token.name},
        after={"scopes": [*sorted(token.scopes)]},
    )
