"""Keys that the service holds in its own memory: from a file, or from a variable of the environment."""

import asyncio
import base64
import binascii
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from soar.audit.keyfile import KEY_BYTES, create_key_file, is_weak, read_key_file
from soar.model.errors import InputError, UnavailableError
from soar.model.ids import Randomness, encode_crockford
from soar.vault.cipher import Place, decrypt, encrypt
from soar.vault.keys import say_missing

_SUFFIX_LENGTH = 8  # characters of base 32
_SUFFIX_BYTES = 5


class FileKeyProvider:
    """Keeps each key in a file that only the service can read: the named one, and others beside it named alike.

    `vault.key` is the first; `vault.key.1f3a…` and the like are those that took its place. What systemd lends by
    `LoadCredential=` will do as well. The files are read at the start; one that comes later is found when it is named.

    Args:
        path: the first key file.
        randomness: gives keys and nonces.

    Raises:
        InputError: there is no key file at all, or one is not ours, open to others, malformed or weak.
    """

    scheme = "file"

    def __init__(self, path: Path, randomness: Randomness) -> None:
        self._path = path
        self._randomness = randomness
        self._keys: dict[str, bytes] = {}
        self._files: dict[Path, str] = {}
        self._read_files()

    def __repr__(self) -> str:
        return f"FileKeyProvider({', '.join(self._keys)})"

    async def list(self) -> tuple[str, ...]:
        """Return the ids, each `file:` and a fingerprint of the key; that of the named file is the first."""
        await asyncio.to_thread(self._read_files)
        return tuple(self._keys)

    async def create(self) -> str:
        """Make a key file beside the named one and return the key's id.

        Raises:
            InputError: the folder cannot be written.
        """
        code = encode_crockford(self._randomness.bytes(_SUFFIX_BYTES), _SUFFIX_LENGTH)
        path = self._path.with_name(f"{self._path.name}.{code}")
        try:
            await asyncio.to_thread(create_key_file, path, self._randomness)
        except OSError as error:
            raise InputError(
                f"the key file {path} cannot be made: {error.strerror}",
                code="key_not_made",
                hint="put a key file there yourself, then name its id: soar vault status; soar vault rotate --key ID",
            ) from error
        return self._add(path)

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return the data key encrypted with AES-256-GCM."""
        return encrypt(data_key, key=self._find(key), bound=place.bind(key), randomness=self._randomness)

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        return decrypt(wrapped, key=self._find(key), bound=place.bind(key))

    async def destroy(self, key: str) -> None:
        """Delete every file in the folder that holds the key, and forget it. Copies elsewhere are not reached.

        Raises:
            UnavailableError: a file cannot be deleted.
        """
        for path in [path for path, held in self._files.items() if held == key]:
            try:
                await asyncio.to_thread(path.unlink, missing_ok=True)
            except OSError as error:
                raise UnavailableError(
                    f"the key file {path} cannot be deleted: {error.strerror}",
                    code="key_not_destroyed",
                    hint="delete it yourself, or let the service write that folder, and destroy the key again",
                ) from error
            del self._files[path]
        self._keys.pop(key, None)

    def _find(self, key: str) -> bytes:
        if key not in self._keys:
            self._read_files()  # another process may have made it
        if key not in self._keys:
            raise say_missing(key, tuple(self._keys))
        return self._keys[key]

    def _read_files(self) -> None:
        later = sorted(path for path in self._path.parent.glob(f"{self._path.name}.*") if path.is_file())
        for path in [self._path, *later] if self._path.exists() or not later else later:
            if path not in self._files:
                self._add(path)

    def _add(self, path: Path) -> str:
        key = read_key_file(path)
        id_ = f"file:{_take_fingerprint(key)}"
        self._keys[id_], self._files[path] = key, id_
        return id_


class EnvironmentKeyProvider:
    """Keeps keys in variables of the environment, where every child of the process and every dump of it shows them.

    Args:
        names: of the variables, each with 32 bytes in base64; the first is the one to begin with.
        environment: where they are.
        randomness: gives nonces.

    Raises:
        InputError: a variable is missing, malformed or weak.
    """

    scheme = "env"

    def __init__(self, names: Sequence[str], environment: Mapping[str, str], randomness: Randomness) -> None:
        keys = [_read_variable(name, environment) for name in names]
        self._keys = {f"env:{_take_fingerprint(key)}": key for key in keys}
        self._randomness = randomness

    def __repr__(self) -> str:
        return f"EnvironmentKeyProvider({', '.join(self._keys)})"

    async def list(self) -> tuple[str, ...]:
        """Return the ids, each `env:` and a fingerprint of the key, in the order of the variables."""
        return tuple(self._keys)

    async def create(self) -> str:
        """Refuse: a process cannot write its successor's environment."""
        raise InputError(
            "a key cannot be made in the environment",
            code="key_not_made",
            hint="name one more variable in vault.environment, start again, then: soar vault rotate --key ID",
        )

    async def wrap(self, key: str, data_key: bytes, place: Place) -> bytes:
        """Return the data key encrypted with AES-256-GCM."""
        return encrypt(data_key, key=self._find(key), bound=place.bind(key), randomness=self._randomness)

    async def unwrap(self, key: str, wrapped: bytes, place: Place) -> bytes:
        """Return the data key again."""
        return decrypt(wrapped, key=self._find(key), bound=place.bind(key))

    async def destroy(self, key: str) -> None:
        """Forget the key. The variable is for those to take out who set it."""
        self._keys.pop(key, None)

    def _find(self, key: str) -> bytes:
        if key not in self._keys:
            raise say_missing(key, tuple(self._keys))
        return self._keys[key]


def _read_variable(name: str, environment: Mapping[str, str]) -> bytes:
    text = environment.get(name)
    if text is None:
        raise InputError(f"there is no variable {name}", code="key_missing", hint="set it, or take it out of the list")
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES or is_weak(key):
        raise InputError(
            f"the variable {name} does not hold {KEY_BYTES} random bytes in base64",
            code="key_weak",
            hint=f"make a key: head -c {KEY_BYTES} /dev/urandom | base64",
        )
    return key


def _take_fingerprint(key: bytes) -> str:
    return hashlib.sha256(b"soar/kek/v1" + key).hexdigest()[:16]
