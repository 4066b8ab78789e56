"""What an earlier version of the service has sealed opens in each later one: a change here loses credentials."""

from dataclasses import replace
from pathlib import Path

import pytest

from soar.model.secret import CredentialVersion, EncryptionKey, KeyStatus, WorkspaceKey
from soar.store import Store, Unit
from soar.vault import FileKeyProvider, Keyring
from soar.vault.cipher import Place
from soar.vault.lookups import EnvironmentLookup
from tests.support.builders import build_actor
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.vault import VALUE, VaultParts

KEY_FILE = "zt2RdlZqI/hR6LlGoFdsyZDmZn+A9lTGzqR9SahDJkU=\n"
WRAPPER = EncryptionKey(
    id="file:41fe495222acce18",
    status=KeyStatus.WRAPPING,
    created_at=START,
    created_by="system",
    changed_at=START,
)
KEY = WorkspaceKey(
    id="wk_tcjmwk6519qy",
    kek=WRAPPER.id,
    wrapped=bytes.fromhex(
        "3f1ff8669050685f82b09d5ce5442d5136b0aa2cff42461b0e65f94a544943a9"
        "29f73cfed70b30896cccc77a4c414fd2d967df42e3d3baa71d4fd280"
    ),
    created_at=START,
)
VALUE_ROW = CredentialVersion(
    id="cred_vdphzwa95d82",
    name="edr_token",
    version=1,
    blob=bytes.fromhex(
        "01010f776b5f74636a6d776b36353139717937d0171d251cf69526f63321486580a9fb948fca351e9639e34162e83a1d9b3d6efb1bba91d6"
        "9d0407d4a868c2ab375a839cdaf1230cffcd82bf4c946f412894eba8f30edfa0308bc6e43cda2571cd31ef255d28f4b5add67e883d9f3665"
        "7e19bb84c284ce2cde80acd0c14464243d273e6b5c00"
    ),
    hosts=("edr.test",),
    created_at=START,
    created_by="u_000000000001",
)
REFERENCE_ROW = CredentialVersion(
    id="cred_yc8vef40g6x9",
    name="other",
    version=1,
    blob=bytes.fromhex(
        "01010f776b5f74636a6d776b3635313971792b08e191e3841d934d9d9a176c1c95f80d4cd9a5642dc0f1efb2986335e739e65823af2a319e"
        "ea864d4ef39048d9a6a7f693f9a1ea9fa3b0aaf42729e799fd451647da308a74c37defd46296c9e074300e91640d155cec6a230751900a20"
        "be9a35c49ad7dc"
    ),
    hosts=(),
    created_at=START,
    created_by="u_000000000001",
    is_reference=True,
)


@pytest.fixture
async def parts(store: Store, tmp_path: Path, clock: SteppedClock) -> VaultParts:
    def restore(unit: Unit) -> None:
        unit.encryption_keys.add(WRAPPER)
        unit.credentials.add_key(KEY)
        unit.credentials.add(VALUE_ROW)
        unit.credentials.add(REFERENCE_ROW)

    await store.write("w", restore)
    (tmp_path / "kek").write_text(KEY_FILE)
    (tmp_path / "kek").chmod(0o600)
    lookups = [EnvironmentLookup(["EDR_TOKEN"], {"EDR_TOKEN": "value kept elsewhere"})]
    keyring = Keyring([FileKeyProvider(tmp_path / "kek", SeededRandomness())])
    return VaultParts(store, keyring, SeededIds(), SeededRandomness(), clock, lookups)


async def test_a_value_and_a_reference_open(parts: VaultParts) -> None:
    assert await parts.resolve() == VALUE
    assert await parts.resolve("other") == "value kept elsewhere"


async def test_they_are_sealed_again_like_any_other(parts: VaultParts) -> None:
    await parts.rotation.rotate("w", None, actor=build_actor(), now=START)
    done = await parts.rewrapper.rewrap("w")
    assert (done.credentials, done.keys, done.damaged) == (2, 1, ())
    assert await parts.resolve() == VALUE


def test_a_place_is_told_to_a_provider_by_the_same_words() -> None:
    place = Place(workspace="w", table="workspace_keys", row="wk_1", field="wrapped", version=1)
    assert place.describe() == {
        "format": "soar/secret/v1",
        "workspace": "w",
        "table": "workspace_keys",
        "row": "wk_1",
        "field": "wrapped",
        "version": "1",
    }
    assert replace(place, facts=("edr", "edr.test")).bind("wk_9") == (
        b'["soar/secret/v1","w","workspace_keys","wk_1","wrapped",1,"wk_9","edr","edr.test"]'
    )
