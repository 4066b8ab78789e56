"""One byte string for one JSON document: the canonical form of RFC 8785 (JCS).

Digests and audit leaves are taken over these bytes, so that anyone with any JSON library can take them again.
"""

import hashlib
import json
import math
from decimal import Decimal

from soar.model.values import JsonValue

_ENCODER = json.JSONEncoder(
    ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"), sort_keys=True
)
_LEAVES = frozenset({str, int, bool, type(None)})  # what is plain, and holds nothing
_LARGEST_PLAIN = 1e21  # ECMAScript writes larger numbers with an exponent
_SMALLEST_PLAIN = 1e-6  # and smaller ones


def canonicalize(document: JsonValue) -> bytes:
    """Return the canonical bytes of a JSON document (RFC 8785).

    Raises:
        ValueError: the document holds NaN or an infinity.
        UnicodeEncodeError: the document holds a lone surrogate.
    """
    text = _ENCODER.encode(document) if is_plain(document) else _write(document)
    return text.encode("utf-8")


def digest(document: JsonValue) -> str:
    """Return `sha256:` and the hex digest of the document's canonical bytes."""
    return "sha256:" + hashlib.sha256(canonicalize(document)).hexdigest()


def is_plain(document: JsonValue) -> bool:
    """Whether any JSON library writes the document as RFC 8785 does, once its keys are in order.

    That is one without a double in it, and with every key in ASCII.
    """
    nodes = [document]
    for node in nodes:  # it grows meanwhile
        if isinstance(node, dict):
            if not "".join(node).isascii():
                return False
            nodes.extend([child for child in node.values() if type(child) not in _LEAVES])
        elif isinstance(node, list):
            nodes.extend([child for child in node if type(child) not in _LEAVES])
        elif isinstance(node, float):
            return False
    return True


def _write(document: JsonValue) -> str:
    match document:
        case float():
            return _write_double(document)
        case list():
            return "[" + ",".join(map(_write, document)) + "]"
        case dict():
            keys = sorted(document) if all(map(str.isascii, document)) else sorted(document, key=_utf16)
            return "{" + ",".join(f"{_ENCODER.encode(key)}:{_write(document[key])}" for key in keys) + "}"
        case _:
            return _ENCODER.encode(document)


def _utf16(key: str) -> bytes:
    return key.encode("utf-16-be")


def _write_double(number: float) -> str:
    """Write a double as ECMAScript's Number.prototype.toString does (RFC 8785, section 3.2.2.3)."""
    if not math.isfinite(number):
        raise ValueError("NaN and infinities have no JSON form")
    if number == 0 or _SMALLEST_PLAIN <= abs(number) < _LARGEST_PLAIN:
        return format(Decimal(repr(number or 0.0)), "f").removesuffix(".0")
    mantissa, _, exponent = repr(number).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"
