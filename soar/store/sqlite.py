"""A SQLite database: its connections, its transactions and its checkpoints. Everything here blocks."""

import errno
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Never, TypeVar, cast

from sqlalchemy import Connection, Engine, create_engine
from sqlalchemy.pool import NullPool

from soar.model.errors import InputError, UnavailableError
from soar.store.database import Outcome, Work, attempt_all, never

T = TypeVar("T")

# https://www.sqlite.org/pragma.html. FULL makes each commit reach the disk before it returns, in WAL mode too. The
# automatic checkpoint is off because it hides a failed fsync; `Database.checkpoint` reports it.
_PRAGMAS = (
    "PRAGMA busy_timeout = 5000",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA wal_autocheckpoint = 0",
    "PRAGMA journal_size_limit = 67108864",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what is erased from the audit must not stay in free pages
    "PRAGMA trusted_schema = OFF",
)
_READ_ONLY = "PRAGMA query_only = ON"
_CHECKPOINT_ROWS = 1000  # as many changed rows as SQLite's own checkpoint lets pages gather
_LONG_LOG = 8_192  # pages of 4 KiB: half of what the file of the log keeps when it begins anew
_TOO_LONG_LOG = 4 * _LONG_LOG
_LITTLE = 1_000  # pages that may be moved while others wait; more are moved beside them first
_OWNER_ONLY = 0o600
_NO_PLACE = {errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM, errno.EROFS}
_READERS = 3


