"""How a source proves that it sent something: recipes over the raw bytes, compared in constant time."""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial
from typing import Final, TypeAlias

from soar.model.secret import Secret

SHORTEST_KEY: Final = 16
"""Bytes of a key; a shorter one is no key."""

_DIGEST_BYTES = 32
_STANDARD_PREFIX = "whsec_"
_PLACE: Final = re.compile(r"\{(body|timestamp|id)\}")
_UNIX: Final = re.compile(r"[0-9]{1,12}")
_DECOY: Final = bytes(SHORTEST_KEY)


class Encoding(StrEnum):
    """How a signature's bytes are written."""

    HEX = "hex"
    BASE64 = "base64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac:
    """HMAC-SHA-256 over a text made of the request.

    Attributes:
        header: names the header with the signature, in lower case.
        secrets: names of the credentials that may have signed; two while keys are changed.
        template: what is signed; `{body}`, `{timestamp}` and `{id}` stand for the request's own.
        prefix: what stands before the signature, such as `sha256=`.
        separator: splits several signatures in one header; None means there is one.
        timestamp: names the header with the moment of signing, in Unix seconds; None if nothing says.
        tolerance: how far that moment may be from now, either way.
        id: names the header with the delivery's id; None if nothing says.
        has_encoded_key: whether the credential is `whsec_` and base 64 of the key (Standard Webhooks).
    """

    header: str
    secrets: tuple[str, ...]
    template: str = "{body}"
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    separator: str | None = None
    timestamp: str | None = None
    tolerance: timedelta = timedelta(minutes=5)
    id: str | None = None
    has_encoded_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token in the `Authorization` header (RFC 6750).

    Attributes:
        secrets: names of the credentials that are accepted.
        id: names the header with the delivery's id; None means `Idempotency-Key`.
    """

    secrets: tuple[str, ...]
    id: str | None = None


Recipe: TypeAlias = Hmac | Bearer


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a hook; header names in lower case."""

    headers: Mapping[str, str]
    body: bytes


def find_refusal(recipe: Recipe, request: Request, keys: Sequence[Secret], now: datetime) -> str | None:
    """Return why a request is not authentic, for the audit; None if it is. Strangers are never told.

    Args:
        recipe: how this source signs.
        request: as received.
        keys: the opened credentials that the recipe names. Without a usable one everything is refused, after as much
            work as with one, so that time does not tell.
        now: the moment.
    """
    opened = [key for key in map(partial(_open_key, recipe), keys) if len(key) >= SHORTEST_KEY]
    refusal = _check(recipe, request, opened or [_DECOY], now)
    return refusal if opened else f"the source has no key of {SHORTEST_KEY} bytes or more"


def find_delivery_id(recipe: Recipe, request: Request) -> str | None:
    """Return the id that tells one delivery from the next, or None if nothing authentic does.

    An id that the signature does not cover is nobody's: whoever replays a request could change it.
    """
    match recipe:
        case Hmac():
            return request.headers.get(recipe.id) if recipe.id and "{id}" in recipe.template else None
        case Bearer():
            return request.headers.get(recipe.id or "idempotency-key")


def _check(recipe: Recipe, request: Request, keys: Sequence[bytes], now: datetime) -> str | None:
    match recipe:
        case Hmac():
            return _check_hmac(recipe, request, keys, now)
        case Bearer():
            return _check_bearer(request, keys)


def _check_bearer(request: Request, keys: Sequence[bytes]) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = hashlib.sha256(_encode(token)).digest()
    matches = [hmac.compare_digest(given, hashlib.sha256(key).digest()) for key in keys]
    return None if any(matches) and scheme.lower() == "bearer" else "the token is wrong or missing"


def _check_hmac(recipe: Hmac, request: Request, keys: Sequence[bytes], now: datetime) -> str | None:
    signed = _fill(recipe, request)
    digests = [hmac.digest(key, signed, hashlib.sha256) for key in keys]
    given = _read_signatures(recipe, request.headers.get(recipe.header, ""))
    matches = [hmac.compare_digest(digest, one) for digest in digests for one in given]
    if not any(matches):
        return "the signature is wrong or missing"
    return None if recipe.timestamp is None else _check_age(recipe, request.headers.get(recipe.timestamp, ""), now)


def _check_age(recipe: Hmac, timestamp: str, now: datetime) -> str | None:
    if not _UNIX.fullmatch(timestamp):
        return "the timestamp is missing, or no Unix time in seconds"
    age = now.timestamp() - int(timestamp)
    return f"the timestamp is {age:.0f} s old" if abs(age) > recipe.tolerance.total_seconds() else None


def _fill(recipe: Hmac, request: Request) -> bytes:
    """Return what is signed; what is filled in is never looked at as a template again."""
    parts = _PLACE.split(recipe.template)
    texts, places = parts[::2], parts[1::2]
    filled = [_fill_place(recipe, request, place) for place in places]
    return b"".join(part for text, value in zip(texts, [*filled, b""], strict=True) for part in (text.encode(), value))


def _fill_place(recipe: Hmac, request: Request, place: str) -> bytes:
    if place == "body":
        return request.body
    header = recipe.timestamp if place == "timestamp" else recipe.id
    return _encode(request.headers.get(header or "", ""))


def _encode(text: str) -> bytes:
    """Write a header's text as bytes; bytes that were no UTF-8 stand in it as half surrogate pairs."""
    return text.encode("utf-8", "surrogatepass")


def _open_key(recipe: Recipe, key: Secret) -> bytes:
    """Return a key's bytes; none if the credential does not hold one in the recipe's form."""
    text = key.reveal()
    if isinstance(recipe, Bearer) or not recipe.has_encoded_key:
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(_STANDARD_PREFIX), validate=True)
    except binascii.Error:
        return b""


def _read_signatures(recipe: Hmac, header: str) -> list[bytes]:
    parts = header.split(recipe.separator) if recipe.separator else [header]
    texts = [part.removeprefix(recipe.prefix) for part in parts if part.startswith(recipe.prefix)]
    return [signature for text in texts if (signature := _decode(recipe.encoding, text)) is not None]


def _decode(encoding: Encoding, text: str) -> bytes | None:
    try:
        raw = bytes.fromhex(text) if encoding is Encoding.HEX else base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return None
    is_exact = len(raw) == _DIGEST_BYTES and not any(map(str.isspace, text))
    return raw if is_exact else None
