"""Second factors, and proving oneself with them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import Field, JsonValue, SecretStr

from soar.api.schemas.base import Incoming, Name
from soar.model.factor import Factor, FactorKind

LONGEST_PASSWORD = 1_000

Password = Annotated[SecretStr, Field(max_length=LONGEST_PASSWORD)]
Code = Annotated[str, Field(min_length=1, max_length=64)]
"""Of an authenticator program, or a recovery code."""

Credential = dict[str, JsonValue]
"""What a page got from a security key, as JSON (W3C Web Authentication, section 5.1.8)."""


class StepUpSent(Incoming):
    """A proof of who one is: password and code, or what a security key signed."""

    password: Password | None = None
    code: Code | None = None
    assertion: Credential | None = None


class FactorWanted(Incoming):
    """What to call a new factor."""

    name: Name


class CodeSent(Incoming):
    """What an authenticator program shows."""

    code: Code


class PasskeySent(Incoming):
    """A new security key, by what it signed."""

    name: Name
    credential: Credential


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengeView:
    """Which second factors count; `passkey` is for `navigator.credentials.get`, null without a security key."""

    kinds: tuple[FactorKind, ...]
    passkey: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class PasskeyOffer:
    """What a page gives to `navigator.credentials.create`."""

    options: JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorView:
    """A second factor, without anything that could be used."""

    id: str
    kind: FactorKind
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorPage:
    """The caller's second factors, and how many recovery codes are left."""

    items: tuple[FactorView, ...]
    next: str | None
    recovery_codes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TotpOfferView:
    """A new secret for an authenticator program, shown this once; `uri` is what its picture holds."""

    id: str
    secret: str
    uri: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorAdded:
    """A factor that counts from now on; recovery codes, shown this once, where it is the first."""

    factor: FactorView
    recovery_codes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryCodes:
    """New recovery codes, shown this once; those from before are void."""

    recovery_codes: tuple[str, ...]


def view_factor(factor: Factor) -> FactorView:
    """Return a factor, without anything that could be used."""
    return FactorView(
        id=factor.id, kind=factor.kind, name=factor.name, created_at=factor.created_at, used_at=factor.used_at
    )
