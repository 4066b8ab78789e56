import base64
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.keeper import checkpoint_head, prove_event
from soar.audit.note import SigningKey, append_lines, sign_line
from soar.audit.proof import verify_proof, write_proof
from soar.model.audit import AuditRecord
from soar.model.errors import InputError, NotFoundError, UnavailableError
from soar.store import Store, Unit
from tests.support.clock import START

ORIGIN = "soar.example/audit"
WITNESS = SigningKey("witness.example", Ed25519PrivateKey.from_private_bytes(bytes(32)), is_cosigner=True)
Write = Callable[..., AuditRecord]


@pytest.fixture
async def recorded(store: Store, write_event: Write, key: SigningKey) -> Store:
    """Five events of which all are signed, and a sixth that is not."""

    def work(unit: Unit) -> None:
        for number in range(5):
            write_event(unit, f"größer {number}")
        checkpoint_head(unit, key=key, origin=ORIGIN, at=START)
        write_event(unit)

    await store.write("w", work)
    return store


@pytest.mark.parametrize("sequence", range(5))
async def test_an_event_is_proven_without_the_rest(recorded: Store, key: SigningKey, sequence: int) -> None:
    proof = await recorded.read("w", lambda unit: prove_event(unit, sequence))
    assert proof.startswith("c2sp.org/tlog-proof@v1\nextra ")
    assert f"\nindex {sequence}\n" in proof
    proven = verify_proof(proof, [key.verifier])
    assert proven.document["reason"] == f"größer {sequence}"
    assert proven.checkpoint.statement.size == 5
    at = proven.document["at"]
    assert proven.summary == (
        f"✔ event {sequence} (approval.voted, {at}) is in the record of {ORIGIN} as signed at 5 events"
    )


async def test_a_witness_that_is_known_is_named(recorded: Store, key: SigningKey) -> None:
    proof = await recorded.read("w", lambda unit: prove_event(unit, 2))
    note = proof.partition("\n\n")[2]
    line = sign_line(note.rpartition("\n\n")[0] + "\n", WITNESS, 7)
    witnessed = append_lines(proof, line) if line not in proof else proof
    assert verify_proof(witnessed, [key.verifier, WITNESS.verifier]).summary.endswith(
        "and witness.example vouches for it"
    )


async def test_another_event_under_the_same_path_is_found_out(recorded: Store, key: SigningKey) -> None:
    proof = await recorded.read("w", lambda unit: prove_event(unit, 2))
    extra = proof.split("\n")[1].removeprefix("extra ")
    document = base64.b64decode(extra).decode()
    for forged in (document.replace("carol", "mallo"), document.replace('"seq":2', '"seq":3')):
        assert forged != document
        changed = proof.replace(extra, base64.b64encode(forged.encode()).decode())
        with pytest.raises(InputError) as caught:
            verify_proof(changed, [key.verifier])
        assert caught.value.code == "wrong_proof"
    with pytest.raises(InputError, match="event 3 is not what"):
        verify_proof(proof.replace("index 2", "index 3"), [key.verifier])


async def test_a_proof_by_a_stranger_proves_nothing(recorded: Store) -> None:
    proof = await recorded.read("w", lambda unit: prove_event(unit, 0))
    with pytest.raises(InputError) as caught:
        verify_proof(proof, [WITNESS.verifier])
    assert caught.value.code == "unknown_signer"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"),
        ("extra ", "extra !"),
        ("index 2", "index 02"),
        ("extra ", "extra eyI"),
        ("extra ", "more "),
    ],
)
async def test_what_is_no_proof_is_refused(recorded: Store, key: SigningKey, old: str, new: str) -> None:
    proof = await recorded.read("w", lambda unit: prove_event(unit, 2))
    with pytest.raises(InputError) as caught:
        verify_proof(proof.replace(old, new, 1), [key.verifier])
    assert caught.value.code == "malformed_proof"


def test_an_event_in_another_form_than_the_canonical_one_is_refused() -> None:
    proof = write_proof(AuditRecord(sequence=0, at=START, document={"seq": 0}, leaf=""), (), "x")
    loose = proof.replace(base64.b64encode(b'{"seq":0}').decode(), base64.b64encode(b'{"seq": 0}').decode())
    with pytest.raises(InputError, match="canonical form"):
        verify_proof(loose, [])


async def test_what_is_not_there_or_not_signed_has_no_proof(recorded: Store) -> None:
    for workspace, sequence in (("w", 6), ("other", 0)):
        with pytest.raises(NotFoundError):
            await recorded.read(workspace, lambda unit, wanted=sequence: prove_event(unit, wanted))
    with pytest.raises(UnavailableError, match="not signed yet"):
        await recorded.read("w", lambda unit: prove_event(unit, 5))
