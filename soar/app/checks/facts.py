"""What the checks are made over, looked up once: files, keys and the process, as they are."""

import hashlib
import os
import re
import resource
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import soar
from soar.app.settings import Settings
from soar.audit.keyfile import read_key_file
from soar.model.errors import InputError
from soar.store import find_file
from soar.vault.providers.local import FileKeyProvider

_CONFIG_SECRET = re.compile(r"password|passwd|secret|token|api_?key|private_?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Place:
    """A file or a folder that is there.

    Attributes:
        what: it is for, in a word or two.
        mode: its permissions, with the sticky bit.
    """

    what: str
    path: Path
    mode: int

    @property
    def is_open(self) -> bool:
        """Whether anybody on this machine may change it, or take another thing in its place."""
        return bool(self.mode & stat.S_IWOTH) and not self.mode & stat.S_ISVTX


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key file.

    Attributes:
        name: `vault key`, `older key` where another provider makes new ones, or `audit key`.
        path: as it is configured.
        resolved: where that leads.
        fingerprint: of the key, equal where keys are; empty if it cannot be used.
        fault: why it cannot be used; None if it can.
        folder: that it is in; None if there is none.
    """

    name: str
    path: Path
    resolved: Path
    fingerprint: str
    fault: InputError | None
    folder: Place | None


@dataclass(frozen=True, slots=True)
class Process:
    """The process that would serve.

    Attributes:
        debug: what switches Python's debugging on; empty if nothing does.
        key_log: file that every TLS key is written to; empty if there is none.
        has_core_dumps: whether a crash may write the memory, with the keys in it, to a file.
        is_root: whether it may do anything on this machine.
    """

    debug: str = ""
    key_log: str = ""
    has_core_dumps: bool = False
    is_root: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All of it.

    Attributes:
        keys: the key files that are in use.
        database: its file and those beside it; empty for a database without any.
        database_folder: where they are; None for a database without a file.
        secrets: other files that hold something secret.
        site: what decides what is done: folders with all that is in them, and files.
        folders: of the site, and that of the pages, by what they are for.
        lookups: folders that credentials may be looked up in.
    """

    settings: Settings
    process: Process
    keys: tuple[KeyFile, ...]
    database: tuple[Place, ...]
    database_folder: Place | None
    secrets: tuple[Place, ...]
    site: tuple[Place, ...]
    folders: Mapping[str, Path]
    lookups: tuple[Place, ...]


def look_at_process(environment: Mapping[str, str]) -> Process:
    """Return what there is to know of this process.

    Args:
        environment: its variables.
    """
    return Process(
        debug=_find_debug(environment),
        key_log=environment.get("SSLKEYLOGFILE", ""),
        has_core_dumps=resource.getrlimit(resource.RLIMIT_CORE)[0] != 0,
        is_root=os.geteuid() == 0,
    )


def gather_facts(settings: Settings, process: Process) -> Facts:
    """Look everything up that the checks want to know. Nothing is changed and nothing made.

    Raises:
        InputError: the database's URL names none that we know.
    """
    file = find_file(settings.database.url)
    folders = _find_folders(settings)
    files = [settings.paths.policy, settings.paths.roles, settings.paths.connections]
    return Facts(
        settings=settings,
        process=process,
        keys=tuple(_find_keys(settings)),
        database=tuple(_find_database(file)),
        database_folder=_look("database folder", file.resolve().parent) if file else None,
        secrets=tuple(place for what, path in _list_secrets(settings) if (place := _look(what, path))),
        site=(
            *(place for what, path in folders.items() for place in _walk(what, path)),
            *(place for path in files if (place := _look(path.name, path))),
        ),
        folders=folders,
        lookups=tuple(place for path in settings.vault.references.folders if (place := _look("lookups", path))),
    )


def find_open_secrets(config: Mapping[str, object]) -> list[str]:
    """Return the names of open settings that sound like secrets."""
    return sorted(name for name, value in config.items() if value and _CONFIG_SECRET.search(name))


def _find_debug(environment: Mapping[str, str]) -> str:
    if sys.flags.dev_mode:
        return "Python's development mode"
    return next((name for name in ("PYTHONASYNCIODEBUG", "PYTHONINSPECT") if environment.get(name)), "")


def _find_keys(settings: Settings) -> Iterator[KeyFile]:
    first = settings.vault.key_file
    if settings.vault.provider == FileKeyProvider.scheme or first.exists():
        later = sorted(path for path in first.parent.glob(f"{first.name}.*") if path.is_file())
        for path in [first, *later] if first.exists() or not later else later:
            yield _look_at_key("vault key" if settings.vault.provider == FileKeyProvider.scheme else "older key", path)
    yield _look_at_key("audit key", settings.audit.key_file)


def _look_at_key(name: str, path: Path) -> KeyFile:
    fingerprint, fault = "", None
    try:
        fingerprint = hashlib.sha256(read_key_file(path)).hexdigest()
    except InputError as error:
        fault = error
    resolved = path.resolve()
    return KeyFile(name, path, resolved, fingerprint, fault, _look(f"folder of the {name}", resolved.parent))


def _find_database(file: Path | None) -> Iterator[Place]:
    for suffix in ("", "-wal", "-shm") if file else ():
        place = _look("database", Path(f"{file}{suffix}"))
        if place is not None:
            yield place


def _list_secrets(settings: Settings) -> Iterator[tuple[str, Path]]:
    vault = settings.vault
    if vault.transit is not None:
        yield "token for the transit engine", vault.transit.token_file
    if vault.pkcs11 is not None:
        yield "PIN of the security module", vault.pkcs11.pin_file
    if vault.references.server is not None:
        yield "token for the server of credentials", vault.references.server.token_file


def _find_folders(settings: Settings) -> dict[str, Path]:
    paths = settings.paths
    return {
        "pages": Path(soar.__file__).parent / "api" / "static",
        "playbooks": paths.playbooks.resolve(),
        "connectors": paths.connectors.resolve(),
        "sources": paths.sources.resolve(),
    }


def _walk(what: str, path: Path) -> Iterator[Place]:
    for found in (path, *path.rglob("*")):
        place = _look(what, found)
        if place is not None:
            yield place


def _look(what: str, path: Path) -> Place | None:
    try:
        status = path.stat()
    except OSError:  # what is not there, or not ours to see, is told where it is needed
        return None
    return Place(what, path, stat.S_IMODE(status.st_mode))
