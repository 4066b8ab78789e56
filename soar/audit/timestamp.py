"""Requests to time-stamping authorities, and their answers (RFC 3161); needs the extra `timestamp`."""

from dataclasses import dataclass

from cryptography import x509
from rfc3161_client import (
    HashAlgorithm,
    TimeStampRequest,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from soar.model.errors import InputError


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, and what it asks a stamp for."""

    request: TimeStampRequest
    data: bytes

    @property
    def body(self) -> bytes:
        """What goes to the authority."""
        return bytes(self.request.as_bytes())


def make_request(data: bytes) -> Asked:
    """Return a request for a stamp over the SHA-256 of some data, with a nonce."""
    return Asked(TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build(), data)


def check_response(asked: Asked, response: bytes, roots: bytes) -> None:
    """Check that an authority has stamped what it was asked to.

    Args:
        asked: the request.
        response: the answer's body.
        roots: certificates in PEM that the authority's has to lead to.

    Raises:
        InputError: the answer is malformed or refuses, is for something else, or its signature does not hold.
    """
    try:
        builder = VerifierBuilder.from_request(asked.request)
        for root in x509.load_pem_x509_certificates(roots):
            builder = builder.add_root_certificate(root)
        builder.build().verify_message(decode_timestamp_response(response), asked.data)
    except (ValueError, VerificationError) as error:
        raise InputError(f"the time stamp does not hold: {error}", code="wrong_timestamp") from error
