"""People as an identity provider knows them, and their logins through it."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingLogin:
    """A login that was begun at the identity provider and may come back, once.

    Attributes:
        key: SHA-256 of `state`, in hex.
        is_fresh: whether the person has to prove anew who they are, however long they are logged in there.
        to: the page they wanted to see.
        expires_at: what comes back later is refused.
    """

    key: str
    is_fresh: bool
    to: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignOn:
    """A login here that came from a login at the identity provider.

    Attributes:
        session: the key of the login here.
        subject: who it is there.
        sid: the login there; None where the provider does not name it.
        expires_at: when the login here ends in any case.
    """

    session: str
    issuer: str
    subject: str
    sid: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A person as the identity provider knows them.

    Attributes:
        id: of the person here.
        issuer: the identity provider, as it calls itself.
        subject: who they are there, for ever; None until that is known.
        user_name: what they are called there; it may change and pass to another person.
        handle: `user_name` as it is compared.
        is_active: whether the provider lets them log in here.
        changed_at: when what is known of them last changed.
    """

    id: str
    issuer: str
    subject: str | None
    user_name: str
    handle: str
    display_name: str
    is_active: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group of people, kept by the identity provider.

    Attributes:
        id: `g_…`.
        external_id: what the provider calls it by.
        members: ids of people.
    """

    id: str
    name: str
    external_id: str | None
    members: frozenset[str]
    created_at: datetime
    changed_at: datetime
