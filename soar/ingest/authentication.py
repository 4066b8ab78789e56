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
from typing import Final, TypeAlias, assert_never

from soar.access.tokens import is_from
from soar.audit.foreign import is_signed_by
from soar.ingest.bodies.state import NOTIFICATIONS, STATE
from soar.ingest.client_certificate import Form, read_fingerprint
from soar.ingest.strict_json import parse_json
from soar.model.errors import InputError
from soar.model.secret import Secret
from soar.model.values import JsonValue

SHORTEST_KEY: Final = 16
"""Bytes of a key; a shorter one is no key."""

KEY_BYTES: Final = 32
"""Bytes of a key that is made here."""

_STANDARD_PREFIX = "whsec_"
_PUBLIC_PREFIX = "whpk_"
_PUBLIC_KEY_BYTES = 32
_ED25519_BYTES = 64
_MOST_SIGNATURES = 10
_PLACE: Final = re.compile(r"\{(body|timestamp|id)\}")
_UNIX: Final = re.compile(r"[0-9]{1,12}")
_UNIX_MILLISECONDS: Final = re.compile(r"[0-9]{1,15}")
_DECOY: Final = bytes(_PUBLIC_KEY_BYTES)


class Encoding(StrEnum):
    """How a signature's bytes are written; each signature has one way only."""

    HEX = "hex"
    UPPER_HEX = "upper-hex"
    BASE64 = "base64"


class Algorithm(StrEnum):
    """The hash under an HMAC (RFC 2104). SHA-1 is for products that have no other: an HMAC does not need more of it."""

    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class Unit(StrEnum):
    """What a moment of signing is counted in, from 1970 on."""

    SECONDS = "s"
    MILLISECONDS = "ms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A signature over a text made of the request.

    Attributes:
        header: names the header with the signature, in lower case.
        secrets: names of the credentials that may have signed; two while keys are changed.
        template: what is signed; `{body}`, `{timestamp}` and `{id}` stand for the request's own.
        prefix: what stands before the signature, such as `sha256=`.
        separator: splits several signatures in one header; None means there is one.
        timestamp: names the header with the moment of signing; None if nothing says.
        timestamp_field: what stands before that moment among the parts of the header, such as `t=`; None if it stands
            alone.
        unit: what that moment is counted in.
        tolerance: how far that moment may be from now, either way.
        id: names the header with the delivery's id; None if nothing says.
    """

    header: str
    secrets: tuple[str, ...]
    template: str = "{body}"
    encoding: Encoding = Encoding.HEX
    prefix: str = ""
    separator: str | None = None
    timestamp: str | None = None
    timestamp_field: str | None = None
    unit: Unit = Unit.SECONDS
    tolerance: timedelta = timedelta(minutes=5)
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hmac(Signed):
    """An HMAC (RFC 2104).

    Attributes:
        has_encoded_key: whether the credential is `whsec_` and base 64 of the key (Standard Webhooks).
    """

    algorithm: Algorithm = Algorithm.SHA256
    has_encoded_key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ed25519(Signed):
    """An Ed25519 signature (RFC 8032); the credential is the public key: `whpk_` and base 64, or hex."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bearer:
    """A token in a header; in `Authorization` after its scheme (RFC 6750), elsewhere alone.

    Attributes:
        secrets: names of the credentials that are accepted.
        id: names the header with the delivery's id; None means `Idempotency-Key`.
        header: names the header with the token, in lower case.
        scheme: what stands before it, in lower case; empty if nothing does.
    """

    secrets: tuple[str, ...]
    id: str | None = None
    header: str = "authorization"
    scheme: str = "bearer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """A name and a password in the `Authorization` header (RFC 7617).

    Attributes:
        user: the name.
        secrets: names of the credentials with the password.
    """

    user: str
    secrets: tuple[str, ...]
    id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A client certificate, by its fingerprint: one that our own TLS has verified, or that a proxy of ours has seen.

    Attributes:
        fingerprints: SHA-256 of the certificates that are accepted, in lower-case hex; two while they are changed.
        header: names the header that the proxy writes, in lower case.
        form: how the proxy writes it.
        proxies: networks that the header is believed from, where TLS is not ours; none if it has to be.
    """

    fingerprints: tuple[str, ...]
    header: str
    form: Form
    proxies: tuple[str, ...]
    id: str | None = None
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientState:
    """A text that each notification in the body repeats (Microsoft Graph, `clientState`)."""

    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sns:
    """The signature of Amazon SNS in the body; it says that SNS sent it, and the topic says on whose behalf.

    Attributes:
        topics: ARNs of the topics that may send.
    """

    topics: tuple[str, ...]
    secrets: tuple[str, ...] = ()


Recipe: TypeAlias = Hmac | Ed25519 | Bearer | Basic | Certificate | ClientState | Sns


