"""Values that cannot be printed by accident, and how they rest."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Never


class Secret:
    """Holds a secret text; printing, formatting, comparing or serialising it shows or reveals nothing."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """Return the text. Call it only where the secret is used up, never to store or log it."""
        return self.__text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    __hash__ = object.__hash__

    def __reduce__(self) -> Never:
        raise TypeError("a secret is not serialised")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundSecret:
    """A secret, opened for one call, and where it may go.

    Attributes:
        hosts: host names it may be sent to; empty means those of its connection.
    """

    secret: Secret
    hosts: tuple[str, ...] = ()


class KeyStatus(StrEnum):
    """What a key-encryption key is still good for."""

    WRAPPING = "wrapping"
    """New workspace keys are wrapped by it."""

    SUPERSEDED = "superseded"
    """It opens what it has wrapped, until that is wrapped again."""

    RETIRED = "retired"
    """It opens nothing any more."""

    CONDEMNED = "condemned"
    """Retired, and somebody has asked for its end."""

    DESTROYED = "destroyed"
    """It is gone for good."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionKey:
    """A key-encryption key as a workspace knows it; the key itself lies with its provider.

    Attributes:
        id: the provider's scheme, a colon, and what it calls the key, such as `file:1f3a…`.
        created_by: id of the person who made it current; `system` for the first one.
        changed_at: when it came to its status.
        condemned_by: id of the person who asked for its end; only somebody else can confirm it.
    """

    id: str
    status: KeyStatus
    created_at: datetime
    created_by: str
    changed_at: datetime
    condemned_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceKey:
    """A workspace's key, wrapped by the key that lives outside the database.

    Attributes:
        id: `wk_…`.
        kek: id of the key-encryption key that wrapped it.
        wrapped: nonce, ciphertext and tag.
    """

    id: str
    kek: str
    wrapped: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialVersion:
    """One version of a credential, encrypted; old versions stay until they are destroyed.

    Attributes:
        id: `cred_…`, of this version's row; bound into the ciphertext.
        name: what connections and playbooks call it.
        version: 1, 2, 3, …
        blob: `v1 | alg | key id | wrapped data key | nonce | ciphertext and tag`.
        hosts: host names it may be sent to; empty means those of its connection.
        created_by: id of the person who set it.
        is_reference: whether what is encrypted says where the value is kept, and is not the value.
        former_until: until when the version before is good, too, for proving something to us; None if it no longer is.
    """

    id: str
    name: str
    version: int
    blob: bytes
    hosts: tuple[str, ...]
    created_at: datetime
    created_by: str
    is_reference: bool = False
    former_until: datetime | None = None
