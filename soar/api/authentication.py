"""Who asks: a bearer token or the cookie of a login, looked up by its hash."""

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from aiohttp import web

from soar.access.freshness import is_fresh
from soar.access.permissions import Permission, find_permission
from soar.access.tokens import PREFIX, hash_token, is_from, parse_token
from soar.api.call import Caller
from soar.api.services import Services
from soar.model.errors import DeniedError
from soar.model.identity import Principal, PrincipalKind, Session, Token, User, UserKind
from soar.store import Unit

IDLE = timedelta(minutes=30)
"""A login that is not used for so long ends."""

LONGEST_LOGIN = timedelta(hours=12)
"""A login ends then in any case."""

COOKIE_BYTES = 32
_TOUCH = timedelta(minutes=1)
_SHOWN_HASH = 16  # hex digits that name a session in the audit
_BEARER = "bearer "
_LOGIN_HINT = "log in, or send Authorization: Bearer with a token"


class Authenticator:
    """Finds out who sent a request.

    Args:
        services: the store and the clock.
    """

    def __init__(self, services: Services) -> None:
        self._services = services
        self.cookie = name_cookie(services.url)

    async def find_caller(self, request: web.Request) -> Caller | None:
        """Return who sent a request; None if it carries nothing to tell by.

        Raises:
            DeniedError: what it carries is wrong, expired or revoked (`unauthenticated`); which, is not said.
        """
        now = self._services.clock.now()
        caller = await self.recognize(request, now)
        if caller is not None:
            await self._touch(caller, now)
        return caller

    async def recognize(self, request: web.Request, now: datetime) -> Caller | None:
        """Do as `find_caller`, but do not count it as use."""
        header = request.headers.get("Authorization")
        if header is not None:
            return await self._find_token(request, header, now)
        cookie = request.cookies.get(self.cookie)
        return None if cookie is None else await self._find_session(request, cookie, now)

    def shows_person(self, request: web.Request) -> bool:
        """Whether a request claims to come from a person: by one of our tokens, or the cookie of a login."""
        header = request.headers.get("Authorization")
        return self.cookie in request.cookies if header is None else PREFIX in header

    async def _find_token(self, request: web.Request, header: str, now: datetime) -> Caller:
        text = header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else ""
        token_id = parse_token(text)
        if token_id is None:
            raise refuse_stranger()
        found = await self._services.store.read(
            self._services.workspace, lambda unit: _look_up_token(unit, token_id, hash_token(text), now)
        )
        if found is None or not is_from(found[0].networks, request.remote):
            raise refuse_stranger()
        token, user = found
        principal = Principal(
            kind=PrincipalKind.TOKEN,
            id=user.id,
            name=user.name,
            workspace=self._services.workspace,
            roles=user.roles,
            grants=user.grants,
            teams=user.teams,
            scopes=_read_scopes(token),
            within=token.within,
            token=token.id,
            session=name_session(token.key),
            authenticated_at=token.authenticated_at,
            mfa_at=token.mfa_at,
            via="api",
            ip=request.remote,
        )
        ends = _find_end(token.expires_at, user)
        return Caller(principal=principal, user=user, session=None, token=token, expires_at=ends)

    async def _find_session(self, request: web.Request, cookie: str, now: datetime) -> Caller:
        key = hash_cookie(cookie)
        found = await self._services.store.read(self._services.workspace, lambda unit: _look_up_session(unit, key, now))
        if found is None:
            raise refuse_stranger()
        session, user = found
        principal = Principal(
            kind=PrincipalKind.USER,
            id=user.id,
            name=user.name,
            workspace=self._services.workspace,
            roles=user.roles,
            grants=user.grants,
            teams=user.teams,
            session=name_session(session.key),
            authenticated_at=session.authenticated_at,
            mfa_at=session.mfa_at,
            via="web",
            ip=request.remote,
        )
        ends = _find_end(session.expires_at, user)
        return Caller(principal=principal, user=user, session=session, token=None, expires_at=ends)

    async def _touch(self, caller: Caller, now: datetime) -> None:
        """Write down that a login or token was used, at most once a minute."""
        if caller.session is not None and _slide(caller.session, now) - caller.session.idle_at >= _TOUCH:
            key = caller.session.key
            await self._services.store.write(self._services.workspace, lambda unit: _touch_session(unit, key, now))
        elif caller.token is not None and (caller.token.used_at is None or now - caller.token.used_at >= _TOUCH):
            token_id, ip = caller.token.id, caller.principal.ip
            await self._services.store.write(
                self._services.workspace, lambda unit: _touch_token(unit, token_id, ip, now)
            )


