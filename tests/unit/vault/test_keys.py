import base64
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from soar.audit import keyfile
from soar.model.errors import BugError, InputError, UnavailableError
from soar.vault import FileKeyProvider, Keyring, create_key_file
from soar.vault.cipher import Place
from soar.vault.providers.local import EnvironmentKeyProvider
from tests.support.randomness import SeededRandomness

DATA_KEY = bytes(range(32))
PLACE = Place(workspace="w", table="workspace_keys", row="wk_1", field="wrapped", version=1)
KEY = SeededRandomness(3).bytes(32)
OTHER_KEY = SeededRandomness(4).bytes(32)


def make_provider(path: Path, seed: int = 0) -> FileKeyProvider:
    create_key_file(path, SeededRandomness(seed))
    return FileKeyProvider(path, SeededRandomness(99))


def make_environment(**changes: str) -> EnvironmentKeyProvider:
    environment = {"ONE": base64.b64encode(KEY).decode(), "TWO": base64.b64encode(OTHER_KEY).decode(), **changes}
    return EnvironmentKeyProvider(["ONE", "TWO"], environment, SeededRandomness())


def list_modes(folder: Path) -> list[int]:
    return [file.stat().st_mode & 0o777 for file in folder.iterdir()]


async def test_a_wrapped_key_comes_back_after_a_restart(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (key,) = await provider.list()
    wrapped = await provider.wrap(key, DATA_KEY, PLACE)
    again = FileKeyProvider(tmp_path / "kek", SeededRandomness(1))
    assert await again.unwrap(key, wrapped, PLACE) == DATA_KEY
    assert DATA_KEY not in wrapped


async def test_a_wrapped_key_is_bound_to_its_place(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (key,) = await provider.list()
    wrapped = await provider.wrap(key, DATA_KEY, PLACE)
    with pytest.raises(BugError):
        await provider.unwrap(key, wrapped, replace(PLACE, workspace="other"))


async def test_only_the_named_key_is_tried(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (first,) = await provider.list()
    second = await provider.create()
    wrapped = await provider.wrap(first, DATA_KEY, PLACE)
    with pytest.raises(BugError):
        await provider.unwrap(second, wrapped, PLACE)
    with pytest.raises(UnavailableError, match="need the key file:none") as caught:
        await provider.unwrap("file:none", wrapped, PLACE)
    assert caught.value.code == "wrong_key"


async def test_a_new_key_stands_beside_the_first_and_both_are_found_again(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (first,) = await provider.list()
    second = await provider.create()
    assert list_modes(tmp_path) == [0o600, 0o600]
    assert await FileKeyProvider(tmp_path / "kek", SeededRandomness(1)).list() == (first, second)


async def test_a_key_file_that_comes_later_is_found_when_it_is_named(tmp_path: Path) -> None:
    provider, other = make_provider(tmp_path / "kek"), make_provider(tmp_path / "elsewhere", 5)
    (key,) = await other.list()
    wrapped = await other.wrap(key, DATA_KEY, PLACE)
    (tmp_path / "elsewhere").rename(tmp_path / "kek.copied")
    assert await provider.unwrap(key, wrapped, PLACE) == DATA_KEY


async def test_a_destroyed_key_is_gone_with_its_file_and_the_next_one_serves_on(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (first,) = await provider.list()
    second = await provider.create()
    await provider.destroy(first)
    await provider.destroy(first)
    assert not (tmp_path / "kek").exists()
    assert await provider.list() == (second,)
    assert await FileKeyProvider(tmp_path / "kek", SeededRandomness(1)).list() == (second,)


async def test_every_copy_beside_it_goes_with_a_destroyed_key(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    shutil.copy2(tmp_path / "kek", tmp_path / "kek.bak")
    (first,) = await provider.list()
    await provider.create()
    await provider.destroy(first)
    assert len(list_modes(tmp_path)) == 1


async def test_a_folder_that_cannot_be_written_is_said_so(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    shutil.rmtree(tmp_path)
    with pytest.raises(InputError) as caught:
        await provider.create()
    beginning, _, reason = caught.value.message.partition(" cannot be made: ")
    assert (beginning[:-8], reason) == (f"the key file {tmp_path / 'kek'}.", "No such file or directory")
    assert (caught.value.code, caught.value.hint) == (
        "key_not_made",
        "put a key file there yourself, then name its id: soar vault status; soar vault rotate --key ID",
    )


async def test_the_key_does_not_show(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    (key,) = await provider.list()
    assert repr(provider) == f"FileKeyProvider({key})"
    assert SeededRandomness(0).bytes(32).hex()[:16] not in key


def test_a_key_file_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    create_key_file(tmp_path / "kek", SeededRandomness())
    (tmp_path / "kek").chmod(0o644)
    with pytest.raises(InputError) as caught:
        FileKeyProvider(tmp_path / "kek", SeededRandomness())
    assert caught.value.hint == f"chmod 600 {tmp_path / 'kek'}"


@pytest.mark.parametrize(
    ("mode", "owner", "folder", "is_lent"),
    [
        (0o440, 0, "/run/credentials/soar", True),
        (0o400, 0, "/run/credentials/soar", True),
        (0o440, 0, "/etc/soar", False),
        (0o440, 1000, "/run/credentials/soar", False),
        (0o444, 0, "/run/credentials/soar", False),
        (0o460, 0, "/run/credentials/soar", False),
    ],
)
def test_what_systemd_lends_is_roots_in_its_folder_and_open_to_nobody_else(
    monkeypatch: pytest.MonkeyPatch, mode: int, owner: int, folder: str, *, is_lent: bool
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", "/run/credentials/soar")
    status = os.stat_result((mode | 0o100000, 0, 0, 1, owner, 0, 44, 0, 0, 0))
    assert keyfile._is_lent(status, Path(folder) / "vault.key") is is_lent
    monkeypatch.delenv("CREDENTIALS_DIRECTORY")
    assert not keyfile._is_lent(status, Path(folder) / "vault.key")


@pytest.mark.parametrize("key", [bytes(32), b"\xff" * 32, bytes(range(15)) * 2 + b"\x00\x00"])
def test_a_key_that_chance_did_not_make_stops_the_start(tmp_path: Path, key: bytes) -> None:
    (tmp_path / "kek").write_text(base64.b64encode(key).decode())
    (tmp_path / "kek").chmod(0o400)
    with pytest.raises(InputError) as caught:
        FileKeyProvider(tmp_path / "kek", SeededRandomness())
    assert caught.value.code == "key_weak"


async def test_what_the_environment_wraps_it_opens_with_the_named_key_only() -> None:
    provider = make_environment()
    first, second = await provider.list()
    wrapped = await provider.wrap(first, DATA_KEY, PLACE)
    assert await provider.unwrap(first, wrapped, PLACE) == DATA_KEY
    with pytest.raises(BugError):
        await provider.unwrap(second, wrapped, PLACE)
    await provider.destroy(first)
    with pytest.raises(UnavailableError):
        await provider.unwrap(first, wrapped, PLACE)


@pytest.mark.parametrize("text", ["", "short", "AAAA" * 10 + "AAA=", "é"])
def test_a_variable_without_a_good_key_stops_the_start(text: str) -> None:
    with pytest.raises(InputError) as caught:
        make_environment(TWO=text)
    assert caught.value.code == "key_weak"
    assert not text or text not in caught.value.message


def test_a_variable_that_is_not_there_stops_the_start() -> None:
    with pytest.raises(InputError) as caught:
        EnvironmentKeyProvider(["NONE"], {}, SeededRandomness())
    assert caught.value.code == "key_missing"


async def test_the_environment_makes_no_keys() -> None:
    with pytest.raises(InputError) as caught:
        await make_environment().create()
    assert caught.value.code == "key_not_made"


async def test_a_ring_opens_with_whichever_provider_the_key_names(tmp_path: Path) -> None:
    files, environment = make_provider(tmp_path / "kek"), make_environment()
    ring = Keyring([environment, files])
    keys = await ring.list()
    assert keys == (*await environment.list(), *await files.list())
    assert await ring.find_first() == keys[0]
    for key in keys:
        assert await ring.unwrap(key, await ring.wrap(key, DATA_KEY, PLACE), PLACE) == DATA_KEY
    with pytest.raises(UnavailableError, match="need the key aws-kms:1, but the service has env:…, file:…"):
        await ring.unwrap("aws-kms:1", b"", PLACE)
