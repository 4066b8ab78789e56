"""Sets credentials and resolves them for one call. Values go in, and come out as `Secret` only."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TypeVar

from soar.audit.fingerprint import Fingerprinter
from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.clock import Clock
from soar.model.errors import FieldFault, InputError, NotFoundError, UnavailableError
from soar.model.ids import Ids, Randomness
from soar.model.secret import BoundSecret, CredentialVersion, Secret
from soar.model.values import JsonValue, print_timestamp
from soar.store import Store, Unit
from soar.vault.cipher import Place, read_key_id, seal, unseal
from soar.vault.references import References
from soar.vault.use import UseRecorder
from soar.vault.workspace import OpenKey, WorkspaceKeys, WrappedKey, find_key

T = TypeVar("T")

SHORTEST_SECRET = 8
"""Characters; a shorter value cannot be masked in outputs without masking ordinary text."""

LONGEST_SECRET = 65_536
"""Bytes; room for any private key with its certificates."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sealed:
    """A credential's newest version, and the key that it is sealed under."""

    version: CredentialVersion
    key: WrappedKey


@dataclass(frozen=True, slots=True, kw_only=True)
class _Draft:
    """A version before it is numbered and sealed."""

    name: str
    plain: bytes = field(repr=False)
    hosts: tuple[str, ...]
    is_reference: bool = False
    former_until: datetime | None = None


