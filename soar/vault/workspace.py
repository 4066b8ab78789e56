"""The keys of workspaces: made at the first use, opened by the provider that wrapped them, kept open for minutes."""

from dataclasses import dataclass, field

from soar.model.clock import Clock
from soar.model.errors import BugError
from soar.model.ids import Ids, Randomness
from soar.model.secret import EncryptionKey, KeyStatus, WorkspaceKey
from soar.store import Store, Unit
from soar.vault.cipher import KEY_BYTES, Place
from soar.vault.keys import Keyring

_KEPT = 300.0
"""Seconds that a key stays open: so long a provider that does not answer is not missed."""

_GOOD = frozenset({KeyStatus.WRAPPING, KeyStatus.SUPERSEDED})


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenKey:
    """A workspace's key as it seals and opens.

    Attributes:
        id: `wk_…`, which each blob names.
        key: 32 bytes.
    """

    id: str
    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrappedKey:
    """A workspace's key as it rests, and what is known of the key that wrapped it."""

    key: WorkspaceKey
    wrapper: EncryptionKey | None


class WorkspaceKeys:
    """Opens the keys of workspaces.

    Args:
        store: where they rest.
        keyring: holds the keys that wrap them.
        ids: gives theirs.
        randomness: gives the keys.
        clock: says when an open key is closed again.
    """

    def __init__(self, store: Store, keyring: Keyring, *, ids: Ids, randomness: Randomness, clock: Clock) -> None:
        self._store = store
        self._keyring = keyring
        self._ids = ids
        self._randomness = randomness
        self._clock = clock
        self._opened: dict[tuple[str, WorkspaceKey], tuple[float, OpenKey]] = {}

    async def open_current(self, workspace: str) -> OpenKey:
        """Return the key that new values are sealed under; the first use makes it.

        Raises:
            UnavailableError: its provider is not reached, or no longer has the key that wrapped it.
        """
        while True:
            current, wrapping = await self._store.read(workspace, _find_current)
            if current is not None:
                return await self.open(workspace, current)
            wrapper = wrapping.id if wrapping else await self._keyring.find_first()
            await self.renew(workspace, wrapper, replaced=None)

    async def open(self, workspace: str, wrapped: WrappedKey) -> OpenKey:
        """Return a key, unwrapped.

        Raises:
            UnavailableError: the key that wrapped it is not there (`wrong_key`), or its provider is not reached.
            BugError: it was changed or moved in the database, or brought back after the key that wrapped it was
                retired (`key_retired`).
        """
        key, wrapper = wrapped.key, wrapped.wrapper
        if wrapper is None or wrapper.status not in _GOOD:
            raise BugError(
                f"the key {key.kek} is {wrapper.status if wrapper else 'not known'} and opens nothing any more",
                code="key_retired",
                hint="set the credentials again that were sealed under it",
            )
        now = self._clock.monotonic()
        until, opened = self._opened.get((workspace, key), (now, None))
        if opened is None or until <= now:
            plain = await self._keyring.unwrap(key.kek, key.wrapped, place_of_key(workspace, key.id))
            opened = OpenKey(id=key.id, key=plain)
            self._opened = {place: kept for place, kept in self._opened.items() if kept[0] > now}
            self._opened[workspace, key] = now + _KEPT, opened
        return opened

    async def renew(self, workspace: str, wrapper: str, *, replaced: str | None) -> None:
        """Make a new key the current one, unless another took that place meanwhile.

        Args:
            workspace: whose.
            wrapper: id of the key-encryption key that wraps it.
            replaced: id of the key that it takes the place of; None where there was none yet.
        """
        id_ = self._ids.new("wk")
        wrapped = await self._keyring.wrap(wrapper, self._randomness.bytes(KEY_BYTES), place_of_key(workspace, id_))
        key = WorkspaceKey(id=id_, kek=wrapper, wrapped=wrapped, created_at=self._clock.now())
        await self._store.write(workspace, lambda unit: _put(unit, key, replaced))

    def forget(self, wrapper: str) -> None:
        """Close what a key-encryption key has opened."""
        self._opened = {place: kept for place, kept in self._opened.items() if place[1].kek != wrapper}


def place_of_key(workspace: str, row: str) -> Place:
    """Return where a workspace's wrapped key rests."""
    return Place(workspace=workspace, table="workspace_keys", row=row, field="wrapped", version=1)


def find_key(unit: Unit, key: str) -> WrappedKey | None:
    """Return a workspace's key with what is known of its wrapper."""
    found = unit.credentials.key(key)
    return None if found is None else WrappedKey(key=found, wrapper=unit.encryption_keys.get(found.kek))


def _find_current(unit: Unit) -> tuple[WrappedKey | None, EncryptionKey | None]:
    found = unit.credentials.current_key()
    return find_key(unit, found.id) if found else None, unit.encryption_keys.wrapping()


def _put(unit: Unit, key: WorkspaceKey, replaced: str | None) -> None:
    current, wrapping = unit.credentials.current_key(), unit.encryption_keys.wrapping()
    if (current.id if current else None) != replaced or (wrapping is not None and wrapping.id != key.kek):
        return
    if wrapping is None:
        unit.encryption_keys.add(
            EncryptionKey(
                id=key.kek,
                status=KeyStatus.WRAPPING,
                created_at=key.created_at,
                created_by="system",
                changed_at=key.created_at,
            )
        )
    unit.credentials.add_key(key)
