import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from soar.audit.checkpoint import check_checkpoint, sign_checkpoint
from soar.audit.cosignature import Statement, parse_hash, parse_statement, write_cosigned, write_subtree
from soar.audit.note import SignatureKind, SigningKey, append_lines, check_note, parse_verifier_key, sign_line
from soar.model.audit import AuditHead
from soar.model.errors import InputError

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
QUANTUM = SigningKey(ORIGIN, MLDSA44PrivateKey.from_seed_bytes(bytes(range(32))))
WITNESS = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
HEAD = AuditHead(1, "11" * 32, ("11" * 32,))
TEXT = str(Statement(ORIGIN, 1, b"\x11" * 32))
TIME = 1_679_315_147


def test_a_cosigner_signs_a_heading_the_time_and_the_whole_text() -> None:
    assert write_cosigned(TEXT, TIME).decode() == f"cosignature/v1\ntime {TIME}\n{TEXT}"


def test_a_post_quantum_key_signs_the_tree_byte_for_byte_as_specified() -> None:
    assert write_subtree(TEXT, ORIGIN, 258) == (
        b"subtree/v1\n\0"
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + bytes([0, 0, 0, 0, 0, 0, 1, 2])
        + bytes([len(ORIGIN)])
        + ORIGIN.encode()
        + bytes(8)
        + bytes([0, 0, 0, 0, 0, 0, 0, 1])
        + b"\x11" * 32
    )


def test_the_published_cosigned_checkpoint_opens() -> None:
    """The example of https://c2sp.org/tlog-cosignature, but for its keys, which the page does not give."""
    line = (
        "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0x"
        "Ue+mbIUBkBIfZ+qnA==\n"
    )
    text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    assert parse_statement(text).size == 20_852_163
    assert check_note(f"{text}\n{line}", []) == (text, ())
    assert int.from_bytes(base64.b64decode(line.split()[2])[4:12]) == TIME


def test_all_three_kinds_stand_under_one_checkpoint_and_say_when() -> None:
    note = append_lines(
        sign_checkpoint(HEAD, KEY, ORIGIN, others=[QUANTUM], time=TIME), sign_line(TEXT, WITNESS, TIME + 1)
    )
    opened = check_checkpoint(note, [KEY.verifier, QUANTUM.verifier, WITNESS.verifier])
    assert [(one.key.kind, one.time) for one in opened.signers] == [
        (SignatureKind.ED25519, None),
        (SignatureKind.ML_DSA_44, TIME),
    ]
    assert [(one.key.name, one.time) for one in opened.witnesses] == [("witness.example", TIME + 1)]


def test_a_witness_alone_does_not_make_a_checkpoint() -> None:
    note = f"{TEXT}\n{sign_line(TEXT, WITNESS, TIME)}"
    with pytest.raises(InputError) as caught:
        check_checkpoint(note, [KEY.verifier, WITNESS.verifier])
    assert caught.value.code == "unknown_signer"


@pytest.mark.parametrize("key", [KEY, QUANTUM, WITNESS])
def test_keys_of_every_kind_travel_as_text(key: SigningKey) -> None:
    assert parse_verifier_key(str(key.verifier)) == key.verifier


@pytest.mark.parametrize("key", [QUANTUM, WITNESS])
@pytest.mark.parametrize("place", [5, 20])
def test_a_changed_time_or_signature_does_not_hold(key: SigningKey, place: int) -> None:
    start, encoded = sign_line(TEXT, key, TIME).rsplit(" ", 1)
    raw = bytearray(base64.b64decode(encoded))
    raw[place] ^= 1
    line = f"{start} {base64.b64encode(raw).decode()}\n"
    with pytest.raises(InputError) as caught:
        check_note(f"{TEXT}\n{line}", [key.verifier])
    assert caught.value.code == "wrong_signature"


def test_a_timed_signature_that_is_cut_short_is_refused() -> None:
    line = f"— {WITNESS.name} {base64.b64encode(WITNESS.verifier.id + b'1234').decode()}\n"
    with pytest.raises(InputError, match="no timed signature"):
        check_note(f"{TEXT}\n{line}", [WITNESS.verifier])


def test_the_same_line_is_not_appended_twice_and_what_is_no_line_not_at_all() -> None:
    note = sign_checkpoint(HEAD, KEY, ORIGIN)
    line = sign_line(TEXT, WITNESS, TIME)
    assert append_lines(append_lines(note, line), line) == note + line
    with pytest.raises(InputError, match="no signature"):
        append_lines(note, "— nobody\n")


def test_a_post_quantum_key_signs_no_other_text_and_no_endless_name() -> None:
    with pytest.raises(InputError, match="no checkpoint"):
        sign_line("hello\n", QUANTUM)
    with pytest.raises(InputError, match="at most 255 bytes"):
        write_subtree(TEXT, "x" * 256, 0)


@pytest.mark.parametrize("text", ["", "AAAA", "!" * 44, "A" * 43 + "B"])
def test_what_is_no_hash_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="no hash"):
        parse_hash(text)
