"""Second factors of people, and codes that count once."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class FactorKind(StrEnum):
    """What a person proves themself with beside their password.

    `totp`: an authenticator program that shows a new code every 30 seconds (RFC 6238). `webauthn`: a security key or
    passkey that checks its owner (W3C Web Authentication, level 3).
    """

    TOTP = "totp"
    WEBAUTHN = "webauthn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """A second factor of a person.

    Attributes:
        id: `fa_…`.
        name: what its owner calls it.
        material: the security key's public key; empty for a program, whose secret the vault keeps.
        handle: the security key's own id of it, in base64url; empty for a program.
        counter: the last 30-second step whose code counted; or how often the security key says that it was used.
        confirmed_at: when it first proved itself; until then it does not count.
    """

    id: str
    user: str
    kind: FactorKind
    name: str
    material: bytes
    handle: str
    counter: int
    created_at: datetime
    confirmed_at: datetime | None = None
    used_at: datetime | None = None


class CodePurpose(StrEnum):
    """What a code that counts once is for.

    `invitation`: sets a password. `recovery`: stands in for a lost second factor. `challenge`: what a security key is
    to sign.
    """

    INVITATION = "invitation"
    RECOVERY = "recovery"
    CHALLENGE = "challenge"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTimeCode:
    """A code that counts once; it is gone when it has counted.

    Attributes:
        key: SHA-256 over purpose and code, in hex; the code itself is kept nowhere.
        user: id of the person whom it is for.
        expires_at: from then on it does not count; None is no end.
    """

    key: str
    user: str
    purpose: CodePurpose
    created_at: datetime
    expires_at: datetime | None = None
