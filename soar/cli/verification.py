"""Checks what was taken away from a server: an export of the record, or the proof of one event."""

from collections.abc import Sequence
from pathlib import Path

from soar.audit.verifier import OWN_KEYS, is_proof, read_keys, verify_export_file, verify_proof_file
from soar.cli.answer import Answer
from soar.model.errors import InputError
from soar.model.values import JsonValue

_NOT_SOUND = frozenset({"malformed_export", "wrong_proof", "wrong_signature", "unknown_signer"})


def verify_file(file: Path, keys: Sequence[str], anchors: Sequence[Path] = ()) -> Answer:
    """Check an export or a proof, and report in the shape of the API.

    Args:
        file: what to check.
        keys: public keys as text, or files with one a line; none takes an export's own.
        anchors: files of checkpoints that were kept elsewhere.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be read, or a key is none.
    """
    known = read_keys(keys)
    try:
        if is_proof(file):
            return _describe_proof(file, keys)
        report = verify_export_file(file, known or None, anchors)
    except InputError as error:
        if error.code not in _NOT_SOUND:
            raise
        return Answer({"is_sound": False, "summary": f"✖ {error.message}", "faults": [error.message]})
    faults: list[JsonValue] = [fault.message for fault in report.faults]
    own: list[JsonValue] = [OWN_KEYS] if not known and report.is_sound else []
    return Answer(
        {
            "is_sound": report.is_sound,
            "size": report.size,
            "checkpoints": report.checkpoints,
            "root": report.root,
            "faults": faults,
            "summary": report.summary,
            "remarks": [*report.remarks, *own],
        }
    )


def _describe_proof(file: Path, keys: Sequence[str]) -> Answer:
    proven = verify_proof_file(file, read_keys(keys))
    return Answer(
        {
            "is_sound": True,
            "size": proven.checkpoint.statement.size,
            "checkpoints": 1,
            "root": proven.checkpoint.statement.root.hex(),
            "faults": [],
            "summary": proven.summary,
            "remarks": [],
            "event": dict(proven.document),
        }
    )
