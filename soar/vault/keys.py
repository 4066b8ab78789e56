"""Where the key-encryption key lives: outside the database, behind one small interface."""

import hashlib
from pathlib import Path
from typing import Protocol

from soar.audit.keyfile import create_key_file, read_key_file
from soar.model.ids import Randomness
from soar.vault.cipher import decrypt, encrypt

__all__ = ["FileKeyProvider", "KeyProvider", "create_key_file"]


class KeyProvider(Protocol):
    """Wraps and unwraps keys with a key-encryption key that it does not give away."""

    @property
    def id(self) -> str:
        """Names the key-encryption key; another key has another id."""
        ...

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """Return the key encrypted, bound to the associated data."""
        ...

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Return the key again.

        Raises:
            BugError: it was changed, or wrapped with another key or other associated data.
        """
        ...


class FileKeyProvider:
    """Keeps the key-encryption key in a file that only the service can read; read once, at the start.

    Args:
        path: the key file.
        randomness: gives the nonces.

    Raises:
        InputError: the file is missing, not ours, open to others or malformed; the hint is the remedy.
    """

    def __init__(self, path: Path, randomness: Randomness) -> None:
        self._key = read_key_file(path)
        self._randomness = randomness
        self._id = "file:" + hashlib.sha256(b"soar/kek/v1" + self._key).hexdigest()[:16]

    def __repr__(self) -> str:
        return f"FileKeyProvider({self._id})"

    @property
    def id(self) -> str:
        """`file:` and a fingerprint of the key."""
        return self._id

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        """Return the key encrypted, bound to the associated data."""
        return encrypt(data_key, key=self._key, bound=aad, randomness=self._randomness)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        """Return the key again."""
        return decrypt(wrapped, key=self._key, bound=aad)
