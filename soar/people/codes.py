"""Codes that count once: drawn, kept as a hash, and gone when they have counted."""

import hashlib
from datetime import datetime, timedelta

from soar.model.factor import CodePurpose, OneTimeCode
from soar.model.ids import Randomness, encode_crockford, normalize_code
from soar.store import Unit

_LENGTH = 16  # of base 32: 80 random bits, so that a fast hash suffices
_PART = 4


def draw_code(randomness: Randomness) -> str:
    """Return a code that can be read out and typed, with 80 random bits, such as `7k2m-9q4w-z1xt-03ab`."""
    drawn = encode_crockford(randomness.bytes(_LENGTH), _LENGTH)
    return "-".join(drawn[start : start + _PART] for start in range(0, _LENGTH, _PART))


def hash_code(purpose: CodePurpose, text: str) -> str:
    """Return the key under which a code is kept; how it is typed (case, dashes, look-alikes) does not matter."""
    plain = normalize_code(text.replace("-", "").replace(" ", ""))
    return hash_exactly(purpose, plain)


def hash_exactly(purpose: CodePurpose, text: str) -> str:
    """Return the key under which a code is kept that no person types."""
    return hashlib.sha256(f"{purpose.value}\x1f{text}".encode("utf-8", "surrogatepass")).hexdigest()


def issue_code(
    unit: Unit, user: str, purpose: CodePurpose, text: str, at: datetime, life: timedelta | None = None
) -> OneTimeCode:
    """Keep a code for a person, as its hash.

    Args:
        unit: a writing transaction.
        user: whom it is for.
        purpose: what it is for.
        text: the code, as they will type it.
        at: the moment.
        life: how long it counts; None is no end.
    """
    code = OneTimeCode(
        key=hash_code(purpose, text),
        user=user,
        purpose=purpose,
        created_at=at,
        expires_at=None if life is None else at + life,
    )
    unit.codes.add(code, at)
    return code
