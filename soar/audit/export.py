"""The record as JSON lines that a verifier elsewhere can check, each line in canonical form (RFC 8785).

The first line is the heading: format, size, root, and the public keys the exporter names. Then one line an event, then
one line a checkpoint. Keys in an export only help to read it: give the verifier keys from elsewhere.
"""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from soar.audit.checkpoint import compute_head_root
from soar.audit.note import VerifierKey, parse_verifier_key
from soar.audit.verify import Fault, Report, verify_records
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.canonical import canonicalize
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue, parse_timestamp

FORMAT = "soar-audit-export-1"

_NOTE = re.compile(r"(?P<text>(?:^(?!— )[^\n]+\n){3})\n(?P<lines>(?:^— [^\n]+\n)+)", re.MULTILINE)


def export_lines(
    records: Iterable[AuditRecord], checkpoints: Iterable[Checkpoint], keys: Iterable[VerifierKey], *, head: AuditHead
) -> Iterator[str]:
    """Yield the lines of an export of the whole record, without newlines.

    Args:
        records: all events from the first.
        checkpoints: all signed statements over them.
        keys: public keys of those who signed, for the reader's convenience.
        head: where the record ends.
    """
    yield write_heading(head, keys)
    yield from map(write_record, records)
    yield from map(write_checkpoint, checkpoints)


def write_heading(head: AuditHead, keys: Iterable[VerifierKey]) -> str:
    """Return the first line: where the record ends, and the keys that the exporter names."""
    root = compute_head_root(head).hex()
    return _write({"format": FORMAT, "size": head.size, "root": root, "keys": [str(key) for key in keys]})


def write_record(record: AuditRecord) -> str:
    """Return an event's line."""
    salts: dict[str, JsonValue] = {"salts": dict(record.salts)} if record.salts else {}
    return _write({"event": dict(record.document), "leaf": record.leaf, **salts})


def write_checkpoint(checkpoint: Checkpoint) -> str:
    """Return a checkpoint's line."""
    return _write({"note": checkpoint.note})


def verify_export(
    lines: Iterable[str], public_keys: Sequence[VerifierKey] | None = None, anchored: Sequence[str] = ()
) -> Report:
    """Check an export from its first line to its last.

    Args:
        lines: as `export_lines` gave them, with or without newlines.
        public_keys: of those who sign, from a place the exporter does not control. None takes the export's own, which
            shows that it is whole, not where it is from.
        anchored: notes of checkpoints that were kept elsewhere; see `read_anchor`.

    Raises:
        InputError: the heading or a line is not of this format; `faults` name the line as `/0` and on.
    """
    numbered = enumerate(lines)
    size, root, named = _read_heading(_read_line(*next(numbered, (0, ""))))
    records: list[AuditRecord] = []
    notes: list[str] = []
    for index, line in numbered:
        match read_entry(index, line):
            case str(note):
                notes.append(note)
            case record if not notes:
                records.append(record)
            case _:
                raise _refuse(index, "is an event after a checkpoint")
    keys = named if public_keys is None else public_keys
    report = verify_records(records, (), keys, notes=notes, anchored=anchored)
    if report.is_sound and (report.size, report.root) != (size, root):
        wrong = Fault(report.size, f"the heading speaks of {size:,} events and {report.size:,} follow, or they differ")
        return replace(report, faults=(wrong,))
    return report


def read_entry(index: int, line: str) -> AuditRecord | str:
    """Read a line after the heading: an event, or the note of a checkpoint.

    Args:
        index: its place; the heading's is 0.
        line: with or without its newline.

    Raises:
        InputError: it is neither.
    """
    match _read_line(index, line):
        case {"note": str(note), **rest} if not rest:
            return note
        case {"event": dict(document), "leaf": str(leaf), **rest} if not rest:
            return _read_event(index, document, leaf, {})
        case {"event": dict(document), "leaf": str(leaf), "salts": dict(salts), **rest} if not rest:
            return _read_event(index, document, leaf, salts)
        case _:
            raise _refuse_entry(index)


def read_anchor(text: str) -> tuple[str, ...]:
    """Return the notes in what an anchor keeps: one after the other, an empty line between them.

    A note that was cut short, as by a full disk, is passed over: the next one vouches for everything before it.
    """
    return tuple(f"{found['text']}\n{found['lines']}" for found in _NOTE.finditer(text))


def _write(entry: JsonValue) -> str:
    return canonicalize(entry).decode("utf-8")


def _read_line(index: int, line: str) -> dict[str, JsonValue]:
    """Read one line, which must be exactly as we write it: one canonical form, so nothing hides in another."""
    text = line.rstrip("\n")
    try:
        entry = cast("JsonValue", json.loads(text))
        is_canonical = isinstance(entry, dict) and _write(entry) == text
    except (ValueError, RecursionError) as error:
        raise _refuse(index, "is not JSON") from error
    if not is_canonical or not isinstance(entry, dict):
        raise _refuse(index, "is not in canonical form (RFC 8785)")
    return entry


def _read_heading(entry: dict[str, JsonValue]) -> tuple[int, str, list[VerifierKey]]:
    match entry:
        case {"format": str(format_), "size": int(size), "root": str(root), "keys": list(keys), **rest} if (
            format_ == FORMAT and not rest
        ):
            return size, root, [parse_verifier_key(str(key)) for key in keys]
        case _:
            raise _refuse(0, f"is not the heading of a `{FORMAT}`")


def _read_event(index: int, document: dict[str, JsonValue], leaf: str, salts: dict[str, JsonValue]) -> AuditRecord:
    match document:
        case {"seq": int(sequence), "at": str(at)}:
            try:
                moment = parse_timestamp(at)
            except ValueError as error:
                raise _refuse(index, "names no moment") from error
            texts = {path: str(salt) for path, salt in salts.items()}
            return AuditRecord(sequence=sequence, at=moment, document=document, leaf=leaf, salts=texts)
        case _:
            raise _refuse_entry(index)


def _refuse_entry(index: int) -> InputError:
    return _refuse(index, "is neither an event nor a checkpoint")


def _refuse(index: int, wrong: str) -> InputError:
    message = f"line {index + 1} {wrong}"
    return InputError(message, code="malformed_export", hint="export again", faults=[FieldFault(f"/{index}", message)])
