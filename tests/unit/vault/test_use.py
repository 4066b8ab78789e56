import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from soar.model.errors import BugError
from soar.model.secret import Secret
from soar.store import Store
from soar.vault import Sighting, find_sightings
from tests.support.clock import START
from tests.support.vault import VALUE, VaultParts, open_vault

BLOCK = "CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no room'); END"


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> VaultParts:
    return open_vault(store, tmp_path / "kek")


async def list_events(store: Store) -> list[Mapping[str, Any]]:
    records = await store.read("w", lambda unit: unit.audit.range(0, 100))
    return [entry.document for entry in records]


async def look_for(parts: VaultParts, value: str, workspace: str = "w") -> tuple[Sighting, ...]:
    fingerprint = parts.vault.take_fingerprint(Secret(value))
    return await parts.store.read(workspace, lambda unit: find_sightings(unit, fingerprint))


async def test_the_first_use_of_a_value_is_recorded_and_the_next_ones_are_not(parts: VaultParts) -> None:
    await parts.set()
    await asyncio.gather(*(parts.resolve() for _ in range(5)))
    used = [event for event in await list_events(parts.store) if event["type"] == "credential.used"]
    (event,) = used
    assert event["target"] == {"kind": "credential", "id": "edr_token"}
    assert event["after"] == {"version": 1, "fingerprint": parts.vault.take_fingerprint(Secret(VALUE))}
    assert {name: event["actor"][name] for name in ("kind", "id", "name", "via")} == {
        "kind": "system",
        "id": "vault",
        "name": "soar",
        "via": "engine",
    }
    assert event["id"].startswith("ev_")


async def test_the_next_version_is_a_use_of_its_own_and_so_is_another_process(
    parts: VaultParts, tmp_path: Path
) -> None:
    await parts.set()
    await parts.resolve()
    await parts.set("another value")
    await parts.resolve()
    await open_vault(parts.store, tmp_path / "kek", seed=90).resolve()
    versions = [e["after"]["version"] for e in await list_events(parts.store) if e["type"] == "credential.used"]
    assert versions == [1, 2, 2]


async def test_a_value_whose_use_cannot_be_recorded_is_not_given_out(parts: VaultParts) -> None:
    await parts.set()
    await parts.store.write("w", lambda unit: unit._connection.exec_driver_sql(BLOCK))
    with pytest.raises(BugError):
        await parts.resolve()
    await parts.store.write("w", lambda unit: unit._connection.exec_driver_sql("DROP TRIGGER no_audit"))
    assert await parts.resolve() == VALUE


async def test_a_value_is_found_under_every_name_that_it_had(parts: VaultParts) -> None:
    await parts.set(name="one")
    await parts.set("another value", name="one")
    await parts.set(name="two")
    await parts.resolve("two")
    await parts.set(name="three", value="yet another value")
    assert await look_for(parts, VALUE) == (
        Sighting(credential="one", first=0, first_at=START, last=0, last_at=START, is_used=False),
        Sighting(credential="two", first=2, first_at=START, last=3, last_at=START, is_used=True),
    )


async def test_a_value_that_nobody_had_and_another_workspaces_are_not_found(parts: VaultParts) -> None:
    await parts.set()
    assert await look_for(parts, "never seen") == ()
    assert await look_for(parts, VALUE, workspace="other") == ()


async def test_a_value_is_found_behind_many_other_events_about_its_credential(parts: VaultParts) -> None:
    await parts.set()
    for number in range(510):
        await parts.set(f"another value {number}")
    (found,) = await look_for(parts, VALUE)
    assert (found.first, found.last) == (0, 0)
