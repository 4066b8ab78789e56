"""Keys in the transit engine of HashiCorp Vault or OpenBao: https://openbao.org/api-docs/secret/transit/."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from pydantic import BaseModel, ValidationError

from soar.model.errors import ActionError, UnavailableError
from soar.model.ids import Randomness, encode_crockford
from soar.model.network import Egress
from soar.model.values import JsonValue
from soar.vault.cipher import Place, say_damaged
from soar.vault.keys import say_missing
from soar.vault.remote import Remote, read_token

_OK, _BAD_REQUEST, _NOT_FOUND = 200, 400, 404
_SUCCESS = range(200, 300)
_SUFFIX_LENGTH, _SUFFIX_BYTES = 8, 5


Shape = TypeVar("Shape", bound=BaseModel)


class _Ciphertext(BaseModel):
    ciphertext: str


class _Plaintext(BaseModel):
    plaintext: str


class _Names(BaseModel):
    keys: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransitAddress:
    """Where a transit engine is.

    Attributes:
        url: of the server, `https://host:port`.
        is_private: whether the host may be inside the network.
        mount: where the engine is mounted.
        key: name of the first key; those that follow it are called `<key>-…`.
        token_file: holds the token, anew each time its lease was renewed.
    """

    url: str
    is_private: bool
    mount: str
    key: str
    token_file: Path


class TransitKeyProvider:
    """Lets a transit engine wrap. The keys never leave it; each is bound to its place by `associated_data`.

    Args:
        address: where the engine is.
        egress: the way out.
        randomness: for the names of new keys.
    """

    scheme = "transit"

    def __init__(self, address: TransitAddress, egress: Egress, randomness: Randomness) -> None:
        self._address = address
        self._remote = Remote(egress, address.url, is_private=address.is_private)
        self._randomness = randomness

    def __repr__(self) -> str:
        return f"TransitKeyProvider({self._address.url}, {self._address.mount}/{self._address.key})"

    async def list(self) -> tuple[str, ...]:
        """Return the ids, each `transit:` and the key's name."""
        first = self._address.key
        status, document = await self._ask("GET", "keys?list=true")
        names = _read(_Names, document).keys if status == _OK else []
        ours = [name for name in names if name.startswith(f"{first}-")]
        return tuple(f"{self.scheme}:{name}" for name in (*([first] if first in names else []), *sorted(ours)))

    async def create(self) -> str:
        """Make a key of type `aes256-gcm96` and return its id."""
        code = encode_crockford(self._randomness.bytes(_SUFFIX_BYTES), _SUFFIX_LENGTH)
        name = f"{self._address.key}-{code}"
        await self._demand("POST", f"keys/{name}", {"type": "aes256-gcm96"})
        return f"{self.scheme}:{name}"

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return the ciphertext as the engine writes it, in ASCII."""
        body = {"plaintext": _encode(data_key), "associated_data": _encode(place.bind(key))}
        document = await self._demand("POST", f"encrypt/{_name(key)}", body)
        return _read(_Ciphertext, document).ciphertext.encode("ascii")

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        body = {
            "ciphertext": wrapped.decode("ascii", "replace"),
            "associated_data": _encode(place.bind(key)),
        }
        status, document = await self._ask("POST", f"decrypt/{_name(key)}", body)
        if status == _OK:
            try:
                return base64.b64decode(_read(_Plaintext, document).plaintext, validate=True)
            except binascii.Error as error:
                raise _refuse(status, self._address.url) from error
        if status == _BAD_REQUEST:  # it does not open, or the key is not there
            if key in await self.list():
                raise say_damaged()
            raise say_missing(key, ())
        raise _refuse(status, self._address.url)

    async def destroy(self, key: str) -> None:
        """Allow the key's deletion and delete it."""
        name = _name(key)
        if key not in await self.list():
            return
        await self._demand("POST", f"keys/{name}/config", {"deletion_allowed": True})
        await self._demand("DELETE", f"keys/{name}")

    async def _demand(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> JsonValue:
        status, document = await self._ask(method, path, body)
        if status not in _SUCCESS:
            raise _refuse(status, self._address.url)
        return document

    async def _ask(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None) -> tuple[int, JsonValue]:
        token = await read_token(self._address.token_file)
        try:
            return await self._remote.ask(method, f"/v1/{self._address.mount}/{path}", token=token, body=body)
        except ActionError as error:
            raise _say_unreached(self._address.url, error.message) from error


def _read(shape: type[Shape], document: JsonValue) -> Shape:
    data = document.get("data") if isinstance(document, dict) else None
    try:
        return shape.model_validate(data)
    except ValidationError as error:
        raise _say_unreached("the transit engine", "it answered something else than was asked for") from error


def _name(key: str) -> str:
    return quote(key.partition(":")[2], safe="")


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _refuse(status: int, url: str) -> UnavailableError:
    return _say_unreached(url, f"it answers {status}")


def _say_unreached(url: str, reason: str) -> UnavailableError:
    return UnavailableError(
        f"the keys at {url} cannot be used: {reason}",
        code="key_provider_unavailable",
        hint="look at its seal, at the token's file and at the token's policy",
        retry_after=5.0,
    )
