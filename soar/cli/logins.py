"""The tokens that `soar login` keeps, one a server, in a file that nobody else may read."""

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from soar.cli.answer import Answer
from soar.model.errors import InputError, SoarError

_OTHERS = 0o077


@dataclass(frozen=True, slots=True)
class Login:
    """A kept token.

    Attributes:
        id: its public part, by which it is revoked; empty if the server did not say.
    """

    token: str
    id: str = ""


def find_token(url: str) -> str:
    """Return the token kept for a server, or nothing.

    Raises:
        InputError: others may read the file, or it is damaged.
    """
    login = read_logins().get(url)
    return login.token if login else ""


def read_logins() -> dict[str, Login]:
    """Return what is kept, by the server's address.

    Raises:
        InputError: others may read the file, or it is damaged.
    """
    file = locate_logins()
    try:
        descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise InputError(f"{file} cannot be read: {error.strerror}") from error
    with os.fdopen(descriptor, encoding="utf-8") as stream:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & _OTHERS:
            raise InputError(f"others may read {file}, which holds tokens", hint=f"chmod 600 {file}")
        try:
            kept = Answer.of(json.load(stream))
            return {url: Login(kept.part(url).text("token"), kept.part(url).text("id")) for url in kept.raw}
        except (ValueError, SoarError) as error:
            raise InputError(f"{file} is damaged", hint="remove it, and log in again") from error


def keep_login(url: str, login: Login) -> None:
    """Keep a token for a server, in place of an earlier one."""
    _write({**read_logins(), url: login})


def forget_login(url: str) -> Login | None:
    """Forget a server's token and return it; None if there was none."""
    logins = read_logins()
    forgotten = logins.pop(url, None)
    if forgotten is not None:
        _write(logins)
    return forgotten


def locate_logins() -> Path:
    """Return where the tokens are kept."""
    folder = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(folder) / "soar" / "token"


def _write(logins: dict[str, Login]) -> None:
    """Write to a new file and put it into place, so that the old one stays whole until then."""
    file = locate_logins()
    text = json.dumps({url: {"token": login.token, "id": login.id} for url, login in logins.items()}, indent=2)
    fresh = file.with_name(f"{file.name}.{os.getpid()}")
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text + "\n")
        fresh.replace(file)
    except OSError as error:
        raise InputError(f"the token cannot be kept in {file}: {error.strerror}") from error
