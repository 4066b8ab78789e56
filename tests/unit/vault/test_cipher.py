from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from soar.model.errors import BugError
from soar.vault.cipher import Place, decrypt, encrypt, read_key_id, seal, unseal
from tests.support.randomness import SeededRandomness

KEY = bytes(range(32))
PLACE = Place(workspace="w", table="credentials", row="cred_1", field="blob", version=3, facts=("edr", "edr.test"))


def make_blob(plain: bytes = b"hunter2hunter2", key_id: str = "wk_1") -> bytes:
    return seal(plain, PLACE, key_id=key_id, key=KEY, randomness=SeededRandomness())


@given(plain=st.binary(max_size=300), key_id=st.text(min_size=1, max_size=60))
def test_what_is_sealed_opens_in_its_place(plain: bytes, key_id: str) -> None:
    blob = make_blob(plain, key_id)
    assert read_key_id(blob) == key_id
    assert unseal(blob, PLACE, key_id=key_id, key=KEY) == plain


def test_the_blob_has_the_documented_layout() -> None:
    blob = make_blob(b"12345678")
    assert blob[:7] == b"\x01\x01\x04wk_1"
    assert len(blob) == 7 + (12 + 32 + 16) + (12 + 8 + 16)
    assert b"12345678" not in blob


def test_whoever_has_the_key_opens_a_blob_with_aes_gcm_alone() -> None:
    wrapped, body = make_blob(b"12345678")[7:67], make_blob(b"12345678")[67:]
    data_key = AESGCM(KEY).decrypt(wrapped[:12], wrapped[12:], PLACE.bind("wk_1"))
    assert len(data_key) == 32
    assert AESGCM(data_key).decrypt(body[:12], body[12:], PLACE.bind("wk_1")) == b"12345678"


def test_the_same_value_is_never_sealed_the_same_way_twice() -> None:
    randomness = SeededRandomness()
    blobs = {seal(b"x", PLACE, key_id="wk_1", key=KEY, randomness=randomness) for _ in range(10)}
    assert len(blobs) == 10


@pytest.mark.parametrize(
    "changes",
    [
        {"workspace": "other"},
        {"table": "sources"},
        {"row": "cred_2"},
        {"field": "other"},
        {"version": 2},
        {"facts": ("idp", "edr.test")},
        {"facts": ("edr", "evil.test")},
        {"facts": ()},
    ],
)
def test_a_blob_opens_in_no_other_place(changes: dict[str, Any]) -> None:
    with pytest.raises(BugError) as caught:
        unseal(make_blob(), replace(PLACE, **changes), key_id="wk_1", key=KEY)
    assert caught.value.code == "sealed_value_damaged"


@given(data=st.data())
def test_no_bit_of_a_blob_can_be_changed(data: st.DataObject) -> None:
    blob = make_blob()
    position = data.draw(st.integers(0, len(blob) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = blob[:position] + bytes((blob[position] ^ (1 << bit),)) + blob[position + 1 :]
    with pytest.raises(BugError):
        unseal(changed, PLACE, key_id="wk_1", key=KEY)


def test_no_blob_can_be_cut_short_or_made_longer() -> None:
    blob = make_blob()
    for end in range(len(blob)):
        with pytest.raises(BugError):
            unseal(blob[:end], PLACE, key_id="wk_1", key=KEY)
    with pytest.raises(BugError):
        unseal(blob + b"\x00", PLACE, key_id="wk_1", key=KEY)


def test_only_the_named_key_is_tried() -> None:
    with pytest.raises(BugError):
        unseal(make_blob(key_id="wk_2"), PLACE, key_id="wk_1", key=KEY)
    with pytest.raises(BugError):
        unseal(make_blob(), PLACE, key_id="wk_1", key=bytes(32))


def test_a_key_id_that_is_no_text_is_damage() -> None:
    with pytest.raises(BugError):
        read_key_id(b"\x01\x01\x01\xff" + bytes(100))


@pytest.mark.parametrize("key_id", ["", "x" * 256])
def test_a_key_id_that_does_not_fit_is_refused(key_id: str) -> None:
    with pytest.raises(ValueError, match="1 to 255 bytes"):
        make_blob(key_id=key_id)


def test_a_short_ciphertext_is_damage() -> None:
    whole = encrypt(b"", key=KEY, bound=b"", randomness=SeededRandomness())
    assert decrypt(whole, key=KEY, bound=b"") == b""
    with pytest.raises(BugError):
        decrypt(whole[:-1], key=KEY, bound=b"")
