import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import text

from soar.model.errors import BugError, InputError, NotFoundError, UnavailableError
from soar.model.secret import CredentialVersion, Secret
from soar.store import Store
from soar.vault import FileKeyProvider, Vault, create_key_file
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness

VALUE = "correct horse battery staple"
IDS = SeededIds(7)  # one stream, so that two vaults on one store never draw the same id


def make_vault(path: Path, seed: int = 0) -> Vault:
    if not path.exists():
        create_key_file(path, SeededRandomness(seed))
    return Vault(FileKeyProvider(path, SeededRandomness(1)), ids=IDS, randomness=SeededRandomness(2))


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return make_vault(tmp_path / "kek")


async def set_value(
    store: Store,
    vault: Vault,
    value: str = VALUE,
    *,
    name: str = "edr_token",
    hosts: Sequence[str] = (),
    workspace: str = "w",
) -> CredentialVersion:
    return await store.write(
        workspace,
        lambda unit: vault.set_credential(unit, name, Secret(value), hosts=hosts, actor=build_actor(), now=START),
    )


async def resolve(store: Store, vault: Vault, name: str = "edr_token", workspace: str = "w") -> str:
    secret = await store.read(workspace, lambda unit: vault.resolve(unit, name))
    return secret.reveal()


async def tamper(store: Store, statement: str) -> None:
    changed = await store.write("w", lambda unit: unit._connection.execute(text(statement)).rowcount)
    assert changed > 0


async def test_a_credential_is_resolved_after_a_restart(store: Store, vault: Vault, tmp_path: Path) -> None:
    await set_value(store, vault)
    assert await resolve(store, make_vault(tmp_path / "kek")) == VALUE


async def test_setting_it_again_makes_a_new_version(store: Store, vault: Vault) -> None:
    first = await set_value(store, vault)
    second = await set_value(store, vault, "another value", hosts=["edr.test"])
    assert (first.version, second.version) == (1, 2)
    assert await resolve(store, vault) == "another value"
    assert await store.read("w", vault.list) == (second,)


async def test_all_credentials_of_a_workspace_share_one_key_and_no_other_workspace_does(
    store: Store, vault: Vault
) -> None:
    await set_value(store, vault, name="one")
    await set_value(store, vault, name="two")
    await set_value(store, vault, name="one", workspace="other")
    keys = await store.read("w", lambda unit: unit.credentials.keys())
    others = await store.read("other", lambda unit: unit.credentials.keys())
    assert len(keys) == len(others) == 1
    assert keys[0].id != others[0].id


async def test_setting_is_audited_and_the_value_is_nowhere(store: Store, vault: Vault) -> None:
    await set_value(store, vault)
    version = await set_value(store, vault, hosts=["edr.test"])
    records = await store.read("w", lambda unit: unit.audit.range(0, 10))
    assert [entry.document["type"] for entry in records] == ["credential.set"] * 2
    document = records[1].document
    assert document["target"] == {"kind": "credential", "id": "edr_token"}
    assert document["before"] == {"version": 1, "hosts": []}
    assert document["after"] == {"version": 2, "hosts": ["edr.test"]}
    shown = json.dumps([dict(entry.document) for entry in records]) + repr(version) + repr(vault)
    assert VALUE not in shown
    assert VALUE.encode() not in version.blob


async def test_where_the_audit_fails_nothing_is_set(store: Store, vault: Vault) -> None:
    await tamper(store, "UPDATE audit_head SET range = '[]', size = 1")
    with pytest.raises(BugError) as caught:
        await set_value(store, vault)
    assert caught.value.code == "audit_head_damaged"
    assert await store.read("w", vault.list) == ()


async def test_an_unknown_credential_is_not_found(store: Store, vault: Vault) -> None:
    await set_value(store, vault, workspace="other")
    with pytest.raises(NotFoundError) as caught:
        await resolve(store, vault)
    assert caught.value.code == "credential_not_found"


@pytest.mark.parametrize("value", ["", "1234567", "\ud800" * 8, "x" * 65_537, "é" * 32_769])
async def test_a_value_of_another_shape_is_refused_and_not_repeated(store: Store, vault: Vault, value: str) -> None:
    with pytest.raises(InputError) as caught:
        await set_value(store, vault, value)
    assert [fault.pointer for fault in caught.value.faults] == ["/value"]
    assert not value or value not in caught.value.message


@pytest.mark.parametrize("value", ["12345678", "é" * 32_768, "line\nline\x00end"])
async def test_a_value_at_the_limits_is_kept_exactly(store: Store, vault: Vault, value: str) -> None:
    await set_value(store, vault, value)
    assert await resolve(store, vault) == value


@pytest.mark.parametrize("name", ["", "Edr", "1edr", "a b", "a.b", "é", "a" * 65, "a\n"])
async def test_a_name_of_another_shape_is_refused(store: Store, vault: Vault, name: str) -> None:
    with pytest.raises(InputError) as caught:
        await set_value(store, vault, name=name)
    assert [fault.pointer for fault in caught.value.faults] == ["/name"]


@pytest.mark.parametrize(
    "host", ["", "https://edr.test", "edr.test:443", "*.test", "EDR.test", "a..b", "-a.test", "a" * 64, "edr.test\n"]
)
async def test_a_host_of_another_shape_is_refused(store: Store, vault: Vault, host: str) -> None:
    with pytest.raises(InputError) as caught:
        await set_value(store, vault, hosts=["edr.test", host])
    assert [fault.pointer for fault in caught.value.faults] == ["/hosts/1"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE credentials SET blob = (SELECT blob FROM credentials AS o WHERE o.name != credentials.name)",
        "UPDATE credentials SET hosts = '[\"evil.test\"]'",
        "UPDATE credentials SET version = version + 1",
        "UPDATE credentials SET id = id || 'x'",
        "UPDATE workspace_keys SET wrapped = zeroblob(60)",
    ],
)
async def test_who_can_write_the_database_cannot_move_or_redirect_a_credential(
    store: Store, vault: Vault, statement: str
) -> None:
    await set_value(store, vault, "value of a", name="a_key")
    await set_value(store, vault, "value of b", name="b_key")
    await tamper(store, statement)
    with pytest.raises(BugError) as caught:
        await resolve(store, vault, "a_key")
    assert caught.value.code == "sealed_value_damaged"


async def test_a_credential_does_not_open_under_another_name(store: Store, vault: Vault) -> None:
    await set_value(store, vault)
    await tamper(store, "UPDATE credentials SET name = 'other_token'")
    with pytest.raises(BugError) as caught:
        await resolve(store, vault, "other_token")
    assert caught.value.code == "sealed_value_damaged"


async def test_another_key_file_says_which_key_is_needed(store: Store, vault: Vault, tmp_path: Path) -> None:
    await set_value(store, vault)
    other = make_vault(tmp_path / "other", seed=5)
    for attempt in (resolve(store, other), set_value(store, other)):
        with pytest.raises(UnavailableError, match="need the key file:") as caught:
            await attempt
        assert caught.value.code == "wrong_key"


async def test_a_key_that_was_taken_away_is_said_to_be_gone(store: Store, vault: Vault) -> None:
    await set_value(store, vault)
    await tamper(store, "DELETE FROM workspace_keys")
    with pytest.raises(UnavailableError) as caught:
        await resolve(store, vault)
    assert caught.value.code == "key_not_found"
