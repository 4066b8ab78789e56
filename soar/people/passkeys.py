"""Security keys and passkeys (W3C Web Authentication, level 3), as relying party. They always check their owner.

What stands behind this is large, so it is imported where a key is used, and not before.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import cast

from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from soar.model.factor import Factor
from soar.model.identity import User
from soar.model.values import JsonValue
from soar.people.relying_party import RelyingParty

_NAME = "soar"
_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Registered:
    """What a new security key has told.

    Attributes:
        handle: its own id of the key pair, in base64url.
        public_key: in COSE form (RFC 9052).
        counter: how often it says that it was used.
    """

    handle: str
    public_key: bytes
    counter: int


def offer_registration(party: RelyingParty, user: User, challenge: bytes, known: Iterable[Factor]) -> JsonValue:
    """Return what a page gives to `navigator.credentials.create`.

    Args:
        party: us.
        user: whose key it will be.
        challenge: 32 random bytes that it signs.
        known: their security keys so far, none of which is taken again.
    """
    options = generate_registration_options(
        rp_id=party.id,
        rp_name=_NAME,
        user_id=user.id.encode(),
        user_name=user.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_describe(known),
    )
    return cast("JsonValue", json.loads(options_to_json(options)))


def offer_assertion(party: RelyingParty, challenge: bytes, known: Iterable[Factor]) -> JsonValue:
    """Return what a page gives to `navigator.credentials.get`.

    Args:
        party: us.
        challenge: 32 random bytes that the key signs.
        known: the person's security keys.
    """
    options = generate_authentication_options(
        rp_id=party.id,
        challenge=challenge,
        allow_credentials=_describe(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return cast("JsonValue", json.loads(options_to_json(options)))


def check_registration(party: RelyingParty, credential: Mapping[str, JsonValue], challenge: bytes) -> Registered | None:
    """Return what a new security key has told, or None if it does not hold."""
    try:
        verified = verify_registration_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return Registered(bytes_to_base64url(verified.credential_id), verified.credential_public_key, verified.sign_count)


def check_assertion(
    party: RelyingParty, credential: Mapping[str, JsonValue], challenge: bytes, factor: Factor
) -> int | None:
    """Return how often a security key says that it was used, or None if its proof does not hold.

    A count that does not go up is the sign of a copied key, and does not hold either; one that stays 0 is none.
    """
    try:
        verified = verify_authentication_response(
            credential=dict(credential),
            expected_challenge=challenge,
            expected_rp_id=party.id,
            expected_origin=party.origin,
            credential_public_key=factor.material,
            credential_current_sign_count=factor.counter,
            require_user_verification=True,
        )
    except _MALFORMED:
        return None
    return verified.new_sign_count


def _describe(known: Iterable[Factor]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(factor.handle)) for factor in known]