class SqliteDatabase:
    """One SQLite database and the connection that writes to it; see `soar.store.database.Database`.

    Args:
        path: of the file; None for a database in memory, which has this one connection for reading too.
    """

    is_shared = False

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self.readers = 0 if path is None else _READERS
        self._engine = _make_engine("sqlite://" if path is None else f"sqlite:///{path}")
        self._writer: Connection | None = None
        self._keeper: Connection | None = None
        self._known: set[str] = set()
        self._checkpointed_at = 0
        self._log_pages = 0
        self._moved_pages = 0
        self._has_moved_little = True

    @property
    def writer(self) -> Connection:
        """The connection that writes, opened when it is first asked for."""
        if self._writer is None:
            self._writer = self._open()
        return self._writer

    @property
    def keeper(self) -> Connection:
        """The connection that keeps the log short, beside the one that writes; opened when it is first asked for."""
        if self.path is None:
            return self.writer
        if self._keeper is None:
            self._keeper = self._open()
        return self._keeper

    def connect(self) -> Connection:
        """Open a connection that only reads."""
        return self._open(_READ_ONLY)

    def _open(self, *more: str) -> Connection:
        """Open a connection; the file is made, for its owner alone, if it is not there."""
        if self.path is not None:
            _create_file(self.path)
        connection = self._engine.connect()
        try:
            for pragma in (*_PRAGMAS, *more):
                connection.exec_driver_sql(pragma)
        except BaseException:
            connection.close()
            raise
        return connection

    def disconnect(self, connection: Connection) -> None:
        """Close a connection."""
        connection.close()

    def read(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        """Do the work on one unchanging state of the database; a write in it fails."""
        if connection is not self._writer:
            return read(connection, work)
        driver = driver_of(connection)
        driver.execute(_READ_ONLY)
        try:
            return read(connection, work)
        finally:
            driver.execute("PRAGMA query_only = OFF")

    def commit(self, works: Sequence[Work], is_hurried: Callable[[], bool] = never) -> list[Outcome]:
        """Do each workspace's work in one transaction and return once it is on the disk.

        A work that raises is undone alone. What concerns all of them (a full disk, a broken one) undoes the group and
        is raised. Where somebody is in a hurry, it ends after the work that is being done; the others are not begun.
        """
        known = set(self._known)
        with _transaction(self.writer) as connection:
            outcomes = attempt_all(connection, driver_of(connection), works, known, is_hurried)
        self._known = known
        return outcomes

    def change_schema(self, work: Callable[[Connection], T]) -> T:
        """Do the work in one transaction of its own."""
        with _transaction(self.writer) as connection:
            return work(connection)

    def is_checkpoint_due(self) -> bool:
        """Whether enough was written since the last checkpoint."""
        return driver_of(self.writer).total_changes - self._checkpointed_at >= _CHECKPOINT_ROWS

    @property
    def is_log_long(self) -> bool:
        """Whether the last checkpoint has found a long log, little of which is yet to be moved.

        It begins anew once all of it has been moved, for which nothing may be added.
        """
        return self._log_pages > (_LONG_LOG if self._has_moved_little else _TOO_LONG_LOG)

    def checkpoint(self) -> None:
        """Move the write-ahead log into the file as far as readers and room allow; the rest stays in the log."""
        self._checkpointed_at = driver_of(self.writer).total_changes
        _, pages, moved = driver_of(self.keeper).execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        before = self._moved_pages if moved >= self._moved_pages else 0
        self._log_pages, self._moved_pages, self._has_moved_little = pages, moved, moved - before < _LITTLE

    def scrub(self) -> None:
        """Empty the write-ahead log; in the file itself what is overwritten or deleted is zeroed at once."""
        is_busy, *_ = driver_of(self.keeper).execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise UnavailableError(
                "somebody reads, so that the write-ahead log cannot be emptied", code="store.locked", retry_after=1.0
            )

    def find_weaknesses(self, connection: Connection) -> tuple[str, ...]:  # noqa: ARG002 -- see the protocol
        """Return nothing: every connection sets what it needs."""
        return ()

    def publish(self, notices: Sequence[str]) -> None:
        """Do nothing: there is no other process."""

    def listen(self) -> Never:
        """Refuse: there is no other process to hear of.

        Raises:
            InputError: always (`store.alone`).
        """
        raise InputError(
            "several processes cannot share a SQLite database",
            code="store.alone",
            hint="name a PostgreSQL database in database.url, or run `soar serve` alone",
        )

    def close(self) -> None:
        """Close the connections that write."""
        for connection in (self._keeper, self._writer):
            if connection is not None:
                connection.close()
        self._keeper = self._writer = None


@lru_cache(maxsize=8)
def _make_engine(url: str) -> Engine:
    """Return the engine of a URL; it holds no connection, only compiled statements, which take long to compile."""
    return create_engine(
        url,
        poolclass=NullPool,
        isolation_level="AUTOCOMMIT",  # transactions are begun and ended here, in words
        connect_args={"check_same_thread": False},  # a Disk uses a connection from one thread at a time
        hide_parameters=True,
    )


def read(connection: Connection, work: Callable[[Connection], T]) -> T:
    """Do the work on one unchanging state of the database, over a connection that cannot write."""
    driver = driver_of(connection)
    driver.execute("BEGIN")
    try:
        return work(connection)
    finally:
        _roll_back(driver)


def driver_of(connection: Connection) -> sqlite3.Connection:
    """Return the driver's own connection."""
    return cast("sqlite3.Connection", connection.connection.driver_connection)


@contextmanager
def _transaction(connection: Connection) -> Iterator[Connection]:
    driver = driver_of(connection)
    driver.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        driver.execute("COMMIT")
    except BaseException:
        _roll_back(driver)
        raise


def _roll_back(driver: sqlite3.Connection) -> None:
    if driver.in_transaction:  # SQLite ends the transaction by itself after some errors
        driver.execute("ROLLBACK")


def _create_file(path: Path) -> None:
    """Make an empty database file that only its owner may read, durably; one that is there stays as it is."""
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, _OWNER_ONLY)
    except FileExistsError:
        _check_is_writable(path)
        return
    except OSError as error:
        if error.errno not in _NO_PLACE:
            raise
        hint = "make the folder, or name another one in the database URL"
        raise InputError(
            f"the database {path} cannot be made: {error.strerror}", code="store.file", hint=hint
        ) from error
    os.close(descriptor)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _check_is_writable(path: Path) -> None:
    """Refuse a file that SQLite would open for reading only, and say so at the first write."""
    if not os.access(path, os.W_OK):
        raise InputError(
            f"the database {path} can only be read",
            code="store.file",
            hint="mount its disk for writing, or give the service's user the right to write it",
        )