@dataclass(frozen=True, slots=True)
class Request:
    """A request to a hook.

    Attributes:
        headers: names in lower case; what came under one name several times is joined by a comma and a space.
        remote: address of whoever is connected to us.
        certificate: SHA-256, in lower-case hex, of the client certificate that our own TLS has verified, empty if none
            was shown; None where TLS is not ours.
        document: the body as JSON, where that was read already.
    """

    headers: Mapping[str, str]
    body: bytes
    remote: str = ""
    certificate: str | None = None
    document: JsonValue = None


def find_refusal(recipe: Recipe, request: Request, keys: Sequence[Secret], now: datetime) -> str | None:
    """Return why a request is not authentic, for the audit; None if it is. Strangers are never told.

    Args:
        recipe: how this source proves itself; any but `Sns`, whose certificate has to be fetched first.
        request: as received.
        keys: the opened credentials that the recipe names. Without a usable one everything is refused, after as much
            work as with one, so that time does not tell.
        now: the moment.
    """
    if isinstance(recipe, Certificate):
        return _check_certificate(recipe, request)
    opened = [key for key in map(partial(_open_key, recipe), keys) if len(key) >= SHORTEST_KEY]
    refusal = _check(recipe, request, opened or [_DECOY], now)
    return refusal if opened else f"the source has no key of {SHORTEST_KEY} bytes or more"


def find_delivery_id(recipe: Recipe, request: Request) -> str | None:
    """Return the id that tells one delivery from the next, or None if nothing authentic does.

    An id that the signature does not cover is nobody's: whoever replays a request could change it.
    """
    match recipe:
        case Hmac() | Ed25519():
            return request.headers.get(recipe.id) if recipe.id and "{id}" in recipe.template else None
        case Bearer() | Basic() | Certificate():
            return request.headers.get(recipe.id or "idempotency-key")
        case ClientState() | Sns():
            return None
        case _:
            assert_never(recipe)


def make_key(recipe: Recipe, entropy: bytes) -> str | None:
    """Return a new key as this recipe's credential holds it; None if it is the sender's to make.

    Args:
        recipe: what the key is for.
        entropy: `KEY_BYTES` random bytes.
    """
    match recipe:
        case Hmac(has_encoded_key=True):
            return f"{_STANDARD_PREFIX}{base64.b64encode(entropy).decode()}"
        case Hmac() | Bearer() | Basic() | ClientState():
            return base64.urlsafe_b64encode(entropy).decode().rstrip("=")
        case Ed25519() | Certificate() | Sns():
            return None
        case _:
            assert_never(recipe)


def _check(recipe: Recipe, request: Request, keys: Sequence[bytes], now: datetime) -> str | None:
    match recipe:
        case Hmac() | Ed25519():
            return _check_signature(recipe, request, keys, now)
        case Bearer():
            return _check_bearer(recipe, request, keys)
        case Basic():
            return _check_basic(recipe, request, keys)
        case ClientState():
            return _check_state(request, keys)
        case Certificate() | Sns():
            return "no key proves this"
        case _:
            assert_never(recipe)


def _is_one_of(given: bytes, keys: Sequence[bytes]) -> bool:
    """Whether a text is one of those, in a time that does not depend on either."""
    digest = hashlib.sha256(given).digest()
    matches = [hmac.compare_digest(digest, hashlib.sha256(key).digest()) for key in keys]
    return any(matches)


def _check_bearer(recipe: Bearer, request: Request, keys: Sequence[bytes]) -> str | None:
    header = request.headers.get(recipe.header, "")
    scheme, _, token = header.partition(" ") if recipe.scheme else ("", "", header)
    is_known = _is_one_of(_encode(token), keys)
    return None if is_known and scheme.lower() == recipe.scheme else "the token is wrong or missing"


def _check_basic(recipe: Basic, request: Request, keys: Sequence[bytes]) -> str | None:
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    given = _decode(Encoding.BASE64, text) or b""
    is_known = _is_one_of(given, [b"%b:%b" % (recipe.user.encode(), key) for key in keys])
    return None if is_known and scheme.lower() == "basic" else "the name or the password is wrong or missing"


def _check_certificate(recipe: Certificate, request: Request) -> str | None:
    fingerprint = request.certificate
    if fingerprint is None:
        if not recipe.proxies or not is_from(recipe.proxies, request.remote):
            return "no proxy that is believed has sent it"
        fingerprint = read_fingerprint(recipe.form, request.headers.get(recipe.header, ""))
    known = [one.encode() for one in recipe.fingerprints]
    return None if _is_one_of((fingerprint or "").encode(), known) else "the client certificate is wrong or missing"


