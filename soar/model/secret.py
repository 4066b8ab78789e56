"""Values that cannot be printed by accident, and how they rest."""

from dataclasses import dataclass
from datetime import datetime
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
    """

    id: str
    name: str
    version: int
    blob: bytes
    hosts: tuple[str, ...]
    created_at: datetime
    created_by: str
