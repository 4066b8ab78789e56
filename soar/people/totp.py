"""Codes of authenticator programs (RFC 6238): six digits, a new one every 30 seconds, SHA-1 as all programs know."""

import base64
import hmac
from datetime import datetime

import pyotp

SECRET_BYTES = 20
"""RFC 4226, section 4: at least 128 bits, 160 recommended."""

DIGITS = 6
_DRIFT = (0, -1, 1)  # steps that the program's clock may differ by; RFC 6238, section 5.2


def encode_totp_secret(secret: bytes) -> str:
    """Return a secret as authenticator programs take it: base 32, without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def write_totp_uri(secret: str, name: str, issuer: str) -> str:
    """Return the `otpauth:` address that authenticator programs read from a picture."""
    return pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=issuer)


def find_totp_step(secret: str, code: str, at: datetime, *, after: int) -> int | None:
    """Return the 30-second step that a code belongs to, or None if it is no good.

    Args:
        secret: in base 32.
        code: as typed; spaces do not matter.
        at: the moment.
        after: the last step that counted: a code of it, or of one before, does not count again.
    """
    typed = code.replace(" ", "").encode("utf-8", "surrogatepass")
    totp = pyotp.TOTP(secret)
    now = totp.timecode(at)
    for step in (now + drift for drift in _DRIFT):
        if step > after and hmac.compare_digest(typed, totp.generate_otp(step).encode()):
            return step
    return None
