"""A witness of audit records (https://c2sp.org/tlog-witness): signs only what grew out of what it signed before.

Whoever controls a record and its key can write a second history. A witness with a key and a memory of its own cannot be
made to vouch for both.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

from soar.audit.checkpoint import check_checkpoint
from soar.audit.cosignature import Statement, parse_hash, parse_statement
from soar.audit.diskfile import replace_file
from soar.audit.note import SigningKey, VerifierKey, append_lines, sign_line
from soar.audit.tree import EMPTY_ROOT, verify_consistency
from soar.model.errors import ConflictError, DeniedError, InputError, NotFoundError
from soar.model.values import JsonValue

_LONGEST_PROOF = 63
_REQUEST = re.compile(
    r"old (?P<old>0|[1-9][0-9]{0,18})\n(?P<path>(?:[A-Za-z0-9+/]{43}=\n)*)\n(?P<note>.+)", re.ASCII | re.DOTALL
)

Notes: TypeAlias = Mapping[str, str]
"""The newest cosigned note of each record, by origin."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a record asks a witness for.

    Attributes:
        old_size: of the checkpoint that the record believes the witness signed last.
        proof: that the record grew out of that one.
        note: the checkpoint to sign.
    """

    old_size: int
    proof: tuple[bytes, ...]
    note: str


class StaleError(ConflictError):
    """The record believes that the witness signed another checkpoint last.

    Args:
        size: of the one it did.
    """

    default_code = "witness_stale"

    def __init__(self, size: int) -> None:
        super().__init__(f"the newest checkpoint that was signed has {size} events", hint="prove the growth from it")
        self.size = size


class Witness:
    """Remembers the newest checkpoint of each record and signs its successors.

    Args:
        key: signs; a cosigner.
        known: public keys of the records that it vouches for; their names are the origins.
        notes: what it has signed so far.
    """

    def __init__(self, key: SigningKey, known: Iterable[VerifierKey], notes: Notes) -> None:
        self._key = key
        self._known = tuple(known)
        self._notes = dict(notes)

    @property
    def notes(self) -> Notes:
        """What it has signed so far."""
        return dict(self._notes)

    def remember(self, notes: Notes) -> None:
        """Take what `sign` gave for known, once it is kept."""
        self._notes = dict(notes)

    def sign(self, request: Request, time: int) -> tuple[str, Notes]:
        """Return the line that vouches for a checkpoint, and what is to be kept before anybody is given it.

        Args:
            request: what is asked.
            time: seconds since 1970.

        Raises:
            NotFoundError: it does not vouch for this record.
            DeniedError: the record's own key has not signed the checkpoint.
            StaleError: it has signed another one last.
            InputError: the checkpoint contradicts what it has signed (`witness_contradicted`), or the old size is above
                the new one.
        """
        text = request.note.rpartition("\n\n")[0] + "\n"
        origin = parse_statement(text).origin
        if origin not in {key.name for key in self._known}:
            raise NotFoundError(f"this witness does not know {origin}", hint="start it with the record's public key")
        try:
            statement = check_checkpoint(request.note, self._known).statement
        except InputError as error:
            raise DeniedError(error.message, code=error.code) from error
        self._check_growth(request, statement)
        line = sign_line(text, self._key, time)
        return line, {**self._notes, origin: append_lines(request.note, line)}

    def find(self, origin: str) -> Statement | None:
        """Return what it has signed last of a record."""
        note = self._notes.get(origin)
        return None if note is None else parse_statement(note.rpartition("\n\n")[0] + "\n")

    def _check_growth(self, request: Request, statement: Statement) -> None:
        if request.old_size > statement.size:
            raise InputError("the old size is above the new one", code="malformed_request")
        last = self.find(statement.origin) or Statement(statement.origin, 0, EMPTY_ROOT)
        if request.old_size != last.size:
            raise StaleError(last.size)
        if last.size == 0:
            is_grown = not request.proof and (statement.size > 0 or statement.root == EMPTY_ROOT)
        else:
            is_grown = verify_consistency(last.size, last.root, statement.size, statement.root, request.proof)
        if not is_grown:
            raise InputError(
                f"the checkpoint of {statement.size} events did not grow out of that of {last.size}",
                code="witness_contradicted",
                hint="the record was changed, or a second one is told; compare both with `soar audit verify`",
            )


def parse_request(body: str) -> Request:
    """Read the body of an `add-checkpoint` request.

    Raises:
        InputError: it has another shape.
    """
    parts = _REQUEST.fullmatch(body)
    lines = parts["path"].splitlines() if parts else []
    if parts is None or len(lines) > _LONGEST_PROOF:
        raise InputError("this is no request to a witness", code="malformed_request")
    return Request(int(parts["old"]), tuple(map(parse_hash, lines)), parts["note"])


def load_notes(path: Path) -> Notes:
    """Return what a witness has signed, from its file; a file that is not there is a new witness.

    Raises:
        InputError: the file is damaged. It must not be taken for a new one: what it knew would be forgotten.
        OSError: it cannot be read.
    """
    if not path.exists():
        return {}
    try:
        document = cast("JsonValue", json.loads(path.read_text("utf-8")))
        notes = {origin: str(note) for origin, note in cast("dict[str, JsonValue]", document).items()}
        for note in notes.values():
            parse_statement(note.rpartition("\n\n")[0] + "\n")
    except (ValueError, AttributeError, InputError) as error:
        raise InputError(
            f"{path} does not hold what a witness has signed: {error}",
            code="witness_state",
            hint="restore it from a backup; a witness that forgets can be told another story",
        ) from error
    return notes


def save_notes(path: Path, notes: Notes) -> None:
    """Keep what a witness has signed; durable once this returns.

    Raises:
        OSError: the disk does not take it; the file is as it was, and nobody must be told.
    """
    replace_file(path, json.dumps(dict(notes), ensure_ascii=False, indent=2, sort_keys=True).encode())
