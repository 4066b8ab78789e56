"""Checks exports and proofs from a command line, with nothing but public keys.

This module and what it imports are what `soar.audit.single_file` puts into one file for auditors, so they use the
standard library and `cryptography` alone.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from soar.audit.export import read_anchor, verify_export
from soar.audit.note import VerifierKey, parse_verifier_key
from soar.audit.proof import FIRST_LINE, Proven, verify_proof
from soar.audit.verify import Report
from soar.model.errors import InputError, NotFoundError, SoarError

SOUND, FAILED, USAGE, NOT_FOUND, UNSIGNED = 0, 1, 2, 6, 7
"""The exit codes, the same as those of `soar audit verify`."""

OWN_KEYS = "checked with the export's own keys: it is whole; give --key from elsewhere to know where it is from"

_LONGEST_PROOF = 1_048_576  # characters; an event and some hundred hashes
_DESCRIPTION = """Check an export of the audit record, or the proof of one event. Needs no network and no server.

Exit codes: 0 sound, 1 not sound, 2 usage or not readable, 6 no such file, 7 whole, but no checkpoint vouches for it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Check what the arguments name, say what was found, and return the exit code."""
    typed = _make_parser().parse_args(arguments)
    try:
        keys = read_keys(typed.key)
        if is_proof(typed.file):
            print(verify_proof_file(typed.file, keys).summary)  # noqa: T201 -- a program's answer
            return SOUND
        report = verify_export_file(typed.file, keys or None, typed.anchor)
    except SoarError as error:
        print(f"✖ {error.message}", file=sys.stderr)  # noqa: T201 -- as above
        return _choose_code(error)
    for line in (report.summary, *describe_details(report, has_keys=bool(keys))):
        print(line)  # noqa: T201 -- as above
    if not report.is_sound:
        return FAILED
    return SOUND if report.is_signed or typed.allow_unsigned else UNSIGNED


def describe_details(report: Report, *, has_keys: bool) -> Iterator[str]:
    """Yield what stands under the summary, a line each."""
    for fault in report.faults[1:]:
        yield f"  {fault.message}"
    for remark in report.remarks:
        yield f"  {remark}"
    if report.is_sound and not has_keys:
        yield f"  {OWN_KEYS}"


def verify_export_file(
    file: Path, public_keys: Sequence[VerifierKey] | None = None, anchors: Iterable[Path] = ()
) -> Report:
    """Check an export; see `soar.audit.export.verify_export`.

    Args:
        file: the export.
        public_keys: None takes the export's own.
        anchors: files of checkpoints that were kept elsewhere.

    Raises:
        NotFoundError: there is no such file.
        InputError: it or an anchor cannot be read, is malformed, or an anchor holds no checkpoint.
    """
    anchored = tuple(note for anchor in anchors for note in _read_notes(anchor))
    with _reading(file), file.open(encoding="utf-8", newline="\n") as lines:
        return verify_export(lines, public_keys, anchored)


def verify_proof_file(file: Path, public_keys: Sequence[VerifierKey]) -> Proven:
    """Check the proof of one event; see `soar.audit.proof.verify_proof`.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be read, is malformed or does not hold.
    """
    with _reading(file), file.open(encoding="utf-8", newline="\n") as stream:
        text = stream.read(_LONGEST_PROOF)
    return verify_proof(text, public_keys)


def is_proof(file: Path) -> bool:
    """Say whether a file begins as the proof of one event does.

    Raises:
        NotFoundError: there is no such file.
        InputError: it cannot be read.
    """
    with _reading(file), file.open("rb") as stream:
        return stream.read(len(FIRST_LINE)) == FIRST_LINE.encode()


def read_keys(texts: Iterable[str]) -> list[VerifierKey]:
    """Return public keys given as text, or as files with one a line.

    Raises:
        InputError: one is no key, or a file cannot be read.
    """
    return [parse_verifier_key(line) for text in texts for line in _list_keys(text)]


def _list_keys(text: str) -> list[str]:
    path = Path(text)
    try:
        if not path.is_file():
            return [text]
    except (OSError, ValueError):
        return [text]  # a post-quantum key is longer than a path may be
    with _reading(path):
        return [line.strip() for line in path.read_text("utf-8").splitlines() if line.strip()]


def _read_notes(anchor: Path) -> tuple[str, ...]:
    with _reading(anchor):
        notes = read_anchor(anchor.read_text("utf-8"))
    if not notes:
        raise InputError(f"{anchor} holds no checkpoint", code="malformed_anchor", hint="give the anchor's whole file")
    return notes


@contextmanager
def _reading(file: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise NotFoundError(f"there is no {file}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read: {error}", code="unreadable") from error


def _choose_code(error: SoarError) -> int:
    match error:
        case NotFoundError():
            return NOT_FOUND
        case InputError(code="malformed_export" | "wrong_proof" | "wrong_signature" | "unknown_signer"):
            return FAILED
        case _:
            return USAGE


def _make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, help="an export, or the proof of one event")
    parser.add_argument("--key", action="append", default=[], help="a public key, or a file of them; repeatable")
    parser.add_argument(
        "--anchor", action="append", default=[], type=Path, help="checkpoints that were kept elsewhere; repeatable"
    )
    parser.add_argument("--allow-unsigned", action="store_true", help="take a record without any checkpoint")
    return parser
