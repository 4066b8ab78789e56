"""Checks an export of the record without any server."""

from collections.abc import Sequence
from pathlib import Path

from soar.audit.export import verify_export
from soar.audit.note import VerifierKey, parse_verifier_key
from soar.cli.answer import Answer
from soar.model.errors import InputError, NotFoundError
from soar.model.values import JsonValue

_UNPROVEN = "checked with the export's own keys: it is whole; give --key from elsewhere to know where it is from"


def verify_file(file: Path, keys: Sequence[str]) -> Answer:
    """Check an export, and report in the shape of the API.

    Args:
        file: the export.
        keys: public keys as text, or files with one a line; none takes the export's own.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be read, or a key is none.
    """
    known = [key for text in keys for key in _read_keys(text)] if keys else None
    try:
        with file.open(encoding="utf-8", newline="\n") as lines:
            report = verify_export(lines, known)
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no {file}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}") from error
    except InputError as error:
        if error.code != "malformed_export":
            raise
        return Answer({"is_sound": False, "summary": f"✖ {error.message}", "faults": [error.message]})
    faults: list[JsonValue] = [fault.message for fault in report.faults[1:]]
    return Answer(
        {
            "is_sound": report.is_sound,
            "size": report.size,
            "checkpoints": report.checkpoints,
            "root": report.root,
            "faults": faults,
            "summary": report.summary,
            "remarks": [_UNPROVEN] if known is None and report.is_sound else [],
        }
    )


def _read_keys(text: str) -> list[VerifierKey]:
    path = Path(text)
    if not path.is_file():
        return [parse_verifier_key(text)]
    return [parse_verifier_key(line.strip()) for line in path.read_text("utf-8").splitlines() if line.strip()]
