import hashlib
import hmac
from pathlib import Path

import pytest

from soar.audit.fingerprint import Fingerprinter, load_fingerprinter
from soar.audit.keyfile import create_key_file
from soar.model.errors import InputError
from soar.model.secret import Secret
from tests.support.randomness import SeededRandomness


def test_a_fingerprint_is_an_hmac_of_the_value() -> None:
    key, value = bytes(range(32)), "corréct horse"
    expected = hmac.new(key, value.encode(), hashlib.sha256).hexdigest()
    assert Fingerprinter(key).take(Secret(value)) == f"hmac-sha256:{expected}"


def test_any_text_has_a_fingerprint_and_no_two_share_one() -> None:
    taken = {Fingerprinter(bytes(32)).take(Secret(text)) for text in ("", "a", "a\0", "\ud800", "é")}
    assert len(taken) == 5


def test_the_key_comes_from_the_audits_file_and_is_not_the_one_that_signs(tmp_path: Path) -> None:
    one, other = tmp_path / "one.key", tmp_path / "other.key"
    create_key_file(one, SeededRandomness(1))
    create_key_file(other, SeededRandomness(2))
    secret = Secret("correct horse")
    taken = load_fingerprinter(one).take(secret)
    assert load_fingerprinter(one).take(secret) == taken
    assert load_fingerprinter(other).take(secret) != taken
    assert Fingerprinter(SeededRandomness(1).bytes(32)).take(secret) != taken


def test_without_the_file_there_are_no_fingerprints(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_fingerprinter(tmp_path / "audit.key")
    assert caught.value.code == "key_file_missing"
