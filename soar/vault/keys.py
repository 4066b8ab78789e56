"""Key-encryption keys: where they live is a provider's matter; which one is meant is always said by name."""

from collections.abc import Sequence
from typing import Protocol

from soar.model.errors import UnavailableError
from soar.vault.cipher import Place

_PATIENCE = 60.0


class KeyProvider(Protocol):
    """Keeps key-encryption keys outside the database, and wraps with them what it does not keep.

    A key's id is the provider's scheme, a colon, and what the provider calls it. No other key than the named is tried.
    """

    @property
    def scheme(self) -> str:
        """What the ids of its keys begin with."""
        ...

    async def list(self) -> tuple[str, ...]:
        """Return the ids of its keys; the first is the one that a new installation begins with.

        Raises:
            UnavailableError: the provider is not reached, or does not let us in.
        """
        ...

    async def create(self) -> str:
        """Make a key and return its id.

        Raises:
            InputError: this provider makes none; the hint says how one is brought in.
            UnavailableError: the provider is not reached, or does not let us.
        """
        ...

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return a data key encrypted under a key, bound to where it will rest.

        Raises:
            UnavailableError: the key is not there (`wrong_key`), or the provider is not reached.
        """
        ...

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again.

        Raises:
            BugError: it was changed, or wrapped with another key or for another place.
            UnavailableError: the key is not there (`wrong_key`), or the provider is not reached.
        """
        ...

    async def destroy(self, key: str) -> None:
        """End a key for good; one that is gone already is good as well.

        Raises:
            InputError: this provider ends none; the hint says who does.
            UnavailableError: the provider is not reached, or does not let us.
        """
        ...


class Keyring:
    """All providers of an installation as one, so that keys can move from one to another.

    Args:
        providers: the first makes new keys; the others open what they have wrapped.
    """

    def __init__(self, providers: Sequence[KeyProvider]) -> None:
        self._main = providers[0]
        self._providers = {provider.scheme: provider for provider in providers}

    async def find_first(self) -> str:
        """Return the id of the key that a new workspace begins with.

        Raises:
            UnavailableError: the provider has no key yet, or is not reached.
        """
        keys = await self._main.list()
        if not keys:
            raise UnavailableError(
                f"the provider {self._main.scheme} has no key",
                code="wrong_key",
                hint="make one: soar vault rotate",
                retry_after=_PATIENCE,
            )
        return keys[0]

    async def list(self) -> tuple[str, ...]:
        """Return the ids of all keys of all providers."""
        return tuple([key for provider in self._providers.values() for key in await provider.list()])

    async def create(self) -> str:
        """Make a key and return its id; see `KeyProvider`."""
        return await self._main.create()

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return a data key encrypted under the named key; see `KeyProvider`."""
        return await self._find(key).wrap(key, data_key, place)

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again; see `KeyProvider`."""
        return await self._find(key).unwrap(key, wrapped, place)

    async def destroy(self, key: str) -> None:
        """End a key for good; see `KeyProvider`."""
        await self._find(key).destroy(key)

    def _find(self, key: str) -> KeyProvider:
        provider = self._providers.get(key.partition(":")[0])
        if provider is None:
            raise say_missing(key, [f"{scheme}:…" for scheme in self._providers])
        return provider


def say_missing(key: str, known: Sequence[str]) -> UnavailableError:
    """Return the error for a key that no provider has."""
    return UnavailableError(
        f"the credentials need the key {key}, but the service has {', '.join(known) or 'none'}",
        code="wrong_key",
        hint="bring back the key that this database was used with before; see docs/howto/keep-the-keys.md",
        retry_after=_PATIENCE,
    )
