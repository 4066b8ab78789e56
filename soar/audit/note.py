"""Signed notes as in https://c2sp.org/signed-note: a text, an empty line, and a line for each signature.

Keys travel as `name+id+base64`, the text form of the Go module `sumdb/note`. What cosigners and post-quantum keys sign
is in `soar.audit.cosignature`.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from soar.audit.cosignature import TIME_BYTES, pack_time, unpack_time, write_cosigned, write_subtree
from soar.model.errors import InputError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

_ID_BYTES = 4
_LINE_START = "— "
_LONGEST_NOTE = 65_536  # characters; leaves room for a dozen witnesses with post-quantum keys


class SignatureKind(IntEnum):
    """What a key signs and how: the type bytes of https://c2sp.org/signed-note."""

    ED25519 = 0x01
    COSIGNATURE = 0x04
    ML_DSA_44 = 0x06

    @property
    def key_bytes(self) -> int:
        """How long a public key of this kind is."""
        return 1_312 if self is SignatureKind.ML_DSA_44 else 32

    @property
    def is_timed(self) -> bool:
        """Whether the signature says when it was made."""
        return self is not SignatureKind.ED25519


_KINDS = frozenset(kind.value for kind in SignatureKind)


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under.

    Attributes:
        name: without white space and `+`.
        raw: the bytes of RFC 8032, or of FIPS 204 for ML-DSA-44.
        kind: what it signs.
    """

    name: str
    raw: bytes
    kind: SignatureKind = SignatureKind.ED25519

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart; an identifier, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + self._typed).digest()[:_ID_BYTES]

    @property
    def _typed(self) -> bytes:
        return bytes([self.kind]) + self.raw

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(self._typed).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under.

    Attributes:
        name: without white space and `+`.
        private: an ML-DSA-44 key signs as `ML_DSA_44`, whatever `is_cosigner` says.
        is_cosigner: whether it signs what somebody else has said, with the time.
    """

    name: str
    private: "Ed25519PrivateKey | MLDSA44PrivateKey"
    is_cosigner: bool = False

    @property
    def kind(self) -> SignatureKind:
        """What it signs."""
        if not isinstance(self.private, Ed25519PrivateKey):
            return SignatureKind.ML_DSA_44
        return SignatureKind.COSIGNATURE if self.is_cosigner else SignatureKind.ED25519

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw(), self.kind)


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature that was checked and holds.

    Attributes:
        key: made it.
        time: when, in seconds since 1970; None if it does not say.
    """

    key: VerifierKey
    time: int | None


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+id+base64`.

    Raises:
        InputError: it has another shape, or the id is not that of the key.
    """
    name, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    if raw and raw[0] in _KINDS:
        key = VerifierKey(name, raw[1:], SignatureKind(raw[0]))
        if len(key.raw) == key.kind.key_bytes and str(key) == text:
            check_name(name)
            return key
    raise InputError(f"`{text[:200]}` is no public key", hint="write name+id+base64, such as `soar.example/audit+…`")


def sign_note(text: str, key: SigningKey) -> str:
    """Return the text with its signature.

    Raises:
        InputError: the text is empty, does not end in a newline, or has control characters.
    """
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise InputError("a note ends in a newline and holds no other control character")
    return f"{text}\n{sign_line(text, key)}"


def sign_line(text: str, key: SigningKey, time: int = 0) -> str:
    """Return the line that signs a text, with its newline.

    Args:
        text: of the note.
        key: signs.
        time: seconds since 1970; a key that is not timed leaves it out.

    Raises:
        InputError: the key signs checkpoints alone, and the text is none.
    """
    signature = key.private.sign(_write_signed(key.verifier, text, time))
    stamp = pack_time(time) if key.kind.is_timed else b""
    return f"{_LINE_START}{key.name} {base64.b64encode(key.verifier.id + stamp + signature).decode('ascii')}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> str:
    """Return the note's text, which at least one of the keys has signed.

    Signatures of unknown keys are passed over, so that witnesses may add theirs.

    Raises:
        InputError: the note is malformed, a known key's signature is wrong, or no known key has signed.
    """
    text, signed = check_note(note, keys)
    if not signed:
        raise InputError("no known key has signed this", code="unknown_signer", hint="add the signer's public key")
    return text


