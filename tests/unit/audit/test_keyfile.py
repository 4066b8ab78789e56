import base64
import os
import resource
import stat
from pathlib import Path

import pytest

from soar.audit.keyfile import create_key_file, read_key_file
from soar.model.errors import ConflictError, InputError
from tests.support.randomness import SeededRandomness


@pytest.fixture
def key_file(tmp_path: Path, randomness: SeededRandomness) -> Path:
    path = tmp_path / "key file"
    create_key_file(path, randomness)
    return path


def test_a_new_key_is_ours_alone_and_read_back(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert read_key_file(key_file) == SeededRandomness().bytes(32)


def test_a_key_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()
    with pytest.raises(ConflictError) as caught:
        create_key_file(key_file, SeededRandomness(1))
    assert caught.value.code == "key_file_exists"
    assert key_file.read_bytes() == before


def test_a_key_that_cannot_be_written_leaves_no_file(tmp_path: Path, randomness: SeededRandomness) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))  # as if the disk were full
    try:
        with pytest.raises(OSError, match="too large"):
            create_key_file(tmp_path / "key", randomness)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []


def test_the_mode_does_not_depend_on_the_umask(tmp_path: Path, randomness: SeededRandomness) -> None:
    before = os.umask(0)
    try:
        create_key_file(tmp_path / "key", randomness)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o644, 0o777])
def test_a_file_that_others_can_touch_is_refused_with_the_remedy(key_file: Path, mode: int) -> None:
    key_file.chmod(mode)
    with pytest.raises(InputError) as caught:
        read_key_file(key_file)
    assert caught.value.code == "key_file_insecure"
    assert caught.value.hint == f"chmod 600 '{key_file}'"


def test_a_read_only_file_of_ours_is_good(key_file: Path) -> None:
    key_file.chmod(0o400)
    assert len(read_key_file(key_file)) == 32


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_somebody_else_is_refused(key_file: Path) -> None:
    os.chown(key_file, 12345, -1)
    with pytest.raises(InputError, match="belongs to user 12345") as caught:
        read_key_file(key_file)
    assert caught.value.hint == f"chown 0 '{key_file}'"


def test_a_missing_file_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No such file") as caught:
        read_key_file(tmp_path / "none")
    assert caught.value.code == "key_file_missing"
    assert "umask 077" in str(caught.value.hint)


@pytest.mark.parametrize(
    "content", [b"", b"not base64!", base64.b64encode(bytes(31)), base64.b64encode(bytes(33)), b"\xff" * 44, b"A" * 400]
)
def test_a_file_without_a_key_is_refused_and_its_content_not_shown(key_file: Path, content: bytes) -> None:
    key_file.write_bytes(content)
    with pytest.raises(InputError, match="does not hold 32 bytes") as caught:
        read_key_file(key_file)
    assert caught.value.code == "key_file_malformed"


def test_a_folder_and_a_pipe_are_no_key_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(InputError, match="is not a file"):
            read_key_file(path)