class Vault:
    """The credentials of every workspace.

    Args:
        store: where they rest.
        keys: opens the keys that they are sealed under.
        references: looks up those that are kept elsewhere.
        fingerprinter: stands for values in the record.
        ids: gives ids of rows and audit events.
        randomness: gives keys and nonces.
        clock: for the moments of uses.
    """

    def __init__(
        self,
        store: Store,
        keys: WorkspaceKeys,
        references: References,
        fingerprinter: Fingerprinter,
        *,
        ids: Ids,
        randomness: Randomness,
        clock: Clock,
    ) -> None:
        self._store = store
        self._fingerprinter = fingerprinter
        self._uses = UseRecorder(store, fingerprinter, ids=ids, clock=clock)
        self._references = references
        self._keys = keys
        self._ids = ids
        self._randomness = randomness

    async def set_credential(
        self,
        workspace: str,
        name: str,
        value: Secret,
        *,
        hosts: Sequence[str] = (),
        actor: Actor,
        now: datetime,
        former_until: datetime | None = None,
    ) -> CredentialVersion:
        """Store a value as the credential's next version, with the audit event in the same transaction.

        Args:
            workspace: whose it is.
            name: lower-case letters, digits, `_` and `-`, from a letter on; at most 64.
            value: 8 characters to 64 KiB.
            hosts: host names it may be sent to; empty means those of its connection.
            actor: who sets it.
            now: the moment.
            former_until: until when the version before is good, too, for whoever proves something to us with it.

        Raises:
            InputError: the name, the value or a host has another shape; the value is never part of the message.
            UnavailableError: the workspace's key was wrapped by a key that we do not have.
        """
        plain = _check_input(name, value, hosts)
        draft = _Draft(name=name, plain=plain, hosts=tuple(hosts), former_until=former_until)
        return await self._set(workspace, draft, actor, now)

    async def set_reference(
        self, workspace: str, name: str, reference: str, *, hosts: Sequence[str] = (), actor: Actor, now: datetime
    ) -> CredentialVersion:
        """Store where a value is kept as the credential's next version; it is looked up when a call needs it.

        Args:
            workspace: whose it is.
            name: as for `set_credential`.
            reference: see `soar.vault.references`.
            hosts: as for `set_credential`.
            actor: who sets it.
            now: the moment.

        Raises:
            InputError: the name or a host has another shape, or the reference is to nothing that we may read.
            UnavailableError: the workspace's key was wrapped by a key that we do not have.
        """
        _check_fields(_check_names(name, hosts))
        self._references.check(reference)
        draft = _Draft(name=name, plain=reference.encode("utf-8"), hosts=tuple(hosts), is_reference=True)
        return await self._set(workspace, draft, actor, now)

    async def _set(self, workspace: str, draft: _Draft, actor: Actor, now: datetime) -> CredentialVersion:
        return await self._seal(workspace, lambda unit, key: self._put(unit, draft, key, actor=actor, now=now))

    async def keep(
        self, workspace: str, name: str, value: Secret, *, owner: str, now: datetime, beside: Callable[[Unit], T]
    ) -> T:
        """Seal a value of our own that is no credential: nobody can list it, and no step can name it.

        Args:
            workspace: whose it is.
            name: with a colon in it, which no credential's has.
            value: what to seal.
            owner: id of the person whose it is.
            now: the moment.
            beside: writes what belongs to it, in the same transaction.

        Raises:
            UnavailableError: the workspace's key was wrapped by a key that we do not have.
        """

        def put(unit: Unit, key: OpenKey) -> T:
            draft = _Draft(name=name, plain=value.reveal().encode(), hosts=())
            self._add_version(unit, draft, key, created_by=owner, now=now)
            return beside(unit)

        return await self._seal(workspace, put)

    async def open_kept(self, workspace: str, name: str) -> Secret:
        """Return a value that `keep` has sealed.

        Raises:
            SoarError: as `open` says.
        """
        _, opened = await self._open_newest(workspace, name)
        return opened.secret

    async def _seal(self, workspace: str, put: Callable[[Unit, OpenKey], T]) -> T:
        """Write something that is sealed under the workspace's current key."""

        def write(unit: Unit) -> tuple[T] | None:
            current = unit.credentials.current_key()
            return (put(unit, key),) if current is not None and current.id == key.id else None

        while True:  # until no rotation comes in between
            key = await self._keys.open_current(workspace)
            written = await self._store.write(workspace, write)
            if written is not None:
                return written[0]

    async def resolve(self, workspace: str, name: str) -> Secret:
        """Return the credential's newest value, for one use within the service.

        Raises:
            SoarError: as `open` says.
        """
        return (await self.open(workspace, name)).secret

    async def resolve_all(self, workspace: str, name: str, now: datetime) -> tuple[Secret, ...]:
        """Return the credential's newest value, and the one before while it is good, for whoever proves it to us.

        Raises:
            SoarError: as `open` says.
        """
        if not _NAME.fullmatch(name):
            raise _miss(name)
        version, newest = await self._open_newest(workspace, name)
        await self._uses.note(workspace, version, newest.secret)
        if version.former_until is None or now >= version.former_until:
            return (newest.secret,)
        former = await self._store.read(workspace, lambda unit: _find_former(unit, version))
        return (newest.secret, (await self._open(workspace, former)).secret) if former else (newest.secret,)

    async def open(self, workspace: str, name: str) -> BoundSecret:
        """Return the credential's newest value and the hosts it may go to, for one call; that it is used is on record.

        Raises:
            NotFoundError: the workspace has no credential of that name.
            UnavailableError: its key was wrapped by a key that we do not have, or whose provider is not reached; or the
                record takes nothing now.
            BugError: it was changed or moved in the database.
        """
        if not _NAME.fullmatch(name):
            raise _miss(name)
        version, opened = await self._open_newest(workspace, name)
        await self._uses.note(workspace, version, opened.secret)
        return opened

    async def _open_newest(self, workspace: str, name: str) -> tuple[CredentialVersion, BoundSecret]:
        sealed = await self._store.read(workspace, lambda unit: _find(unit, name))
        while True:
            try:
                return sealed.version, await self._open(workspace, sealed)
            except UnavailableError:
                again = await self._store.read(workspace, lambda unit: _find(unit, name))
                if again == sealed:
                    raise
                sealed = again  # it was sealed again meanwhile, and the older key is gone

    def take_fingerprint(self, value: Secret) -> str:
        """Return what stands for a value in the record."""
        return self._fingerprinter.take(value)

    def list(self, unit: Unit) -> tuple[CredentialVersion, ...]:
        """Return the newest version of each credential, still sealed."""
        return unit.credentials.list()

    def _put(self, unit: Unit, draft: _Draft, key: OpenKey, *, actor: Actor, now: datetime) -> CredentialVersion:
        latest = unit.credentials.latest(draft.name)
        version = self._add_version(unit, draft, key, created_by=actor.id, now=now)
        event = AuditEvent(
            type="credential.set",
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "credential", "id": draft.name},
            before=_describe(latest) if latest else None,
            after={**_describe(version), **self._describe_value(draft)},
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        return version

    def _add_version(
        self, unit: Unit, draft: _Draft, key: OpenKey, *, created_by: str, now: datetime
    ) -> CredentialVersion:
        latest = unit.credentials.latest(draft.name)
        version = CredentialVersion(
            id=self._ids.new("cred"),
            name=draft.name,
            version=latest.version + 1 if latest else 1,
            blob=b"",
            hosts=draft.hosts,
            created_at=now,
            created_by=created_by,
            is_reference=draft.is_reference,
            former_until=draft.former_until,
        )
        place = place_of(unit.workspace, version)
        blob = seal(draft.plain, place, key_id=key.id, key=key.key, randomness=self._randomness)
        version = replace(version, blob=blob)
        unit.credentials.add(version)
        return version

    def _describe_value(self, draft: _Draft) -> dict[str, JsonValue]:
        text = draft.plain.decode("utf-8")
        return {"reference": text} if draft.is_reference else {"fingerprint": self.take_fingerprint(Secret(text))}

    async def _open(self, workspace: str, sealed: _Sealed) -> BoundSecret:
        opened = await self._keys.open(workspace, sealed.key)
        plain = unseal(sealed.version.blob, place_of(workspace, sealed.version), key_id=opened.id, key=opened.key)
        text = plain.decode("utf-8")
        secret = await self._references.read(text) if sealed.version.is_reference else Secret(text)
        return BoundSecret(secret=secret, hosts=sealed.version.hosts)