def check_note(note: str, keys: Iterable[VerifierKey]) -> tuple[str, tuple[Signed, ...]]:
    """Return the note's text and who of the known keys has signed it, which may be nobody.

    Raises:
        InputError: the note is malformed, or a known key's signature is wrong.
    """
    text, lines = _split_note(note)
    known = {(key.name, key.id): key for key in keys}
    signed = []
    for line in lines:
        name, signature = _parse_line(line)
        key = known.get((name, signature[:_ID_BYTES]))
        if key is not None:
            signed.append(_check_signature(text, key, signature[_ID_BYTES:]))
    return text, tuple(signed)


def append_lines(note: str, lines: str) -> str:
    """Return the note with further signature lines, of which those that it has already are left out.

    Raises:
        InputError: a line is no signature.
    """
    added = [line for line in lines.splitlines(keepends=True) if line not in note.splitlines(keepends=True)]
    for line in added:
        _parse_line(line.removesuffix("\n"))
    return note + "".join(added)


def _check_signature(text: str, key: VerifierKey, signature: bytes) -> Signed:
    time = None
    if key.kind.is_timed:
        time, signature = unpack_time(signature[:TIME_BYTES]), signature[TIME_BYTES:]
    try:
        _verify(key, signature, _write_signed(key, text, time or 0))
    except InvalidSignature as error:
        raise InputError(f"the signature of {key.name} is wrong", code="wrong_signature") from error
    return Signed(key, time)


def _verify(key: VerifierKey, signature: bytes, message: bytes) -> None:
    """Check a signature over a message.

    Raises:
        InvalidSignature: it is another key's, or of another message.
        InputError: the installed library does not know ML-DSA.
    """
    if key.kind is not SignatureKind.ML_DSA_44:
        Ed25519PublicKey.from_public_bytes(key.raw).verify(signature, message)
        return
    try:
        from cryptography.hazmat.primitives.asymmetric.mldsa import (  # noqa: PLC0415 -- older versions lack it
            MLDSA44PublicKey,
        )
    except ImportError as error:
        raise InputError(
            "this version of `cryptography` does not know ML-DSA-44",
            code="no_post_quantum",
            hint="install a newer one, or give Ed25519 keys alone",
        ) from error
    MLDSA44PublicKey.from_public_bytes(key.raw).verify(signature, message)


def _write_signed(key: VerifierKey, text: str, time: int) -> bytes:
    """Return the bytes that a key of this kind signs for a text."""
    match key.kind:
        case SignatureKind.ED25519:
            return text.encode()
        case SignatureKind.COSIGNATURE:
            return write_cosigned(text, time)
        case SignatureKind.ML_DSA_44:
            return write_subtree(text, key.name, time)


def _split_note(note: str) -> tuple[str, list[str]]:
    text, separator, signatures = note.rpartition("\n\n")
    if len(note) > _LONGEST_NOTE or not separator or not signatures.endswith("\n"):
        raise InputError(
            "this is no signed note", code="malformed_note", hint="copy the whole note, to its last newline"
        )
    return text + "\n", signatures[:-1].split("\n")


def _parse_line(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(_LINE_START).partition(" ")
    signature = _decode(encoded)
    if not line.startswith(_LINE_START) or not name or len(signature) <= _ID_BYTES:
        raise InputError("a line of the note is no signature", code="malformed_note")
    return name, signature


def _decode(encoded: str) -> bytes:
    """Return what base64 stands for, or nothing; it has one form, so that nothing can be changed without a trace."""
    try:
        raw = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if base64.b64encode(raw).decode("ascii") == encoded else b""


def check_name(name: str) -> str:
    """Return a key's name.

    Raises:
        InputError: it is empty, or has white space or a `+`.
    """
    if not name or "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
        raise InputError(f"`{name}` cannot be a key's name", hint="use a name such as soar.example/audit")
    return name
