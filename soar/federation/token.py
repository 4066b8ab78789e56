"""Signed tokens of an identity provider: from text to claims that are true.

What is refused here is refused with one code, and a message that repeats nothing of the token.
"""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, TypeVar

from pydantic import Field, StringConstraints, ValidationError

from soar.federation.discovery import Foreign
from soar.federation.provider import Provider
from soar.ingest.strict_json import parse_json
from soar.model.errors import DeniedError, InputError
from soar.model.values import JsonValue

if TYPE_CHECKING:
    from soar.federation.keys import Key

LEEWAY = timedelta(seconds=60)
"""How far the clocks of the identity provider and ours may be apart."""

OLDEST = timedelta(minutes=10)
"""A token that was issued longer ago is refused, however long it says to be valid."""

LONGEST_TOKEN = 65_536
"""Characters."""

_LOGOUT_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_HEADER = frozenset({"alg", "kid", "typ", "x5t", "x5t#S256"})  # the last two name a certificate, and are passed over
_PARTS = 3
_SHA512 = frozenset({"EdDSA"})

Subject = Annotated[str, StringConstraints(min_length=1, max_length=255, pattern=r"^[!-~]+$")]
"""As OpenID Connect Core 1.0, section 2, bounds it; visible ASCII."""

Date = Annotated[float, Field(ge=0, le=253_402_300_799)]
"""Seconds since 1970 (RFC 7519, section 2)."""

