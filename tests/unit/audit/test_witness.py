import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.checkpoint import check_checkpoint, sign_checkpoint
from soar.audit.cosignature import write_hash
from soar.audit.note import SigningKey, append_lines
from soar.audit.tree import EMPTY_ROOT, hash_leaf, make_compact, prove_consistency
from soar.audit.witness import Request, StaleError, Witness, load_notes, parse_request, save_notes
from soar.model.audit import AuditHead
from soar.model.errors import DeniedError, InputError, NotFoundError

ORIGIN = "soar.example/audit"
KEY = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"s" * 32))
COSIGNER = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
LEAVES = [hash_leaf(b"%d" % number) for number in range(9)]
FORKED = [*LEAVES[:3], hash_leaf(b"forged"), *LEAVES[4:]]
TIME = 1_700_000_000


def write_note(leaves: Sequence[bytes], key: SigningKey = KEY, origin: str = ORIGIN) -> str:
    compact = tuple(node.hex() for node in make_compact(leaves))
    return sign_checkpoint(AuditHead(len(leaves), "", compact), key, origin)


def ask(old: int, leaves: Sequence[bytes], **changes: object) -> Request:
    proof = prove_consistency(leaves, old) if 0 < old <= len(leaves) else ()
    return Request(**{"old_size": old, "proof": proof, "note": write_note(leaves), **changes})


def sign(witness: Witness, request: Request) -> str:
    line, notes = witness.sign(request, TIME)
    witness.remember(notes)
    return line


@pytest.fixture
def witness() -> Witness:
    return Witness(COSIGNER, [KEY.verifier], {})


def test_growth_is_signed_step_by_step(witness: Witness) -> None:
    for old, new in ((0, 2), (2, 3), (3, 9), (9, 9)):
        line = sign(witness, ask(old, LEAVES[:new]))
        opened = check_checkpoint(write_note(LEAVES[:new]) + line, [KEY.verifier, COSIGNER.verifier])
        assert [(one.key, one.time) for one in opened.witnesses] == [(COSIGNER.verifier, TIME)]
    found = witness.find(ORIGIN)
    assert found is not None
    assert found.size == 9


@pytest.mark.parametrize(
    "request_",
    [
        ask(4, FORKED),
        ask(4, FORKED[:4]),
        ask(4, LEAVES, proof=()),
        ask(4, LEAVES, proof=(bytes(32),)),
    ],
)
def test_a_record_that_did_not_grow_out_of_what_was_signed_is_refused(witness: Witness, request_: Request) -> None:
    sign(witness, ask(0, LEAVES[:4]))
    before = witness.notes
    with pytest.raises(InputError) as caught:
        witness.sign(request_, TIME)
    assert caught.value.code == "witness_contradicted"
    assert witness.notes == before


def test_a_record_that_shrank_is_refused(witness: Witness) -> None:
    sign(witness, ask(0, LEAVES[:7]))
    with pytest.raises(StaleError) as caught:
        witness.sign(ask(3, LEAVES[:4]), TIME)
    assert caught.value.size == 7
    with pytest.raises(InputError, match="above the new one"):
        witness.sign(ask(7, LEAVES[:4]), TIME)


def test_a_second_beginning_is_refused(witness: Witness) -> None:
    sign(witness, ask(0, LEAVES[:4]))
    with pytest.raises(StaleError):
        witness.sign(ask(0, FORKED), TIME)


def test_only_the_records_own_key_counts(witness: Witness) -> None:
    with pytest.raises(DeniedError):
        witness.sign(ask(0, LEAVES, note=write_note(LEAVES, STRANGER)), TIME)
    broken = write_note(LEAVES).replace("\n9\n", "\n8\n")
    with pytest.raises(DeniedError):
        witness.sign(ask(0, LEAVES, note=broken), TIME)
    with pytest.raises(NotFoundError):
        witness.sign(ask(0, LEAVES, note=write_note(LEAVES, origin="other.example")), TIME)


def test_an_empty_record_has_the_root_of_nothing_and_a_first_request_no_proof(witness: Witness) -> None:
    sign(witness, ask(0, []))
    found = witness.find(ORIGIN)
    assert found is not None
    assert found.root == EMPTY_ROOT
    with pytest.raises(InputError) as caught:
        witness.sign(ask(0, LEAVES, proof=(bytes(32),)), TIME)
    assert caught.value.code == "witness_contradicted"


def test_what_was_signed_is_remembered_on_the_disk(witness: Witness, tmp_path: Path) -> None:
    file = tmp_path / "witness.json"
    assert load_notes(file) == {}
    sign(witness, ask(0, LEAVES[:4]))
    save_notes(file, witness.notes)
    again = Witness(COSIGNER, [KEY.verifier], load_notes(file))
    with pytest.raises(StaleError):
        again.sign(ask(0, LEAVES), TIME)
    assert sign(again, ask(4, LEAVES))
    assert [path.name for path in tmp_path.iterdir()] == ["witness.json"]


@pytest.mark.parametrize("content", ["", "[]", "{", json.dumps({ORIGIN: "no note"}), "\ufeff{}"])
def test_a_damaged_memory_is_not_taken_for_a_new_one(tmp_path: Path, content: str) -> None:
    file = tmp_path / "witness.json"
    file.write_text(content, "utf-8")
    with pytest.raises(InputError) as caught:
        load_notes(file)
    assert caught.value.code == "witness_state"


def test_a_request_is_read_as_specified() -> None:
    note = write_note(LEAVES)
    body = f"old 4\n{write_hash(LEAVES[0])}\n{write_hash(LEAVES[1])}\n\n{note}"
    assert parse_request(body) == Request(4, (LEAVES[0], LEAVES[1]), note)
    assert parse_request(f"old 0\n\n{note}") == Request(0, (), note)


@pytest.mark.parametrize(
    "body",
    [
        "",
        "old 4\n",
        "old 04\n\nx",
        "old -1\n\nx",
        "old 4\nshort\n\nx",
        "old 4\n" + 64 * (write_hash(LEAVES[0]) + "\n") + "\nx",
    ],
)
def test_what_is_no_request_is_refused(body: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_request(body)
    assert caught.value.code == "malformed_request"


def test_two_records_are_remembered_apart() -> None:
    other = SigningKey("other.example", STRANGER.private)
    witness = Witness(COSIGNER, [KEY.verifier, other.verifier], {})
    sign(witness, ask(0, LEAVES[:4]))
    sign(witness, ask(0, FORKED, note=write_note(FORKED, other, "other.example")))
    assert {origin: append_lines(note, "").split("\n")[1] for origin, note in witness.notes.items()} == {
        ORIGIN: "4",
        "other.example": "9",
    }
