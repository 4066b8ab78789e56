"""The proof of a single event, as in https://c2sp.org/tlog-proof: to hand over one event without the rest.

The event itself stands in the `extra` line, in canonical form; with the salts of what may be erased from it, where
there are any (`soar.audit.seal`), as `{"event": …, "salts": …}`. The leaf hash is taken over it with its commitments.
"""

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from soar.audit.checkpoint import Opened, check_checkpoint
from soar.audit.cosignature import parse_hash, write_hash
from soar.audit.leaf import hash_document
from soar.audit.note import VerifierKey
from soar.audit.tree import verify_inclusion
from soar.model.audit import AuditRecord
from soar.model.canonical import canonicalize
from soar.model.errors import InputError
from soar.model.values import JsonValue

FIRST_LINE = "c2sp.org/tlog-proof@v1"

_PROOF = re.compile(
    re.escape(FIRST_LINE) + r"\nextra (?P<extra>[A-Za-z0-9+/]+=*)\nindex (?P<index>0|[1-9][0-9]{0,18})\n"
    r"(?P<path>(?:[A-Za-z0-9+/]{43}=\n){0,63})\n(?P<note>.+)",
    re.ASCII | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Proven:
    """An event that is shown to be in a record.

    Attributes:
        document: the event.
        checkpoint: the statement that it is under, and who signed it.
    """

    document: Mapping[str, JsonValue]
    checkpoint: Opened

    @property
    def summary(self) -> str:
        """The result in one line."""
        statement, document = self.checkpoint.statement, self.document
        witnesses = "".join(f", and {one.key.name} vouches for it" for one in self.checkpoint.witnesses)
        return (
            f"✔ event {document['seq']} ({document.get('type')}, {document.get('at')}) is in the record of "
            f"{statement.origin} as signed at {statement.size:,} events{witnesses}"
        )


def write_proof(record: AuditRecord, path: Sequence[bytes], note: str) -> str:
    """Return the text of a proof.

    Args:
        record: the event.
        path: from its leaf's sibling to the root's child (RFC 6962, section 2.1.1).
        note: the signed checkpoint whose tree that is.
    """
    document = dict(record.document)
    shown: JsonValue = {"event": document, "salts": dict(record.salts)} if record.salts else document
    extra = base64.b64encode(canonicalize(shown)).decode("ascii")
    lines = (FIRST_LINE, f"extra {extra}", f"index {record.sequence}", *map(write_hash, path), "", note)
    return "\n".join(lines)


def verify_proof(text: str, public_keys: Sequence[VerifierKey]) -> Proven:
    """Check the proof of a single event.

    Args:
        text: as `write_proof` gave it.
        public_keys: of the record and of witnesses, from a place that the record's owner does not control.

    Raises:
        InputError: it is malformed (`malformed_proof`), nobody known has signed its checkpoint, or the event is not the
            one that was recorded (`wrong_proof`).
    """
    parts = _PROOF.fullmatch(text)
    if parts is None:
        raise InputError("this is no proof of an event", code="malformed_proof", hint="copy the whole file")
    document, salts = _read_document(parts["extra"])
    index = int(parts["index"])
    checkpoint = check_checkpoint(parts["note"], public_keys)
    path = [parse_hash(line) for line in parts["path"].splitlines()]
    statement = checkpoint.statement
    if document.get("seq") != index or not verify_inclusion(
        hash_document(document, salts), index, statement.size, path, statement.root
    ):
        raise InputError(
            f"event {index:,} is not what the record of {statement.origin} holds there",
            code="wrong_proof",
            hint="it was changed, or the proof belongs to another event",
        )
    return Proven(document, checkpoint)


def _read_document(extra: str) -> tuple[dict[str, JsonValue], dict[str, str]]:
    try:
        raw = base64.b64decode(extra, validate=True)
        document = cast("JsonValue", json.loads(raw))
        is_canonical = isinstance(document, dict) and canonicalize(document) == raw
    except (binascii.Error, ValueError, RecursionError) as error:
        raise InputError("the proof holds no event", code="malformed_proof") from error
    if not is_canonical or not isinstance(document, dict):
        raise InputError("the event is not in canonical form (RFC 8785)", code="malformed_proof")
    match document:
        case {"event": dict(event), "salts": dict(salts), **rest} if not rest:
            return event, {path: str(salt) for path, salt in salts.items()}
        case _:
            return document, {}
