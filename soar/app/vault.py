"""From settings to the providers of keys over the credentials."""

import os
from collections.abc import Iterator

import structlog

from soar.app.settings import ReferenceSettings, VaultSettings
from soar.model.clock import Clock
from soar.model.errors import SoarError
from soar.model.ids import Randomness
from soar.model.network import Egress
from soar.vault.amazon import AwsPlace
from soar.vault.keys import KeyProvider, Keyring
from soar.vault.lookups import AwsLookup, EnvironmentLookup, FileLookup, KvLookup
from soar.vault.providers.aws import AwsKeyProvider
from soar.vault.providers.local import EnvironmentKeyProvider, FileKeyProvider
from soar.vault.providers.pkcs11 import Pkcs11KeyProvider
from soar.vault.providers.transit import TransitAddress, TransitKeyProvider
from soar.vault.references import Lookup, References
from soar.vault.remote import Remote


def report_rewrap(workspace: str, error: SoarError) -> None:
    """Log what could not be sealed again."""
    structlog.get_logger().warning(
        "credentials not sealed again", action="vault.rewrap", workspace=workspace, error=error.message, hint=error.hint
    )


def make_keyring(settings: VaultSettings, *, egress: Egress, randomness: Randomness) -> Keyring:
    """Return every provider that is configured, first the one that makes new keys.

    Raises:
        InputError: a key is missing, open to others or weak, or a provider's library is not installed.
    """
    providers = list(_make_providers(settings, egress, randomness))
    providers.sort(key=lambda provider: provider.scheme != settings.provider)
    return Keyring(providers)


def make_references(settings: ReferenceSettings, *, shortest: int, egress: Egress, clock: Clock) -> References:
    """Return what looks credentials up where the settings allow it.

    Raises:
        InputError: a library is not installed.
    """
    lookups: list[Lookup] = []
    if settings.environment:
        lookups.append(EnvironmentLookup(settings.environment, os.environ))
    if settings.folders:
        lookups.append(FileLookup(settings.folders))
    if settings.server is not None:
        remote = Remote(egress, settings.server.url, is_private=settings.server.is_private)
        lookups.append(KvLookup(remote, settings.server.token_file))
    if settings.aws is not None:
        lookups.append(AwsLookup(AwsPlace(**settings.aws.model_dump()), egress))
    return References(lookups, shortest=shortest, clock=clock)


def _make_providers(settings: VaultSettings, egress: Egress, randomness: Randomness) -> Iterator[KeyProvider]:
    if settings.provider == FileKeyProvider.scheme or settings.key_file.exists():
        yield FileKeyProvider(settings.key_file, randomness)
    if settings.environment:
        yield EnvironmentKeyProvider(settings.environment, os.environ, randomness)
    if settings.transit is not None:
        address = TransitAddress(**settings.transit.model_dump())
        yield TransitKeyProvider(address, egress, randomness)
    if settings.aws is not None:
        place = AwsPlace(**settings.aws.model_dump(exclude={"key"}))
        yield AwsKeyProvider(place, key=settings.aws.key, egress=egress, randomness=randomness)
    if settings.pkcs11 is not None:
        yield Pkcs11KeyProvider(**settings.pkcs11.model_dump(), randomness=randomness)
