"""Signatures of others, over what they send us."""

from datetime import datetime

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

_SHORTEST_RSA_KEY = 2048  # bits


def is_signed_by(public_key: bytes, signature: bytes, message: bytes) -> bool:
    """Whether an Ed25519 signature (RFC 8032) over a message is a key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def is_signed_under(certificate: bytes, signature: bytes, message: bytes, *, is_sha1: bool, now: datetime) -> bool:
    """Whether an RSA signature (PKCS #1 v1.5) over a message is that of a certificate which is valid now.

    Nobody vouches for the certificate here: who calls this knows where it came from.

    Args:
        certificate: in PEM.
        signature: to check.
        message: what was signed.
        is_sha1: whether the message was hashed with SHA-1, not SHA-256.
        now: the moment.
    """
    from cryptography import x509  # noqa: PLC0415 -- large, and seldom needed

    try:
        opened = x509.load_pem_x509_certificate(certificate)
        key = opened.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return False
    is_valid = opened.not_valid_before_utc <= now <= opened.not_valid_after_utc
    if not is_valid or not isinstance(key, RSAPublicKey) or key.key_size < _SHORTEST_RSA_KEY:
        return False
    algorithm = hashes.SHA1() if is_sha1 else hashes.SHA256()  # noqa: S303 -- version 1 of SNS' signatures has no other
    try:
        key.verify(signature, message, PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
