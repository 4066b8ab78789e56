import base64
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.keyfile import create_key_file
from soar.audit.note import SigningKey, open_note, parse_verifier_key, sign_note
from soar.audit.signer import load_signing_key
from soar.model.errors import InputError
from tests.support.randomness import SeededRandomness

# The key and the note by which implementations of signed notes check each other.
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
PETER = SigningKey("PeterNeumann", Ed25519PrivateKey.from_private_bytes(SEED))
PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
LINE = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
NOTE = f"{TEXT}\n{LINE}"
OTHER = SigningKey("soar.example/audit", Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_the_known_key_signs_the_known_note_byte_for_byte() -> None:
    assert str(PETER.verifier) == PUBLIC
    assert sign_note(TEXT, PETER) == NOTE


def test_the_known_note_opens_with_the_known_public_key() -> None:
    assert open_note(NOTE, [parse_verifier_key(PUBLIC)]) == TEXT


def test_signatures_of_unknown_keys_are_passed_over() -> None:
    witnessed = NOTE + sign_note(TEXT, OTHER).rpartition("\n\n")[2]
    assert open_note(witnessed, [PETER.verifier]) == TEXT
    assert open_note(witnessed, [OTHER.verifier]) == TEXT


def test_a_note_nobody_we_know_has_signed_is_refused() -> None:
    with pytest.raises(InputError, match="no known key") as caught:
        open_note(NOTE, [OTHER.verifier])
    assert caught.value.code == "unknown_signer"


def test_a_known_name_with_another_key_is_unknown() -> None:
    impostor = SigningKey("PeterNeumann", OTHER.private)
    with pytest.raises(InputError, match="no known key"):
        open_note(sign_note(TEXT, impostor), [PETER.verifier])


def test_a_changed_text_is_refused_even_with_another_good_signature() -> None:
    changed = TEXT.replace("problem is", "problem was")
    forged = f"{changed}\n{LINE}" + sign_note(changed, OTHER).rpartition("\n\n")[2]
    with pytest.raises(InputError, match="signature of PeterNeumann is wrong") as caught:
        open_note(forged, [PETER.verifier, OTHER.verifier])
    assert caught.value.code == "wrong_signature"


@pytest.mark.parametrize(
    "note",
    [
        "",
        TEXT,
        f"{TEXT}\n",
        NOTE[:-1],
        f"{TEXT}\n{LINE.replace('—', '--')}",
        f"{TEXT}\n— PeterNeumann\n",
        f"{TEXT}\n— PeterNeumann x08g\n",
        f"{TEXT}\n—  x08go/ZJkuBS\n",
        f"{TEXT}\n{LINE}no signature\n",
        "x" * 70_000 + f"\n\n{LINE}",
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(InputError) as caught:
        open_note(note, [PETER.verifier])
    assert caught.value.code == "malformed_note"


@pytest.mark.parametrize("text", ["", "no newline", "tab\there\n", "bell\a\n"])
def test_a_text_that_cannot_be_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(InputError, match="ends in a newline"):
        sign_note(text, PETER)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        PUBLIC.replace("c74f20a3", "c74f20a4"),
        PUBLIC.replace("PeterNeumann", "Peter"),
        PUBLIC[:-4],
        PUBLIC + "\n",
        PUBLIC.replace("ARpc", "AhpC"),
    ],
)
def test_what_is_no_public_key_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no public key"):
        parse_verifier_key(text)


def test_a_signing_key_is_loaded_from_its_file(tmp_path: Path, randomness: SeededRandomness) -> None:
    create_key_file(tmp_path / "key", randomness)
    key = load_signing_key(tmp_path / "key", "soar.example/audit")
    assert open_note(sign_note(TEXT, key), [parse_verifier_key(str(key.verifier))]) == TEXT


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u200bb"])
def test_a_name_that_would_break_the_line_is_refused(name: str, tmp_path: Path, randomness: SeededRandomness) -> None:
    create_key_file(tmp_path / "key", randomness)
    with pytest.raises(InputError) as caught:
        load_signing_key(tmp_path / "key", name)
    assert (caught.value.message, caught.value.hint) == (
        f"`{name}` cannot be a key's name",
        "use a name such as soar.example/audit",
    )
