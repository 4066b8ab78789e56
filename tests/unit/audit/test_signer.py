from pathlib import Path

import pytest

from soar.audit.keyfile import create_key_file
from soar.audit.note import SignatureKind
from soar.audit.signer import load_signing_key, load_signing_keys
from tests.support.randomness import SeededRandomness

NAME = "soar.example/audit"


@pytest.fixture
def file(tmp_path: Path, randomness: SeededRandomness) -> Path:
    create_key_file(tmp_path / "audit.key", randomness)
    return tmp_path / "audit.key"


def test_a_file_gives_the_same_keys_every_time_each_of_its_own_kind(file: Path) -> None:
    alone = load_signing_keys(file, NAME, is_post_quantum=False)
    both = load_signing_keys(file, NAME, is_post_quantum=True)
    again = load_signing_keys(file, NAME, is_post_quantum=True)
    assert [key.verifier for key in both] == [key.verifier for key in again]
    assert [key.kind for key in both] == [SignatureKind.ED25519, SignatureKind.ML_DSA_44]
    assert [key.verifier for key in alone] == [both[0].verifier]


def test_a_cosigners_key_is_told_from_one_that_signs_its_own(file: Path) -> None:
    cosigner = load_signing_key(file, NAME, is_cosigner=True)
    assert cosigner.kind is SignatureKind.COSIGNATURE
    assert cosigner.verifier.id != load_signing_key(file, NAME).verifier.id
