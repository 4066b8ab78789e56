"""What every provider of keys promises, held against each of them."""

import shutil
import subprocess
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pkcs11
import pytest

from soar.model.errors import BugError, InputError, UnavailableError
from soar.sdk.egress import HttpEgress
from soar.store import Store
from soar.vault import FileKeyProvider, KeyProvider, Keyring, create_key_file
from soar.vault.cipher import Place
from soar.vault.providers.aws import AwsKeyProvider
from soar.vault.providers.pkcs11 import Pkcs11KeyProvider
from soar.vault.providers.transit import TransitAddress, TransitKeyProvider
from tests.support.aws import open_aws
from tests.support.builders import build_actor
from tests.support.clock import START, SteppedClock
from tests.support.ids import SeededIds
from tests.support.randomness import SeededRandomness
from tests.support.secret_server import HOST, TOKEN, SecretServer
from tests.support.vault import VALUE, VaultParts

DATA_KEY = bytes(range(32))
PLACE = Place(workspace="w", table="workspace_keys", row="wk_1", field="wrapped", version=1)
MODULES = (Path("/usr/lib/softhsm/libsofthsm2.so"), Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))


def write_file(path: Path, text: str) -> Path:
    path.write_text(text + "\n", "ascii")
    path.chmod(0o600)
    return path


def make_transit(folder: Path, server: SecretServer) -> TransitKeyProvider:
    address = TransitAddress(
        url=f"https://{HOST}:8200",
        is_private=False,
        mount="transit",
        key="soar",
        token_file=write_file(folder / "token", TOKEN),
    )
    return TransitKeyProvider(address, server, SeededRandomness(2))


@pytest.fixture
async def aws(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsKeyProvider]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    egress = HttpEgress()
    with open_aws() as fake:
        client = fake.open_client("kms")
        key = client.create_key(Description="first")["KeyMetadata"]["KeyId"]
        client.create_alias(AliasName="alias/soar-vault", TargetKeyId=key)
        yield AwsKeyProvider(fake.place, key="alias/soar-vault", egress=egress, randomness=SeededRandomness(2))
        await egress.close()


