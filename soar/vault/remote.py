"""Talks to a secret server through the one way out."""

import asyncio
import stat
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from soar.model.errors import InputError
from soar.model.network import Egress
from soar.model.secret import Secret
from soar.model.values import JsonValue
from soar.sdk.client import Client

_TIMEOUT = 10.0  # seconds of one exchange
_LONGEST_TOKEN = 4_096  # characters, with the white space around them


class Remote:
    """A HashiCorp Vault or OpenBao server.

    Args:
        egress: the way out.
        url: `https://host:port`.
        is_private: whether the host may be inside the network.
    """

    def __init__(self, egress: Egress, url: str, *, is_private: bool) -> None:
        host = frozenset({urlsplit(url).hostname or ""})
        self._url = url.rstrip("/")
        self._client = Client(
            egress,
            hosts=host,
            private_hosts=host if is_private else frozenset(),
            idempotency_key="soar-vault",
            timeout=_TIMEOUT,
        )

    async def ask(
        self, method: str, path: str, *, token: Secret, body: Mapping[str, JsonValue] | None = None
    ) -> tuple[int, JsonValue]:
        """Return the answer's status and its JSON, None where there is none.

        Raises:
            ActionError: the server was not reached, or broke off.
        """
        answer = await self._client.request(
            method,
            self._url + path,
            headers={"X-Vault-Token": token.reveal()},
            json=None if body is None else dict(body),
        )
        try:
            return answer.status_code, orjson.loads(answer.content) if answer.content else None
        except orjson.JSONDecodeError:
            return answer.status_code, None


async def read_token(path: Path) -> Secret:
    """Return the token in a file.

    Raises:
        InputError: it cannot be read, everybody can read it, or it is empty or too long.
    """
    return await asyncio.to_thread(_read_token, path)


def _read_token(path: Path) -> Secret:
    try:
        with path.open(encoding="ascii") as file:
            mode = path.stat().st_mode
            token = file.read(_LONGEST_TOKEN + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"the token file {path} cannot be read: {error}",
            code="token_file",
            hint="let the agent write it where the service can read it",
        ) from error
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        raise InputError(f"the token file {path} is open to everybody", code="token_file", hint=f"chmod o-rwx {path}")
    if len(token) > _LONGEST_TOKEN:
        raise InputError(
            f"the token file {path} has more than {_LONGEST_TOKEN} characters",
            code="token_file",
            hint="name the file that holds the token and nothing else",
        )
    if not token.strip():
        raise InputError(f"the token file {path} is empty", code="token_file", hint="let the agent write it")
    return Secret(token.strip())
