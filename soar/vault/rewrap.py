"""Seals everything again under the current keys, a few rows at a time, beside whoever reads and writes.

What is left to do is read from the rows themselves, so a crash at any point loses nothing and the next start goes on.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import BugError, SoarError, UnavailableError
from soar.model.ids import Ids, Randomness
from soar.model.secret import CredentialVersion
from soar.store import Store, Unit
from soar.vault.cipher import begin_blob, read_key_id, seal, unseal
from soar.vault.service import place_of
from soar.vault.workspace import OpenKey, WorkspaceKeys, WrappedKey, find_key

BATCH = 100
"""Rows that one transaction seals again."""

_INTERVAL = 60.0  # seconds after which what another process has rotated is found
_SYSTEM = Actor(kind="system", id="vault", name="soar", via="engine")

Report = Callable[[str, SoarError], None]
"""Told the workspace, empty if that is not the matter, and why something could not be sealed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrapped:
    """What one pass has done.

    Attributes:
        credentials: how many versions of credentials were sealed again.
        keys: how many keys of the workspace are gone, as nothing is sealed under them.
        damaged: ids of versions that do not open, and stay as they are.
    """

    credentials: int
    keys: int
    damaged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Moved:
    version: CredentialVersion
    blob: bytes


class Rewrapper:
    """Keeps credentials sealed under the current keys.

    Args:
        store: where they rest.
        keys: opens the keys that they are sealed under.
        ids: gives ids of audit events.
        randomness: gives keys and nonces.
        clock: for the record, and between passes.
        report: told of what fails; the next pass tries again.
    """

    def __init__(
        self, store: Store, keys: WorkspaceKeys, *, ids: Ids, randomness: Randomness, clock: Clock, report: Report
    ) -> None:
        self._store = store
        self._keys = keys
        self._ids = ids
        self._randomness = randomness
        self._clock = clock
        self._report = report
        self._kicked = asyncio.Event()

    def kick(self) -> None:
        """Say that a key was rotated."""
        self._kicked.set()

    async def run(self) -> None:
        """Seal again what is to be, at the start and after each rotation, until cancelled."""
        while True:
            self._kicked.clear()
            try:
                workspaces = await self._store.workspaces()
            except UnavailableError as error:
                workspaces = []
                self._report("", error)
            for workspace in workspaces:
                try:
                    await self.rewrap(workspace)
                except SoarError as error:
                    self._report(workspace, error)
            await self._wait()

    async def rewrap(self, workspace: str) -> Rewrapped:
        """Seal a workspace's credentials again, as far as they are not under its current key.

        Raises:
            UnavailableError: a key's provider or the store is not reached; what was done stays done.
        """
        if not await self._store.read(workspace, _has_work):
            return Rewrapped(credentials=0, keys=0, damaged=())
        current = await self._renew_key(workspace)
        damaged: list[str] = []
        count, after = 0, ""
        while batch := await self._store.read(workspace, partial(_list_batch, key=current.id, after=after)):
            after = batch[-1][0].id
            moved = await self._seal_batch(workspace, batch, current, damaged)
            count += await self._store.write(workspace, partial(_swap, moved=moved, key=current.id))
        keys = await self._store.write(workspace, lambda unit: self._finish(unit, count))
        return Rewrapped(credentials=count, keys=keys, damaged=tuple(damaged))

    async def _renew_key(self, workspace: str) -> OpenKey:
        """Return the workspace's current key, which after this the current key-encryption key has wrapped."""
        while True:
            stale = await self._store.read(workspace, _find_stale)
            if stale is None:
                return await self._keys.open_current(workspace)
            replaced, wrapper = stale
            await self._keys.renew(workspace, wrapper, replaced=replaced)

    async def _seal_batch(
        self,
        workspace: str,
        batch: Sequence[tuple[CredentialVersion, WrappedKey | None]],
        current: OpenKey,
        damaged: list[str],
    ) -> list[_Moved]:
        moved = []
        for version, wrapped in batch:
            try:
                moved.append(await self._seal_again(workspace, version, wrapped, current))
            except BugError as error:
                damaged.append(version.id)
                self._report(workspace, error)
        return moved

    async def _seal_again(
        self, workspace: str, version: CredentialVersion, wrapped: WrappedKey | None, current: OpenKey
    ) -> _Moved:
        if wrapped is None:
            raise BugError(
                f"the key of credential `{version.name}`, version {version.version}, is gone",
                code="key_not_found",
                hint="set the credential again, or restore the database from a backup",
            )
        opened, place = await self._keys.open(workspace, wrapped), place_of(workspace, version)
        plain = unseal(version.blob, place, key_id=opened.id, key=opened.key)
        return _Moved(version, seal(plain, place, key_id=current.id, key=current.key, randomness=self._randomness))

    def _finish(self, unit: Unit, count: int) -> int:
        """Remove the keys that nothing is sealed under, and record what was done."""
        current = unit.credentials.current_key()
        unused = [
            key.id
            for key in unit.credentials.list_keys()
            if (current is None or key.id != current.id) and not unit.credentials.count_beginning(begin_blob(key.id))
        ]
        for key in unused:
            unit.credentials.remove_key(key)
        if count or unused:
            event = AuditEvent(
                type="vault_key.rewrapped",
                outcome=Outcome.SUCCESS,
                actor=_SYSTEM,
                target={"kind": "vault_key", "id": current.kek if current else ""},
                after={"credentials": count, "keys_removed": len(unused)},
            )
            record(unit, event, at=self._clock.now(), id=self._ids.new("ev"))
        return len(unused)

    async def _wait(self) -> None:
        """Wait until somebody kicks, or a while has passed."""
        waits = [asyncio.ensure_future(self._kicked.wait()), asyncio.ensure_future(self._clock.sleep(_INTERVAL))]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()


def _has_work(unit: Unit) -> bool:
    current = unit.credentials.current_key()
    if current is None:
        return False
    sealed = unit.credentials.count_beginning(begin_blob(current.id))
    return _find_stale(unit) is not None or len(unit.credentials.list_keys()) > 1 or sealed < unit.credentials.count()


def _find_stale(unit: Unit) -> tuple[str, str] | None:
    """Return the current key's id and the id of the key that is to wrap its successor, where there is to be one."""
    current, wrapping = unit.credentials.current_key(), unit.encryption_keys.wrapping()
    if current is None or wrapping is None or current.kek == wrapping.id:
        return None
    return current.id, wrapping.id


def _list_batch(unit: Unit, key: str, after: str) -> list[tuple[CredentialVersion, WrappedKey | None]]:
    found = unit.credentials.list_sealed_elsewhere(begin_blob(key), after=after, limit=BATCH)
    return [(version, _find_key_of(unit, version)) for version in found]


def _find_key_of(unit: Unit, version: CredentialVersion) -> WrappedKey | None:
    try:
        return find_key(unit, read_key_id(version.blob))
    except BugError:
        return None


def _swap(unit: Unit, moved: Sequence[_Moved], key: str) -> int:
    """Put the new blobs in their rows' places, unless the key that they are under was itself replaced meanwhile."""
    if unit.credentials.key(key) is None:
        return 0
    return sum(unit.credentials.reseal(each.version, each.blob) for each in moved)
