"""How a source proves that it sent something: recipes over the raw bytes, compared in constant time."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from soar.model.secret import Secret

_DIGEST_BYTES = 32
_STANDARD_PREFIX = "whsec_"


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
        id: names the header with the delivery's id; None if nothing says.
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
        keys: the opened credentials that the recipe names; none refuses everything.
        now: the moment.
    """
    if not keys:
        return "the source has no key"
    match recipe:
        case Hmac():
            return _check_hmac(recipe, request, keys, now)
        case Bearer():
            return _check_bearer(request, keys)


def find_delivery_id(recipe: Recipe, request: Request) -> str | None:
    """Return the id that the sender gave the delivery, if it names one that its signature covers or that it chose."""
    return request.headers.get(recipe.id) if recipe.id else None


def _check_bearer(request: Request, keys: Sequence[Secret]) -> str | None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    given = hashlib.sha256(token.strip().encode()).digest()
    known = [hashlib.sha256(key.reveal().encode()).digest() for key in keys]
    is_known = any([hmac.compare_digest(given, one) for one in known])  # noqa: C419 -- all are compared, always
    return None if is_known and scheme.lower() == "bearer" else "the token is wrong or missing"


def _check_hmac(recipe: Hmac, request: Request, keys: Sequence[Secret], now: datetime) -> str | None:
    timestamp = request.headers.get(recipe.timestamp or "", "")
    signed = _fill(recipe, request, timestamp)
    digests = [hmac.digest(_open_key(recipe, key), signed, hashlib.sha256) for key in keys]
    given = _read_signatures(recipe, request.headers.get(recipe.header, ""))
    matches = [hmac.compare_digest(digest, one) for digest in digests for one in given]
    if not any(matches):
        return "the signature is wrong or missing"
    if recipe.timestamp is None:
        return None
    if not timestamp.isascii() or not timestamp.isdigit():
        return "the timestamp is missing"
    age = abs(now.timestamp() - int(timestamp))
    return f"the timestamp is {age:.0f} s off" if age > recipe.tolerance.total_seconds() else None


def _fill(recipe: Hmac, request: Request, timestamp: str) -> bytes:
    delivery = request.headers.get(recipe.id or "", "")
    before, found, after = recipe.template.partition("{body}")
    head, tail = (part.replace("{timestamp}", timestamp).replace("{id}", delivery).encode() for part in (before, after))
    return head + (request.body if found else b"") + tail


def _open_key(recipe: Hmac, key: Secret) -> bytes:
    if not recipe.has_encoded_key:
        return key.reveal().encode()
    try:
        return base64.b64decode(key.reveal().removeprefix(_STANDARD_PREFIX), validate=True)
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
    return raw if len(raw) == _DIGEST_BYTES else None
