"""Signed notes as in https://c2sp.org/signed-note: a text, an empty line, and a line for each signature.

Only Ed25519 (signature type 0x01). Keys travel as `name+id+base64`, the text form of the Go module `sumdb/note`.
"""

import base64
import binascii
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from soar.audit.keyfile import read_key_file
from soar.model.errors import InputError

_ED25519 = b"\x01"
_ID_BYTES = 4
_LINE_START = "— "
_LONGEST_NOTE = 65_536  # characters; leaves room for dozens of witnesses


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key and the name it signs under.

    Attributes:
        name: without white space and `+`.
        raw: the 32 bytes of RFC 8032.
    """

    name: str
    raw: bytes

    @property
    def id(self) -> bytes:
        """Four bytes that tell keys of one name apart; an identifier, not a proof."""
        return hashlib.sha256(self.name.encode() + b"\n" + _ED25519 + self.raw).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(_ED25519 + self.raw).decode('ascii')}"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the name it signs under."""

    name: str
    private: Ed25519PrivateKey

    @property
    def verifier(self) -> VerifierKey:
        """The public half."""
        return VerifierKey(self.name, self.private.public_key().public_bytes_raw())


def load_signing_key(path: Path, name: str) -> SigningKey:
    """Return the key in a key file (`soar.audit.keyfile`), under the name it signs with.

    Raises:
        InputError: the file is missing, open to others or malformed, or the name has white space or a `+`.
    """
    return SigningKey(_check_name(name), Ed25519PrivateKey.from_private_bytes(read_key_file(path)))


def parse_verifier_key(text: str) -> VerifierKey:
    """Read `name+id+base64`.

    Raises:
        InputError: it has another shape, or the id is not that of the key.
    """
    name, _, rest = text.partition("+")
    _, _, encoded = rest.partition("+")
    raw = _decode(encoded)
    key = VerifierKey(name, raw[1:])
    if len(raw) != 1 + 32 or str(key) != text:
        raise InputError(f"`{text}` is no public key", hint="write name+id+base64, such as `soar.example/audit+…`")
    _check_name(name)
    return key


def sign_note(text: str, key: SigningKey) -> str:
    """Return the text with its signature.

    Raises:
        InputError: the text is empty, does not end in a newline, or has control characters.
    """
    if not text.endswith("\n") or any(letter < " " and letter != "\n" for letter in text):
        raise InputError("a note ends in a newline and holds no other control character")
    signature = key.verifier.id + key.private.sign(text.encode())
    return f"{text}\n{_LINE_START}{key.name} {base64.b64encode(signature).decode('ascii')}\n"


def open_note(note: str, keys: Iterable[VerifierKey]) -> str:
    """Return the note's text, which at least one of the keys has signed.

    Signatures of unknown keys are passed over, so that witnesses may add theirs.

    Raises:
        InputError: the note is malformed, a known key's signature is wrong, or no known key has signed.
    """
    text, lines = _split_note(note)
    known = {(key.name, key.id): key for key in keys}
    is_signed = False
    for line in lines:
        name, signature = _parse_line(line)
        key = known.get((name, signature[:_ID_BYTES]))
        if key is None:
            continue
        try:
            Ed25519PublicKey.from_public_bytes(key.raw).verify(signature[_ID_BYTES:], text.encode())
        except InvalidSignature as error:
            raise InputError(f"the signature of {name} is wrong", code="wrong_signature") from error
        is_signed = True
    if not is_signed:
        raise InputError("no known key has signed this", code="unknown_signer", hint="add the signer's public key")
    return text


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
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _check_name(name: str) -> str:
    if not name or "+" in name or any(letter.isspace() or not letter.isprintable() for letter in name):
        raise InputError(f"`{name}` cannot be a key's name", hint="use a name such as soar.example/audit")
    return name
