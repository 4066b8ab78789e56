"""Encrypted credentials and the wrapped keys they are encrypted under; nothing here can read them."""

from sqlalchemy import LargeBinary, delete, func, select, update

from soar.model.secret import CredentialVersion, WorkspaceKey
from soar.store.repository import Repository
from soar.store.rows import Rows, given
from soar.store.vault_tables import CREDENTIALS, WORKSPACE_KEYS

_VERSIONS = Rows(CREDENTIALS, CredentialVersion)
_TABLE = _VERSIONS.table
_LATEST = _VERSIONS.where("name").order_by(_TABLE.c.version.desc()).limit(1)
_NEWER = _TABLE.alias("newer")
_ONE = _VERSIONS.where("name", "version")
_IS_NEWEST = _TABLE.c.version == (
    select(func.max(_NEWER.c.version))
    .where(_NEWER.c.workspace == _TABLE.c.workspace, _NEWER.c.name == _TABLE.c.name)
    .scalar_subquery()
)
_IS_KEPT = _TABLE.c.name.contains(":", autoescape=True)  # sealed for ourselves, and no credential
_LATEST_OF_ALL = _VERSIONS.where().where(_IS_NEWEST, ~_IS_KEPT).order_by(_TABLE.c.name)
_REMOVE = delete(_TABLE).where(*_VERSIONS.match("name"))

_COUNT = select(func.count()).where(*_VERSIONS.match())
_BEGINNING = func.substr(_TABLE.c.blob, 1, given("length"), type_=LargeBinary)
_SEALED_ELSEWHERE = (
    _VERSIONS.where()
    .where(_TABLE.c.id > given("after"), given("beginning") != _BEGINNING)
    .order_by(_TABLE.c.id)
    .limit(given("limit"))
)
_COUNT_BEGINNING = _COUNT.where(given("beginning") == _BEGINNING)
_RESEAL = update(_TABLE).where(*_VERSIONS.match("id", "blob")).values(blob=given("resealed"))

_KEYS = Rows(WORKSPACE_KEYS, WorkspaceKey)
_GET_KEY = _KEYS.where("id")
_ALL_KEYS = _KEYS.where().order_by(_KEYS.table.c.position)
_REMOVE_KEY = delete(_KEYS.table).where(*_KEYS.match("id"))
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

    def version(self, name: str, number: int) -> CredentialVersion | None:
        """Return a version of a credential."""
        return self._first(_VERSIONS, _ONE, given_name=name, given_version=number)

    def list(self) -> tuple[CredentialVersion, ...]:
        """Return the newest version of each credential, by name; values that the vault keeps for us are none."""
        return self._all(_VERSIONS, _LATEST_OF_ALL)

    def remove(self, name: str) -> None:
        """Remove all versions of a name, if there are any."""
        self._run(_REMOVE, given_name=name)

    def count(self) -> int:
        """Return how many versions of credentials there are."""
        return int(self._run(_COUNT).scalar_one())

    def count_beginning(self, beginning: bytes) -> int:
        """Return how many blobs begin so."""
        found = self._run(_COUNT_BEGINNING, given_beginning=beginning, given_length=len(beginning))
        return int(found.scalar_one())

    def list_sealed_elsewhere(self, beginning: bytes, *, after: str, limit: int) -> tuple[CredentialVersion, ...]:
        """Return versions, by id, whose blobs do not begin so.

        Args:
            beginning: of the blobs that are left out.
            after: only those with greater ids.
            limit: at most so many.
        """
        return self._all(
            _VERSIONS,
            _SEALED_ELSEWHERE,
            given_beginning=beginning,
            given_length=len(beginning),
            given_after=after,
            given_limit=limit,
        )

    def reseal(self, version: CredentialVersion, blob: bytes) -> bool:
        """Put a blob into the place of a version's own; return whether the version still had that."""
        return self._run(_RESEAL, given_id=version.id, given_blob=version.blob, given_resealed=blob).rowcount == 1

    def add_key(self, key: WorkspaceKey) -> None:
        """Add a key; from now on it is the current one.

        Raises:
            ConflictError: its id is taken.
        """
        self._add(_KEYS, key, f"there is a key {key.id} already")

    def key(self, key: str) -> WorkspaceKey | None:
        """Return the key with this id."""
        return self._first(_KEYS, _GET_KEY, given_id=key)

    def list_keys(self) -> tuple[WorkspaceKey, ...]:
        """Return all keys in the order they were added."""
        return self._all(_KEYS, _ALL_KEYS)

    def remove_key(self, key: str) -> bool:
        """Remove a key; return whether it was there. What is sealed under it is lost."""
        return self._run(_REMOVE_KEY, given_id=key).rowcount == 1

    def current_key(self) -> WorkspaceKey | None:
        """Return the key that was added last."""
        return self._first(_KEYS, _NEWEST_KEY)
