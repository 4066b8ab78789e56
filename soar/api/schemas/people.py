"""People, their sessions and tokens."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, SecretStr

from soar.access.permissions import Permission
from soar.api.schemas.base import Incoming, Name
from soar.model.identity import Token, User

_LONGEST_LIFE = 90  # days; as soar.access.tokens.LONGEST_LIFE
_LONGEST_PASSWORD = 1_000


class LoginSent(Incoming):
    """A name and its password."""

    name: Name
    password: Annotated[SecretStr, Field(max_length=_LONGEST_PASSWORD)]


class TokenWanted(Incoming):
    """A token to make; its scopes are permissions the caller holds."""

    name: Name
    scopes: Annotated[frozenset[Name], Field(min_length=1, max_length=100)]
    days: Annotated[int, Field(ge=1, le=_LONGEST_LIFE)] = 30


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
    frozen: bool
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionView:
    """A login; for a token `csrf` is empty and `authenticated_at` null."""

    user: SessionUser
    permissions: tuple[str, ...]
    csrf: str
    authenticated_at: datetime | None
    expires_at: datetime
    installation: Installation


@dataclass(frozen=True, slots=True, kw_only=True)
class UserView:
    """A person."""

    id: str
    name: str
    email: str
    roles: tuple[str, ...]
    created_at: datetime
    disabled_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPage:
    """A page of people."""

    items: tuple[UserView, ...]
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
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPage:
    """The caller's tokens."""

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


def view_user(user: User) -> UserView:
    """Return a person, without anything that proves who they are."""
    return UserView(
        id=user.id,
        name=user.name,
        email=user.email,
        roles=tuple(sorted(user.roles)),
        created_at=user.created_at,
        disabled_at=user.disabled_at,
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
        revoked_at=token.revoked_at,
    )


def list_names(permissions: Iterable[Permission]) -> tuple[str, ...]:
    """Return permissions as `resource:verb`, sorted."""
    return tuple(sorted(permission.value for permission in permissions))
