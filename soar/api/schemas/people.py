"""People, their sessions and tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field

from soar.access.permissions import Permission
from soar.access.scopes import print_grant, print_scope
from soar.api.schemas.base import Incoming, Name
from soar.api.schemas.factors import Code, Credential, Password
from soar.model.identity import Session, Token, User, UserKind

_LONGEST_LIFE = 90  # days; as soar.access.tokens.LONGEST_LIFE
_LONGEST_SCOPE = 1_000


class PasswordSent(Incoming):
    """A name and its password."""

    name: Name
    password: Password


class LoginSent(PasswordSent):
    """A name and its password; and a second factor, where the person has one."""

    code: Code | None = None
    assertion: Credential | None = None


class TokenWanted(Incoming):
    """A token to make; its scopes are permissions the caller holds.

    `networks` is where it may come from, `within` what it reaches: `playbook=phishing-*,team=soc`.
    """

    name: Name
    scopes: Annotated[frozenset[Name], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=_LONGEST_LIFE)] = 30
    networks: Annotated[tuple[Name, ...], Field(max_length=50)] = ()
    within: Annotated[str | None, Field(max_length=_LONGEST_SCOPE)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionUser:
    """Who is logged in."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Which installation this is."""

    version: str
    is_demo: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A login or token; for a token `csrf` is empty. `authenticated_at` and `mfa_at` say when something was proved."""

    user: SessionUser
    permissions: tuple[str, ...]
    csrf: str
    authenticated_at: datetime | None
    mfa_at: datetime | None
    expires_at: datetime
    installation: Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A person or program; `owner` answers for a program, `factors` counts second factors.

    `may_log_in`: they have set a password.
    """

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    kind: UserKind
    owner: str | None
    created_at: datetime
    disabled_at: datetime | None
    expires_at: datetime | None
    may_log_in: bool
    is_invited: bool
    factors: int
    grants: tuple[str, ...]
    teams: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """A page of people and programs."""

    items: tuple[UserView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginView:
    """A login in a browser; `mfa_at` is when a second factor was last shown in it."""

    id: str
    created_at: datetime
    authenticated_at: datetime
    mfa_at: datetime | None
    idle_at: datetime
    expires_at: datetime
    ip: str | None
    agent: str
    is_current: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage:
    """The caller's logins."""

    items: tuple[LoginView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenView:
    """A token, without its text."""

    id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None
    used_ip: str | None
    networks: tuple[str, ...]
    revoked_at: datetime | None
    within: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPage:
    """The tokens of the caller, or of a program."""

    items: tuple[TokenView, ...]
    next: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenMade:
    """A new token; `token` is its text, shown this once."""

    token: str
    id: str
    name: str
    scopes: tuple[str, ...]
    expires_at: datetime


def view_session_user(user: User) -> SessionUser:
    """Return who is logged in."""
    return SessionUser(id=user.id, name=user.name, email=user.email, roles=tuple(sorted(user.roles)))


def view_user(user: User, *, factors: int, is_invited: bool) -> UserView:
    """Return a person or program, without anything that proves who they are."""
    return UserView(
        id=user.id,
        name=user.name,
        email=user.email,
        roles=tuple(sorted(user.roles)),
        kind=user.kind,
        owner=user.owner,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
        expires_at=user.expires_at,
        may_log_in=user.password_hash is not None,
        is_invited=is_invited,
        factors=factors,
        grants=tuple(sorted(map(print_grant, user.grants))),
        teams=tuple(sorted(user.teams)),
    )


def view_login(session: Session, name: str, *, is_current: bool) -> LoginView:
    """Return a login under the name that the audit has for it."""
    return LoginView(
        id=name,
        created_at=session.created_at,
        authenticated_at=session.authenticated_at,
        mfa_at=session.mfa_at,
        idle_at=session.idle_at,
        expires_at=session.expires_at,
        ip=session.ip,
        agent=session.agent,
        is_current=is_current,
    )


def view_token(token: Token) -> TokenView:
    """Return a token, without anything that could be used."""
    return TokenView(
        id=token.id,
        name=token.name,
        scopes=tuple(sorted(token.scopes)),
        created_at=token.created_at,
        expires_at=token.expires_at,
        used_at=token.used_at,
        used_ip=token.used_ip,
        networks=token.networks,
        revoked_at=token.revoked_at,
        within=print_scope(token.within) if token.within else None,
    )


def list_names(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """Return permissions as `resource:verb`, sorted."""
    return tuple(sorted(permission.value for permission in permissions))
