"""The record as JSON lines that a verifier elsewhere can check, each line in canonical form (RFC 8785).

The first line is the heading: format, size, root, and the public keys the exporter names. Then one line an event, then
one line a checkpoint. Keys in an export only help to read it: give the verifier keys from elsewhere.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import cast

from soar.audit.checkpoint import compute_head_root
from soar.audit.note import VerifierKey, parse_verifier_key
from soar.audit.verify import Fault, Report, verify_records
from soar.model.audit import AuditHead, AuditRecord, Checkpoint
from soar.model.canonical import canonicalize
from soar.model.errors import FieldFault, InputError
from soar.model.values import JsonValue, parse_timestamp, print_timestamp

FORMAT = "soar-audit-export-1"


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
    yield _write(
        {
            "format": FORMAT,
            "size": head.size,
            "root": compute_head_root(head).hex(),
            "keys": [str(key) for key in keys],
        }
    )
    for record in records:
        yield _write({"event": dict(record.document), "leaf": record.leaf})
    for checkpoint in checkpoints:
        yield _write(
            {
                "checkpoint": {
                    "size": checkpoint.size,
                    "root": checkpoint.root,
                    "at": print_timestamp(checkpoint.at),
                    "note": checkpoint.note,
                }
            }
        )


def verify_export(lines: Iterable[str], public_keys: Sequence[VerifierKey] | None = None) -> Report:
    """Check an export from its first line to its last.

    Args:
        lines: as `export_lines` gave them, with or without newlines.
        public_keys: of those who sign, from a place the exporter does not control. None takes the export's own, which
            shows that it is whole, not where it is from.

    Raises:
        InputError: the heading or a line is not of this format; `faults` name the line as `/0` and on.
    """
    numbered = enumerate(lines)
    size, root, named = _read_heading(_read_line(*next(numbered, (0, ""))))
    records: list[AuditRecord] = []
    checkpoints: list[Checkpoint] = []
    for index, line in numbered:
        entry = _read_line(index, line)
        try:
            if "event" in entry and not checkpoints:
                records.append(_read_record(entry))
            else:
                checkpoints.append(_read_checkpoint(entry))
        except (KeyError, TypeError, ValueError) as error:
            raise _refuse(index, "is neither an event nor a checkpoint, or stands in the wrong place") from error
    report = verify_records(records, checkpoints, named if public_keys is None else public_keys)
    if report.is_sound and (report.size, report.root) != (size, root):
        wrong = Fault(report.size, f"the heading speaks of {size:,} events and {report.size:,} follow, or they differ")
        return replace(report, faults=(wrong,))
    return report


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


def _read_record(entry: dict[str, JsonValue]) -> AuditRecord:
    document = entry["event"]
    match document, entry:
        case {"seq": int(sequence), "at": str(at)}, {"event": dict(event), "leaf": str(leaf), **rest} if not rest:
            return AuditRecord(sequence=sequence, at=parse_timestamp(at), document=event, leaf=leaf)
        case _:
            raise KeyError("event")


def _read_checkpoint(entry: dict[str, JsonValue]) -> Checkpoint:
    match entry:
        case {
            "checkpoint": {"size": int(size), "root": str(root), "at": str(at), "note": str(note), **more},
            **rest,
        } if not (more or rest):
            return Checkpoint(size=size, root=root, at=parse_timestamp(at), note=note)
        case _:
            raise KeyError("checkpoint")


def _refuse(index: int, wrong: str) -> InputError:
    message = f"line {index + 1} {wrong}"
    return InputError(message, code="malformed_export", hint="export again", faults=[FieldFault(f"/{index}", message)])
