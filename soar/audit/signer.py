"""The keys that the service signs its record with, from their file."""

from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from soar.audit.keyfile import KEY_BYTES, read_key_file
from soar.audit.note import SigningKey, check_name

_POST_QUANTUM = b"soar/audit/ml-dsa-44/v1"


def load_signing_key(path: Path, name: str, *, is_cosigner: bool = False) -> SigningKey:
    """Return the key in a key file (`soar.audit.keyfile`), under the name it signs with.

    Args:
        path: of the key file.
        name: without white space and `+`.
        is_cosigner: whether it signs what another has said.

    Raises:
        InputError: the file is missing, open to others or malformed, or the name has white space or a `+`.
    """
    return SigningKey(check_name(name), Ed25519PrivateKey.from_private_bytes(read_key_file(path)), is_cosigner)


def load_signing_keys(path: Path, name: str, *, is_post_quantum: bool) -> tuple[SigningKey, ...]:
    """Return the keys that checkpoints are signed with: Ed25519, and ML-DSA-44 beside it where that is asked for.

    Raises:
        InputError: as for `load_signing_key`.
    """
    key = load_signing_key(path, name)
    return (key, load_post_quantum_key(path, name)) if is_post_quantum else (key,)


def load_post_quantum_key(path: Path, name: str) -> SigningKey:
    """Return the ML-DSA-44 key (FIPS 204) of the same file; its seed is derived from the file's bytes by HKDF.

    Raises:
        InputError: as for `load_signing_key`.
    """
    seed = HKDFExpand(hashes.SHA256(), KEY_BYTES, _POST_QUANTUM).derive(read_key_file(path))
    return SigningKey(check_name(name), MLDSA44PrivateKey.from_seed_bytes(seed))
