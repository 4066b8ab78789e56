"""The shape of API tokens: `soar_pat_<id>_<43 characters>`. Only a hash of one is ever stored.

A secret of 256 random bits cannot be guessed, so a fast hash suffices (OWASP ASVS 5.0, 6.5.2).
"""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Iterable
from datetime import timedelta

from soar.access.permissions import Permission, find_permission

PREFIX = "soar_pat_"
SECRET_BYTES = 32
LONGEST_LIFE = timedelta(days=90)
"""No token is valid for longer."""

_SECRET_LENGTH = 43  # 32 bytes in base64 without padding
_SHAPE = re.compile(rf"{PREFIX}([0-9A-Za-z_-]{{1,40}})_[0-9A-Za-z_-]{{{_SECRET_LENGTH}}}", re.ASCII)


def format_token(token_id: str, secret: bytes) -> str:
    """Return the text that its owner is shown once.

    Args:
        token_id: the public part, at most 40 letters, digits, `_` and `-`.
        secret: exactly 32 random bytes.

    Raises:
        ValueError: the parts have another shape.
    """
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"a token's secret has {SECRET_BYTES} bytes, not {len(secret)}")
    text = f"{PREFIX}{token_id}_{base64.urlsafe_b64encode(secret).rstrip(b'=').decode('ascii')}"
    if parse_token(text) != token_id:
        raise ValueError(f"{token_id!r} cannot be the public part of a token")
    return text


def hash_token(text: str) -> str:
    """Return the SHA-256 of a token's whole text in hex. Compare it with `hmac.compare_digest`."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def parse_token(text: str) -> str | None:
    """Return the public part of a token's text, or None if it has not the shape of one. It proves nothing yet."""
    shaped = _SHAPE.fullmatch(text)
    return shaped[1] if shaped else None


def check_scopes(scopes: Iterable[str], held: frozenset[Permission]) -> list[str]:
    """Return why a token may not have these scopes, a sentence for each reason; empty if it may.

    Args:
        scopes: what the token is to be limited to.
        held: all that its owner may do now.
    """
    reasons = []
    for scope in sorted(set(scopes)):
        permission = find_permission(scope)
        if permission is None:
            reasons.append(f"`{scope}` is no permission")
        elif permission not in held:
            reasons.append(f"`{scope}` is more than the token's owner may do")
    return reasons


def check_networks(networks: Iterable[str]) -> list[str]:
    """Return why a token may not be bound to these networks, a sentence for each; empty if it may."""
    reasons = []
    for network in networks:
        try:
            ipaddress.ip_network(network)
        except ValueError:
            reasons.append(f"`{network}` is no address or network; write 192.0.2.7 or 192.0.2.0/24")
    return reasons


def is_from(networks: Iterable[str], address: str | None) -> bool:
    """Whether a token that is bound to these networks may come from an address; bound to none, from any.

    Args:
        networks: as `check_networks` lets them pass.
        address: where the request comes from; None if that is not known. An IPv4 address within IPv6 counts as itself.
    """
    bound = [ipaddress.ip_network(network) for network in networks]
    if not bound:
        return True
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    plain = (found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None) or found
    return any(plain in network for network in bound)
