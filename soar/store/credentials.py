"""Encrypted credentials and the wrapped keys they are encrypted under; nothing here can read them."""

from sqlalchemy import func, select

from soar.model.secret import CredentialVersion, WorkspaceKey
from soar.store.repository import Repository
from soar.store.rows import Rows
from soar.store.tables import CredentialRow, WorkspaceKeyRow, table_of

_VERSIONS = Rows(table_of(CredentialRow), CredentialVersion)
_TABLE = _VERSIONS.table
_LATEST = _VERSIONS.where("name").order_by(_TABLE.c.version.desc()).limit(1)
_NEWER = _TABLE.alias("newer")
_IS_NEWEST = _TABLE.c.version == (
    select(func.max(_NEWER.c.version))
    .where(_NEWER.c.workspace == _TABLE.c.workspace, _NEWER.c.name == _TABLE.c.name)
    .scalar_subquery()
)
_LATEST_OF_ALL = _VERSIONS.where().where(_IS_NEWEST).order_by(_TABLE.c.name)

_KEYS = Rows(table_of(WorkspaceKeyRow), WorkspaceKey)
_GET_KEY = _KEYS.where("id")
_ALL_KEYS = _KEYS.where().order_by(_KEYS.table.c.position)
_NEWEST_KEY = _KEYS.where().order_by(_KEYS.table.c.position.desc()).limit(1)


class Credentials(Repository):
    """The credentials and keys of a workspace."""

    __slots__ = ()

    def add(self, version: CredentialVersion) -> None:
        """Add a version of a credential.

        Raises:
            ConflictError: the name has this version already, or the id is taken.
        """
        self._add(_VERSIONS, version, f"credential {version.name} has a version {version.version} already")

    def latest(self, name: str) -> CredentialVersion | None:
        """Return the newest version of a credential."""
        return self._first(_VERSIONS, _LATEST, given_name=name)

    def list(self) -> tuple[CredentialVersion, ...]:
        """Return the newest version of each credential, by name."""
        return self._all(_VERSIONS, _LATEST_OF_ALL)

    def add_key(self, key: WorkspaceKey) -> None:
        """Add a key; from now on it is the current one.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_KEYS, key, f"there is a key {key.id} already")

    def key(self, key: str) -> WorkspaceKey | None:
        """Return the key with this id."""
        return self._first(_KEYS, _GET_KEY, given_id=key)

    def keys(self) -> tuple[WorkspaceKey, ...]:
        """Return all keys in the order they were added."""
        return self._all(_KEYS, _ALL_KEYS)

    def current_key(self) -> WorkspaceKey | None:
        """Return the key that was added last."""
        return self._first(_KEYS, _NEWEST_KEY)
