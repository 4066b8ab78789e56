"""API tokens: the caller's own, and those of programs."""

from dataclasses import replace
from datetime import timedelta

from aiohttp import web

from soar.access.decide import list_permissions
from soar.access.permissions import Permission
from soar.access.scopes import dump_scope, parse_scope
from soar.access.tokens import SECRET_BYTES, check_networks, check_scopes, format_token, hash_token
from soar.api.call import Call
from soar.api.schemas.base import Nothing
from soar.api.schemas.people import TokenMade, TokenPage, TokenWanted, view_token
from soar.audit.actor import describe_principal
from soar.model.audit import AuditEvent, Outcome
from soar.model.errors import ConflictError, FieldFault, InputError, NotFoundError
from soar.model.grant import Scope
from soar.model.identity import Principal, PrincipalKind, Token, User, UserKind
from soar.store import Unit

_PREFIX = "t"
_FOR_PEOPLE = (Permission.APPROVAL_VOTE, Permission.USER_WRITE)


async def list_tokens(call: Call, _: Nothing) -> TokenPage:
    """List one's own tokens, without their text."""
    found = await call.read(lambda unit: unit.tokens.list_of(call.principal.id))
    return TokenPage(items=tuple(map(view_token, found)), next=None)


async def make_token(call: Call, sent: TokenWanted) -> TokenMade:
    """Make a token; its text is shown this once."""
    _check_wanted(call, sent)
    token, text = _draw_token(call, sent, call.principal.id)
    if (token.scopes, token.within) == (call.permissions, call.principal.within):
        # as good as the login itself; one that reaches less far proves nobody's presence
        token = replace(token, authenticated_at=call.principal.authenticated_at, mfa_at=call.principal.mfa_at)
    await call.write(lambda unit: _add(call, unit, token))
    return _view_made(token, text)


async def revoke_token(call: Call, _: Nothing) -> web.Response:
    """Revoke one of one's own tokens; it is refused from the next request on."""
    await call.write(lambda unit: _revoke(call, unit, call.principal.id, call.part("id")))
    call.announce("session", call.principal.id)
    return web.Response(status=204)


async def list_service_tokens(call: Call, _: Nothing) -> TokenPage:
    """List the tokens of a program, without their text."""
    found = await call.read(lambda unit: unit.tokens.list_of(_find_program(unit, call.part("id")).id))
    return TokenPage(items=tuple(map(view_token, found)), next=None)


async def make_service_token(call: Call, sent: TokenWanted) -> TokenMade:
    """Make a token for a program, within what both it and the caller may do; its text is shown this once."""
    _check_wanted(call, sent)

    def make(unit: Unit) -> TokenMade:
        program = _find_program(unit, call.part("id"))
        if not program.may_act(call.at):
            raise ConflictError(f"{program.name} is switched off", hint=f"soar user enable {program.name}")
        _check_program(call, sent, program)
        token, text = _draw_token(call, sent, program.id)
        _add(call, unit, token)
        return _view_made(token, text)

    return await call.write(make)


async def revoke_service_token(call: Call, _: Nothing) -> web.Response:
    """Revoke a token of a program; it is refused from the next request on."""

    def revoke(unit: Unit) -> str:
        program = _find_program(unit, call.part("id"))
        _revoke(call, unit, program.id, call.part("token"))
        return program.id

    call.announce("session", await call.write(revoke))
    return web.Response(status=204)


def _check_wanted(call: Call, sent: TokenWanted) -> None:
    faults = [FieldFault("/scopes", reason) for reason in check_scopes(sent.scopes, call.permissions)]
    _refuse(faults, "scopes", "GET /api/v1/session lists what you may do")
    faults = [FieldFault("/networks", reason) for reason in check_networks(sent.networks)]
    _refuse(faults, "networks", "leave them out to let the token come from anywhere")


def _check_program(call: Call, sent: TokenWanted, program: User) -> None:
    """Refuse what the program's own roles do not allow, and what only people do.

    Raises:
        InputError: a scope reaches too far (`scopes`).
    """
    acting = Principal(
        kind=PrincipalKind.TOKEN,
        id=program.id,
        name=program.name,
        workspace=call.workspace,
        roles=program.roles,
        grants=program.grants,
        teams=program.teams,
    )
    held = list_permissions(acting, roles=call.services.roles)
    reasons = check_scopes(sent.scopes, held)
    reasons += [f"`{scope}` is for people alone" for scope in _FOR_PEOPLE if scope in sent.scopes]
    _refuse([FieldFault("/scopes", reason) for reason in reasons], "scopes", f"`soar user show {program.name}`")


def _refuse(faults: list[FieldFault], code: str, hint: str) -> None:
    if faults:
        raise InputError("; ".join(fault.message for fault in faults), code=code, hint=hint, faults=faults)


def _draw_token(call: Call, sent: TokenWanted, user: str) -> tuple[Token, str]:
    token_id = call.services.ids.new(_PREFIX)
    text = format_token(token_id, call.services.randomness.bytes(SECRET_BYTES))
    token = Token(
        id=token_id,
        key=hash_token(text),
        user=user,
        name=sent.name,
        scopes=frozenset(sent.scopes),
        created_at=call.at,
        expires_at=call.at + timedelta(days=sent.days),
        networks=sent.networks,
        within=_choose_limit(call, sent),
    )
    return token, text


def _add(call: Call, unit: Unit, token: Token) -> None:
    unit.tokens.add(token)
    call.record(unit, _report(call, "token.created", token))


def _revoke(call: Call, unit: Unit, user: str, token_id: str) -> None:
    token = unit.tokens.get(token_id)
    if token is None or token.user != user:
        raise NotFoundError(f"there is no token {token_id} here", hint="`soar token list` shows yours")
    if token.revoked_at is None:
        unit.tokens.update(replace(token, revoked_at=call.at))
        call.record(unit, _report(call, "token.revoked", token))


def _find_program(unit: Unit, reference: str) -> User:
    user = unit.users.get(reference) or unit.users.find_name(reference)
    if user is None or user.kind is not UserKind.SERVICE:
        raise NotFoundError(f"there is no program {reference}", hint="people make their own tokens: soar token create")
    return user


def _view_made(token: Token, text: str) -> TokenMade:
    scopes = tuple(sorted(token.scopes))
    return TokenMade(token=text, id=token.id, name=token.name, scopes=scopes, expires_at=token.expires_at)


def _choose_limit(call: Call, sent: TokenWanted) -> Scope | None:
    """Return the part of the world that a token is to reach; what a limited token makes has its maker's limit.

    Raises:
        InputError: the limit is written in another way, or is another one than the maker's.
    """
    wanted = None if sent.within is None else parse_scope(sent.within)
    own = call.principal.within
    if own is not None and wanted not in (None, own):
        raise InputError("a limited token makes tokens with its own limit only", code="scopes", hint="leave it out")
    return own or wanted


def _report(call: Call, kind: str, token: Token) -> AuditEvent:
    return AuditEvent(
        type=kind,
        outcome=Outcome.SUCCESS,
        actor=describe_principal(call.principal),
        target={"kind": "token", "id": token.id, "name": token.name},
        after={
            "user": token.user,
            "scopes": [*sorted(token.scopes)],
            "networks": [*token.networks],
            **({"within": dump_scope(token.within)} if token.within is not None else {}),
        },
    )