def place_of(workspace: str, version: CredentialVersion) -> Place:
    """Return where a version of a credential rests; a reference does not open as a value, nor the other way round."""
    return Place(
        workspace=workspace,
        table="credentials",
        row=version.id,
        field="reference" if version.is_reference else "blob",
        version=version.version,
        facts=(version.name, *version.hosts),
    )


def _find(unit: Unit, name: str) -> _Sealed:
    version = unit.credentials.latest(name)
    if version is None:
        raise _miss(name)
    key_id = read_key_id(version.blob)
    key = find_key(unit, key_id)
    if key is None:
        raise UnavailableError(
            f"the key {key_id} of credential `{name}` is gone",
            code="key_not_found",
            hint="set the credential again, or restore the database from a backup",
        )
    return _Sealed(version=version, key=key)


def _find_former(unit: Unit, newest: CredentialVersion) -> _Sealed | None:
    former = unit.credentials.version(newest.name, newest.version - 1)
    key = find_key(unit, read_key_id(former.blob)) if former is not None else None
    return None if former is None or key is None else _Sealed(version=former, key=key)


def _miss(name: str) -> NotFoundError:
    return NotFoundError(
        f"there is no credential `{name}`", code="credential_not_found", hint=f"set it: soar secret set {name}"
    )


def _describe(version: CredentialVersion) -> dict[str, JsonValue]:
    former = {} if version.former_until is None else {"former_until": print_timestamp(version.former_until)}
    return {"version": version.version, "hosts": [*version.hosts], **former}


def _check_input(name: str, value: Secret, hosts: Sequence[str]) -> bytes:
    """Return the value's bytes, or raise with every fault; no message holds any part of the value."""
    faults = _check_names(name, hosts)
    plain = value.reveal().encode("utf-8", "replace")
    if len(value.reveal()) < SHORTEST_SECRET:
        faults.append(FieldFault("/value", f"a secret has at least {SHORTEST_SECRET} characters"))
    elif len(plain) > LONGEST_SECRET or plain.decode("utf-8") != value.reveal():
        faults.append(FieldFault("/value", f"a secret is text of at most {LONGEST_SECRET} bytes"))
    _check_fields(faults)
    return plain


def _check_names(name: str, hosts: Sequence[str]) -> list[FieldFault]:
    faults = []
    if not _NAME.fullmatch(name):
        faults.append(FieldFault("/name", "use a letter, then letters, digits, `_` or `-`, all lower case, at most 64"))
    faults += [
        FieldFault(f"/hosts/{index}", "write a host name in lower case, without scheme, port or path")
        for index, host in enumerate(hosts)
        if not _HOST.fullmatch(host)
    ]
    return faults


def _check_fields(faults: Sequence[FieldFault]) -> None:
    if faults:
        raise InputError(
            "the credential cannot be set: " + "; ".join(f"{fault.pointer} {fault.message}" for fault in faults),
            code="invalid_credential",
            hint="correct these fields and set it again",
            faults=faults,
        )
