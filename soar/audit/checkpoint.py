"""Signed statements of the record's size and root, as in https://c2sp.org/tlog-checkpoint.

Whoever keeps one out of our reach can later show that nothing before it was changed, and that nothing is missing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from soar.audit.cosignature import Statement, parse_statement
from soar.audit.note import Signed, SigningKey, VerifierKey, check_note, sign_line, sign_note
from soar.audit.tree import fold_root
from soar.model.audit import AuditHead
from soar.model.errors import InputError


@dataclass(frozen=True, slots=True)
class Opened:
    """A checkpoint that its record's own keys have signed.

    Attributes:
        statement: what it says.
        signers: the record's keys that signed it.
        witnesses: others that vouch for it.
    """

    statement: Statement
    signers: tuple[Signed, ...]
    witnesses: tuple[Signed, ...]


def compute_head_root(head: AuditHead) -> bytes:
    """Return the Merkle root of the record that ends here."""
    return fold_root(tuple(map(bytes.fromhex, head.range)))


def sign_checkpoint(
    head: AuditHead, key: SigningKey, origin: str, *, others: Sequence[SigningKey] = (), time: int = 0
) -> str:
    """Return the signed note for a head.

    Args:
        head: where the record ends.
        key: signs; its name has to be the origin.
        origin: one line that names this record and no other, such as `soar.example/audit`.
        others: further keys of the same name.
        time: seconds since 1970, for those that say when.

    Raises:
        InputError: the origin is empty or not one line.
    """
    body = str(Statement(origin, head.size, compute_head_root(head)))
    try:
        parse_statement(body)
    except InputError as error:
        raise InputError(
            "a checkpoint's origin is one line of text", hint="use a name such as soar.example/audit"
        ) from error
    return sign_note(body, key) + "".join(sign_line(body, other, time) for other in others)


def open_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Statement:
    """Return what a signed checkpoint says, after checking the signature.

    Raises:
        InputError: as for `check_checkpoint`.
    """
    return check_checkpoint(note, keys).statement


def check_checkpoint(note: str, keys: Iterable[VerifierKey]) -> Opened:
    """Return what a signed checkpoint says and who signed it.

    A key speaks for the record if its name is the checkpoint's origin; every other is a witness.

    Raises:
        InputError: none of the record's keys has signed it, a signature is wrong, or it is malformed.
    """
    text, signed = check_note(note, keys)
    statement = parse_statement(text)
    own = tuple(one for one in signed if one.key.name == statement.origin)
    if not own:
        raise InputError("no known key has signed this", code="unknown_signer", hint="add the signer's public key")
    return Opened(statement, own, tuple(one for one in signed if one.key.name != statement.origin))
