"""Who somebody is, and as whom they act."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from soar.model.grant import Grant, Scope
from soar.model.step import Assurance


class PrincipalKind(StrEnum):
    """What sort of actor asks."""

    USER = "user"
    TOKEN = "token"  # noqa: S105 -- the kind of an actor, not a password
    SOURCE = "source"
    SYSTEM = "system"


class UserKind(StrEnum):
    """What sort of account it is.

    `person`: somebody. `service`: a program, which has tokens and no login. `emergency`: made on the server's own
    machine for an hour, when nobody who could act can log in.
    """

    PERSON = "person"
    SERVICE = "service"
    EMERGENCY = "emergency"


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
    """A person, or a program that acts in a name of its own.

    Attributes:
        id: `u_…`; authority hangs on it, never on name or e-mail.
        name: what they log in with.
        password_hash: argon2id in PHC form; None if they have no local password.
        disabled_at: when they were switched off; None while they may act.
        owner: id of the person who answers for a program; None for people.
        expires_at: from then on they may not act; None is no end.
        grants: roles that they hold for a part of the world only; `roles` are held everywhere.
        teams: names of the teams they belong to.
    """

    id: str
    name: str
    email: str
    roles: frozenset[str]
    password_hash: str | None
    created_at: datetime
    disabled_at: datetime | None = None
    kind: UserKind = UserKind.PERSON
    owner: str | None = None
    expires_at: datetime | None = None
    grants: tuple[Grant, ...] = ()
    teams: frozenset[str] = frozenset()

    def may_act(self, at: datetime) -> bool:
        """Whether they are neither switched off nor past their end."""
        return self.disabled_at is None and (self.expires_at is None or at < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login of a person in a browser or the command line.

    Attributes:
        key: SHA-256 of the cookie's value, in hex.
        authenticated_at: when the person last proved who they are.
        csrf: what a browser must send back with each change.
        idle_at: when it ends if it is not used.
        expires_at: when it ends in any case.
        mfa_at: when they last proved it with a second factor, too; None if they never did.
        ip: the address that it was begun from.
        agent: what the browser calls itself, so that people know their logins apart.
    """

    key: str
    user: str
    csrf: str
    created_at: datetime
    authenticated_at: datetime
    idle_at: datetime
    expires_at: datetime
    mfa_at: datetime | None = None
    ip: str | None = None
    agent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """An API token of a person or a program.

    Attributes:
        id: the public part of `soar_pat_<id>_<secret>`.
        key: SHA-256 of the whole token, in hex.
        scopes: permissions it is limited to; never more than its owner's.
        expires_at: at most 90 days after it was made.
        used_at: when it was last used, to the minute.
        networks: addresses that it may come from, in CIDR notation; empty is any.
        used_ip: the address that it came from then.
        authenticated_at: when the person last proved with it who they are; None if they never did.
        mfa_at: the same with a second factor.
        within: the part of the world that it is limited to; None is all that its owner reaches.
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
    networks: tuple[str, ...] = ()
    used_ip: str | None = None
    authenticated_at: datetime | None = None
    mfa_at: datetime | None = None
    within: Scope | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """As whom a request acts.

    Attributes:
        id: the user's id, also when a token speaks for them.
        roles: roles held now, everywhere.
        grants: roles held now, for a part of the world.
        teams: those of the person.
        scopes: permissions it is limited to; None is no limit beyond the roles.
        within: the part of the world it is limited to; None is no limit beyond the roles.
        token: id of the token that speaks, if one does.
        session: hash that names the session in the audit.
        authenticated_at: when the person last proved who they are; None for machines.
        mfa_at: when they last did so with a second factor; None if they never did.
        via: `web`, `cli`, `api`, `hook`, `chat`, `engine`.
    """

    kind: PrincipalKind
    id: str
    name: str
    workspace: str
    roles: frozenset[str] = frozenset()
    grants: tuple[Grant, ...] = ()
    teams: frozenset[str] = frozenset()
    scopes: frozenset[str] | None = None
    within: Scope | None = None
    token: str | None = None
    session: str | None = None
    authenticated_at: datetime | None = None
    mfa_at: datetime | None = None
    via: str = "api"
    ip: str | None = None

    @property
    def assurance(self) -> Assurance:
        """How sure we are that it is this person, not counting what is typed for one vote."""
        return Assurance.LINKED if self.mfa_at is None else Assurance.MFA
