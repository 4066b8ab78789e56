"""Signed statements of the record's size and root, as in https://c2sp.org/tlog-checkpoint.

Whoever keeps one out of our reach can later show that nothing before it was changed, and that nothing is missing.
"""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from soar.audit.note import SigningKey, VerifierKey, open_note, sign_note
from soar.audit.tree import fold_root
from soar.model.audit import AuditHead, Checkpoint
from soar.model.errors import BugError, InputError
from soar.store import Unit

_BODY = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n", re.ASCII)


@dataclass(frozen=True, slots=True)
class Statement:
    """What a checkpoint says.

    Attributes:
        origin: which record it speaks of.
        size: number of events.
        root: of the Merkle tree over them, 32 bytes.
    """

    origin: str
    size: int
    root: bytes


def compute_head_root(head: AuditHead) -> bytes:
    """Return the Merkle root of the record that ends here."""
    return fold_root(tuple(map(bytes.fromhex, head.range)))


def sign_checkpoint(head: AuditHead, key: SigningKey, origin: str) -> str:
    """Return the signed note for a head.

    Args:
        head: where the record ends.
        key: signs; its name should equal the origin.
        origin: one line that names this record and no other, such as `soar.example/audit`.

    Raises:
        InputError: the origin is empty or not one line.
    """
    body = f"{origin}\n{head.size}\n{base64.b64encode(compute_head_root(head)).decode('ascii')}\n"
    if not _BODY.fullmatch(body):
        raise InputError("a checkpoint's origin is one line of text", hint="use a name such as soar.example/audit")
    return sign_note(body, key)


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Statement:
    """Return what a signed checkpoint says, after checking the signature.

    Raises:
        InputError: none of the keys has signed it, a signature is wrong, or it is malformed.
    """
    parts = _BODY.fullmatch(open_note(note, keys))
    if parts is None:
        raise InputError("the signed text is no checkpoint", code="malformed_note")
    return Statement(parts["origin"], int(parts["size"]), base64.b64decode(parts["root"]))


def checkpoint_head(unit: Unit, *, key: SigningKey, origin: str, at: datetime) -> Checkpoint | None:
    """Sign where the record ends and store it; None if the newest checkpoint says it already, or nothing is recorded.

    Raises:
        BugError: the record is shorter than it was, or has another root at the same size. It must not be signed:
            someone took something away.
    """
    head = unit.audit.head()
    root = compute_head_root(head).hex()
    latest = unit.audit.latest_checkpoint()
    if head.size == 0 and latest is None:
        return None
    if latest is not None:
        if head.size < latest.size or (head.size == latest.size and root != latest.root):
            raise BugError(
                f"the audit record has {head.size} events and contradicts its checkpoint of {latest.size}",
                code="audit_contradicted",
                hint="stop the service and run `soar audit verify`; restore the database from a backup",
            )
        if head.size == latest.size:
            return None
    signed = Checkpoint(size=head.size, root=root, at=at, note=sign_checkpoint(head, key, origin))
    unit.audit.add_checkpoint(signed)
    return signed