def name_cookie(url: str) -> str:
    """Return what the cookie of a login is called; the prefix binds it to this host and to https (RFC 6265bis)."""
    return "__Host-soar" if is_secure(url) else "soar_session"


def is_secure(url: str) -> bool:
    """Whether people reach us over https."""
    return urlsplit(url).scheme == "https"


def hash_cookie(text: str) -> str:
    """Return the key under which a cookie's login is kept."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def name_session(key: str) -> str:
    """Return the part of a login's or token's hash that names it in the audit."""
    return key[:_SHOWN_HASH]


def encode_secret(secret: bytes) -> str:
    """Return random bytes as the text of a cookie."""
    return base64.urlsafe_b64encode(secret).rstrip(b"=").decode("ascii")


def check_csrf(caller: Caller, request: web.Request) -> None:
    """Refuse a change that a browser sends with the cookie alone.

    Raises:
        DeniedError: the header is missing or another login's (`csrf`).
    """
    if caller.session is None:
        return
    sent = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(sent.encode("utf-8", "surrogatepass"), caller.session.csrf.encode()):
        raise DeniedError(
            "the request does not carry the login's own token",
            code="csrf",
            hint="send X-CSRF-Token with `csrf` of GET /api/v1/session",
        )


def check_proof(caller: Caller, now: datetime) -> None:
    """Refuse what moves the power to act to somebody who has not proved lately who they are.

    Raises:
        DeniedError: they have not (`step_up_required`).
    """
    if has_proved(caller, now):
        return
    raise DeniedError(
        "this needs a proof of who you are that is no older than five minutes",
        code="step_up_required",
        hint="`soar step-up`, or POST /api/v1/session/step-up",
    )


def has_proved(caller: Caller, now: datetime) -> bool:
    """Whether a caller has proved lately who they are.

    Emergency access is proof enough for its hour: it was opened by whoever has the server itself.
    """
    return caller.user.kind is UserKind.EMERGENCY or is_fresh(caller.principal.authenticated_at, now)


def refuse_stranger() -> DeniedError:
    """Return the answer to somebody who shows nothing, the same as to somebody whose proof does not hold."""
    return DeniedError("nobody is logged in", code="unauthenticated", hint=_LOGIN_HINT)


def _look_up_token(unit: Unit, token_id: str, key: str, now: datetime) -> tuple[Token, User] | None:
    token = unit.tokens.get(token_id)
    if token is None or not hmac.compare_digest(token.key, key):
        return None
    user = unit.users.get(token.user)
    is_valid = token.revoked_at is None and now < token.expires_at
    return (token, user) if is_valid and user is not None and user.may_act(now) else None


def _look_up_session(unit: Unit, key: str, now: datetime) -> tuple[Session, User] | None:
    session = unit.sessions.get(key)
    if session is None or now >= min(session.idle_at, session.expires_at):
        return None
    user = unit.users.get(session.user)
    return (session, user) if user is not None and user.may_act(now) else None


def _find_end(expires_at: datetime, user: User) -> datetime:
    return expires_at if user.expires_at is None else min(expires_at, user.expires_at)


def _read_scopes(token: Token) -> frozenset[Permission]:
    found = (find_permission(scope) for scope in token.scopes)
    return frozenset(permission for permission in found if permission is not None)


def _slide(session: Session, now: datetime) -> datetime:
    return min(now + IDLE, session.expires_at)


def _touch_session(unit: Unit, key: str, now: datetime) -> None:
    session = unit.sessions.get(key)
    if session is not None:
        unit.sessions.update(replace(session, idle_at=_slide(session, now)))


def _touch_token(unit: Unit, token_id: str, ip: str | None, now: datetime) -> None:
    token = unit.tokens.get(token_id)
    if token is not None:
        unit.tokens.update(replace(token, used_at=now, used_ip=ip))
