"""Single sign-on, wired from the settings."""

from collections.abc import Awaitable, Callable

import structlog

from soar.access.roles import RoleTable
from soar.app.settings import SignOnSettings
from soar.federation.client import ProviderClient
from soar.federation.provider import Provider, check_provider
from soar.federation.service import SignOnService
from soar.model.clock import Clock
from soar.model.errors import UnavailableError
from soar.model.network import Egress
from soar.model.secret import Secret


def make_provider(settings: SignOnSettings, roles: RoleTable) -> Provider | None:
    """Return the identity provider that the settings name; None if they name none.

    Raises:
        InputError: a setting does not fit (`sign_on.invalid`).
    """
    if not settings.issuer:
        return None
    provider = Provider(
        name=settings.name,
        issuer=settings.issuer,
        client_id=settings.client_id,
        credential=settings.credential or None,
        scopes=settings.scopes,
        subject_claim=settings.subject_claim,
        groups_claim=settings.groups_claim,
        roles=settings.roles,
        mfa_acr=frozenset(settings.mfa_acr),
        mfa_amr=frozenset(settings.mfa_amr),
        is_private=settings.private,
    )
    check_provider(provider, roles)
    return provider


def make_sign_on(
    provider: Provider | None,
    *,
    egress: Egress,
    resolve: Callable[[str], Awaitable[Secret]],
    clock: Clock,
    url: str,
) -> SignOnService | None:
    """Return what logs people in through the identity provider; None if there is none."""
    if provider is None:
        return None
    client = ProviderClient(provider, egress=egress, resolve=resolve, clock=clock)
    return SignOnService(provider, client, clock=clock, url=url)


async def check_sign_on(sign_on: SignOnService | None) -> None:
    """Refuse to start with an identity provider that cannot be trusted. One that does not answer now may do so later.

    Raises:
        InputError: it cannot be trusted (`sign_on.insecure`), or what it says of itself does not fit
            (`sign_on.malformed`).
    """
    if sign_on is None:
        return
    try:
        await sign_on.check()
    except UnavailableError as error:
        structlog.get_logger().warning(
            "nobody can log in through the identity provider now", action="sign_on.check", error=error.message
        )
