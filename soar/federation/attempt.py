"""What one login at the identity provider is bound to: all of it made from a secret that only the browser holds."""

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

SECRET_BYTES = 32

LIFE = timedelta(minutes=10)
"""A login that was begun has to come back within it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What a login at the identity provider is begun and recognised with.

    Attributes:
        state: comes back with the person (RFC 6749, section 10.12).
        nonce: comes back in the ID token.
        verifier: shows that whoever exchanges the code asked for it (RFC 7636); it is kept nowhere.
    """

    state: str
    nonce: str
    verifier: str

    @property
    def key(self) -> str:
        """What the pending login is kept under."""
        return hashlib.sha256(self.state.encode()).hexdigest()

    @property
    def challenge(self) -> str:
        """What the provider is told of the verifier (S256)."""
        return _encode(hashlib.sha256(self.verifier.encode()).digest())


def derive_attempt(secret: str) -> Attempt:
    """Return what belongs to a browser's secret; none of it tells the secret, or the rest."""
    return Attempt(state=_derive(secret, "state"), nonce=_derive(secret, "nonce"), verifier=_derive(secret, "verifier"))


def _derive(secret: str, purpose: str) -> str:
    return _encode(hmac.digest(secret.encode("utf-8", "surrogatepass"), purpose.encode(), hashlib.sha256))


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")
