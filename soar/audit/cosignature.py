"""What is signed beside the note itself: the messages of https://c2sp.org/tlog-cosignature, and a checkpoint's text."""

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from soar.model.errors import InputError

TIME_BYTES = 8
"""How long the time is that a timed signature begins with."""

_BODY = re.compile(r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[A-Za-z0-9+/]{43}=)\n", re.ASCII)
_TIME = struct.Struct(">Q")
_LONGEST_NAME = 255  # bytes; a length of one byte stands before it


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

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode('ascii')}\n"


def parse_statement(text: str) -> Statement:
    """Read a checkpoint's text (https://c2sp.org/tlog-checkpoint), which ends in a newline.

    Raises:
        InputError: it is none; extension lines are not taken.
    """
    parts = _BODY.fullmatch(text)
    if parts is None:
        raise InputError("the signed text is no checkpoint", code="malformed_note")
    return Statement(parts["origin"], int(parts["size"]), base64.b64decode(parts["root"]))


def write_cosigned(text: str, time: int) -> bytes:
    """Return what an Ed25519 cosigner signs: that at this time this was the largest checkpoint it knew."""
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def write_subtree(text: str, name: str, time: int) -> bytes:
    """Return what an ML-DSA-44 key signs for a checkpoint.

    Args:
        text: of the checkpoint.
        name: of the key.
        time: seconds since 1970.

    Raises:
        InputError: the text is no checkpoint, or a name is longer than the format holds.
    """
    statement = parse_statement(text)
    return b"".join(
        (
            b"subtree/v1\n\0",
            _pack_name(name),
            pack_time(time),
            _pack_name(statement.origin),
            _TIME.pack(0),
            _TIME.pack(statement.size),
            statement.root,
        )
    )


def pack_time(time: int) -> bytes:
    """Return seconds since 1970 as a timed signature begins with them."""
    return _TIME.pack(time)


def unpack_time(stamp: bytes) -> int:
    """Return the seconds since 1970 that a timed signature begins with.

    Raises:
        InputError: the signature is cut short.
    """
    if len(stamp) != TIME_BYTES:
        raise InputError("a line of the note is no timed signature", code="malformed_note")
    (time,) = _TIME.unpack(stamp)
    return int(time)


def write_hash(digest: bytes) -> str:
    """Return a hash as proofs write it."""
    return base64.b64encode(digest).decode("ascii")


def parse_hash(text: str) -> bytes:
    """Read a hash of a proof.

    Raises:
        InputError: it is no SHA-256 in base64.
    """
    try:
        digest = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != 32 or write_hash(digest) != text:  # noqa: PLR2004 -- SHA-256
        raise InputError("a line of the proof is no hash", code="malformed_proof")
    return digest


def _pack_name(name: str) -> bytes:
    raw = name.encode()
    if len(raw) > _LONGEST_NAME:
        raise InputError(f"a key's name and an origin have at most {_LONGEST_NAME} bytes")
    return bytes([len(raw)]) + raw
