"""What every store keeps of key-encryption keys and of what is sealed under the keys that they wrap."""

import pytest
from sqlalchemy import create_engine

from soar.model.errors import ConflictError, NotFoundError
from soar.model.secret import KeyStatus
from soar.store import schema
from soar.store.migrator import run_migrations
from tests.contract.works import Works
from tests.support.builders import build_credential_version, build_encryption_key, build_workspace_key


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


def test_from_before_the_key_in_use_wraps_on() -> None:
    with create_engine("sqlite://").begin() as connection:
        run_migrations(connection, schema._MIGRATIONS, "0011_pre_audit")
        connection.exec_driver_sql(
            "INSERT INTO workspace_keys (workspace, id, kek, wrapped, created_at) "
            "VALUES ('default', 'wk_1', 'file:1f3a', x'00', '2026-03-01 09:00:00')"
        )
        connection.exec_driver_sql(
            "INSERT INTO credentials (workspace, id, name, version, blob, hosts, created_at, created_by) "
            "VALUES ('default', 'cred_1', 'edr', 1, x'00', '[]', '2026-03-01 09:00:00', 'u_ann')"
        )
        run_migrations(connection, schema._MIGRATIONS)
        found = connection.exec_driver_sql("SELECT id, status, created_by, created_at, changed_at FROM encryption_keys")
        assert found.all() == [("file:1f3a", "wrapping", "system", *["2026-03-01 09:00:00"] * 2)]
        assert connection.exec_driver_sql("SELECT name, is_reference FROM credentials").all() == [("edr", 0)]
