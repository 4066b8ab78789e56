"""Keys in a hardware security module, through PKCS #11 (OASIS, version 2.40). Needs the extra `pkcs11`."""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from soar.model.errors import InputError, UnavailableError
from soar.model.ids import Randomness, encode_crockford
from soar.vault.cipher import Place, say_damaged
from soar.vault.keys import say_missing
from soar.vault.remote import read_token

T = TypeVar("T")

_TURN = threading.Lock()
"""Held for a session: who is logged in to a token is one state of the whole process (PKCS #11, section 5.6)."""

_KEY_BITS = 256
_NONCE_BYTES = 12
_SUFFIX_LENGTH, _SUFFIX_BYTES = 8, 5


class Pkcs11KeyProvider:
    """Lets a security module wrap with AES-256-GCM. The keys are made in it and cannot be taken out.

    Args:
        module: the vendor's library.
        token: label of the token.
        pin_file: holds the user's PIN.
        key: label of the first key; those that follow it are labelled `<key>-…`.
        randomness: for nonces, and the labels of new keys.

    Raises:
        InputError: the extra `pkcs11` is not installed.
    """

    scheme = "pkcs11"

    def __init__(self, *, module: Path, token: str, pin_file: Path, key: str, randomness: Randomness) -> None:
        try:
            import pkcs11  # noqa: PLC0415 -- an extra
        except ImportError as error:
            raise InputError(
                "a security module is asked for, and its library is not installed",
                code="extra_missing",
                hint="install soar with the extra `pkcs11`",
            ) from error
        self._library: Any = pkcs11
        self._module = module
        self._token = token
        self._pin_file = pin_file
        self._first = key
        self._randomness = randomness

    def __repr__(self) -> str:
        return f"Pkcs11KeyProvider({self._token}, {self._first})"

    async def list(self) -> tuple[str, ...]:
        """Return the ids, each `pkcs11:` and the key's label."""

        def look(session: Any) -> tuple[str, ...]:  # noqa: ANN401 -- the library is not typed
            labels = {
                str(found.label)
                for found in session.get_objects({self._library.Attribute.CLASS: self._library.ObjectClass.SECRET_KEY})
            }
            ours = sorted(label for label in labels if label.startswith(f"{self._first}-"))
            return tuple(
                f"{self.scheme}:{label}" for label in (*([self._first] if self._first in labels else []), *ours)
            )

        return await self._do(look)

    async def create(self) -> str:
        """Make a key in the module and return its id."""
        code = encode_crockford(self._randomness.bytes(_SUFFIX_BYTES), _SUFFIX_LENGTH)
        label = f"{self._first}-{code}"
        attribute = self._library.Attribute

        def make(session: Any) -> str:  # noqa: ANN401 -- as above
            session.generate_key(
                self._library.KeyType.AES,
                _KEY_BITS,
                label=label,
                store=True,
                template={attribute.SENSITIVE: True, attribute.EXTRACTABLE: False},
            )
            return f"{self.scheme}:{label}"

        return await self._do(make)

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return nonce, ciphertext and tag."""
        nonce = self._randomness.bytes(_NONCE_BYTES)

        def wrap(session: Any) -> bytes:  # noqa: ANN401 -- as above
            found = self._find(session, key)
            sealed = found.encrypt(data_key, mechanism=self._mechanism, mechanism_param=self._bind(nonce, key, place))
            return nonce + bytes(sealed)

        return await self._do(wrap)

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        faults = self._library.exceptions
        damaged = (faults.EncryptedDataInvalid, faults.EncryptedDataLenRange, faults.GeneralError)

        def unwrap(session: Any) -> bytes:  # noqa: ANN401 -- as above
            found = self._find(session, key)
            try:
                opened = found.decrypt(sealed, mechanism=self._mechanism, mechanism_param=self._bind(nonce, key, place))
            except damaged as error:
                raise say_damaged() from error
            return bytes(opened)

        return await self._do(unwrap)

    async def destroy(self, key: str) -> None:
        """Destroy the key in the module."""

        def destroy(session: Any) -> None:  # noqa: ANN401 -- as above
            try:
                found = self._find(session, key)
            except UnavailableError:
                return
            found.destroy()

        await self._do(destroy)

    @property
    def _mechanism(self) -> Any:  # noqa: ANN401 -- as above
        return self._library.Mechanism.AES_GCM

    def _bind(self, nonce: bytes, key: str, place: Place) -> Any:  # noqa: ANN401 -- as above
        return self._library.GCMParams(nonce, place.bind(key), 128)

    def _find(self, session: Any, key: str) -> Any:  # noqa: ANN401 -- as above
        try:
            return session.get_key(object_class=self._library.ObjectClass.SECRET_KEY, label=key.partition(":")[2])
        except self._library.exceptions.NoSuchKey as error:
            raise say_missing(key, ()) from error

    async def _do(self, work: Callable[[Any], T]) -> T:
        pin = await read_token(self._pin_file)
        return await asyncio.to_thread(self._work, work, pin.reveal())

    def _work(self, work: Callable[[Any], T], pin: str) -> T:
        with _TURN:
            try:
                token = self._library.lib(str(self._module)).get_token(token_label=self._token)
                with token.open(rw=True, user_pin=pin) as session:
                    return work(session)
            except (self._library.exceptions.PKCS11Error, RuntimeError) as error:
                raise UnavailableError(
                    f"the security module did not do what was asked: {type(error).__name__}",
                    code="key_provider_unavailable",
                    hint="look at the module's path, the token's label and the PIN's file",
                    retry_after=5.0,
                ) from error
