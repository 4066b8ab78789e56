"""A database file read beside whoever serves it, and never written. Everything here blocks."""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

from sqlalchemy import Connection, create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from soar.model.errors import InputError, NotFoundError
from soar.store import schema
from soar.store.faults import describe, explain
from soar.store.sqlite import read
from soar.store.unit import Unit
from soar.store.url import find_file, is_shared

T = TypeVar("T")

_PRAGMAS = ("PRAGMA busy_timeout = 5000", "PRAGMA trusted_schema = OFF")


class Archive:
    """A database that is only read. Made by `open_archive`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, workspace: str, work: Callable[[Unit], T]) -> T:
        """Do the work on one unchanging state of the database; a write in it fails.

        Raises:
            UnavailableError: the disk has failed, or another process holds the lock.
            BugError: the work tried to write.
        """
        return self._query(lambda connection: work(Unit(connection, workspace)))

    def is_current(self) -> bool:
        """Whether the schema is the one this program knows.

        Raises:
            InputError: it is newer (`store.newer_schema`).
        """
        return self._query(schema.is_current)

    def _query(self, work: Callable[[Connection], T]) -> T:
        try:
            return read(self._connection, work)
        except Exception as error:
            told = explain(error)
            if told is error:
                raise
            raise told from error


@contextmanager
def open_archive(url: str) -> Iterator[Archive]:
    """Open the database that a URL names, for reading.

    Args:
        url: `sqlite:///path`.

    Raises:
        NotFoundError: there is no such file.
        InputError: the URL names no file (`store.url`), or its schema is older (`store.older_schema`) or newer
            (`store.newer_schema`) than this program's, or it cannot be opened (`store.file`).
    """
    if is_shared(url):
        raise InputError("only a SQLite database can be read without its server", code="store.url")
    path = find_file(url)
    if path is None:
        raise InputError("a database in memory keeps nothing that could be read here", code="store.url")
    if not path.is_file():
        raise NotFoundError(f"there is no database {path}", hint="name the settings of the site with --config")
    with _connect(path) as connection:
        archive = Archive(connection)
        if not archive.is_current():
            raise InputError(
                f"the schema of {path} is older than this program's", code="store.older_schema", hint="run soar migrate"
            )
        yield archive


def _connect(path: Path) -> Connection:
    """Open a file in a way in which SQLite itself refuses every write (https://www.sqlite.org/uri.html)."""
    address = f"file:{quote(str(path.absolute()))}?mode=ro"
    engine = create_engine(
        "sqlite://",
        creator=lambda: sqlite3.connect(address, uri=True),
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",
        hide_parameters=True,
    )
    try:
        connection = engine.connect()
    except OperationalError as error:
        raise InputError(
            f"the database {path} cannot be opened: {describe(error)}",
            code="store.file",
            hint="run this as the service's user",
        ) from error
    for pragma in _PRAGMAS:
        connection.exec_driver_sql(pragma)
    return connection
