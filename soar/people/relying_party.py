"""Us, as security keys know us, and the challenges that they sign."""

import base64
import ipaddress
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from soar.model.errors import InputError
from soar.model.values import JsonValue

CHALLENGE_BYTES = 32
_LOCAL = "localhost"


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """Us, as security keys know us.

    Attributes:
        id: the host name of the service; a key is bound to it.
        origin: of its pages.
    """

    id: str
    origin: str


def find_relying_party(url: str) -> RelyingParty:
    """Return us, by the service's address.

    Raises:
        InputError: it is no name, or not https; browsers offer no security key there.
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    if not _is_name(host) or not (parts.scheme == "https" or host == _LOCAL):
        raise InputError(
            f"security keys cannot be used at {url}",
            code="passkey_address",
            hint="set server.url to an https address with a name; authenticator programs work everywhere",
        )
    return RelyingParty(host, f"{parts.scheme}://{parts.netloc}".lower())


def read_challenge(credential: Mapping[str, JsonValue]) -> bytes | None:
    """Return the challenge that a page says was signed, or None; it proves nothing yet."""
    response = credential.get("response")
    data = response.get("clientDataJSON") if isinstance(response, dict) else None
    if not isinstance(data, str):
        return None
    try:
        challenge = json.loads(_decode(data))["challenge"]
        return _decode(challenge) if isinstance(challenge, str) else None
    except (ValueError, TypeError, KeyError):
        return None


def _decode(text: str) -> bytes:
    """Return the bytes of base64url without its padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _is_name(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host)
    return False
