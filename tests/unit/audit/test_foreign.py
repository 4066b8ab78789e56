from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.serialization import Encoding

from soar.audit.foreign import is_signed_by, is_signed_under

BEGIN, END = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)
MESSAGE = b"a message"
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC, SIGNATURE = PRIVATE.public_key().public_bytes_raw(), PRIVATE.sign(MESSAGE)


@pytest.mark.parametrize(
    ("public_key", "signature", "message", "is_signed"),
    [
        (PUBLIC, SIGNATURE, MESSAGE, True),
        (PUBLIC, SIGNATURE, b"another", False),
        (PUBLIC, bytes(64), MESSAGE, False),
        (PUBLIC, b"", MESSAGE, False),
        (bytes(32), SIGNATURE, MESSAGE, False),
        (PUBLIC[:-1], SIGNATURE, MESSAGE, False),
    ],
)
def test_a_signature_is_that_of_the_key_over_the_message_alone(
    public_key: bytes, signature: bytes, message: bytes, *, is_signed: bool
) -> None:
    assert is_signed_by(public_key, signature, message) is is_signed


def build_certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer.example")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, BEGIN, END)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65_537, 2_048)


@pytest.fixture(scope="module")
def certificate(key: rsa.RSAPrivateKey) -> bytes:
    return build_certificate(key)


@pytest.mark.parametrize("is_sha1", [False, True])
def test_a_message_is_signed_with_the_hash_that_was_agreed_on(
    key: rsa.RSAPrivateKey, certificate: bytes, *, is_sha1: bool
) -> None:
    signature = key.sign(MESSAGE, PKCS1v15(), hashes.SHA1() if is_sha1 else hashes.SHA256())  # noqa: S303 -- as SNS does
    assert is_signed_under(certificate, signature, MESSAGE, is_sha1=is_sha1, now=BEGIN)
    assert not is_signed_under(certificate, signature, MESSAGE, is_sha1=not is_sha1, now=BEGIN)
    assert not is_signed_under(certificate, signature, b"another", is_sha1=is_sha1, now=BEGIN)


@pytest.mark.parametrize(
    ("now", "is_valid"),
    [(BEGIN - timedelta(seconds=1), False), (BEGIN, True), (END, True), (END + timedelta(seconds=1), False)],
)
def test_a_certificate_counts_as_long_as_it_is_valid(
    key: rsa.RSAPrivateKey, certificate: bytes, now: datetime, *, is_valid: bool
) -> None:
    signature = key.sign(MESSAGE, PKCS1v15(), hashes.SHA256())
    assert is_signed_under(certificate, signature, MESSAGE, is_sha1=False, now=now) is is_valid


def test_a_key_that_is_short_or_of_another_kind_signs_nothing() -> None:
    short, other = rsa.generate_private_key(65_537, 1_024), ec.generate_private_key(ec.SECP256R1())  # noqa: S505 -- what is refused
    signature = short.sign(MESSAGE, PKCS1v15(), hashes.SHA256())
    assert not is_signed_under(build_certificate(short), signature, MESSAGE, is_sha1=False, now=BEGIN)
    signature = other.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    assert not is_signed_under(build_certificate(other), signature, MESSAGE, is_sha1=False, now=BEGIN)


def test_what_is_no_certificate_has_signed_nothing() -> None:
    assert not is_signed_under(b"hello", b"", MESSAGE, is_sha1=False, now=BEGIN)
