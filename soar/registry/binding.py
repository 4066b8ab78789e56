"""Where a credential may go: to the hosts it was set for, whatever connection names it."""

from collections.abc import Mapping

from soar.model.errors import DeniedError
from soar.model.secret import BoundSecret


def narrow_hosts(hosts: frozenset[str], credentials: Mapping[str, BoundSecret], who: str) -> frozenset[str]:
    """Return those hosts that every one of these credentials may be sent to.

    Args:
        hosts: those that may be called without any credential.
        credentials: those that the call is given, by name; one without hosts goes wherever its connection does.
        who: makes the call, for the message.

    Raises:
        DeniedError: nothing is left (`credential_host`).
    """
    for name, credential in credentials.items():
        if not credential.hosts:
            continue
        hosts &= frozenset(credential.hosts)
        if not hosts:
            raise DeniedError(
                f"the credential `{name}` may be sent to {', '.join(credential.hosts)} only, and not by {who}",
                code="credential_host",
                hint=f"set it for the right host: soar secret set {name} --host HOST",
            )
    return hosts
