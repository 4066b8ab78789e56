"""The places that credentials may be kept in: the environment, files, a KV engine, AWS Secrets Manager."""

import asyncio
import os
import re
import stat
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import orjson

from soar.model.errors import ActionError
from soar.model.network import Egress
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.vault.amazon import AwsClient, AwsPlace
from soar.vault.references import refuse, say_unavailable
from soar.vault.remote import Remote, read_token

_LONGEST = 65_536
"""Bytes that a file may have, as long as any credential."""

_OK = 200
_MOUNTED = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_.@-]+)+#[A-Za-z0-9_.-]+", re.ASCII)
_NAMED = re.compile(r"[A-Za-z0-9/_+=.@:-]{1,512}(#[A-Za-z0-9_.-]+)?", re.ASCII)


class EnvironmentLookup:
    """Variables of the environment, of which only named ones may be read: others are the service's own.

    Args:
        names: those that may be.
        environment: where they are.
    """

    scheme = "env"

    def __init__(self, names: Collection[str], environment: Mapping[str, str]) -> None:
        self._names = names
        self._environment = environment

    def check(self, place: str) -> None:
        """Refuse a variable that the settings do not name."""
        if place not in self._names:
            raise refuse(f"the variable {place} is not among vault.references.environment")

    async def read(self, place: str) -> Secret:
        """Return a variable's text."""
        if place not in self._environment:
            raise say_unavailable(f"{self.scheme}:{place}", "there is no such variable")
        return Secret(self._environment[place])


class FileLookup:
    """Files beneath certain folders, as container platforms mount them; a link that leads out of them does not count.

    Args:
        folders: those that may be read.
    """

    scheme = "file"

    def __init__(self, folders: Sequence[Path]) -> None:
        self._folders = tuple(folders)

    def check(self, place: str) -> None:
        """Refuse a path that is not plainly beneath a folder that the settings name."""
        path = Path(place)
        is_plain = path.is_absolute() and ".." not in path.parts and "\0" not in place
        if not is_plain or not any(path.is_relative_to(folder) for folder in self._folders):
            raise refuse(f"the file {place} is beneath none of vault.references.folders")

    async def read(self, place: str) -> Secret:
        """Return a file's text without its last line end."""
        folder = next(folder for folder in self._folders if Path(place).is_relative_to(folder))
        try:
            return await asyncio.to_thread(_read_beneath, folder, Path(place))
        except (OSError, RuntimeError, ValueError) as error:  # a loop of links is a RuntimeError before Python 3.13
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise say_unavailable(f"{self.scheme}:{place}", reason or "it cannot be opened") from error


class KvLookup:
    """Secrets in a KV engine, version 2, of HashiCorp Vault or OpenBao: https://openbao.org/api-docs/secret/kv/kv-v2/.

    Args:
        remote: the server.
        token_file: holds the token, anew each time its lease was renewed.
    """

    scheme = "vault"

    def __init__(self, remote: Remote, token_file: Path) -> None:
        self._remote = remote
        self._token_file = token_file

    def check(self, place: str) -> None:
        """Refuse what is not `mount/path#field`."""
        if not _MOUNTED.fullmatch(place) or {".", ".."} & {*place.partition("#")[0].split("/")}:
            raise refuse(f"write vault:mount/path#field, not vault:{place}")

    async def read(self, place: str) -> Secret:
        """Return a field of a secret's newest version."""
        path, _, field = place.partition("#")
        mount, _, name = path.partition("/")
        token = await read_token(self._token_file)
        try:
            status, document = await self._remote.ask("GET", f"/v1/{mount}/data/{quote(name)}", token=token)
        except ActionError as error:
            raise say_unavailable(f"{self.scheme}:{place}", error.message) from error
        if status != _OK:
            raise say_unavailable(f"{self.scheme}:{place}", f"the server answers {status}")
        data = document.get("data") if isinstance(document, dict) else None
        return _pick(data.get("data") if isinstance(data, dict) else None, field, f"{self.scheme}:{place}")


class AwsLookup:
    """Secrets in AWS Secrets Manager. Needs the extra `aws`.

    Args:
        place: where they are.
        egress: the way out.

    Raises:
        InputError: the extra `aws` is not installed.
    """

    scheme = "aws-sm"

    def __init__(self, place: AwsPlace, egress: Egress) -> None:
        self._client = AwsClient("secretsmanager", place, egress)

    def check(self, place: str) -> None:
        """Refuse what is not `name` or `name#field`."""
        if not _NAMED.fullmatch(place):
            raise refuse(f"write aws-sm:name or aws-sm:name#field, not aws-sm:{place}")

    async def read(self, place: str) -> Secret:
        """Return a secret's text, or one field of it where it is a JSON map."""
        name, _, field = place.partition("#")
        reference = f"{self.scheme}:{place}"
        answer = await self._client.call(
            lambda secrets: secrets.get_secret_value(SecretId=name), lambda code: say_unavailable(reference, code)
        )
        text = answer.get("SecretString")
        if not isinstance(text, str):
            raise say_unavailable(reference, "it holds no text")
        if not field:
            return Secret(text)
        try:
            return _pick(orjson.loads(text), field, reference)
        except orjson.JSONDecodeError as error:
            raise say_unavailable(reference, "it holds no JSON") from error


def _pick(document: JsonValue, field: str, reference: str) -> Secret:
    found = document.get(field) if isinstance(document, dict) else None
    if not isinstance(found, str):
        raise say_unavailable(reference, "it has no such field with a text")
    return Secret(found)


def _read_beneath(folder: Path, path: Path) -> Secret:
    """Read a file, following links only as long as they stay beneath the folder, and none that appears meanwhile."""
    root = folder.resolve(strict=True)
    target = path.resolve(strict=True)
    if not target.is_relative_to(root):
        raise ValueError("it leads out of its folder")
    descriptor = _open_beneath(root, target.relative_to(root).parts)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("it is no file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(_LONGEST + 1)
    if len(content) > _LONGEST:
        raise ValueError(f"it has more than {_LONGEST} bytes")
    try:
        return Secret(content.decode("utf-8").removesuffix("\n").removesuffix("\r"))
    except UnicodeDecodeError:
        raise ValueError("it is no text in UTF-8") from None


def _open_beneath(root: Path, parts: Sequence[str]) -> int:
    """Open a file part by part, so that none of them can be exchanged for a link on the way."""
    here = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    try:
        for part in parts:
            below = os.open(part, flags, dir_fd=here)
            os.close(here)
            here = below
    except OSError:
        os.close(here)
        raise
    return here
