"""What is known of key-encryption keys; the keys themselves are never here."""

from soar.model.secret import EncryptionKey, KeyStatus
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.vault_tables import ENCRYPTION_KEYS

_KEYS = Rows(ENCRYPTION_KEYS, EncryptionKey)
_GET = _KEYS.where("id")
_LIST = _KEYS.where().order_by(_KEYS.table.c.position)
_WITH_STATUS = _KEYS.where("status").order_by(_KEYS.table.c.position.desc()).limit(1)
_CHANGE = _KEYS.change()


class EncryptionKeys(Repository):
    """The key-encryption keys of a workspace."""

    __slots__ = ()

    def add(self, key: EncryptionKey) -> None:
        """Add a key.

        Raises:
            ConflictError: there is one with this id.
        """
        self._add(_KEYS, key, f"the key {key.id} is known already")

    def get(self, key: str) -> EncryptionKey | None:
        """Return the key with this id."""
        return self._first(_KEYS, _GET, given_id=key)

    def wrapping(self) -> EncryptionKey | None:
        """Return the one that wraps new workspace keys."""
        return self._first(_KEYS, _WITH_STATUS, given_status=KeyStatus.WRAPPING)

    def list(self) -> tuple[EncryptionKey, ...]:
        """Return all of them, in the order they were added."""
        return self._all(_KEYS, _LIST)

    def update(self, key: EncryptionKey) -> None:
        """Replace the key with this id.

        Raises:
            NotFoundError: there is none.
        """
        self._replace(_KEYS, _CHANGE, key)
