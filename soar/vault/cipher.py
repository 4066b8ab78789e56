"""Envelope encryption of one value, bound to the place it rests in.

Each value has a data key of its own, and that key is wrapped by a named key. Both layers are AES-256-GCM with the same
associated data, so a blob that was moved, relabelled or rolled back does not open. As a data key encrypts one value
only, random nonces of 96 bits are far from their limit (NIST SP 800-38D, section 8.3).

A blob is `0x01 | 0x01 | length of key id | key id | nonce, wrapped data key, tag | nonce, ciphertext, tag`; the first
byte is the format's version, the second the cipher.
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from soar.model.canonical import canonicalize
from soar.model.errors import BugError
from soar.model.ids import Randomness
from soar.model.values import JsonValue

KEY_BYTES = 32
_FORMAT = "soar/secret/v1"
_HEADER = b"\x01\x01"
_NONCE_BYTES = 12
_TAG_BYTES = 16
_WRAPPED_BYTES = _NONCE_BYTES + KEY_BYTES + _TAG_BYTES
_LONGEST_KEY_ID = 255


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a sealed value rests; it opens nowhere else.

    Attributes:
        row: the row's own id, not its name.
        version: of the value, so that an older one does not pass for a newer.
        facts: what stands open beside it and must not be changed either, such as the name and the hosts.
    """

    workspace: str
    table: str
    row: str
    field: str
    version: int
    facts: tuple[str, ...] = ()

    def describe(self) -> dict[str, str]:
        """Return the place as plain pairs, for providers whose associated data are such."""
        return {
            "format": _FORMAT,
            "workspace": self.workspace,
            "table": self.table,
            "row": self.row,
            "field": self.field,
            "version": str(self.version),
        }

    def bind(self, key_id: str) -> bytes:
        """Return the associated data for this place under a key."""
        place: list[JsonValue] = [
            _FORMAT,
            self.workspace,
            self.table,
            self.row,
            self.field,
            self.version,
            key_id,
        ]
        return canonicalize([*place, *self.facts])


@dataclass(frozen=True, slots=True)
class _Parts:
    key_id: str
    wrapped: bytes
    body: bytes


def seal(plain: bytes, place: Place, *, key_id: str, key: bytes, randomness: Randomness) -> bytes:
    """Return the blob that holds a value.

    Args:
        plain: the value.
        place: where the blob will rest.
        key_id: names the wrapping key, in at most 255 bytes.
        key: the wrapping key, 32 bytes.
        randomness: gives the data key and the nonces.
    """
    beginning, bound = begin_blob(key_id), place.bind(key_id)
    data_key = randomness.bytes(KEY_BYTES)
    wrapped = encrypt(data_key, key=key, bound=bound, randomness=randomness)
    body = encrypt(plain, key=data_key, bound=bound, randomness=randomness)
    return beginning + wrapped + body


def unseal(blob: bytes, place: Place, *, key_id: str, key: bytes) -> bytes:
    """Return the value that a blob holds.

    Args:
        blob: from `seal`.
        place: where it rests.
        key_id: the key that the blob must name; no other is tried.
        key: that key.

    Raises:
        BugError: the blob is damaged, comes from another place, or names another key.
    """
    parts = _split(blob)
    if parts.key_id != key_id:
        raise say_damaged()
    bound = place.bind(key_id)
    data_key = decrypt(parts.wrapped, key=key, bound=bound)
    return decrypt(parts.body, key=data_key, bound=bound)


def begin_blob(key_id: str) -> bytes:
    """Return how each blob begins that is sealed under this key, and no other.

    Args:
        key_id: names the wrapping key, in 1 to 255 bytes.
    """
    name = key_id.encode("utf-8")
    if not 0 < len(name) <= _LONGEST_KEY_ID:
        raise ValueError(f"a key's id has 1 to {_LONGEST_KEY_ID} bytes")
    return b"".join((_HEADER, bytes((len(name),)), name))


def read_key_id(blob: bytes) -> str:
    """Return the id of the key that a blob names.

    Raises:
        BugError: the blob is damaged.
    """
    return _split(blob).key_id


def encrypt(plain: bytes, *, key: bytes, bound: bytes, randomness: Randomness) -> bytes:
    """Return nonce, ciphertext and tag."""
    nonce = randomness.bytes(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, bound)


def decrypt(sealed: bytes, *, key: bytes, bound: bytes) -> bytes:
    """Return what `encrypt` was given.

    Raises:
        BugError: it was changed, or sealed with another key or for another place.
    """
    if len(sealed) < _NONCE_BYTES + _TAG_BYTES:
        raise say_damaged()
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], bound)
    except InvalidTag as error:
        raise say_damaged() from error


def _split(blob: bytes) -> _Parts:
    start = len(_HEADER) + 1
    end = start + (blob[len(_HEADER)] if len(blob) >= start else 0)
    if not blob.startswith(_HEADER) or len(blob) < end + _WRAPPED_BYTES:
        raise say_damaged()
    try:
        key_id = blob[start:end].decode("utf-8")
    except UnicodeDecodeError as error:
        raise say_damaged() from error
    return _Parts(key_id, blob[end : end + _WRAPPED_BYTES], blob[end + _WRAPPED_BYTES :])


def say_damaged() -> BugError:
    """Return the error for what does not open."""
    return BugError(
        "a sealed value does not open: it was changed, moved from another row, or sealed with another key",
        code="sealed_value_damaged",
        hint="set the credential again, or restore the database together with its key file",
    )
