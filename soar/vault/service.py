"""Sets credentials and resolves them for one call. Values go in, and come out as `Secret` only."""

import re
from collections.abc import Sequence
from datetime import datetime

from soar.audit.record import record
from soar.model.audit import Actor, AuditEvent, Outcome
from soar.model.errors import FieldFault, InputError, NotFoundError, UnavailableError
from soar.model.ids import Ids, Randomness
from soar.model.secret import CredentialVersion, Secret, WorkspaceKey
from soar.model.values import JsonValue
from soar.store import Unit
from soar.vault.cipher import KEY_BYTES, Place, read_key_id, seal, unseal
from soar.vault.keys import KeyProvider

SHORTEST_SECRET = 8
"""Characters; a shorter value cannot be masked in outputs without masking ordinary text."""

LONGEST_SECRET = 65_536
"""Bytes; room for any private key with its certificates."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}", re.ASCII)
_HOST = re.compile(r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*", re.ASCII)


class Vault:
    """The credentials of every workspace, opened through one key provider.

    Args:
        keys: holds the key-encryption key.
        ids: gives ids of rows, keys and audit events.
        randomness: gives keys and nonces.
    """

    def __init__(self, keys: KeyProvider, *, ids: Ids, randomness: Randomness) -> None:
        self._keys = keys
        self._ids = ids
        self._randomness = randomness

    def set_credential(
        self, unit: Unit, name: str, value: Secret, *, hosts: Sequence[str] = (), actor: Actor, now: datetime
    ) -> CredentialVersion:
        """Store a value as the credential's next version, with the audit event in the same transaction.

        Args:
            unit: a writing transaction.
            name: lower-case letters, digits, `_` and `-`, from a letter on; at most 64.
            value: 8 characters to 64 KiB.
            hosts: host names it may be sent to; empty means those of its connection.
            actor: who sets it.
            now: the moment.

        Raises:
            InputError: the name, the value or a host has another shape; the value is never part of the message.
            UnavailableError: the workspace's key was wrapped by a key that we do not have.
        """
        plain = _check_input(name, value, hosts)
        latest = unit.credentials.latest(name)
        key, opened = self._open_current_key(unit, now)
        row, number = self._ids.new("cred"), latest.version + 1 if latest else 1
        place = _place_of(unit.workspace, row=row, name=name, version=number, hosts=hosts)
        version = CredentialVersion(
            id=row,
            name=name,
            version=number,
            blob=seal(plain, place, key_id=key.id, key=opened, randomness=self._randomness),
            hosts=tuple(hosts),
            created_at=now,
            created_by=actor.id,
        )
        unit.credentials.add(version)
        event = AuditEvent(
            type="credential.set",
            outcome=Outcome.SUCCESS,
            actor=actor,
            target={"kind": "credential", "id": name},
            before=_describe(latest) if latest else None,
            after=_describe(version),
        )
        record(unit, event, at=now, id=self._ids.new("ev"))
        return version

    def resolve(self, unit: Unit, name: str) -> Secret:
        """Return the credential's newest value, for one call.

        Raises:
            NotFoundError: the workspace has no credential of that name.
            UnavailableError: its key was wrapped by a key that we do not have.
            BugError: it was changed or moved in the database.
        """
        version = unit.credentials.latest(name)
        if version is None:
            raise NotFoundError(
                f"there is no credential `{name}`",
                code="credential_not_found",
                hint=f"set it: soar secret set {name}",
            )
        key_id = read_key_id(version.blob)
        key = unit.credentials.key(key_id)
        if key is None:
            raise UnavailableError(
                f"the key {key_id} of credential `{name}` is gone",
                code="key_not_found",
                hint="set the credential again, or restore the database from a backup",
            )
        place = _place_of(
            unit.workspace, row=version.id, name=version.name, version=version.version, hosts=version.hosts
        )
        opened = self._open_key(unit.workspace, key)
        return Secret(unseal(version.blob, place, key_id=key_id, key=opened).decode("utf-8"))

    def list(self, unit: Unit) -> tuple[CredentialVersion, ...]:
        """Return the newest version of each credential, still sealed."""
        return unit.credentials.list()

    def _open_current_key(self, unit: Unit, now: datetime) -> tuple[WorkspaceKey, bytes]:
        """Return the workspace's key and its bytes; the first use makes it."""
        current = unit.credentials.current_key()
        if current is not None:
            return current, self._open_key(unit.workspace, current)
        opened = self._randomness.bytes(KEY_BYTES)
        id_ = self._ids.new("wk")
        wrapped = self._keys.wrap(opened, _place_of_key(unit.workspace, id_).bind(self._keys.id))
        key = WorkspaceKey(id=id_, kek=self._keys.id, wrapped=wrapped, created_at=now)
        unit.credentials.add_key(key)
        return key, opened

    def _open_key(self, workspace: str, key: WorkspaceKey) -> bytes:
        if key.kek != self._keys.id:
            raise UnavailableError(
                f"the credentials of {workspace} need the key {key.kek}, but the service has {self._keys.id}",
                code="wrong_key",
                hint="point vault.key_file to the file that this database was used with before",
                retry_after=60.0,
            )
        return self._keys.unwrap(key.wrapped, _place_of_key(workspace, key.id).bind(key.kek))


def _place_of(workspace: str, *, row: str, name: str, version: int, hosts: Sequence[str]) -> Place:
    return Place(workspace=workspace, table="credentials", row=row, field="blob", version=version, facts=(name, *hosts))


def _place_of_key(workspace: str, row: str) -> Place:
    return Place(workspace=workspace, table="workspace_keys", row=row, field="wrapped", version=1)


def _describe(version: CredentialVersion) -> dict[str, JsonValue]:
    return {"version": version.version, "hosts": [*version.hosts]}


def _check_input(name: str, value: Secret, hosts: Sequence[str]) -> bytes:
    """Return the value's bytes, or raise with every fault; no message holds any part of the value."""
    faults = []
    if not _NAME.fullmatch(name):
        faults.append(FieldFault("/name", "use a letter, then letters, digits, `_` or `-`, all lower case, at most 64"))
    plain = value.reveal().encode("utf-8", "replace")
    if len(value.reveal()) < SHORTEST_SECRET:
        faults.append(FieldFault("/value", f"a secret has at least {SHORTEST_SECRET} characters"))
    elif len(plain) > LONGEST_SECRET or plain.decode("utf-8") != value.reveal():
        faults.append(FieldFault("/value", f"a secret is text of at most {LONGEST_SECRET} bytes"))
    faults += [
        FieldFault(f"/hosts/{index}", "write a host name in lower case, without scheme, port or path")
        for index, host in enumerate(hosts)
        if not _HOST.fullmatch(host)
    ]
    if faults:
        raise InputError(
            "the credential cannot be set: " + "; ".join(f"{fault.pointer} {fault.message}" for fault in faults),
            code="invalid_credential",
            hint="correct these fields and set it again",
            faults=faults,
        )
    return plain
