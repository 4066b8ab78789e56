"""Who somebody is, and as whom they act."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PrincipalKind(StrEnum):
    """What sort of actor asks."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 -- the kind of an actor, not a password
    SOURCE = "source"
    SYSTEM = "system"


class Role(StrEnum):
    """The roles that come with the product."""

    VIEWER = "viewer"
    ANALYST = "analyst"
    SOC_LEAD = "soc-lead"
    INCIDENT_COMMANDER = "incident-commander"
    AUTHOR = "author"
    PUBLISHER = "publisher"
    CONNECTOR_ADMIN = "connector-admin"
    AUDITOR = "auditor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A person.

    Attributes:
        id: `u_…`; authority hangs on it, never on name or e-mail.
        name: what they log in with.
        password_hash: argon2id in PHC form; None if they have no local password.
        disabled_at: when they were switched off; None while they may act.
    """

    id: str
    name: str
    email: str
    roles: frozenset[str]
    password_hash: str | None
    created_at: datetime
    disabled_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login of a person in a browser or the command line.

    Attributes:
        key: SHA-256 of the cookie's value, in hex.
        authenticated_at: when the person last proved who they are.
        csrf: what a browser must send back with each change.
        idle_at: when it ends if it is not used.
        expires_at: when it ends in any case.
    """

    key: str
    user: str
    csrf: str
    created_at: datetime
    authenticated_at: datetime
    idle_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token of a person.

    Attributes:
        id: the public part of `soar_pat_<id>_<secret>`.
        key: SHA-256 of the whole token, in hex.
        scopes: permissions it is limited to; never more than its owner's.
        expires_at: at most 90 days after it was made.
        used_at: when it was last used, to the minute.
    """

    id: str
    key: str
    user: str
    name: str
    scopes: frozenset[str]
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """As whom a request acts.

    Attributes:
        id: the user's id, also when a token speaks for them.
        roles: roles held now.
        scopes: permissions it is limited to; None is no limit beyond the roles.
        token: id of the token that speaks, if one does.
        session: hash that names the session in the audit.
        authenticated_at: when the person last proved who they are; None for machines.
        via: `web`, `cli`, `api`, `hook`, `chat`, `engine`.
    """

    kind: PrincipalKind
    id: str
    name: str
    workspace: str
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    token: str | None = None
    session: str | None = None
    authenticated_at: datetime | None = None
    via: str = "api"
    ip: str | None = None
