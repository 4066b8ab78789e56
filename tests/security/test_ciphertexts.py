"""What is sealed opens in its own row alone, in every table that holds something sealed."""

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import LargeBinary, text

from soar.model.errors import BugError, UnavailableError
from soar.model.secret import Secret
from soar.store import Store, Unit, open_store
from soar.store.columns import METADATA
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess
from tests.support.vault import VaultParts, open_vault

SEALED = {"credentials.blob", "workspace_keys.wrapped"}
PLAIN = {"deliveries.body", "blobs.content", "factors.material"}
"""As received, outputs of actions, and public keys of security keys."""

WORKSPACES = ("w", "x")
KEPT = "factor:fa_1"


@pytest.fixture
async def parts(tmp_path: Path) -> Any:  # noqa: ANN401 -- the vault, and its store closed after it
    store: Store = open_store("sqlite://", disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)
    await store.migrate()
    yield open_vault(store, tmp_path / "kek")
    await store.close()


async def fill(parts: VaultParts) -> dict[tuple[str, str], str]:
    """Set credentials and what is kept for ourselves in two workspaces, before and after a rotation of one's key."""
    written = {}
    for turn in ("first", "second"):
        for workspace in WORKSPACES:
            for name in (f"{turn}_a", f"{turn}_b"):
                written[workspace, name] = f"{workspace} {name} value"
                await parts.set(written[workspace, name], name=name, workspace=workspace)
            kept = f"{KEPT}_{turn}"
            written[workspace, kept] = f"{workspace} {kept} secret"
            await parts.vault.keep(
                workspace, kept, Secret(written[workspace, kept]), owner="u_ada", now=START, beside=drop
            )
        if turn == "first":
            await parts.rotation.rotate("w", None, actor=build_actor(), now=START)
            await parts.keys.renew("w", (await find_wrapping(parts)), replaced=(await list_keys(parts))[0])
    return written


def drop(_: Unit) -> None:
    """Write nothing beside what is kept."""


async def find_wrapping(parts: VaultParts) -> str:
    found = await parts.store.read("w", lambda unit: unit.encryption_keys.wrapping())
    assert found is not None
    return found.id


async def list_keys(parts: VaultParts) -> list[str]:
    return [key.id for key in await parts.store.read("w", lambda unit: unit.credentials.list_keys())]


async def open_all(parts: VaultParts, names: Any) -> dict[tuple[str, str], str | None]:  # noqa: ANN401 -- pairs
    """Return what opens, with keys that are read anew; None for what does not."""
    fresh = VaultParts(parts.store, parts.keyring, parts.ids, parts.randomness, parts.clock)
    found: dict[tuple[str, str], str | None] = {}
    for workspace, name in names:
        read = fresh.vault.open_kept if ":" in name else fresh.vault.resolve
        try:
            found[workspace, name] = (await read(workspace, name)).reveal()
        except (BugError, UnavailableError):
            found[workspace, name] = None
    return found


async def swap(parts: VaultParts, table: str, column: str, one: tuple[str, bytes], other: tuple[str, bytes]) -> None:
    def write(unit: Unit) -> None:
        for (id_, _), (_, value) in ((one, other), (other, one)):
            statement = text(f"UPDATE {table} SET {column} = :value WHERE id = :id")  # noqa: S608 -- names of ours
            unit._connection.execute(statement, {"value": value, "id": id_})

    await parts.store.write("w", write)


@pytest.mark.parametrize("place", sorted(SEALED))
async def test_no_two_rows_can_change_their_ciphertexts(parts: VaultParts, place: str) -> None:
    written = await fill(parts)
    assert await open_all(parts, written) == written
    table, _, column = place.partition(".")
    query = text(f"SELECT id, {column} FROM {table}")  # noqa: S608 -- names of ours
    rows = await parts.store.read("w", lambda unit: [tuple(row) for row in unit._connection.execute(query)])
    pairs = [(one, other) for one, other in permutations(rows, 2) if one[0] < other[0]]
    assert len(pairs) >= 3
    for one, other in pairs:
        await swap(parts, table, column, one, other)
        opened = await open_all(parts, written)
        wrong = {key: value for key, value in opened.items() if value not in {None, written[key]}}
        assert wrong == {}
        assert sum(value is None for value in opened.values()) >= 2
        await swap(parts, table, column, (one[0], other[1]), (other[0], one[1]))
    assert await open_all(parts, written) == written


def test_every_column_of_bytes_is_known_to_be_sealed_or_plain() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    assert found == SEALED | PLAIN
