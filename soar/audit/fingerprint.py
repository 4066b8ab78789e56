"""What stands for a secret in the record: whoever has the value finds it there, and nobody can read it there."""

import hmac
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from soar.audit.keyfile import KEY_BYTES, read_key_file
from soar.model.secret import Secret

_PURPOSE = b"soar/audit/fingerprint/v1"


class Fingerprinter:
    """Takes fingerprints of secrets: HMAC-SHA-256 (RFC 2104), so that without the key no guess can be tried.

    Args:
        key: 32 bytes, for this purpose alone.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def take(self, secret: Secret) -> str:
        """Return the same `hmac-sha256:…` for the same value, as long as the key is the same."""
        value = secret.reveal().encode("utf-8", "surrogatepass")
        return f"hmac-sha256:{hmac.digest(self._key, value, 'sha256').hex()}"


def load_fingerprinter(path: Path) -> Fingerprinter:
    """Return the fingerprinter of the audit's key file; its key is derived from the file's bytes by HKDF (RFC 5869).

    Raises:
        InputError: the file is missing, open to others or malformed.
    """
    return Fingerprinter(HKDFExpand(hashes.SHA256(), KEY_BYTES, _PURPOSE).derive(read_key_file(path)))