@pytest.fixture(scope="session")
def softhsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A token in software; its library reads its configuration once a process."""
    tool, module = shutil.which("softhsm2-util"), next((path for path in MODULES if path.exists()), None)
    if tool is None or module is None:
        pytest.skip("softhsm2-util is not installed")
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        given = ["--init-token", "--free", "--label", "soar", "--pin", "123456", "--so-pin", "654321"]
        subprocess.run([tool, *given], check=True, capture_output=True)
        write_file(folder / "pin", "123456")
        yield module


def make_module(softhsm: Path, folder: Path, key: str) -> Pkcs11KeyProvider:
    pin = write_file(folder / "pin", "123456")
    return Pkcs11KeyProvider(module=softhsm, token="soar", pin_file=pin, key=key, randomness=SeededRandomness(2))


@pytest.fixture(params=["file", "transit", "aws", "pkcs11"])
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> KeyProvider:
    match request.param:
        case "file":
            create_key_file(tmp_path / "kek", SeededRandomness(1))
            return FileKeyProvider(tmp_path / "kek", SeededRandomness(2))
        case "transit":
            return make_transit(tmp_path, SecretServer(keys={"soar": b"\x01" * 32, "of-others": b"\x02" * 32}))
        case "aws":
            found: KeyProvider = request.getfixturevalue("aws")
            return found
        case _:
            return make_module(request.getfixturevalue("softhsm"), tmp_path, tmp_path.name)


async def test_a_key_wraps_and_unwraps_in_one_place_only(provider: KeyProvider) -> None:
    key = await provider.create()
    wrapped = await provider.wrap(key, DATA_KEY, PLACE)
    assert DATA_KEY not in wrapped
    assert await provider.unwrap(key, wrapped, PLACE) == DATA_KEY
    for elsewhere in (replace(PLACE, workspace="x"), replace(PLACE, row="wk_2"), replace(PLACE, version=2)):
        with pytest.raises(BugError) as caught:
            await provider.unwrap(key, wrapped, elsewhere)
        assert caught.value.code == "sealed_value_damaged"


async def test_what_was_changed_does_not_open(provider: KeyProvider) -> None:
    key = await provider.create()
    wrapped = await provider.wrap(key, DATA_KEY, PLACE)
    middle = len(wrapped) // 2
    changed = wrapped[:middle] + bytes((wrapped[middle] ^ 1,)) + wrapped[middle + 1 :]
    with pytest.raises(BugError) as caught:
        await provider.unwrap(key, changed, PLACE)
    assert caught.value.code == "sealed_value_damaged"


async def test_only_the_named_key_opens(provider: KeyProvider) -> None:
    one, two = await provider.create(), await provider.create()
    wrapped = await provider.wrap(one, DATA_KEY, PLACE)
    with pytest.raises(BugError):
        await provider.unwrap(two, wrapped, PLACE)
    with pytest.raises(UnavailableError, match=f"the credentials need the key {one}0, but"):
        await provider.unwrap(f"{one}0", wrapped, PLACE)
    with pytest.raises(UnavailableError):
        await provider.wrap(f"{provider.scheme}:none", b"", PLACE)


async def test_keys_are_listed_and_a_destroyed_one_is_not(provider: KeyProvider) -> None:
    before = await provider.list()
    one, two = await provider.create(), await provider.create()
    assert {*await provider.list()} == {*before, one, two}
    wrapped = await provider.wrap(one, DATA_KEY, PLACE)
    await provider.destroy(one)
    await provider.destroy(one)
    assert {*await provider.list()} == {*before, two}
    if provider.scheme != "aws-kms":  # its stand-in opens with a key whose deletion is scheduled; KMS does not
        with pytest.raises(UnavailableError) as caught:
            await provider.unwrap(one, wrapped, PLACE)
        assert caught.value.code == "wrong_key"


async def test_a_vault_rotates_within_a_provider(provider: KeyProvider, store: Store) -> None:
    parts = VaultParts(store, Keyring([provider]), SeededIds(), SeededRandomness(9), SteppedClock())
    first = (await parts.rotation.rotate("w", await provider.create(), actor=build_actor(), now=START)).id
    await parts.set()
    second = (await parts.rotation.rotate("w", None, actor=build_actor(), now=START)).id
    assert (await parts.rewrapper.rewrap("w")).credentials == 1
    await parts.rotation.retire("w", first, actor=build_actor(), now=START)
    await parts.rotation.destroy("w", first, actor=build_actor(), now=START)
    await parts.rotation.destroy("w", first, actor=build_actor(id="u_ben"), now=START)
    keys = await provider.list()
    assert first not in keys
    assert second in keys
    assert await parts.resolve() == VALUE


async def test_credentials_move_from_a_file_to_another_provider(
    store: Store, tmp_path: Path, randomness: SeededRandomness
) -> None:
    create_key_file(tmp_path / "kek", SeededRandomness(1))
    file = FileKeyProvider(tmp_path / "kek", SeededRandomness(2))
    before = VaultParts(store, Keyring([file]), SeededIds(1), randomness, SteppedClock())
    await before.set()
    server = SecretServer(keys={"soar": b"\x01" * 32})
    after = VaultParts(store, Keyring([make_transit(tmp_path, server), file]), SeededIds(2), randomness, SteppedClock())
    await after.rotation.rotate("w", "transit:soar", actor=build_actor(), now=START)
    await after.rewrapper.rewrap("w")
    alone = Keyring([make_transit(tmp_path, server)])
    assert await VaultParts(store, alone, SeededIds(3), randomness, SteppedClock()).resolve() == VALUE


async def test_an_open_key_outlasts_a_provider_that_is_away_for_minutes_not_for_longer(
    store: Store, tmp_path: Path, clock: SteppedClock
) -> None:
    server = SecretServer(keys={"soar": b"\x01" * 32})
    parts = VaultParts(store, Keyring([make_transit(tmp_path, server)]), SeededIds(), SeededRandomness(), clock)
    await parts.set()
    assert await parts.resolve() == VALUE
    server.is_down = True
    asked = len(server.asked)
    clock.advance(START.resolution * 299_000_000)
    assert await parts.resolve() == VALUE
    clock.advance(START.resolution * 2_000_000)
    with pytest.raises(UnavailableError) as caught:
        await parts.resolve()
    assert caught.value.code == "key_provider_unavailable"
    assert len(server.asked) == asked


async def test_a_token_that_everybody_can_read_is_refused_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    server = SecretServer(keys={"soar": b"\x01" * 32})
    provider = make_transit(tmp_path, server)
    (tmp_path / "token").chmod(0o644)
    with pytest.raises(InputError) as refused:
        await provider.list()
    assert refused.value.code == "token_file"
    assert server.asked == []
    write_file(tmp_path / "token", "another token")
    with pytest.raises(UnavailableError, match="it answers 403") as caught:
        await provider.wrap("transit:soar", DATA_KEY, PLACE)
    assert caught.value.code == "key_provider_unavailable"


async def test_a_wrong_pin_is_told(softhsm: Path, tmp_path: Path) -> None:
    provider = make_module(softhsm, tmp_path, "k")
    write_file(tmp_path / "pin", "999999")
    with pytest.raises(UnavailableError) as caught:
        await provider.list()
    assert (caught.value.code, caught.value.message, caught.value.hint, caught.value.retry_after) == (
        "key_provider_unavailable",
        "the security module did not do what was asked: PinIncorrect",
        "look at the module's path, the token's label and the PIN's file",
        5.0,
    )


async def test_a_key_is_made_in_the_module_to_stay_there(softhsm: Path, tmp_path: Path) -> None:
    first = tmp_path.name  # the token outlives the test
    provider = make_module(softhsm, tmp_path, first)
    key = await provider.create()
    assert await provider.list() == (key,)
    with pkcs11.lib(str(softhsm)).get_token(token_label="soar").open(rw=True, user_pin="123456") as session:
        found = session.get_key(object_class=pkcs11.ObjectClass.SECRET_KEY, label=key.partition(":")[2])
        assert (found[pkcs11.Attribute.SENSITIVE], found[pkcs11.Attribute.EXTRACTABLE]) == (True, False)
        assert found.key_length == 256
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.DATA,
                pkcs11.Attribute.LABEL: f"{first}-no-key",
                pkcs11.Attribute.VALUE: b"note",
                pkcs11.Attribute.TOKEN: True,
            }
        )
        session.generate_key(pkcs11.KeyType.AES, 256, label=first, store=True)
    assert await provider.list() == (f"pkcs11:{first}", key)