def _check_state(request: Request, keys: Sequence[bytes]) -> str | None:
    """Look at the text in each notification of a body; a body without any proves nothing."""
    try:
        document = parse_json(request.body) if request.document is None else request.document
    except InputError as error:
        return f"the body cannot be read: {error.message}"
    listed = document.get(NOTIFICATIONS) if isinstance(document, dict) else None
    found = listed if isinstance(listed, list) else []
    states = [one.get(STATE) if isinstance(one, dict) else None for one in found]
    are_known = [isinstance(state, str) and _is_one_of(_encode(state), keys) for state in states]
    return None if are_known and all(are_known) else "the client state is wrong or missing"


def _check_signature(recipe: Hmac | Ed25519, request: Request, keys: Sequence[bytes], now: datetime) -> str | None:
    timestamp = _find_timestamp(recipe, request)
    signed = _fill(recipe, request, timestamp)
    given = _read_signatures(recipe, request.headers.get(recipe.header, ""))
    match recipe:
        case Hmac():
            digests = [hmac.digest(key, signed, recipe.algorithm.value) for key in keys]
            matches = [hmac.compare_digest(digest, one) for digest in digests for one in given]
        case Ed25519():
            matches = [is_signed_by(key, one, signed) for key in keys for one in given]
        case _:
            assert_never(recipe)
    if not any(matches):
        return "the signature is wrong or missing"
    return None if recipe.timestamp is None else _check_age(recipe, timestamp, now)


def _find_timestamp(recipe: Signed, request: Request) -> str:
    """Return the moment of signing as it was sent; empty if there is none, or more than one."""
    header = request.headers.get(recipe.timestamp or "", "")
    if recipe.timestamp_field is None:
        return header
    field = recipe.timestamp_field
    found = [part.removeprefix(field) for part in header.split(recipe.separator) if part.startswith(field)]
    return found[0] if len(found) == 1 else ""


def _check_age(recipe: Signed, timestamp: str, now: datetime) -> str | None:
    is_whole = recipe.unit is Unit.SECONDS
    if not (_UNIX if is_whole else _UNIX_MILLISECONDS).fullmatch(timestamp):
        return f"the timestamp is missing, or no Unix time in {'seconds' if is_whole else 'milliseconds'}"
    age = now.timestamp() - int(timestamp) / (1 if is_whole else 1000)
    return f"the timestamp is {age:.0f} s old" if abs(age) > recipe.tolerance.total_seconds() else None


def _fill(recipe: Signed, request: Request, timestamp: str) -> bytes:
    """Return what is signed; what is filled in is never looked at as a template again."""
    places = {
        "body": request.body,
        "timestamp": _encode(timestamp),
        "id": _encode(request.headers.get(recipe.id or "", "")),
    }
    parts = _PLACE.split(recipe.template)
    return b"".join(places[part] if index % 2 else part.encode() for index, part in enumerate(parts))


def _encode(text: str) -> bytes:
    """Write a header's text as bytes; bytes that were no UTF-8 stand in it as half surrogate pairs."""
    return text.encode("utf-8", "surrogatepass")


def _open_key(recipe: Recipe, key: Secret) -> bytes:
    """Return a key's bytes; none if the credential does not hold one in the recipe's form."""
    text = key.reveal()
    match recipe:
        case Ed25519():
            forms = (_decode(Encoding.HEX, text), _decode(Encoding.BASE64, text.removeprefix(_PUBLIC_PREFIX)))
            return next((raw for raw in forms if raw is not None and len(raw) == _PUBLIC_KEY_BYTES), b"")
        case Hmac(has_encoded_key=True):
            return _decode(Encoding.BASE64, text.removeprefix(_STANDARD_PREFIX)) or b""
        case _:
            return text.encode()


def _read_signatures(recipe: Hmac | Ed25519, header: str) -> list[bytes]:
    parts = header.split(recipe.separator) if recipe.separator else [header]
    texts = [part.removeprefix(recipe.prefix) for part in parts if part.startswith(recipe.prefix)]
    size = _ED25519_BYTES if isinstance(recipe, Ed25519) else hashlib.new(recipe.algorithm.value).digest_size
    decoded = [_decode(recipe.encoding, text) for text in texts[:_MOST_SIGNATURES]]
    return [signature for signature in decoded if signature is not None and len(signature) == size]


def _decode(encoding: Encoding, text: str) -> bytes | None:
    """Return the bytes that a text stands for; None if it is not how they are written."""
    try:
        raw = base64.b64decode(text, validate=True) if encoding is Encoding.BASE64 else bytes.fromhex(text)
    except (ValueError, binascii.Error):
        return None
    return raw if _write(encoding, raw) == text else None


def _write(encoding: Encoding, raw: bytes) -> str:
    match encoding:
        case Encoding.HEX:
            return raw.hex()
        case Encoding.UPPER_HEX:
            return raw.hex().upper()
        case Encoding.BASE64:
            return base64.b64encode(raw).decode()
        case _:
            assert_never(encoding)
