"""The life of key-encryption keys: made current, superseded, retired, condemned by one person, ended by another."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import ConflictError, DeniedError, NotFoundError
from soar.model.ids import Ids
from soar.model.secret import EncryptionKey, KeyStatus
from soar.model.values import JsonValue
from soar.store import Store, Unit
from soar.vault.cipher import begin_blob
from soar.vault.keys import Keyring
from soar.vault.workspace import WorkspaceKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUse:
    """A key-encryption key and what depends on it.

    Attributes:
        key: what is known of it; None for a key that a provider has and that was never made current.
        id: its id.
        is_here: whether a provider has it.
        keys: how many keys of the workspace it has wrapped.
        credentials: how many versions of credentials are sealed under those.
    """

    id: str
    key: EncryptionKey | None
    is_here: bool
    keys: int
    credentials: int


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReport:
    """All keys, and how far a rotation has come.

    Attributes:
        keys: in the order they came.
        credentials: how many versions of credentials there are.
        current: how many of them are under the current keys.
    """

    keys: tuple[KeyUse, ...]
    credentials: int
    current: int


class KeyRotation:
    """Lets one key-encryption key take another's place.

    Args:
        store: where it is known which is which.
        keyring: holds the keys.
        keys: closes what a destroyed key has opened.
        ids: gives ids of audit events.
    """

    def __init__(self, store: Store, keyring: Keyring, keys: WorkspaceKeys, *, ids: Ids) -> None:
        self._store = store
        self._keyring = keyring
        self._keys = keys
        self._ids = ids

    async def report(self, workspace: str) -> KeyReport:
        """Return all keys, and what depends on each.

        Raises:
            UnavailableError: a provider is not reached.
        """
        here = await self._keyring.list()
        return await self._store.read(workspace, lambda unit: _report(unit, here))

    async def rotate(self, workspace: str, key: str | None, *, actor: Actor, now: datetime) -> EncryptionKey:
        """Make a key the current one. What the others have wrapped is wrapped again from then on, beside all else.

        Args:
            workspace: whose credentials.
            key: id of one that a provider has; None makes a new one.
            actor: who wants it.
            now: the moment.

        Raises:
            NotFoundError: no provider has the key.
            ConflictError: it is current, or was before.
            InputError: the provider makes no keys.
            UnavailableError: the provider is not reached.
        """
        if key is not None and key not in await self._keyring.list():
            raise NotFoundError(f"no provider has a key {key}", code="key_not_found", hint="see: soar vault status")
        chosen = key or await self._keyring.create()
        return await self._store.write(workspace, lambda unit: self._make_current(unit, chosen, actor, now))

    async def retire(self, workspace: str, key: str, *, actor: Actor, now: datetime) -> EncryptionKey:
        """Let a superseded key open nothing any more.

        Raises:
            NotFoundError: it is not known.
            ConflictError: it is not superseded, or something is still wrapped by it.
        """

        def retire(unit: Unit) -> EncryptionKey:
            found = _take(unit, key, KeyStatus.SUPERSEDED)
            if count := sum(each.kek == key for each in unit.credentials.list_keys()):
                raise ConflictError(
                    f"{count} keys of the workspace are still wrapped by {key}",
                    code="key_in_use",
                    hint="wait until everything is sealed again (soar vault status), or hasten it: soar vault rewrap",
                )
            return self._change(unit, found, KeyStatus.RETIRED, "vault_key.retired", actor, now)

        return await self._store.write(workspace, retire)

    async def destroy(self, workspace: str, key: str, *, actor: Actor, now: datetime) -> EncryptionKey:
        """Ask for a retired key's end, or as somebody else confirm it; then the provider ends it for good.

        Where the provider fails after that, the call that repeats this one finishes it.

        Raises:
            NotFoundError: the key is not known.
            ConflictError: it is not retired, or another workspace still needs it.
            DeniedError: the one who asked cannot confirm.
            UnavailableError: the provider is not reached; repeat it.
        """
        await self._refuse_needed(key)
        changed = await self._store.write(workspace, lambda unit: self._approach_end(unit, key, actor, now))
        if changed.status is KeyStatus.DESTROYED:
            self._keys.forget(key)
            await self._keyring.destroy(key)
        return changed

    async def _refuse_needed(self, key: str) -> None:
        for workspace in await self._store.workspaces():
            if await self._store.read(workspace, lambda unit: _is_needed(unit, key)):
                raise ConflictError(
                    f"the workspace {workspace} still needs the key {key}",
                    code="key_in_use",
                    hint="rotate and retire it there first",
                )

    def _make_current(self, unit: Unit, key: str, actor: Actor, now: datetime) -> EncryptionKey:
        if (known := unit.encryption_keys.get(key)) is not None:
            raise ConflictError(
                f"the key {key} is {known.status} already",
                code="key_known",
                hint="a key is made current once; leave out its id to make a new one",
            )
        former = unit.encryption_keys.wrapping()
        if former is not None:
            unit.encryption_keys.update(replace(former, status=KeyStatus.SUPERSEDED, changed_at=now))
        made = EncryptionKey(id=key, status=KeyStatus.WRAPPING, created_at=now, created_by=actor.id, changed_at=now)
        unit.encryption_keys.add(made)
        before: dict[str, JsonValue] | None = {"wrapping": former.id} if former else None
        self._record(unit, "vault_key.rotated", made, actor, now, before=before)
        return made

    def _approach_end(self, unit: Unit, key: str, actor: Actor, now: datetime) -> EncryptionKey:
        found = _take(unit, key, KeyStatus.RETIRED, KeyStatus.CONDEMNED, KeyStatus.DESTROYED)
        if found.status is KeyStatus.DESTROYED:
            return found
        if found.status is KeyStatus.RETIRED:
            asked = replace(found, condemned_by=actor.id)
            return self._change(unit, asked, KeyStatus.CONDEMNED, "vault_key.condemned", actor, now)
        if found.condemned_by == actor.id:
            raise DeniedError(
                f"whoever asked for the end of {key} cannot confirm it",
                code="second_person",
                hint="let somebody else confirm it: soar vault destroy",
            )
        return self._change(unit, found, KeyStatus.DESTROYED, "vault_key.destroyed", actor, now)

    def _change(
        self, unit: Unit, key: EncryptionKey, status: KeyStatus, event: str, actor: Actor, now: datetime
    ) -> EncryptionKey:
        changed = replace(key, status=status, changed_at=now)
        unit.encryption_keys.update(changed)
        self._record(unit, event, changed, actor, now, before={"status": key.status})
        return changed

    def _record(
        self,
        unit: Unit,
        event: str,
        key: EncryptionKey,
        actor: Actor,
        now: datetime,
        *,
        before: Mapping[str, JsonValue] | None,
    ) -> None:
        happened = AuditEvent(
            type=event,
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "vault_key", "id": key.id},
            before=before,
            after={"status": key.status, "condemned_by": key.condemned_by},
        )
        record(unit, happened, at=now, id=self._ids.new("ev"))


def _take(unit: Unit, key: str, *wanted: KeyStatus) -> EncryptionKey:
    found = unit.encryption_keys.get(key)
    if found is None:
        raise NotFoundError(f"there is no key {key}", code="key_not_found", hint="see: soar vault status")
    if found.status not in wanted:
        raise ConflictError(
            f"the key {key} is {found.status}, not {wanted[0]}",
            code="key_status",
            hint="a key is rotated, then retired, then destroyed by two people",
        )
    return found


def _is_needed(unit: Unit, key: str) -> bool:
    known = unit.encryption_keys.get(key)
    is_live = known is not None and known.status in {KeyStatus.WRAPPING, KeyStatus.SUPERSEDED}
    return is_live or any(each.kek == key for each in unit.credentials.list_keys())


def _report(unit: Unit, here: tuple[str, ...]) -> KeyReport:
    known = {key.id: key for key in unit.encryption_keys.list()}
    wrapped = [(key.kek, unit.credentials.count_beginning(begin_blob(key.id))) for key in unit.credentials.list_keys()]
    current, wrapping = unit.credentials.current_key(), unit.encryption_keys.wrapping()
    is_renewed = current is not None and wrapping is not None and current.kek == wrapping.id
    return KeyReport(
        keys=tuple(
            KeyUse(
                id=id_,
                key=known.get(id_),
                is_here=id_ in here,
                keys=sum(kek == id_ for kek, _ in wrapped),
                credentials=sum(count for kek, count in wrapped if kek == id_),
            )
            for id_ in dict.fromkeys((*known, *here))
        ),
        credentials=unit.credentials.count(),
        current=unit.credentials.count_beginning(begin_blob(current.id)) if current and is_renewed else 0,
    )
