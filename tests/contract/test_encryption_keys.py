"""What every store keeps of key-encryption keys and of what is sealed under the keys that they wrap."""

import pytest

from soar.model.errors import ConflictError, NotFoundError
from soar.model.secret import KeyStatus
from soar.store import Store
from tests.contract.conftest import WORKSPACE
from tests.contract.works import Works
from tests.support.builders import build_credential_version, build_encryption_key, build_workspace_key
from tests.support.clock import START


async def test_keys_are_kept_in_their_order_and_changed_by_their_id(write: Works, read: Works) -> None:
    first = build_encryption_key(id="file:1", status=KeyStatus.SUPERSEDED)
    second = build_encryption_key(id="file:2")
    for key in (first, second):
        await write(lambda unit, key=key: unit.encryption_keys.add(key))
    assert await read(lambda unit: unit.encryption_keys.list()) == (first, second)
    assert await read(lambda unit: unit.encryption_keys.wrapping()) == second
    condemned = build_encryption_key(id="file:1", status=KeyStatus.CONDEMNED, condemned_by="u_ben")
    await write(lambda unit: unit.encryption_keys.update(condemned))
    assert await read(lambda unit: unit.encryption_keys.get("file:1")) == condemned
    assert await read(lambda unit: unit.encryption_keys.get("file:3")) is None


async def test_a_key_is_known_once_and_only_a_known_one_is_changed(write: Works) -> None:
    await write(lambda unit: unit.encryption_keys.add(build_encryption_key()))
    with pytest.raises(ConflictError):
        await write(lambda unit: unit.encryption_keys.add(build_encryption_key()))
    with pytest.raises(NotFoundError):
        await write(lambda unit: unit.encryption_keys.update(build_encryption_key(id="file:none")))


async def test_versions_are_found_by_how_their_blobs_begin(write: Works, read: Works) -> None:
    for number, beginning in enumerate((b"\x01\x01\x01a", b"\x01\x01\x01b", b"\x01\x01\x01a", b"\x00", b"")):
        version = build_credential_version(id=f"cred_{number}", version=number + 1, blob=beginning + bytes(40))
        await write(lambda unit, version=version: unit.credentials.add(version))
    assert await read(lambda unit: unit.credentials.count()) == 5
    assert await read(lambda unit: unit.credentials.count_beginning(b"\x01\x01\x01a")) == 2
    found = await read(lambda unit: unit.credentials.list_sealed_elsewhere(b"\x01\x01\x01a", after="", limit=2))
    assert [version.id for version in found] == ["cred_1", "cred_3"]  # type: ignore[attr-defined]
    found = await read(lambda unit: unit.credentials.list_sealed_elsewhere(b"\x01\x01\x01a", after="cred_3", limit=2))
    assert [version.id for version in found] == ["cred_4"]  # type: ignore[attr-defined]


async def test_a_blob_is_swapped_only_as_long_as_it_is_the_one_that_was_read(write: Works, read: Works) -> None:
    version = build_credential_version()
    await write(lambda unit: unit.credentials.add(version))
    assert await write(lambda unit: unit.credentials.reseal(version, b"anew")) is True
    assert await write(lambda unit: unit.credentials.reseal(version, b"late")) is False
    found = await read(lambda unit: unit.credentials.latest(version.name))
    assert found.blob == b"anew"  # type: ignore[attr-defined]


async def test_a_key_of_the_workspace_is_removed_once(write: Works, read: Works) -> None:
    key = build_workspace_key()
    await write(lambda unit: unit.credentials.add_key(key))
    assert await write(lambda unit: unit.credentials.remove_key(key.id)) is True
    assert await write(lambda unit: unit.credentials.remove_key(key.id)) is False
    assert await read(lambda unit: unit.credentials.current_key()) is None


async def test_from_before_the_key_in_use_wraps_on(store: Store) -> None:
    key = build_workspace_key()
    await store.write(WORKSPACE, lambda unit: unit.credentials.add_key(key))
    await store.write(WORKSPACE, lambda unit: unit.credentials.add(build_credential_version()))
    for statement in (
        "ALTER TABLE credentials DROP COLUMN is_reference",
        "DROP TABLE encryption_keys",
        "UPDATE alembic_version SET version_num = '0011_pre_audit'",
    ):
        store._database.writer.exec_driver_sql(statement)
    await store.migrate()
    found = await store.read(WORKSPACE, lambda unit: unit.encryption_keys.list())
    assert [(each.id, each.status, each.created_by) for each in found] == [(key.kek, KeyStatus.WRAPPING, "system")]
    assert found[0].created_at == found[0].changed_at == START
    (version,) = await store.read(WORKSPACE, lambda unit: unit.credentials.list())
    assert version == build_credential_version()
