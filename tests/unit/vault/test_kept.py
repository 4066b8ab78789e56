"""Values that the service keeps for itself: sealed like credentials, and no credentials."""

from pathlib import Path

import pytest

from soar.model.errors import InputError, NotFoundError
from soar.model.secret import Secret
from soar.store import Store, Unit
from tests.support.builders import build_actor
from tests.support.clock import START
from tests.support.vault import VaultParts, open_vault

NAME, VALUE = "totp:u_1", "JBSWY3DPEHPK3PXP"


@pytest.fixture
def parts(store: Store, tmp_path: Path) -> VaultParts:
    return open_vault(store, tmp_path / "kek")


async def keep(parts: VaultParts, value: str = VALUE) -> str:
    return await parts.vault.keep(
        "w", NAME, Secret(value), owner="u_1", now=START, beside=lambda unit: f"in {unit.workspace}"
    )


async def test_a_kept_value_is_opened_again_and_the_newest_one_counts(parts: VaultParts) -> None:
    assert await keep(parts) == "in w"
    await keep(parts, "x")  # shorter than any credential: nobody masks it, as no step can name it
    assert (await parts.vault.open_kept("w", NAME)).reveal() == "x"


async def test_nobody_can_list_it_and_no_step_can_name_it(parts: VaultParts) -> None:
    await keep(parts)
    assert await parts.store.read("w", parts.vault.list) == ()
    with pytest.raises(NotFoundError):
        await parts.resolve(NAME)
    with pytest.raises(NotFoundError):
        await parts.vault.open_kept("other", NAME)
    assert await parts.store.read("w", lambda unit: unit.audit.head().size) == 0


async def test_it_says_whose_it_is_and_since_when(parts: VaultParts) -> None:
    await keep(parts)
    found = await parts.store.read("w", lambda unit: unit.credentials.latest(NAME))
    assert found is not None
    assert (found.version, found.created_by, found.created_at, found.hosts, found.is_reference) == (
        1,
        "u_1",
        START,
        (),
        False,
    )
    assert found.id.startswith("cred_")
    assert VALUE.encode() not in found.blob


async def test_where_what_belongs_to_it_fails_nothing_is_kept(parts: VaultParts) -> None:
    def fail(unit: Unit) -> None:
        raise InputError(f"not in {unit.workspace}")

    with pytest.raises(InputError, match="not in w"):
        await parts.vault.keep("w", NAME, Secret(VALUE), owner="u_1", now=START, beside=fail)
    with pytest.raises(NotFoundError):
        await parts.vault.open_kept("w", NAME)


async def test_it_is_sealed_again_when_keys_rotate(parts: VaultParts) -> None:
    await keep(parts)
    await parts.rotation.rotate("w", None, actor=build_actor(), now=START)
    assert (await parts.rewrapper.rewrap("w")).credentials == 1
    assert (await parts.vault.open_kept("w", NAME)).reveal() == VALUE
