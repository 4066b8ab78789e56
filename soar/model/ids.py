"""Where identifiers and randomness come from."""

import hashlib
import uuid
from typing import Protocol

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base 32 in lower case: no i, l, o, u, so that a code can be read out on the telephone."""

_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)  # by the ten bits that they stand for
_LOOK_ALIKES = str.maketrans({"i": "1", "l": "1", "o": "0", "u": "v"})
_NAMESPACE = uuid.UUID("6f0f4d4e-2f53-5d0c-9d7a-6c8c5d3f1b1e")


class Randomness(Protocol):
    """The one source of unpredictable bytes. From the operating system in the service, seeded in tests."""

    def bytes(self, count: int) -> bytes:
        """Return that many random bytes."""
        ...

    def uniform(self, low: float, high: float) -> float:
        """Return a number between low and high, for jitter."""
        ...


class Ids(Protocol):
    """The one source of new identifiers."""

    def new(self, prefix: str) -> str:
        """Return `prefix_` and a short code that cannot be guessed, such as `al_7k2m9q4wz1xt`."""
        ...

    def code(self, length: int) -> str:
        """Return a short sayable code in upper case, such as `AB12`. Not secret: authority lies in identity."""
        ...


def encode_crockford(data: bytes, length: int) -> str:
    """Write the first `length` * 5 bits of data in `ALPHABET`."""
    number = int.from_bytes(data, "big") >> (len(data) * 8 - length * 5)
    first = ALPHABET[number >> 5 * (length - 1)] if length % 2 else ""
    return first + "".join([_PAIRS[number >> shift & 1023] for shift in range(length // 2 * 10 - 10, -1, -10)])


def normalize_code(text: str) -> str:
    """Read a code as people type it: case and look-alike letters do not matter."""
    return text.strip().lower().translate(_LOOK_ALIKES).upper()


def derive_id(prefix: str, *parts: str) -> str:
    """Return an identifier that is the same for the same parts, so that a replay gives the same ids."""
    material = "\x1f".join(parts).encode()
    return f"{prefix}_{encode_crockford(hashlib.sha256(material).digest(), 12)}"


def derive_effect_key(run: str, path: str, iteration: int | None, group: int) -> str:
    """Return the key a product sees for one intended effect: UUIDv5 (RFC 9562), stable over retries and restarts.

    Args:
        run: the run's id.
        path: the step's path in the document.
        iteration: which element of a `foreach`, or None.
        group: counts up only when a person says "do it again".
    """
    return str(uuid.uuid5(_NAMESPACE, f"{run}/{path}/{'' if iteration is None else iteration}/{group}"))