_Text = Annotated[str, StringConstraints(max_length=1_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """A token before its signature is checked; nothing in it is true yet.

    Attributes:
        algorithm: how it says to be signed.
        key_id: the key that it says to be signed with.
        type: what it says to be, in lower case.
    """

    algorithm: str
    key_id: str | None
    type: str
    payload: bytes
    signed: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """Who logged in at the identity provider, and how; all of it signed.

    Attributes:
        subject: who it is, for ever.
        sub: who it is, as `userinfo` will say it.
        groups: None where the token does not say.
        is_mfa: whether it was by a second factor, as the site's settings read `acr` and `amr`.
        authenticated_at: when they proved who they are; None where the provider does not say.
        sid: the login there.
    """

    subject: str
    sub: str
    user_name: str
    display_name: str
    email: str
    groups: tuple[str, ...] | None
    is_mfa: bool
    authenticated_at: datetime | None
    sid: str | None

    @property
    def mfa_at(self) -> datetime | None:
        """When they proved it with a second factor; None if they did not, or nobody knows when."""
        return self.authenticated_at if self.is_mfa else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout:
    """Who has logged out at the identity provider: one login, or, without `sid`, all of a person."""

    id: str
    subject: str | None
    sid: str | None


class _Claims(Foreign):
    iss: str
    aud: str | list[str]
    iat: Date
    exp: Date
    nbf: Date = 0
    sid: Subject | None = None


class _IdClaims(_Claims):
    sub: Subject
    nonce: str
    azp: str = ""
    at_hash: str = ""
    acr: str = ""
    amr: list[str] = Field(default_factory=list)
    auth_time: Date = 0
    preferred_username: _Text = ""
    name: _Text = ""
    email: _Text = ""
    email_verified: bool = True


class _LogoutClaims(_Claims):
    exp: Date = 253_402_300_799  # older providers send none; the age of the token bounds it all the same
    jti: Subject
    sub: Subject | None = None
    events: dict[str, dict[str, object]]


_C = TypeVar("_C", bound=_Claims)


def parse_token(text: str) -> Signed:
    """Take a token apart (RFC 7515, section 3.1).

    Raises:
        DeniedError: it is no signed token, or its header says more than which key and how (`sign_on.token`). A header
            that brings a key, names an address of one, or wants to be understood critically, is refused as a whole.
    """
    parts = text.split(".")
    if len(text) > LONGEST_TOKEN or len(parts) != _PARTS:
        raise refuse_token("it has not the shape of one")
    head, payload, signature = (_decode(part) for part in parts)
    header = _parse_map(head)
    unknown = header.keys() - _HEADER
    if unknown:
        raise refuse_token("its header holds what is not taken from a token")
    algorithm, key_id, type_ = header.get("alg"), header.get("kid"), header.get("typ", "JWT")
    if not isinstance(algorithm, str) or not isinstance(type_, str) or not isinstance(key_id, str | None):
        raise refuse_token("its header does not fit")
    signed = f"{parts[0]}.{parts[1]}".encode("ascii")
    return Signed(
        algorithm=algorithm, key_id=key_id, type=type_.lower(), payload=payload, signed=signed, signature=signature
    )


def check_signature(token: Signed, key: "Key") -> None:
    """Refuse a token that this key has not signed.

    Raises:
        DeniedError: it has not (`sign_on.token`).
    """
    if not key.verify(token.algorithm, token.signed, token.signature):
        raise refuse_token("its signature is wrong")


def read_login(token: Signed, provider: Provider, *, nonce: str, access_token: str, now: datetime) -> Login:
    """Check what an ID token says (OpenID Connect Core 1.0, section 3.1.3.7) and return who it is.

    Args:
        token: its signature is checked.
        provider: who has to have issued it, and to whom.
        nonce: what we sent when the login was begun.
        access_token: what came with it.
        now: the moment.

    Raises:
        DeniedError: a claim is missing, malformed or wrong (`sign_on.token`).
    """
    if token.type != "jwt":
        raise refuse_token("it is no ID token")
    document = _parse_map(token.payload)
    claims = _read_claims(document, _IdClaims)
    _check_claims(claims, provider, now)
    if not hmac.compare_digest(claims.nonce.encode("utf-8", "replace"), nonce.encode()):
        raise refuse_token("it belongs to another login")
    if "azp" in claims.model_fields_set and claims.azp != provider.client_id:
        raise refuse_token("it was issued to another client")
    if claims.auth_time - LEEWAY.total_seconds() > now.timestamp():
        raise refuse_token("it says that the login is yet to come")
    if "at_hash" in claims.model_fields_set and claims.at_hash != _hash_half(access_token, token.algorithm):
        raise refuse_token("it does not belong to the access token beside it")
    return Login(
        subject=_read_subject(document, provider),
        sub=claims.sub,
        user_name=claims.preferred_username or (claims.email if claims.email_verified else "") or claims.sub,
        display_name=claims.name,
        email=claims.email if claims.email_verified else "",
        groups=read_groups(document, provider),
        is_mfa=claims.acr in provider.mfa_acr or not provider.mfa_amr.isdisjoint(claims.amr),
        authenticated_at=_read_moment(claims.auth_time, now),
        sid=claims.sid,
    )


def read_logout(token: Signed, provider: Provider, *, now: datetime) -> Logout:
    """Check what a logout token says (OpenID Connect Back-Channel Logout 1.0, section 2.6) and return who it is.

    Whether it counts for the first time is for the caller to see to.

    Raises:
        DeniedError: a claim is missing, malformed or wrong (`sign_on.token`).
    """
    if token.type not in {"jwt", "logout+jwt"}:
        raise refuse_token("it is no logout token")
    document = _parse_map(token.payload)
    claims = _read_claims(document, _LogoutClaims)
    _check_claims(claims, provider, now)
    if "nonce" in document or _LOGOUT_EVENT not in claims.events:
        raise refuse_token("it is no logout token")
    if claims.sub is None and claims.sid is None:
        raise refuse_token("it does not say who has logged out")
    return Logout(id=claims.jti, subject=_read_subject(document, provider) if claims.sub else None, sid=claims.sid)


def read_groups(document: dict[str, JsonValue], provider: Provider) -> tuple[str, ...] | None:
    """Return the groups that claims name; None if they do not say.

    Raises:
        DeniedError: they are no list of texts (`sign_on.token`).
    """
    groups = document.get(provider.groups_claim)
    if groups is None:
        return None
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        raise refuse_token("its groups are no list of names")
    return tuple(map(str, groups))


def refuse_token(reason: str) -> DeniedError:
    """Return that what came from the identity provider is not accepted."""
    return DeniedError(
        f"what the identity provider sent is not accepted: {reason}", code="sign_on.token", hint="log in again"
    )


def _check_claims(claims: _Claims, provider: Provider, now: datetime) -> None:
    """Check what all kinds of tokens have in common."""
    at, leeway = now.timestamp(), LEEWAY.total_seconds()
    if claims.iss != provider.issuer:
        raise refuse_token("somebody else issued it")
    if claims.aud not in (provider.client_id, [provider.client_id]):
        raise refuse_token("it is meant for somebody else")
    if claims.exp + leeway <= at:
        raise refuse_token("it has expired")
    if claims.iat - leeway > at or claims.nbf - leeway > at:
        raise refuse_token("it is not valid yet")
    if claims.iat + OLDEST.total_seconds() <= at:
        raise refuse_token("it is too old")


def _read_claims(document: dict[str, JsonValue], model: type[_C]) -> _C:
    try:
        return model.model_validate(document)
    except ValidationError as error:
        named = sorted({str(fault["loc"][0]) for fault in error.errors() if fault["loc"]})
        raise refuse_token(f"these claims do not fit: {', '.join(named)}") from error


def _read_subject(document: dict[str, JsonValue], provider: Provider) -> str:
    claim = document.get(provider.subject_claim)
    if not isinstance(claim, str) or not claim:
        raise refuse_token(f"the claim {provider.subject_claim} is missing")
    return claim


def _read_moment(seconds: float, now: datetime) -> datetime | None:
    """Return when somebody proved who they are; never a moment to come."""
    return min(datetime.fromtimestamp(seconds, UTC), now) if seconds else None


def _hash_half(access_token: str, algorithm: str) -> str:
    """Return `at_hash` as it is due (OpenID Connect Core 1.0, section 3.1.3.6)."""
    hashed = hashlib.new("sha512" if algorithm in _SHA512 else "sha256", access_token.encode()).digest()
    return base64.urlsafe_b64encode(hashed[: len(hashed) // 2]).rstrip(b"=").decode("ascii")


def _parse_map(raw: bytes) -> dict[str, JsonValue]:
    try:
        document = parse_json(raw)
    except InputError as error:
        raise refuse_token("it holds no JSON") from error
    if not isinstance(document, dict):
        raise refuse_token("it holds no map")
    return document


def _decode(part: str) -> bytes:
    """Decode base64url as it has to be written: no padding, nothing else in between, nothing left over."""
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), b"-_", validate=True)
    except (binascii.Error, ValueError) as error:
        raise refuse_token("it has not the shape of one") from error
    if base64.urlsafe_b64encode(decoded).rstrip(b"=").decode("ascii") != part:
        raise refuse_token("it has not the shape of one")
    return decoded
