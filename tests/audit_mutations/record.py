"""A long record as an auditor would be given it, with what is kept out of its owner's reach."""

from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from soar.audit.checkpoint import sign_checkpoint
from soar.audit.export import export_lines
from soar.audit.leaf import hash_document
from soar.audit.note import SigningKey, VerifierKey
from soar.audit.record import advance_head, write_document
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.values import JsonValue
from tests.support.builders import build_audit_event
from tests.support.clock import START

ORIGIN = "soar.example/audit"
CURRENT = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STOLEN = SigningKey(ORIGIN, Ed25519PrivateKey.from_private_bytes(b"an old key, stolen long ago, ok?"))
EMPTY = AuditHead(0, "0" * 64, ())


@dataclass(frozen=True, slots=True)
class Taken:
    """What an auditor has.

    Attributes:
        lines: the export.
        documents: its events.
        keys: public keys from elsewhere.
        anchored: the newest checkpoint, which an anchor has kept.
    """

    lines: tuple[str, ...]
    documents: tuple[dict[str, JsonValue], ...]
    keys: tuple[VerifierKey, ...]
    anchored: tuple[str, ...]


def take(size: int, *, every: int) -> Taken:
    """Return an honest record of so many events, with a checkpoint every so many."""
    documents = tuple(
        write_document(
            build_audit_event(reason=f"reason {number}, größer als vorher"),
            sequence=number,
            id=f"ev_{number:012}",
            at=START,
            workspace="default",
            previous="",
        )
        for number in range(size)
    )
    lines = write(documents, every=every, key=CURRENT)
    head = chain(documents)[1]
    return Taken(tuple(lines), documents, (CURRENT.verifier,), (sign_checkpoint(head, CURRENT, ORIGIN),))


def write(documents: Sequence[dict[str, JsonValue]], *, every: int, key: SigningKey) -> list[str]:
    """Number, chain, hash, sign and export documents, as the service or a forger with its whole database would."""
    records, head = chain(documents)
    checkpoints, grown = [], EMPTY
    for record in records:
        grown = advance_head(grown, bytes.fromhex(record.leaf))
        if grown.size % every == 0 or grown.size == len(records):
            note = sign_checkpoint(grown, key, ORIGIN)
            checkpoints.append(Checkpoint(size=grown.size, root="", at=START, note=note))
    return list(export_lines(records, checkpoints, [key.verifier], head=head))


def chain(documents: Sequence[dict[str, JsonValue]]) -> tuple[list[AuditRecord], AuditHead]:
    """Give documents their places."""
    records, head = [], EMPTY
    for document in documents:
        placed = {**document, "seq": head.size, "prev": f"sha256:{head.last}"}
        leaf = hash_document(placed)
        records.append(AuditRecord(sequence=head.size, at=START, document=placed, leaf=leaf.hex()))
        head = advance_head(head, leaf)
    return records, head
