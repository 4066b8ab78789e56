from pathlib import Path

import pytest

from soar.model.errors import BugError, InputError
from soar.vault import FileKeyProvider, create_key_file
from tests.support.randomness import SeededRandomness

DATA_KEY = bytes(range(32))


def make_provider(path: Path, seed: int = 0) -> FileKeyProvider:
    create_key_file(path, SeededRandomness(seed))
    return FileKeyProvider(path, SeededRandomness(99))


def test_a_wrapped_key_comes_back_after_a_restart(tmp_path: Path) -> None:
    wrapped = make_provider(tmp_path / "kek").wrap(DATA_KEY, b"place")
    again = FileKeyProvider(tmp_path / "kek", SeededRandomness(1))
    assert again.unwrap(wrapped, b"place") == DATA_KEY
    assert DATA_KEY not in wrapped


def test_a_wrapped_key_is_bound_to_its_place(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    with pytest.raises(BugError):
        provider.unwrap(provider.wrap(DATA_KEY, b"place"), b"other place")


def test_another_key_file_has_another_id_and_opens_nothing(tmp_path: Path) -> None:
    one, other = make_provider(tmp_path / "one", 1), make_provider(tmp_path / "other", 2)
    assert one.id.startswith("file:")
    assert one.id != other.id
    with pytest.raises(BugError):
        other.unwrap(one.wrap(DATA_KEY, b""), b"")


def test_the_key_does_not_show(tmp_path: Path) -> None:
    provider = make_provider(tmp_path / "kek")
    key = SeededRandomness(0).bytes(32)
    assert repr(provider) == f"FileKeyProvider({provider.id})"
    assert key.hex()[:16] not in provider.id


def test_a_key_file_that_others_can_read_stops_the_start(tmp_path: Path) -> None:
    create_key_file(tmp_path / "kek", SeededRandomness())
    (tmp_path / "kek").chmod(0o644)
    with pytest.raises(InputError) as caught:
        FileKeyProvider(tmp_path / "kek", SeededRandomness())
    assert caught.value.hint == f"chmod 600 {tmp_path / 'kek'}"
